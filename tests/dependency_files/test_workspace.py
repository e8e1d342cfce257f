"""uv's workspaces: members become paths, with what they need of the workspace in turn."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from conda_pip_interop.dependency_files.pyproject import ProjectParts, parse_group, parse_pyproject
from conda_pip_interop.errors import UsageError

ROOT: Final = """
[project]
name = "app"
dependencies = ["feeder ; os_name == 'nt' or os_name == 'posix'", "six"]
[dependency-groups]
dev = ["virtual"]
[tool.uv]
constraint-dependencies = ["six<2"]
[tool.uv.sources]
Feeder = {workspace = true}
iso = {workspace = true}
virtual = {workspace = true}
lib = {path = "libs/lib"}
tool = {index = "ours"}
[[tool.uv.index]]
name = "ours"
url = "https://ours.example/simple"
explicit = true
[tool.uv.workspace]
members = ["packages/*"]
exclude = ["packages/seeds"]
"""
MEMBERS: Final = {
    "feeder": """
dependencies = ["iso[x]>=1 ; python_version > '3'", "cowsay", "own"]
[tool.uv.sources]
own = {git = "https://e.org/own"}
iso = {workspace = true, editable = false}
""",
    "iso": '[project.optional-dependencies]\nx = ["lib", "idna", "tool"]\n',
    "virtual": 'dependencies = ["chardet", "feeder"]\n[tool.uv]\npackage = false\n',
    "seeds": 'dependencies = ["iso"]\n[tool.uv.sources]\niso = {workspace = true}\n',
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace in which app needs feeder, and feeder an extra of iso."""
    (tmp_path / "pyproject.toml").write_text(ROOT)
    for name, text in MEMBERS.items():
        file = tmp_path / "packages" / name / "pyproject.toml"
        file.parent.mkdir(parents=True)
        file.write_text(f'[project]\nname = "{name}"\n{text}')
    (tmp_path / "packages" / "no-project").mkdir()
    (tmp_path / "packages" / "README").touch()
    return tmp_path


def read(file: Path, *, group: str = "") -> list[tuple[str, str]]:
    """The entries of a project, or of a group of it, each with its index."""
    text = file.read_text()
    if group:
        found = parse_group(text, origin=str(file), group=group)
    else:
        found = parse_pyproject(text, origin=str(file), parts=ProjectParts())
    return [(one.text, one.index) for one in found.entries]


def test_members_become_paths_with_what_they_need_that_no_index_has(root: Path) -> None:
    posix = 'os_name == "nt" or os_name == "posix"'
    assert read(root / "pyproject.toml") == [
        ("six<2", ""),
        (f"-e ./packages/feeder ; {posix}", ""),
        ("six", ""),
        (f'-e ./packages/iso[x] ; python_version > "3" and ({posix})', ""),
        (f"own @ git+https://e.org/own ; {posix}", ""),
        (f'./libs/lib ; python_version > "3" and ({posix})', ""),
        (f'tool ; python_version > "3" and ({posix})', "https://ours.example/simple"),
    ]


def test_of_a_member_that_is_no_package_only_the_requirements_count(root: Path) -> None:
    assert [text for text, _ in read(root / "pyproject.toml", group="dev")][:3] == [
        *("six<2", "chardet", "-e ./packages/feeder"),
    ]


def test_a_member_has_the_settings_and_the_sources_of_the_root(root: Path) -> None:
    assert read(root / "packages" / "feeder" / "pyproject.toml") == [
        ("six<2", ""),
        ('../iso[x] ; python_version > "3"', ""),
        ("cowsay", ""),
        ("own @ git+https://e.org/own", ""),
        ('../../libs/lib ; python_version > "3"', ""),
        ('tool ; python_version > "3"', "https://ours.example/simple"),
    ]


def test_a_project_that_the_workspace_leaves_out_has_no_members(root: Path) -> None:
    with pytest.raises(UsageError, match="iso is a member of a uv workspace"):
        read(root / "packages" / "seeds" / "pyproject.toml")


def test_a_pattern_that_is_none_is_refused(root: Path) -> None:
    file = root / "pyproject.toml"
    file.write_text(ROOT.replace('"packages/*"', '"/packages/*"'))
    with pytest.raises(UsageError, match="/packages/"):
        read(file)
    file.write_text(ROOT.replace('"packages/*"', "{a = 3}"))
    with pytest.raises(UsageError, match="a': 3"):
        read(file)
