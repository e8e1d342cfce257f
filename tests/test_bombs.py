"""Small inputs that were built to take for ever: each ends soon, in an answer or an error."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from conda_pip_interop.__main__ import main
from conda_pip_interop.dependency_files.locations import find_key, parse_location
from conda_pip_interop.dependency_files.pyproject import ProjectParts
from conda_pip_interop.dependency_files.read import read_dependency_files
from conda_pip_interop.dependency_files.requirements_txt import read_requirements_file
from conda_pip_interop.environment.target import Target, refuse_frozen
from conda_pip_interop.errors import InteropError
from conda_pip_interop.names.names_map import parse_map
from conda_pip_interop.resolve.request.install_options import InstallOptions
from conda_pip_interop.resolve.request.read_request import read_request
from tests.support.builders import PrefixBuilder
from tests.support.translations import to_requirements
from tests.support.trees import run_in_child

#: More than enough for any of them; the machine may be busy.
SECONDS = 20
LAUGHS = "a0: &a0 [x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)
_INCLUDE = "{{include-group = 'g{}'}}"
GROUPS = "[dependency-groups]\ng0 = ['six']\n" + "".join(
    f"g{n} = [{', '.join([_INCLUDE.format(n - 1)] * 9)}]\n" for n in range(1, 12)
)
DEEP = 5_000
SPACES = " " * 200_000
COMMENTS = "# c\n" * 200_000


class _AnswerError(Exception):
    """An error of ours, short enough to be read."""


def _answer(work: Callable[[], object]) -> None:
    try:
        work()
    except InteropError as error:
        if len(error.message) < 10_000:
            raise _AnswerError from error
        raise


def ends_soon(work: Callable[[], object]) -> None:
    """Run in a process that is killed when its time is up; an error of ours is an answer."""

    def work_in_time() -> None:
        signal.alarm(SECONDS)
        with contextlib.suppress(_AnswerError):
            _answer(work)

    assert run_in_child(work_in_time) == 0


_FEATURES = ", ".join(f"'f{n}'" for n in range(300))
ENVIRONMENTS = "".join(f"e{n} = [{_FEATURES}]\n" for n in range(300))


REQUIREMENTS = {
    "comments": f"{COMMENTS}six",
    "a line of blanks": SPACES,
    "blanks before a comment": f"six{SPACES}# x",
    "blanks before an option": f"six{SPACES}--no-such",
    "blanks before a marker": f"six @ https://e.org/x{SPACES}; x",
    "blanks and a hash": f"six{SPACES}--hash{SPACES}x",
    "a line of brackets": "./x" + "[" * 200_000,
    "a line of commas": "six>=1" + "," * 200_000,
    "nested markers": f"six ; {'(' * DEEP}os_name == 'nt'{')' * DEEP}",
    "a build path": "six @ file:///" + "x_12345678/work" * 20_000 + " y",
    "via": "six\n" + "    # via\n" * 50_000,
    "backslashes": "six\\\n" * 50_000,
    "an address that is none": "git+http://[::11",
    "a named address that is none": "six @ git+http://[::11/x",
    "NUL": "./a\0b",
    "a long name": "./" + "a" * 300,
    "a long version": f"six=={'1' * 100_000}",
    "many extras": f"six[{'a,' * 50_000}a]",
}
DOCUMENTS = {
    "environment.yml": {
        "aliases": f"{LAUGHS}dependencies: *a11\n",
        "aliases in an item": f"{LAUGHS}dependencies: [{{a: *a11}}]\n",
        "nested": f"dependencies: {'[' * DEEP}{']' * DEEP}\n",
        "braces": f"dependencies: {'{a: ' * DEEP}{'}' * DEEP}\n",
        "NUL": 'dependencies: ["a\\0b", {pip: ["./a\\0b"]}]\n',
        "comments": f"dependencies:\n{COMMENTS}- six\n",
    },
    "pyproject.toml": {
        "a number": f"[project]\nname = 'x'\nversion = {'9' * 5_000}\n",
        "nested": f"[project]\ndependencies = {'[' * DEEP}{']' * DEEP}\n",
        "groups": GROUPS,
        "an address that is none": "[project]\ndependencies = ['six @ git+http://[::11']\n",
        "a dotted key": "a." * 200_000 + "b = 1\n",
        "comments": f"[project]\nname = 'x'\ndependencies = [\n{COMMENTS}'six',\n]\n",
        "an index that is none": "[[tool.uv.index]]\nurl = 7\n[project]\ndependencies = []\n",
    },
    "pylock.toml": {
        "a number": f"lock-version = {'9' * 5_000}\n",
        "an address that is none": "lock-version = '1.0'\n[[packages]]\nname = 'six'\n"
        "[packages.archive]\nurl = 'http://[::11'\n",
        "a path with NUL": "lock-version = '1.0'\n[[packages]]\nname = 'six'\n"
        '[packages.archive]\npath = "a\\u0000b"\n',
    },
    "pixi.toml": {
        "a dotted key": "a." * 200_000 + "b = 1\n",
        "many environments": "[workspace]\nchannels = ['m']\nplatforms = ['linux-64']\n"
        + "".join(f"[feature.f{n}.dependencies]\np{n} = '*'\n" for n in range(300))
        + f"[environments]\n{ENVIRONMENTS}",
    },
    "pixi.lock": {
        "aliases": f"{LAUGHS}version: 6\nenvironments: *a11\npackages: *a11\n",
        "itself": "version: 6\nenvironments: &e {default: *e}\npackages: &p [*p]\n",
    },
    "x.py": {"beginnings": "# /// script\n" * 50_000},
    "x.json": {"nested": '{"a": ' * 100_000},
}


@pytest.mark.parametrize("text", REQUIREMENTS.values(), ids=REQUIREMENTS)
def test_a_requirements_file_is_read_in_time(tmp_path: Path, text: str) -> None:
    (tmp_path / "r.txt").write_text(f"{text}\n", encoding="utf-8")

    def work() -> None:
        to_requirements(read_dependency_files([tmp_path / "r.txt"], ProjectParts()))

    def request() -> None:
        options = InstallOptions(requirement_files=("r.txt",))
        read_request((), options, folder=tmp_path, environ={})

    ends_soon(work)
    ends_soon(request)


@pytest.mark.parametrize(
    ("name", "text"),
    [(name, text) for name, texts in DOCUMENTS.items() for text in texts.values()],
    ids=[f"{name} {what}" for name, texts in DOCUMENTS.items() for what in texts],
)
def test_a_document_is_read_in_time(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    parts = ProjectParts(groups=("g11",)) if "groups" in text else ProjectParts()
    ends_soon(lambda: to_requirements(read_dependency_files([tmp_path / name], parts)))


def test_files_that_include_each_other_many_times_are_read_once(tmp_path: Path) -> None:
    for number in range(19):
        (tmp_path / f"r{number}.txt").write_text(f"-r r{number + 1}.txt\n" * 10)
    (tmp_path / "r19.txt").write_text("six\n")
    ends_soon(lambda: [*read_requirements_file(tmp_path / "r0.txt")])
    assert [one.text for one in read_requirements_file(tmp_path / "r0.txt")] == ["six"]


def test_a_file_that_includes_a_device_is_refused(tmp_path: Path) -> None:
    (tmp_path / "r.txt").write_text("-r /dev/zero\n")
    ends_soon(lambda: [*read_requirements_file(tmp_path / "r.txt")])


@pytest.mark.parametrize("data", [LAUGHS, '{"a": ' * 100_000, f"? {'[' * DEEP}"])
def test_a_map_of_names_is_read_in_time(data: str) -> None:
    ends_soon(lambda: parse_map(data.encode(), origin="x", fetched=0))


@pytest.mark.parametrize("text", ["git+http://[::11", "http://[", "x @ http://[::11/y.whl"])
def test_an_address_that_is_none_is_invalid(tmp_path: Path, text: str) -> None:
    found = parse_location(text, folder=tmp_path)
    assert "Invalid" in type(found).__name__
    find_key(text)


NESTED = '{"a": ' * 100_000
FILES = {
    "record": ("conda-meta/app-1-0.json", NESTED),
    "record of Python": ("conda-meta/python-3.11.7-h0_0.json", NESTED),
    "direct_url": ("app-1.0.dist-info/direct_url.json", NESTED),
    "number": ("conda-meta/app-1-0.json", f'{{"name": "a", "build_number": {"9" * 5_000}}}'),
    "RECORD": ("app-1.0.dist-info/RECORD", '"' * 200_000),
    "METADATA": ("app-1.0.dist-info/METADATA", "Name: app\n" + " x\n" * 200_000),
    "markers": (
        "app-1.0.dist-info/METADATA",
        f"Name: app\nVersion: 1\nRequires-Dist: six ; {'(' * DEEP}os_name=='a'{')' * DEEP}\n",
    ),
    "egg-link": ("x.egg-link", "/" + "a" * 300 + "\n"),
    "egg-link to NUL": ("x.egg-link", "/a\0b\n"),
    "pth": ("x.pth", SPACES),
    "history": ("conda-meta/history", f"==> x <==\n# update specs: {'[' * DEEP}{']' * DEEP}\n"),
    "history of one line": ("conda-meta/history", "==> x <==\n+" + "a-" * 100_000),
    "state": ("conda-meta/pip-interop/state.json", NESTED),
    "journal": ("conda-meta/pip-interop/journal/20260101T000000Z/journal.jsonl", NESTED + "\n" * 2),
    "conda change": ("conda-meta/pip-interop/journal/20260101T000000Z/conda.json", NESTED),
    "requires.txt": ("x.egg-info/requires.txt", "[" + SPACES),
}


@pytest.mark.parametrize(("path", "text"), FILES.values(), ids=FILES)
def test_an_environment_with_it_is_checked_in_time(tmp_path: Path, path: str, text: str) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    built.pip_package("app", "1.0")
    built.write(path if path.startswith("conda-meta") else built.place(path), text)
    for command in ("check", "list", "show app", "tree", "freeze", "protect"):
        words = [*command.split(), "-p", str(built.root)]
        ends_soon(lambda words=words: main(words))  # type: ignore[misc]  # bound at once


def test_a_chain_of_packages_is_shown_in_time(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    for number in range(1_500):
        info = f"{built.site_packages}/p{number}-1.dist-info"
        needs = f"Name: p{number}\nVersion: 1\nRequires-Dist: p{number + 1}\n\n"
        built.write(f"{info}/METADATA", needs)
    for words in (["tree"], ["tree", "--reverse"], ["why", "p1499"], ["check"]):
        ends_soon(lambda words=words: main([*words, "-p", str(built.root)]))  # type: ignore[misc]  # bound at once


def test_a_frozen_file_that_is_a_bomb_says_frozen(tmp_path: Path) -> None:
    (tmp_path / "conda-meta").mkdir()
    (tmp_path / "conda-meta/frozen").write_text(NESTED)
    with pytest.raises(InteropError) as refused:
        refuse_frozen(Target(prefix=tmp_path, name="x", is_base=False))
    assert refused.value.code == "frozen"


def test_a_file_name_that_is_not_utf_8_is_shown_on_a_utf_8_stdout(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    Path(os.fsdecode(os.fsencode(built.root / built.site_packages) + b"/~\xff")).mkdir()
    for more in ([], ["--json"]):
        ends_soon(lambda more=more: main(["check", "-p", str(built.root), *more]))  # type: ignore[misc]  # bound at once
    assert json.dumps(b"\xff".decode(errors="surrogateescape")).isascii()
