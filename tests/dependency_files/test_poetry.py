"""Poetry's tables of a pyproject.toml, as requirements."""

from __future__ import annotations

import pytest
from packaging.specifiers import SpecifierSet

from conda_pip_interop.dependency_files.poetry import build_specifiers
from conda_pip_interop.dependency_files.pyproject import ProjectParts, parse_group, parse_pyproject
from conda_pip_interop.errors import UsageError
from conda_pip_interop.names.requirement import Invalid, parse_requirement

POETRY = """
[tool.poetry]
name = "app"
[tool.poetry.dependencies]
python = "^3.10"
Requests = "^2.13"
flask = {version = "~3.0", extras = ["async"], python = ">=3.9,<3.12"}
colorama = {version = "*", platform = "win32"}
pandas = [
  {version = "1.5.3", python = "<3.9"},
  {version = "^2.0", markers = "python_version >= '3.9'"},
]
sphinx = {version = ">=7", optional = true}
tool = {git = "https://example.org/tool.git", tag = "v1"}
ssh = {git = "git@example.org:team/ssh.git"}
near = {path = "../near", develop = true}
far = {url = "https://example.org/far-1.0.tar.gz"}
secret = {version = "^1.0", source = "lab"}
[[tool.poetry.source]]
name = "lab"
url = "https://lab.example.org/simple"
priority = "explicit"
[tool.poetry.group.test.dependencies]
pytest = "*"
[tool.poetry.dev-dependencies]
black = "23.1"
[tool.poetry.extras]
docs = ["sphinx"]
"""


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        ("*", ""),
        ("^1.2.3", ">=1.2.3,<2"),
        ("^1.2", ">=1.2,<2"),
        ("^0.2.3", ">=0.2.3,<0.3"),
        ("^0.0.3", ">=0.0.3,<0.0.4"),
        ("^0.0", ">=0.0,<0.1"),
        ("^0", ">=0,<1"),
        ("~1.2.3", ">=1.2.3,<1.3"),
        ("~1.2", ">=1.2,<1.3"),
        ("~1", ">=1,<2"),
        ("1.2.*", "==1.2.*"),
        ("1.2.3", "==1.2.3"),
        ("=1.2", "==1.2"),
        ("!=1.2.*", "!=1.2.*"),
        (">=1.2, <1.5", ">=1.2,<1.5"),
        (">=1.2 <1.5", ">=1.2,<1.5"),
        ("~=1.4", "~=1.4"),
    ],
)
def test_a_constraint_of_poetry_becomes_specifiers(constraint: str, expected: str) -> None:
    assert build_specifiers(constraint) == SpecifierSet(expected)


@pytest.mark.parametrize("constraint", ["^1 || ^2", "^x", ">=", "latest"])
def test_a_constraint_without_an_equivalent_is_refused(constraint: str) -> None:
    assert build_specifiers(constraint) is None
    text = f"[tool.poetry.dependencies]\nsix = '{constraint}'\n"
    with pytest.raises(UsageError, match="six"):
        parse_pyproject(text, origin="p", parts=ProjectParts())


def test_the_tables_of_poetry_are_read_with_their_sources() -> None:
    found = parse_pyproject(POETRY, origin="p", parts=ProjectParts(extras=("docs",)))
    assert [one.text for one in found.entries] == [
        "Requests<3,>=2.13",
        "flask[async]<3.1,>=3.0 ; python_version < '3.12' and python_version >= '3.9'",
        "colorama ; sys_platform == 'win32'",
        "pandas==1.5.3 ; python_version < '3.9'",
        "pandas<3,>=2.0 ; (python_version >= '3.9')",
        "tool @ git+https://example.org/tool.git@v1",
        "ssh @ git+ssh://git@example.org/team/ssh.git",
        "-e ../near",
        "far @ https://example.org/far-1.0.tar.gz",
        "secret<2,>=1.0",
        "sphinx>=7",
    ]
    assert found.requires_python == "<4,>=3.10"
    (secret,) = (one for one in found.entries if one.index)
    assert (secret.text, secret.index) == ("secret<2,>=1.0", "https://lab.example.org/simple")


def test_groups_of_poetry_are_dependency_groups() -> None:
    parts = ProjectParts(groups=("test", "dev"))
    found = parse_pyproject(POETRY, origin="p", parts=parts)
    assert [one.text for one in found.entries][-2:] == ["pytest", "black==23.1"]
    assert [one.text for one in parse_group(POETRY, origin="p", group="dev").entries] == [
        "black==23.1"
    ]


@pytest.mark.parametrize(
    ("platform", "marker"),
    [
        ("linux", "sys_platform == 'linux'"),
        ("==linux", "sys_platform == 'linux'"),
        ("!=win32", "sys_platform != 'win32'"),
        ("!=win32, !=darwin", "sys_platform != 'win32' and sys_platform != 'darwin'"),
        ("linux || darwin", "(sys_platform == 'linux' or sys_platform == 'darwin')"),
        ("linux|darwin", "(sys_platform == 'linux' or sys_platform == 'darwin')"),
    ],
)
def test_a_platform_of_poetry_becomes_a_marker(platform: str, marker: str) -> None:
    text = f"[tool.poetry.dependencies]\nsix = {{version = '*', platform = '{platform}'}}\n"
    (found,) = parse_pyproject(text, origin="p", parts=ProjectParts()).entries
    assert found.text == f"six ; {marker}"
    assert not isinstance(parse_requirement(found.text), Invalid)


@pytest.mark.parametrize("platform", ["", "lin ux' or", "<linux", "linux ||"])
def test_an_invalid_platform_of_poetry_is_refused(platform: str) -> None:
    text = f'[tool.poetry.dependencies]\nsix = {{version = "*", platform = "{platform}"}}\n'
    with pytest.raises(UsageError, match="of six is not valid"):
        parse_pyproject(text, origin="p", parts=ProjectParts())


def test_prereleases_that_poetry_allows_for_one_project_are_said() -> None:
    text = (
        "[tool.poetry.dependencies]\nsix = {version = '*', allow-prereleases = true}\n"
        "tqdm = {version = '*', allow-prereleases = false}\n"
    )
    (note,) = parse_pyproject(text, origin="p", parts=ProjectParts()).notes
    assert note.startswith("p: allow-prereleases of six is left out")


def test_the_project_table_has_the_dependencies_and_poetry_their_sources() -> None:
    text = (
        '[project]\nname = "app"\ndependencies = ["tool>=1"]\n'
        '[tool.poetry.dependencies]\ntool = {git = "https://example.org/tool"}\n'
    )
    found = parse_pyproject(text, origin="p", parts=ProjectParts())
    assert [one.text for one in found.entries] == ["tool @ git+https://example.org/tool"]


@pytest.mark.parametrize("value", ["3", "{version = 3}", "{verson = '1'}", "[[]]"])
def test_an_invalid_dependency_of_poetry_is_refused(value: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_pyproject(
            f"[tool.poetry.dependencies]\nsix = {value}\n", origin="p", parts=ProjectParts()
        )
    assert caught.value.code == "unreadable-file"


def test_a_group_of_poetry_has_the_groups_that_it_includes() -> None:
    text = (
        "[tool.poetry.dependencies]\n[tool.poetry.group.a.dependencies]\nsix = '*'\n"
        "[tool.poetry.group.b]\ninclude-groups = ['a', 'b']\n"
        "[tool.poetry.group.b.dependencies]\nclick = '*'\n"
    )
    assert [one.text for one in parse_group(text, origin="p", group="b").entries] == [
        "click",
        "six",
    ]
