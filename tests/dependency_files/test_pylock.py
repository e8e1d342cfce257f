"""The packages of a lock file."""

from __future__ import annotations

from typing import Final

import pytest

from conda_pip_interop.dependency_files.locations import PYPI_INDEX
from conda_pip_interop.dependency_files.pylock import parse_pylock
from conda_pip_interop.dependency_files.pyproject import ProjectParts
from conda_pip_interop.errors import UsageError


def test_a_lock_file_gives_versions_and_locations() -> None:
    found = parse_pylock(
        "lock-version = '1.0'\n"
        "requires-python = '>=3.12'\n"
        "[[packages]]\nname = 'a'\nversion = '1.0'\nmarker = \"os_name == 'nt'\"\n"
        "[[packages]]\nname = 'b'\n[packages.archive]\nurl = 'https://example.org/b.zip'\n"
        "[[packages]]\nname = 'c'\n[packages.directory]\npath = './c'\n"
        "[[packages]]\nname = 'd'\n[packages.vcs]\ntype = 'git'\n"
        "url = 'https://example.org/d'\ncommit-id = 'abc'\n",
        origin="p",
    )
    assert found.requires_python == ">=3.12"
    assert [(one.kind, one.text) for one in found.entries] == [
        ("requirement", "a==1.0 ; os_name == 'nt'"),
        ("requirement", "b @ https://example.org/b.zip"),
        ("location", "./c"),
        ("requirement", "d @ git+https://example.org/d@abc"),
    ]


PARTS = """\
lock-version = "1.0"
extras = ["gui"]
dependency-groups = ["dev", "docs"]
default-groups = ["docs"]
packages = [
    {name = "a", version = "1", marker = "'gui' in extras and os_name == 'posix'"},
    {name = "b", version = "1", marker = "'dev' in dependency_groups or 'gui' in extras"},
    {name = "c", version = "1", marker = "'docs' in dependency_groups"},
    {name = "d", version = "1", marker = "'docs' not in dependency_groups"},
    {name = "e", version = "1", marker = "os_name == 'nt' and ('dev' in dependency_groups or x)"},
]
"""
E: Final = "e==1 ; os_name == 'nt' and (python_version {} '0' or x)"


@pytest.mark.parametrize(
    ("parts", "texts"),
    [
        (ProjectParts(), ["c==1", E.format("<")]),
        (ProjectParts(groups=("Dev",)), ["b==1", "c==1", E.format(">=")]),
        (
            ProjectParts(extras=("gui",)),
            ["a==1 ; os_name == 'posix'", "b==1", "c==1", E.format("<")],
        ),
    ],
)
def test_extras_and_groups_are_read_if_they_are_wanted(
    parts: ProjectParts, texts: list[str]
) -> None:
    found = parse_pylock(PARTS, origin="p", parts=parts)
    assert [one.text for one in found.entries] == texts


@pytest.mark.parametrize(
    ("parts", "message", "hint"),
    [
        (ProjectParts(extras=("dev",)), "p has no extra dev", "Available: gui."),
        (ProjectParts(groups=("gui",)), "p has no group gui", "Available: dev, docs."),
    ],
)
def test_a_missing_extra_or_group_is_refused(parts: ProjectParts, message: str, hint: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        parse_pylock(PARTS, origin="p", parts=parts)
    assert caught.value.hints == (hint,)


@pytest.mark.parametrize(
    "text",
    ["[[packages]]\nversion = '1'", "packages = [3]", "packages = {}", "lock-version = '2.0'", "["],
)
def test_an_invalid_lock_file_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_pylock(text, origin="p")
    assert caught.value.code == "unreadable-file"


def test_the_index_of_a_package_is_kept_unless_it_is_pypi() -> None:
    text = "packages = [\n" + "".join(
        f'{{name = "a", version = "1", index = "{index}"}},\n'
        for index in (PYPI_INDEX, "https://e.org/simple")
    )
    found = parse_pylock(f"{text}]", origin="p")
    assert [one.index for one in found.entries] == ["", "https://e.org/simple"]


@pytest.mark.parametrize(
    ("marker", "texts"),
    [
        ("(os_name == 'nt') and ('dev' in dependency_groups or 'gui' in extras)", []),
        ("('docs' in dependency_groups or os_name == 'nt') and os_name != 'x'", ["os_name != 'x'"]),
        ("('dev' in dependency_groups and os_name == 'nt') or 'docs' in dependency_groups", [""]),
        ("('dev' in dependency_groups) or ('gui' in extras)", []),
    ],
)
def test_a_marker_in_parentheses_is_read_as_any_other(marker: str, texts: list[str]) -> None:
    package = f'{{name = "a", version = "1", marker = "{marker}"}}'
    text = f"{PARTS.partition('packages')[0]}packages = [{package}]"
    found = parse_pylock(text, origin="p", parts=ProjectParts())
    assert [one.text.partition("==1")[2].removeprefix(" ; ") for one in found.entries] == texts


def test_the_environments_of_a_lock_are_markers() -> None:
    text = "environments = [\"os_name == 'nt'\"]\n"
    assert parse_pylock(text, origin="p").environments == ('os_name == "nt"',)
    for wrong in ("['x']", "[3]", "3"):
        with pytest.raises(UsageError, match="its environments are not markers"):
            parse_pylock(f"environments = {wrong}", origin="p")
