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

from conda_pip_interop.changes.atomic.transaction import open_operation
from conda_pip_interop.changes.plan import WriteFile
from conda_pip_interop.commands.command_line.registry import STANDALONE_COMMANDS
from conda_pip_interop.environment.paths import PrefixPath
from tests.support.builders import PrefixBuilder

#: `conda pip undo --list`, which needs conda.
_SHOW_OPERATIONS = """
import pathlib, sys
from conda_pip_interop.commands.change.undo import render_operations
from conda_pip_interop.environment.target import Target
target = Target(prefix=pathlib.Path(sys.argv[1]), name="web", is_base=False)
print(render_operations(target).text)
"""


def run_in_terminal(
    columns: int, *words: str, program: tuple[str, ...] = ("-m", "conda_pip_interop")
) -> list[str]:
    """Run a command in a terminal of this width; the lines that it prints."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environ = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    command = [sys.executable, *program, *words]
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


@pytest.mark.parametrize("columns", [60, 100])
def test_a_finding_fits_but_for_its_paths_and_commands(tmp_path: Path, columns: int) -> None:
    prefix = PrefixBuilder(root=tmp_path / "env", python="3.11.7")
    long = "a-very-long-name-of-a-package-that-there-is-not"
    prefix.pip_package(f"app-of-{long}", "1.0", requires=(f"{long}>=1.0",))
    lines = run_in_terminal(columns, "check", "-p", str(prefix.root))
    (path,) = (line for line in lines if line.startswith("    lib/"))
    assert path.endswith(".dist-info/METADATA")
    commands = [line for line in lines if line.startswith(("  To fix: ", "  or: "))]
    assert commands[0].endswith(f" '{long}>=1.0'")
    others = [line for line in lines[1:] if line not in (path, *commands)]
    assert max(map(len, others)) <= columns
    assert f"app-of-{long} 1.0 requires {long}>=1.0" in " ".join(" ".join(others).split())


def test_a_long_title_of_an_operation_is_below_its_row(tmp_path: Path) -> None:
    prefix = PrefixBuilder(root=tmp_path / "env", python="3.11.7")
    title = " ".join(f"package{number}" for number in range(8))
    with open_operation(prefix.root, f"install {title}") as operation:
        operation.apply([WriteFile(path=PrefixPath("a"), content=b"a", reason="t")])
    _, row, first, *_ = run_in_terminal(60, str(prefix.root), program=("-c", _SHOW_OPERATIONS))
    assert row.endswith("  1")
    assert first.startswith("      install package0 ")
    assert len(first) <= 60
