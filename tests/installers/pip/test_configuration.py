"""pip's configuration is read without pip as pip itself reads it."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from conda_pip_interop.environment.paths import READ_LIMIT
from conda_pip_interop.errors import InteropError
from conda_pip_interop.installers.pip.configuration import read_configuration

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.pip_worlds import World

_ASK_PIP = """
import json
from pip._internal.commands import create_command
parser = create_command("install").parser
parser.config.load()
print(json.dumps(dict(parser._get_ordered_configuration_items())))
"""
_INDEX = "https://h/simple"

CASES = {
    "nothing": ({}, {}),
    "the user's": ({"home/.config/pip/pip.conf": f"[global]\nindex-url = {_INDEX}\n"}, {}),
    "the older place": ({"home/.pip/pip.conf": "[install]\nno_deps = yes\n"}, {}),
    "both": (
        {
            "home/.pip/pip.conf": "[global]\ntimeout = 1\nretries=4\n",
            "home/.config/pip/pip.conf": "[global]\ntimeout = 2\n[install]\nretries = 5\n",
        },
        {},
    ),
    "the environment's": ({"venv/pip.conf": "[global]\nTimeout = 3\n"}, {"PIP_TIMEOUT": ""}),
    "a named one": (
        {
            "named.conf": "[global]\nextra-index-url =\n  https://a\n  https://b\n",
            "home/.config/pip/pip.conf": "[global]\ntimeout = 2\n",
            "venv/pip.conf": "[global]\nextra_index_url = https://c\n",
        },
        {"PIP_CONFIG_FILE": "named.conf"},
    ),
    "a named one that is missing": (
        {"home/.config/pip/pip.conf": "[global]\ntimeout = 2\n"},
        {"PIP_CONFIG_FILE": "missing.conf"},
    ),
    "all are off": (
        {"venv/pip.conf": "[global]\ntimeout = 2\n"},
        {"PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "7"},
    ),
    "variables": (
        {"venv/pip.conf": "[install]\npre = true\n[other]\nx = 1\n"},
        {"PIP_PRE": "0", "PIP_NO_INDEX": "1", "PIP_EXTRA_INDEX_URL": "https://a https://b"},
    ),
    "system-wide": (
        {"xdg/pip/pip.conf": "[global]\ntimeout = 9\nproxy = http://p\n"},
        {"XDG_CONFIG_DIRS": "xdg"},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_what_pip_says(
    world: World, tmp_path: Path, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, variables = CASES[case]
    world.config.unlink()
    monkeypatch.delenv("PIP_CONFIG_FILE")
    for name, value in variables.items():
        is_path = name in ("PIP_CONFIG_FILE", "XDG_CONFIG_DIRS") and value != os.devnull
        monkeypatch.setenv(name, str(tmp_path / value) if is_path else value)
    for path, text in files.items():
        file = (world.venv / path[5:]) if path.startswith("venv/") else tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    done = subprocess.run([world.python, "-c", _ASK_PIP], capture_output=True, check=True)
    assert dict(read_configuration(world.venv, os.environ)) == json.loads(done.stdout)


@pytest.mark.parametrize(
    "content", [b"no section\n", b"[global]\nx\n", b"\xff", b"#" * READ_LIMIT + b"#"]
)
def test_a_file_that_cannot_be_read_is_an_error_that_names_it(
    tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "pip.conf"
    file.write_bytes(content)
    with pytest.raises(InteropError, match="cannot be read") as caught:
        read_configuration(tmp_path / "env", {"PIP_CONFIG_FILE": str(file), "HOME": str(tmp_path)})
    assert str(file) in str(caught.value)
    file.unlink()
    file.mkdir()
    with pytest.raises(InteropError, match="cannot be read"):
        read_configuration(tmp_path / "env", {"PIP_CONFIG_FILE": str(file), "HOME": str(tmp_path)})


@pytest.mark.parametrize(
    ("platform", "places"),
    [
        ("win32", ["data/pip/pip.ini", "home/pip/pip.ini", "roaming/pip/pip.ini", "env/pip.ini"]),
        ("darwin", ["home/.pip/pip.conf", "home/Library/Application Support/pip/pip.conf"]),
        ("linux", ["etc/pip/pip.conf", "home/.pip/pip.conf", "home/.config/pip/pip.conf"]),
    ],
)
def test_each_platform_has_its_own_places_of_which_the_later_counts_more(
    platform: str, places: list[str], tmp_path: Path
) -> None:
    variables = {
        "PROGRAMDATA": "data",
        "APPDATA": "roaming",
        "HOME": "home",
        "XDG_CONFIG_DIRS": "etc",
    }
    environ = {name: str(tmp_path / folder) for name, folder in variables.items()}
    for number, place in enumerate(places):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(f"[global]\ntimeout = {number}\noption{number} = x\n")
        found = read_configuration(tmp_path / "env", environ, platform=platform)
        assert found["timeout"] == str(number)
    found = read_configuration(tmp_path / "env", environ, platform=platform)
    assert {f"option{number}" for number in range(len(places))} <= found.keys()
