"""Worlds for a real pip; the machine's own configuration of pip is kept out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pip
import pytest

from tests.support.pip_worlds import World


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    for variable in list(os.environ):
        if variable.upper().startswith("PIP_"):
            monkeypatch.delenv(variable)
    home = tmp_path / "home"
    config = home / ".config" / "pip" / "pip.conf"
    config.parent.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(home / "none"))
    # the machine's own pip.conf is outweighed by a file that only says where no package is
    monkeypatch.setenv("PIP_CONFIG_FILE", str(config))
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    made = World(venv=venv, wheels=tmp_path / "wheels", config=config)
    made.wheels.mkdir()
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "pip").symlink_to(Path(pip.__file__).parent)
    (made.site_packages / "tools.pth").write_text(f"{tmp_path / 'tools'}\n", encoding="utf-8")
    made.configure()
    return made
