"""What is printed to a terminal fits its width, from 60 columns up."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from conda_pip_interop.commands.command_line.registry import STANDALONE_COMMANDS
from tests.support.builders import PrefixBuilder


def run_in_terminal(columns: int, *words: str) -> list[str]:
    """Run a command in a terminal of this width; the lines that it prints."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environ = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    command = [sys.executable, "-m", "conda_pip_interop", *words]
    with subprocess.Popen(command, stdout=its, stderr=its, stdin=its, env=environ):
        os.close(its)
        printed = b""
        while chunk := _read(ours):
            printed += chunk
    os.close(ours)
    return printed.decode().splitlines()


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # nobody writes any more
        return b""


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_the_overview_fits(columns: int) -> None:
    lines = run_in_terminal(columns, "--help")
    assert max(map(len, lines)) <= columns
    text = " ".join(" ".join(lines).split())
    assert "check Find problems between conda and pip; exit code 1 if any" in text
    assert all(f"\n  {name} " in "\n".join(lines) for name in STANDALONE_COMMANDS)


def test_a_long_command_of_the_history_is_below_its_row(tmp_path: Path) -> None:
    prefix = PrefixBuilder(root=tmp_path / "env", python="3.11.7")
    asked = " ".join(f"package{number}==1.0" for number in range(8))
    section = f"==> 2026-01-01 00:00:00 <==\n# cmd: conda create {asked}\n+main::six-1-0\n"
    prefix.write("conda-meta/history", section)
    path = ("history", "-p", str(prefix.root))
    *_, row, first, second = run_in_terminal(60, *path)[:4]
    assert row == "  2026-01-01 00:00:00  0         +1 -0"
    assert max(len(first), len(second)) <= 60
    assert first.startswith("      conda create package0==1.0 ")
    wide = "\n".join(run_in_terminal(250, *path))
    assert f"+1 -0                conda create {asked}" in wide
