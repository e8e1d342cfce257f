"""pip's own commands, run for one environment as a person would run them there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.installers.failures import pip_failed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from conda_pip_interop.installers.pip.process import PipProcess


def pass_on(pip: PipProcess, arguments: Sequence[str]) -> int:
    """Run pip with these very arguments, on our own terminal; returns its exit code.

    Nothing is added to what the user's configuration and environment variables say.
    """
    command = [*pip.command, *arguments]
    if sys.stdout is None or sys.stdout.isatty():
        return subprocess.run(command, check=False).returncode
    return _copy_output(command)


def _copy_output(command: Sequence[str]) -> int:
    """Run a process and copy its output; without a reader (`| head`), end it: pip would complain.

    Raises BrokenPipeError then.
    """
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            for line in process.stdout or ():
                sys.stdout.buffer.write(line)
                sys.stdout.buffer.flush()
        except BaseException:  # an interruption too ends the process
            process.terminate()
            raise
    return process.returncode


def read_outdated(
    pip: PipProcess, excluded: Iterable[NormalizedName]
) -> Mapping[NormalizedName, str]:
    """The newest versions that the user's indexes have of what is older, by pip's `list`.

    Of `excluded` the indexes are not asked. Raises InteropError `pip-failed`.
    """
    arguments = ["list", "--outdated", "--format=json", "--disable-pip-version-check"]
    for name in excluded:
        arguments += ["--exclude", name]
    rows = json.loads(_read(pip, arguments))
    return {canonicalize_name(row["name"]): str(row["latest_version"]) for row in rows}


def read_editables(pip: PipProcess) -> Mapping[NormalizedName, str]:
    """pip's `freeze` lines of editable installs from a repository: it asks git where that is.

    Raises InteropError `pip-failed`.
    """
    found = {}
    for line in _read(pip, ["freeze", "--all", "--disable-pip-version-check"]).splitlines():
        _, egg, rest = line.partition("#egg=")
        if line.startswith("-e ") and egg:
            found[canonicalize_name(rest.partition("&")[0])] = line
    return found


def is_modified(folder: Path) -> bool:
    """Return whether a clone differs from its commit; False if git does not say so."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), "status", "--porcelain", "--untracked-files=no"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except OSError:
        return False
    return done.returncode == 0 and bool(done.stdout.strip())


def _read(pip: PipProcess, arguments: Sequence[str]) -> str:
    done = subprocess.run(
        [*pip.command, *arguments],
        env={**os.environ, **pip.environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise pip_failed(done.returncode, done.stderr)
    return done.stdout
