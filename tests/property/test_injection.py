"""What others wrote becomes one path, one argument or one line, or is refused."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from conda_pip_interop.changes.originals import remember_lost
from conda_pip_interop.environment.conda_meta.history import parse_linked
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.errors import InteropError
from conda_pip_interop.findings.kinds.lost_record import LostRecordFinding
from conda_pip_interop.findings.registry import find_all
from conda_pip_interop.grammar import is_line, is_version, is_word
from conda_pip_interop.installers.interface import Line, build_direct_line, build_provided
from conda_pip_interop.installers.pip.input_files import (
    write_constraints,
    write_links,
    write_overlay,
)
from conda_pip_interop.installers.pip.report import parse_report
from tests.support.builders import PrefixBuilder
from tests.support.translations import read_files, to_requirements

#: What some reader takes for the end of a line, or a terminal obeys.
BREAKS = "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029\0\x1b\x07"
#: What makes two things of one: line breaks, path separators, options, and plain words.
PARTS = st.sampled_from(
    [*BREAKS, "/", "..", "\\", " ", "\t", "--index-url=https://evil/", "-r", "a", "1", ".", ";"]
)
TEXTS = st.lists(PARTS, max_size=5).map("".join) | st.text(max_size=8)


@given(text=TEXTS)
def test_a_line_is_one_line_for_every_reader(text: str) -> None:
    if is_line(text):
        assert len(f"{text}\n".splitlines()) == 1
    if is_word(text):
        assert text.split() == [text]
        assert not {"/", "\\"} & set(text)


@given(name=TEXTS, version=TEXTS, extra=TEXTS, requirement=TEXTS)
@example(name="/victim/x", version="1", extra="", requirement="")
@example(name="x", version="1/../../y", extra="", requirement="")
@example(name="x", version="1.0\x0b--index-url=https://evil/", extra="", requirement="")
@example(name="x", version="1", extra="a\nName: y", requirement="a ; extra == 'b\rName: y'")
def test_a_stub_is_one_folder_and_its_metadata_has_no_line_of_others(
    name: str, version: str, extra: str, requirement: str
) -> None:
    provided = build_provided(
        canonicalize_name(name), version, extras=(extra,), requirements=(requirement,)
    )
    if provided is None:
        return
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "inner/overlay"
        folder.mkdir(parents=True)
        write_overlay(folder, (provided,))
        (info,) = folder.iterdir()
        assert [one.name for one in Path(made).iterdir()] == ["inner"]
        lines = (info / "METADATA").read_bytes().decode().splitlines()
        assert len(lines) == 3 + len(provided.extras) + len(provided.extra_requirements)
    assert len(f"{provided.name}=={provided.version}".splitlines()) == 1


@given(text=TEXTS, hashed=TEXTS, setting=TEXTS)
@example(text="foo @ http://x/\u2028--index-url=https://evil/", hashed="", setting="")
@example(text="foo==1 --index-url=https://evil/", hashed="", setting="")
@example(text="foo==1", hashed="sha256:aa --index-url=https://evil/", setting="")
def test_a_requirement_is_one_line_of_a_file_without_other_options(
    text: str, hashed: str, setting: str
) -> None:
    try:
        line = Line(
            text=text,
            hashes=(hashed,) if hashed else (),
            settings=(setting,) if setting else (),
            in_file=True,
        )
    except InteropError:
        return
    with tempfile.TemporaryDirectory() as folder:
        file = write_constraints(Path(folder), (line,))
        (written,) = file.read_bytes().decode().splitlines() or [""]
    words = written.split() if not setting else []
    assert not [word for word in words if word.startswith("-") and not word.startswith("--hash=")]


@pytest.mark.parametrize("field", ["name", "version"])
@pytest.mark.parametrize(
    "value", ["/victim/x", "1/../../y", "1.0\x0b--index-url=https://evil/", ""]
)
def test_a_report_with_what_is_no_name_or_version_is_refused(field: str, value: str) -> None:
    metadata = {"name": "x", "version": "1"} | {field: value}
    item = {
        "metadata": metadata,
        "requested": True,
        "is_direct": False,
        "download_info": {"url": "https://example.org/x.whl"},
    }
    with pytest.raises(InteropError) as refused:
        parse_report(json.dumps({"version": "1", "install": [item]}))
    assert refused.value.code == "pip-report"


def test_a_variable_in_a_url_of_others_is_not_expanded_by_pip() -> None:
    line = build_direct_line("x", "https://example.org/${SECRET}/x.whl", {})
    assert "${" not in line.text


def test_a_page_of_links_has_no_link_of_others(tmp_path: Path) -> None:
    url = 'https://example.org/%3Ca%20href="https://evil/b.whl"%3E.whl'
    page = write_links(tmp_path, (url,)).read_text()
    assert page.count("<a ") == 1


@pytest.mark.parametrize(
    ("name", "version"),
    [("/victim/x", "1.0"), ("app\x0b--index-url=https://evil/", "1.0"), ("app", "1/../../y")],
)
def test_metadata_with_what_is_no_name_or_version_says_so(
    tmp_path: Path, name: str, version: str
) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    built.pip_package("app", "1.0")
    built.write(
        f"{built.dist_info('app', '1.0')}/METADATA",
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\n",
    )
    (found,) = read_snapshot(built.root).distributions
    assert (found.name, found.version) == ("app", "1.0")
    assert found.metadata_fault is not None


def test_a_history_does_not_name_files_outside_of_our_folder(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    line = "+defaults/noarch::../../../../victim-1.0-0"
    built.write("conda-meta/history", f"==> 2026-01-01 00:00:00 <==\n{line}\n")
    assert parse_linked(f"==> 2026-01-01 00:00:00 <==\n{line}\n") == {}
    found = find_all(read_snapshot(built.root))
    lost = [one.linked.stem for one in found if isinstance(one, LostRecordFinding)]
    remember_lost(lost, built.root)
    assert [one.name for one in tmp_path.iterdir()] == ["env"]


HOSTILE = st.lists(PARTS, min_size=1, max_size=4).map("".join)


@given(text=HOSTILE)
@example(text="a..")
def test_no_dependency_file_gains_a_line_by_its_translation(text: str) -> None:
    quoted = json.dumps(text)  # TOML's and YAML's escapes are JSON's
    files = {
        "pyproject_toml": (
            f'[project]\nname = "p"\ndependencies = ["six @ https://e.org/" + {quoted}]\n'
        ).replace('" + "', ""),
        "pylock_toml": (
            'lock-version = "1.0"\n[[packages]]\nname = "six"\nversion = "1"\n'
            f'sdist = {{url = "https://e.org/six-1.tar.gz", hashes = {{sha256 = {quoted}}}}}\n'
        ),
        "environment_yml": f"dependencies:\n  - {quoted}\n  - pip:\n    - six{quoted[1:-1]}\n",
    }
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            try:
                found = to_requirements(read_files(Path(folder), **{name: content}))
            except InteropError:
                continue
            assert not [line for line in found.splitlines() if line.startswith("-")]


def test_versions_of_pep_440_are_versions() -> None:
    assert is_version("1!2.0rc1.post1.dev2+cu118")
    assert not is_version("1.0\n")
