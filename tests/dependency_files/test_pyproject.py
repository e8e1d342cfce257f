"""Dependencies in a pyproject.toml and in the metadata of a script."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from conda_pip_interop.dependency_files.dynamic import ProjectMetadata
from conda_pip_interop.dependency_files.pyproject import (
    ProjectParts,
    _find_script_blocks,
    parse_pyproject,
    parse_script,
)
from conda_pip_interop.errors import UsageError

NO_PARTS = ProjectParts()
PYPROJECT = """
[build-system]
requires = ["hatchling>=1"]
[project]
name = "My.App"
requires-python = ">=3.10"
dependencies = ["flask", "my-app[fast]"]
[project.optional-dependencies]
fast = ["numpy; python_version > '3'"]
Docs_x = ["sphinx"]
[dependency-groups]
test = ["pytest", {include-group = "Lint"}]
lint = ["ruff"]
"""


def texts(text: str, parts: ProjectParts = NO_PARTS) -> list[str]:
    return [one.text for one in parse_pyproject(text, origin="p", parts=parts).entries]


def test_the_project_and_the_selected_parts_are_read() -> None:
    assert texts(PYPROJECT) == ["flask", "numpy; python_version > '3'"]
    parts = ProjectParts(extras=("docs-X",), groups=("test",), build_system=True)
    assert texts(PYPROJECT, parts)[2:] == ["sphinx", "pytest", "ruff", "hatchling>=1"]
    found = parse_pyproject(PYPROJECT, origin="p", parts=NO_PARTS)
    assert found.requires_python == ">=3.10"
    assert {str(name): lines for name, lines in found.own.items()} == {
        "my-app": (
            "numpy ; (python_version > '3') and extra == \"fast\"",
            'sphinx ; extra == "docs-x"',
        )
    }


def test_an_extra_of_the_project_itself_is_what_it_requires() -> None:
    text = """[project]
name = "a"
[project.optional-dependencies]
all = ["a[x]; os_name == 'nt'", "A[y, all]"]
x = ["six", "rich; python_version > '3'"]
y = ["click; python_version > '3'", "a"]
"""
    parts = ProjectParts(extras=("all",))
    assert texts(text, parts) == [
        'six ; (os_name == "nt")',
        "rich ; (python_version > '3') and (os_name == \"nt\")",
        "click; python_version > '3'",
    ]


DYNAMIC = ProjectMetadata(
    name=canonicalize_name("app"),
    requires_dist=(
        "six",
        'flask>=3 ; python_version >= "3"',
        'rich ; extra == "docs"',
        "click ; (python_version >= '3') and extra == 'docs'",
        'click ; extra == "test" and (python_version < "3")',
        'numpy ; extra == "docs" or extra == "test"',
        'app[test] ; extra == "all"',
        "not a requirement",
    ),
    provides_extra=("docs", "test", "all", "empty"),
)


@pytest.mark.parametrize(
    ("extras", "more"),
    [
        ((), []),
        (("Docs",), ["rich", "click ; (python_version >= '3')"]),
        (("empty",), []),
    ],
)
@pytest.mark.parametrize(
    "text",
    [
        '[project]\nname = "app"\ndynamic = ["dependencies", "optional-dependencies"]\n',
        '[build-system]\nrequires = ["setuptools"]\n',
    ],
)
def test_the_build_backend_is_asked_for_what_only_it_knows(
    text: str, extras: tuple[str, ...], more: list[str]
) -> None:
    asked: list[Path] = []

    def ask(folder: Path) -> ProjectMetadata:
        asked.append(folder)
        return DYNAMIC

    parts = ProjectParts(extras=extras)
    found = parse_pyproject(text, origin="sub/pyproject.toml", parts=parts, ask=ask)
    lines = [one.text for one in found.entries]
    assert lines[:2] == ["six", 'flask>=3 ; python_version >= "3"']
    assert [one for one in lines[2:-1] if "numpy" not in one] == more
    assert any("numpy" in one for one in lines) == ("Docs" in extras)
    assert asked == [Path("sub")]
    assert found.own == {"app": DYNAMIC.requires_dist}


def test_an_extra_that_the_backend_does_not_provide_is_an_error() -> None:
    text = '[project]\nname = "app"\ndynamic = ["dependencies"]\n'
    parse_pyproject(text, origin="p", parts=ProjectParts(extras=("all",)), ask=lambda _: DYNAMIC)
    with pytest.raises(UsageError, match="has no extra nope"):
        parse_pyproject(
            text, origin="p", parts=ProjectParts(extras=("nope",)), ask=lambda _: DYNAMIC
        )


@pytest.mark.parametrize(
    "parts",
    [ProjectParts(extras=("nope",)), ProjectParts(groups=("nope",))],
    ids=["extra", "group"],
)
def test_a_missing_part_is_an_error_with_the_available_ones(parts: ProjectParts) -> None:
    with pytest.raises(UsageError) as caught:
        texts(PYPROJECT, parts)
    assert "nope" in caught.value.message
    assert caught.value.hints[0].startswith("Available: ")


@pytest.mark.parametrize(
    "text",
    [
        *("[project", "project = 3", "[project]\ndependencies = 3", "\0"),
        *("[project]\ndependencies = [3]", "[project]\noptional-dependencies = []"),
        "[dependency-groups]\ng = [{include-group = 'g'}]",
        "[dependency-groups]\ng = [3]",
        "a = " + "[" * 5000,
    ],
)
def test_an_invalid_pyproject_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        texts(text, ProjectParts(groups=("g",)))


@pytest.mark.parametrize("text", ["import x\n", "# /// script\n# ///\n\n# /// script\n# ///\n"])
def test_a_script_without_exactly_one_block_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_script(text, origin="x.py")
    assert caught.value.code == "unreadable-file"


#: PEP 723, "Reference Implementation".
BLOCK = re.compile(
    r"^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$", re.MULTILINE
)
SCRIPT_LINES = ("#", "# x", "# ///", "# /// script", "# /// other", "# /// ", "#x", "x", "")


@given(st.lists(st.sampled_from(SCRIPT_LINES), max_size=12).map("\n".join))
def test_the_blocks_of_a_script_are_those_of_the_reference(text: str) -> None:
    expected = [
        one["content"].splitlines() for one in BLOCK.finditer(text) if one["type"] == "script"
    ]
    assert [*_find_script_blocks(text)] == expected


def test_the_block_of_a_script_is_read() -> None:
    text = '# /// script\n# requires-python = ">=3.11"\n# dependencies = ["six"]\n# ///\n'
    found = parse_script(text, origin="x.py")
    assert [one.text for one in found.entries] == ["six"]
    assert found.requires_python == ">=3.11"
