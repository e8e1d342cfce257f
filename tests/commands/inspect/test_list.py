"""`conda pip list`, `show` and `freeze`: the owner and source of each distribution."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import canonicalize_name
from pip._internal.network.session import PipSession
from pip._internal.req import parse_requirements
from pip._internal.req.constructors import install_req_from_parsed_requirement

from conda_pip_interop.commands.inspect.freeze import freeze
from conda_pip_interop.commands.inspect.list import build_rows, list_distributions, list_outdated
from conda_pip_interop.commands.inspect.show import show_distributions
from conda_pip_interop.commands.output import Output
from conda_pip_interop.dependencies.read_graph import read_graph
from conda_pip_interop.environment.snapshot import Snapshot, read_snapshot
from conda_pip_interop.errors import InteropError
from tests.support.builders import PrefixBuilder
from tests.support.graphs import TARGET

GIT = {
    "url": "https://host.example/x.git",
    "vcs_info": {"vcs": "git", "commit_id": "abc123"},
}
EDITABLE = {"url": "file:///src/app", "dir_info": {"editable": True}}


@pytest.fixture
def built(tmp_path: Path) -> PrefixBuilder:
    """A prefix with one distribution of each kind."""
    built = PrefixBuilder(root=tmp_path / "env", python="3.11.7")
    built.conda_package("click", "8.1.7", build="pyhd_0", requested_spec="click")
    built.conda_package("numpy", "1.0")
    built.pip_upgrade("numpy", "1.0", "2.0")
    built.pip_package("Flask_Testing", "0.8", requires=("click>=8",))
    built.pip_package("from-git", "1", direct_url=GIT)
    built.pip_package("app", "0.1", direct_url=EDITABLE)
    built.pip_package("pip", "25.0", requested=False)
    return built


def read(built: PrefixBuilder) -> Snapshot:
    return read_snapshot(built.root)


def show(built: PrefixBuilder, *names: str, files: bool = False) -> Output:
    snapshot = read(built)
    return show_distributions(snapshot, read_graph(snapshot), names, TARGET, files=files)


def test_list_shows_the_owner_and_source_of_each_distribution(built: PrefixBuilder) -> None:
    output = list_distributions(read(built))
    assert output.text.splitlines() == [
        f"# Python distributions in the environment at {built.root}:",
        "#",
        "# Name           Version  Owner  Source",
        "  app            0.1      pip    editable, /src/app",
        "  click          8.1.7    conda  pyhd_0 from main",
        "  flask-testing  0.8      pip    index",
        "  from-git       1        pip    git+https://host.example/x.git@abc123",
        "  numpy          2.0      pip    index, replaces conda's numpy",
        "  pip            25.0     pip    index",
    ]
    document: Any = json.loads(json.dumps(output.document))
    rows = {row.pop("name"): row for row in document["distributions"]}
    assert rows["click"] == {
        "version": "8.1.7",
        "owner": "conda",
        "source": "click-8.1.7-pyhd_0 from main",
        "channel": "main",
        "package": "click-8.1.7-pyhd_0",
        "in_place_of": None,
        "url": None,
        "editable": None,
        "hidden_by": None,
        "layer": None,
        "installer": "conda",
        "requested": False,
    }
    assert rows["app"]["editable"] == "/src/app"
    assert rows["from-git"]["url"] == "git+https://host.example/x.git@abc123"
    assert rows["numpy"]["in_place_of"] == "numpy"
    assert rows["numpy"]["package"] is None


def test_duplicates_and_those_of_another_python_are_listed(built: PrefixBuilder) -> None:
    built.pip_package("six", "1")
    built.pip_package("six", "2")
    built.python_upgrade("3.12.1")
    rows = build_rows(read(built))
    assert [row.distribution.version for row in rows if row.distribution.name == "six"] == [
        "1",
        "2",
    ]


def test_outdated_distributions_are_listed_with_the_latest_version(built: PrefixBuilder) -> None:
    snapshot = read(built)
    rows = build_rows(snapshot)
    (click,) = (row for row in rows if row.distribution.name == "click")
    output = list_outdated(snapshot, rows, {click.distribution.metadata: "8.2"}, {})
    assert output.text.splitlines()[-3].split() == [
        *("click", "8.1.7", "8.2", "conda"),
        *("click-8.1.7-pyhd_0", "from", "main"),
    ]
    note = "\n\nNot compared, since not from an index: app, from-git"
    assert output.text.endswith(note)
    document: Any = output.document
    assert document["not_compared"] == ["app", "from-git"]
    (row,) = document["distributions"]
    assert (row["name"], row["version"], row["latest"]) == ("click", "8.1.7", "8.2")
    assert list_outdated(snapshot, rows, {}, {}).text == (
        f"All distributions in {built.root} are up to date.{note}"
    )


def test_show_prints_the_fields_of_pip_show_and_the_owner(built: PrefixBuilder) -> None:
    location = built.root / built.site_packages
    assert show(built, "flask.testing", "click").text == (
        "Name: Flask_Testing\nVersion: 0.8\nSummary:\nHome-page:\nAuthor:\nAuthor-email:\n"
        f"License:\nLocation: {location}\nRequires: click\nRequired-by:\n"
        "Owner: pip\nSource: index\nRequested: yes\n"
        "---\n"
        "Name: click\nVersion: 8.1.7\nSummary:\nHome-page:\nAuthor:\nAuthor-email:\n"
        f"License:\nLocation: {location}\nRequires:\nRequired-by: flask-testing\n"
        "Owner: conda\nSource: click-8.1.7-pyhd_0 from main\nRequested: yes"
    )


def test_show_prints_the_metadata_headers(built: PrefixBuilder) -> None:
    path = built.root / built.dist_info("app", "0.1") / "METADATA"
    path.write_text(
        "Name: App\nVersion: 0.1\nSummary: It is\n  an app\nLicense: old\n"
        "License-Expression: MIT\nAuthor-Email: a@example.org\n\nbody"
    )
    output = show(built, "app")
    lines = output.text.splitlines()
    assert "Summary: It is an app" in lines
    assert "License: MIT" in lines
    assert "Author-email: a@example.org" in lines
    assert "Editable project location: /src/app" in lines
    document: Any = output.document
    (one,) = document["distributions"]
    assert (one["license"], one["author_email"], one["asked"]) == ("MIT", "a@example.org", True)


def test_show_lists_the_files_of_conda_and_pip_distributions(built: PrefixBuilder) -> None:
    assert show(built, "click", files=True).text.partition("Files:\n")[2].splitlines() == [
        *(f"  click-8.1.7.dist-info/{one}" for one in ("INSTALLER", "METADATA", "RECORD")),
        "  click/__init__.py",
    ]
    built.pip_package("tool", "1", {"tool.py": "", "/bin/tool": "x"})
    assert "  ../../../bin/tool" in show(built, "tool", files=True).text.splitlines()
    (built.root / built.dist_info("tool", "1") / "RECORD").unlink()
    assert "unknown" in show(built, "tool", files=True).text
    assert "Files" not in show(built, "click").text


def test_show_names_all_distributions_that_are_not_installed(built: PrefixBuilder) -> None:
    with pytest.raises(InteropError, match="Nope, nada are not installed in web"):
        show(built, "Nope", "click", "nada")


def test_freeze_lists_what_pip_owns_except_its_tools(built: PrefixBuilder) -> None:
    output = freeze(read(built))
    assert output.text.splitlines() == [
        "-e /src/app",
        "Flask_Testing==0.8",
        "from-git @ git+https://host.example/x.git@abc123",
        "numpy==2.0",
    ]
    document: Any = output.document
    assert document["requirements"][1] == {
        "name": "flask-testing",
        "owner": "pip",
        "requirement": "Flask_Testing==0.8",
    }


def test_freeze_all_pins_and_marks_condas_distributions(built: PrefixBuilder) -> None:
    lines = freeze(read(built), every=True).text.splitlines()
    assert "click==8.1.7  # conda: click-8.1.7-pyhd_0" in lines
    assert "pip==25.0" in lines


def test_freeze_never_writes_the_build_folder_of_a_conda_package(built: PrefixBuilder) -> None:
    info = built.dist_info("click", "8.1.7")
    built.write(f"{info}/direct_url.json", '{"url": "file:///home/builder/work", "dir_info": {}}')
    assert "file:" not in freeze(read(built), every=True).text


def test_freeze_uses_pips_line_for_an_editable_git_clone(built: PrefixBuilder) -> None:
    line = "-e git+https://host.example/app@abc#egg=app"
    output = freeze(read(built), editables={canonicalize_name("app"): line})
    assert output.text.splitlines()[0] == line


def test_freeze_omits_stale_metadata_that_conda_installed_over(built: PrefixBuilder) -> None:
    built.pip_package("idna", "3.11")
    built.conda_package("idna", "3.10")
    assert "idna" not in freeze(read(built)).text
    assert freeze(read(built), every=True).text.count("idna==") == 1


def test_freeze_writes_an_editable_path_with_spaces_as_pip_reads_it_back(
    built: PrefixBuilder, tmp_path: Path
) -> None:
    source = tmp_path / "my own" / "spaced"
    source.mkdir(parents=True)
    (source / "pyproject.toml").write_text('[project]\nname = "spaced"\nversion = "1"\n')
    url = {"url": source.as_uri(), "dir_info": {"editable": True}}
    built.pip_package("spaced", "1", direct_url=url)
    (line,) = (one for one in freeze(read(built)).text.splitlines() if "spaced" in one)
    assert line == f"-e {source.as_uri()}"
    (tmp_path / "r.txt").write_text(f"{line}\n")
    lines = parse_requirements(str(tmp_path / "r.txt"), session=PipSession())
    (parsed,) = map(install_req_from_parsed_requirement, lines)
    assert parsed.link is not None
    assert parsed.link.file_path == str(source)
    assert parsed.editable
