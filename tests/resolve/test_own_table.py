"""The table `[tool.conda-pip-interop]` of a project counts, and what is not valid is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from conda_pip_interop.errors import UsageError
from conda_pip_interop.resolve.request.install_options import InstallOptions
from conda_pip_interop.resolve.request.read_request import read_request
from conda_pip_interop.resolve.request.request import Request

PROJECT = """\
[project]
name = "web"
dependencies = ["flask"]

[dependency-groups]
test = ["pytest"]

[tool.conda-pip-interop]
"""
TABLE = """\
channels = ["conda-forge", "https://example.org/lab"]
names = { Torch = "pytorch-cpu", six = false }
prefer = "pypi"
"""


def read(folder: Path, options: InstallOptions) -> Request:
    return read_request((), options, folder=folder, environ={})


@pytest.mark.parametrize(
    "options",
    [
        InstallOptions(requirement_files=("pyproject.toml",)),
        InstallOptions(groups=("test",)),
        InstallOptions(scripts=("script.py",)),
    ],
)
def test_it_says_where_to_search_and_under_which_names(
    tmp_path: Path, options: InstallOptions
) -> None:
    (tmp_path / "pyproject.toml").write_text(PROJECT + TABLE)
    lines = ["/// script", 'dependencies = ["flask"]', "[tool.conda-pip-interop]"]
    commented = "".join(f"# {line}\n" for line in [*lines, *TABLE.splitlines(), "///"])
    (tmp_path / "script.py").write_text(commented)
    request = read(tmp_path, options)
    assert request.channels == ("conda-forge", "https://example.org/lab")
    assert request.names == {"torch": "pytorch-cpu", "six": None}
    assert request.options.prefer == "pypi"
    assert not request.only_channels


def test_the_command_line_comes_first(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(PROJECT + TABLE)
    files = ("pyproject.toml",)
    assert read(tmp_path, InstallOptions(requirement_files=files)).options.prefer == "pypi"
    options = InstallOptions(requirement_files=files, prefer="conda")
    assert read(tmp_path, options).options.prefer == "conda"


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("channel = []", "channels, names, prefer, not 'channel'"),
        ("channels = 'conda-forge'", "channels is not a list"),
        ("channels = ['']", "channels is not a list"),
        ("channels = ['--override-channels']", "channels is not a list"),
        ("channels = [1]", "channels is not a list"),
        ("names = ['torch']", "names does not map"),
        ("names = { torch = true }", "names does not map"),
        ("names = { torch = '' }", "names does not map"),
        ("names = { torch = 'a b' }", "names does not map"),
        ("names = { '../x' = 'y' }", "names does not map"),
        ("prefer = 'pip'", "prefer is neither conda nor pypi"),
        ("prefer = []", "prefer is neither conda nor pypi"),
    ],
)
def test_what_is_not_valid_is_refused(tmp_path: Path, line: str, named: str) -> None:
    (tmp_path / "pyproject.toml").write_text(f"{PROJECT}{line}\n")
    with pytest.raises(UsageError) as refused:
        read(tmp_path, InstallOptions(requirement_files=("pyproject.toml",)))
    assert refused.value.code == "unreadable-file"
    assert named in refused.value.message
