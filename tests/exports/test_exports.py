"""The files of `conda pip export`: what they say, what they refuse, and who else reads them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from packaging.pylock import Pylock

from conda_pip_interop.changes.atomic.journal import ORIGINS_FILE
from conda_pip_interop.dependency_files.environment_yml import parse_environment
from conda_pip_interop.dependency_files.projects.document import load_toml
from conda_pip_interop.dependency_files.pylock import parse_pylock
from conda_pip_interop.errors import InteropError
from conda_pip_interop.exports.formats import FORMATS, find_format
from tests.support.builders import PrefixBuilder
from tests.support.exports import build_env, layout, note_provenance, note_wheel, read

GIT = {"vcs": "git", "commit_id": "abc123", "requested_revision": "main"}


@pytest.fixture
def built(tmp_path: Path) -> PrefixBuilder:
    return build_env(tmp_path / "env")


def render(built: PrefixBuilder, name: str, folder: Path | None = None, **options: Any) -> str:
    return FORMATS[name].render(read(built), layout(folder, **options))


def list_lines(built: PrefixBuilder, **options: Any) -> list[str]:
    text = render(built, "requirements", **options)
    return [line for line in text.splitlines() if not line.startswith("#")]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *(("environment.yml", "environment"), ("web.yaml", "environment"), ("web.md", None)),
        *(("requirements-dev.txt", "requirements"), ("explicit.txt", "explicit")),
        *(("environment.json", "environment-json"), ("web.json", "environment-json")),
        *(("bom.json", "cyclonedx-json"), ("web.cdx.json", "cyclonedx-json")),
        *(("pylock.toml", "pylock"), ("pylock.web.toml", "pylock"), ("pyproject.toml", None)),
    ],
)
def test_the_name_of_a_file_says_its_format(name: str, expected: str | None) -> None:
    found = find_format(name)
    assert (found.name if found else None) == expected


def test_each_source_is_written_as_what_pip_reads(built: PrefixBuilder, tmp_path: Path) -> None:
    built.pip_package("app", "1.0")
    note_wheel(built, "app", "1.0", requested='app[x,a]>=1; python_version > "3"')
    built.pip_package("odd", "1.0-custom_1")
    built.pip_package("repo", "1.0", direct_url={"url": "https://h/r.git", "vcs_info": GIT})
    archive = {"hashes": {"sha256": "b" * 64}}
    built.pip_package("zip", "1.0", direct_url={"url": "https://h/z.zip", "archive_info": archive})
    local = {"url": (tmp_path / "src" / "local").as_uri(), "dir_info": {"editable": True}}
    built.pip_package("local", "1.0", direct_url=local)
    elsewhere = {"url": "file:///elsewhere", "dir_info": {}}
    built.pip_package("plain", "1.0", direct_url=elsewhere)
    assert list_lines(built, folder=tmp_path / "src") == [
        'app[a,x]==1.0 ; python_version > "3"',
        "-e ./local",
        "odd===1.0-custom_1",
        "/elsewhere",
        "repo @ git+https://h/r.git@abc123",
        f"zip @ https://h/z.zip#sha256={'b' * 64}",
    ]
    assert f"-e {tmp_path}/src/local" in list_lines(built)


def test_the_parts_are_told_apart_and_an_override_is_written_as_what_it_is(
    built: PrefixBuilder,
) -> None:
    built.conda_package("click", "8.1.7")
    built.pip_upgrade("click", "8.1.7", "8.1.3")
    built.pip_package("app", "1.0")
    text = render(built, "environment")
    found = parse_environment(text, origin="here")
    assert [(one.value, one.comment) for one in found.conda] == [
        ("click=8.1.7=0", "# pip's click 8.1.3 is in its place"),
        ("python=3.11.7=h0_0", ""),
        ("six=1.16.0=0", ""),
        ("pip", "# not installed; conda needs it for what follows"),
    ]
    assert [(one.value, one.comment) for one in found.pip] == [
        ("app==1.0", ""),
        ("click==8.1.3", "# in place of conda's click"),
    ]
    assert found.document["channels"] == ["https://example.org/main"]
    as_json = json.loads(render(built, "environment-json"))
    *conda, section = as_json.pop("dependencies")
    assert as_json == {"name": found.document["name"], "channels": found.document["channels"]}
    assert conda == [one.value for one in found.conda]
    assert section == {"pip": [one.value for one in found.pip]}
    said = FORMATS["environment-json"].list_comments(read(built), layout())
    assert said == (
        "click=8.1.7=0: pip's click 8.1.3 is in its place.",
        "pip: not installed; conda needs it for what follows.",
        "click==8.1.3: in place of conda's click.",
    )
    assert FORMATS["environment"].list_comments(read(built), layout()) == ()
    assert "six=1.16.0\n" in render(built, "environment", conda="versions")
    assert "channels" not in render(built, "environment", add_channels=False)


def test_what_was_requested_is_written_as_it_was(built: PrefixBuilder) -> None:
    specs = "'python=3.11', 'main::pip', 'six=', 'gone'", "'/x/y-1-0.conda'"
    lines = (f"==> 2026-01-01 00:00:00 <==\n# update specs: [{one}]\n" for one in specs)
    built.write("conda-meta/history", "".join(lines))
    built.pip_package("app", "1.0")
    note_wheel(built, "app", "1.0", requested="app[x]>=1", constraint="<2")
    built.pip_package("dependency", "1.0", requested=False)
    built.pip_package("plain", "1.0")
    found = parse_environment(render(built, "environment", conda="requested"), origin="here")
    assert [one.value for one in found.conda] == ["python=3.11", "six", "pip"]
    assert [one.value for one in found.pip] == ["app[x]<2,>=1", "plain==1.0"]


def test_one_index_stays_the_only_one_and_several_do_not_replace_each_other(
    built: PrefixBuilder,
) -> None:
    private = "--index-url https://${U}@private.example/simple"
    built.pip_package("one", "1.0")
    note_wheel(built, "one", "1.0", options=(private, "--pre"))
    assert list_lines(built) == [private, "--pre", "one==1.0"]
    assert "# pip needs these environment variables: U.\n" in render(built, "requirements")
    built.pip_package("two", "1.0")
    additional = "--extra-index-url https://${U}@private.example/simple"
    comment = "# not all of pip's packages are known to be from it"
    assert list_lines(built) == [f"{additional}  {comment}", "--pre", "one==1.0", "two==1.0"]


def test_hashes_are_written_for_all_or_refused_by_name(built: PrefixBuilder) -> None:
    built.pip_package("app", "1.0")
    note_wheel(built, "app", "1.0")
    assert list_lines(built, hashes=True) == [f"app==1.0 --hash=sha256:{'a' * 64}"]
    built.pip_package("repo", "1.0", direct_url={"url": "https://h/r.git", "vcs_info": GIT})
    with pytest.raises(InteropError, match=r"repositories have none: repo") as caught:
        list_lines(built, hashes=True)
    assert caught.value.code == "no-hashes"
    built.pip_package("unknown", "1.0")
    with pytest.raises(InteropError, match="are not known: unknown") as caught:
        list_lines(built, hashes=True)
    assert caught.value.code == "unknown-source"


def test_a_lock_is_read_by_packaging_and_by_us(built: PrefixBuilder, tmp_path: Path) -> None:
    built.pip_package("app", "1.0")
    url = note_wheel(built, "app", "1.0")
    built.pip_package("built", "2.0")
    note_provenance(built, "built", url="https://h/built-2.0.tar.gz", sha256="c" * 64)
    repo = {"url": "https://${T}@h/r.git", "vcs_info": GIT, "subdirectory": "sub"}
    built.pip_package("repo", "1.0", direct_url=repo)
    local = {"url": (tmp_path / "local").as_uri(), "dir_info": {"editable": True}}
    built.pip_package("local", "1.0", direct_url=local)
    wheel = {"url": (tmp_path / "z-1.0-py3-none-any.whl").as_uri()}
    archive = {"archive_info": {"hashes": {"sha256": "b" * 64}}}
    built.pip_package("z", "1.0", direct_url={**wheel, **archive})
    text = render(built, "pylock", tmp_path)
    document = load_toml(text, "here")
    lock = Pylock.from_dict(document)
    lock.validate()
    packages = {str(one.name): one for one in lock.packages}
    assert (packages["app"].wheels or [])[0].url == url
    assert packages["built"].sdist is not None
    assert packages["repo"].vcs is not None
    assert packages["repo"].vcs.url == "https://h/r.git"
    assert packages["local"].directory is not None
    assert (packages["local"].directory.path, packages["local"].version) == ("./local", None)
    assert packages["z"].archive is not None
    assert packages["z"].archive.path == "./z-1.0-py3-none-any.whl"
    found = parse_pylock(text, origin="here", folder=tmp_path)
    assert found.owned_by_pip
    assert found.requires_python == "==3.11.*"
    assert [one.text for one in found.entries][:2] == ["app==1.0", "built==2.0"]
    conda = document["tool"]["conda-pip-interop"]["conda"]
    assert [one["url"].rpartition("/")[2] for one in conda] == [
        *("python-3.11.7-h0_0.conda", "six-1.16.0-0.conda")
    ]
    assert render(built, "pylock", tmp_path) == text


def test_a_lock_of_a_file_that_is_not_known_is_refused_by_name(built: PrefixBuilder) -> None:
    built.pip_package("app", "1.0")
    with pytest.raises(InteropError, match="1 distribution in web are not known: app") as caught:
        render(built, "pylock")
    assert f"`conda pip export -p {built.root} --resolve`" in caught.value.hints[0]


@pytest.mark.parametrize(
    "direct_url", [{"url": "https://h/x.zip", "archive_info": {}}, {"url": "https://h/x"}]
)
def test_what_a_lock_cannot_contain_is_refused_by_name(
    built: PrefixBuilder, direct_url: dict[str, object]
) -> None:
    built.pip_package("x", "1.0", direct_url=direct_url)
    with pytest.raises(InteropError, match=r"pylock.toml cannot contain x 1.0: its direct_url"):
        render(built, "pylock")


def test_an_explicit_list_has_what_conda_lock_reads(built: PrefixBuilder) -> None:
    built.conda_record("z", "1", (), md5="d" * 32, url="https://u:p@h/t/TOKEN/c/noarch/z-1-0.conda")
    built.pip_package("app", "1.0")
    url = note_wheel(built, "app", "1.0")
    built.pip_package("plain", "1.0")
    lines = render(built, "explicit").splitlines()
    assert lines[1:3] == ["# platform: linux-64", "@EXPLICIT"]
    assert f"https://h/c/noarch/z-1-0.conda#{'d' * 32}" in lines
    assert f"# pip app @ {url}#sha256={'a' * 64}" in lines
    assert "# Not in this file, of pip's part: plain" in lines
    built.conda_record("y", "1", (), url="")
    with pytest.raises(InteropError, match="records of y in web have no URL"):
        render(built, "explicit")


def test_what_is_not_known_is_said_in_the_file(built: PrefixBuilder) -> None:
    built.pip_package("x", "1.0", direct_url={"url": "https://h/x y"})
    built.write("conda-meta/broken-1-0.json", "{")
    text = render(built, "environment")
    assert "# x 1.0: its direct_url.json has no valid URL.\n" in text
    assert "# conda-meta/broken-1-0.json cannot be read, so its package is left out." in text
    assert "  x" not in text


def test_a_provenance_url_of_another_tool_counts(built: PrefixBuilder) -> None:
    built.pip_package("app", "1.0")
    stated = {"url": "https://u:p@h/app-1.0-py3-none-any.whl"}
    document = {**stated, "archive_info": {"hashes": {"sha256": "e" * 64}}}
    built.write(f"{built.dist_info('app', '1.0')}/provenance_url.json", json.dumps(document))
    assert 'url = "https://h/app-1.0-py3-none-any.whl"' in render(built, "pylock")


def test_hostile_state_adds_no_line_to_a_file(built: PrefixBuilder) -> None:
    built.pip_package("app", "1.0")
    note_wheel(built, "app", "1.0", options=("--index-url https://x",))
    text = (built.root / ORIGINS_FILE).read_text().replace("https://x", "https://x\\n-e /tmp")
    built.write(ORIGINS_FILE, text)
    assert list_lines(built) == ["app==1.0"]


def test_hostile_names_and_paths_add_no_line_either(built: PrefixBuilder, tmp_path: Path) -> None:
    built.write("conda-meta/x\n- y-1-0.json", "{")
    odd = (tmp_path / "a b#c").as_uri()
    built.pip_package("odd", "1.0", direct_url={"url": odd, "dir_info": {"editable": True}})
    wheel = {"url": f"file://{tmp_path}/%0A-r%20x/z-1.0.whl", "archive_info": {}}
    built.pip_package("z", "1.0", direct_url=wheel)
    assert list_lines(built, folder=tmp_path) == [f"-e {odd}", f"z @ {wheel['url']}"]
    assert r"# conda-meta/x\n- y-1-0.json cannot be read" in render(built, "environment")


def test_a_package_from_a_file_has_no_channel(built: PrefixBuilder) -> None:
    built.conda_record("y", "1", (), channel="<unknown>")
    assert read(built, priority=("https://example.org/main",)).channels == (
        "https://example.org/main",
    )


def test_an_environment_without_pip_distributions_has_no_pip_section(built: PrefixBuilder) -> None:
    variables = {"env_vars": {"B": "1", "A": "x", "C": "***unset***"}}
    built.write("conda-meta/state", json.dumps(variables))
    found = parse_environment(render(built, "environment"), origin="here")
    assert [one.value for one in found.conda] == ["python=3.11.7=h0_0", "six=1.16.0=0"]
    assert found.pip == ()
    assert found.document["variables"] == {"A": "x", "B": "1"}
    assert render(built, "requirements").count("\n") == len(list_lines(built)) + 3
