"""A build backend is only asked where something says how to build the project."""

from __future__ import annotations

from pathlib import Path

import pytest

from conda_pip_interop.commands.command_request import refuse_unbuildable
from conda_pip_interop.errors import UsageError


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("setup.py", ""),
        ("setup.cfg", ""),
        ("pyproject.toml", "[project]\nname = 'x'\n"),
        ("pyproject.toml", "[build-system]\nrequires = []\n"),
    ],
)
def test_a_project_that_can_be_built_is_asked(tmp_path: Path, file: str, text: str) -> None:
    (tmp_path / file).write_text(text)
    refuse_unbuildable(tmp_path)


@pytest.mark.parametrize("text", [None, "", "[tool.black]\nline-length = 3\n"])
def test_settings_of_tools_are_no_project(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(UsageError, match="states no dependencies") as caught:
        refuse_unbuildable(tmp_path)
    assert str(tmp_path) in caught.value.message
