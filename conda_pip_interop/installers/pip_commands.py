"""pip's own commands, run for one environment as a person would run them there."""

from __future__ import annotations

import ast
import json
import os
import subprocess
from typing import TYPE_CHECKING

from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.installers.pip_process import pip_failed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from conda_pip_interop.installers.pip_process import PipProcess


def pass_on(pip: PipProcess, arguments: Sequence[str]) -> int:
    """Run pip with these very arguments, on our own terminal; returns its exit code.

    Nothing is added to what the user's configuration and environment variables say.
    """
    return subprocess.run([*pip.command, *arguments], check=False).returncode


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


def read_configuration(pip: PipProcess) -> Mapping[str, str]:
    """What pip's files and variables set for `pip install`, by option name without hyphens ahead.

    Raises InteropError `pip-failed`.
    """
    found: dict[str, dict[str, str]] = {"global": {}, "install": {}, ":env:": {}}
    for line in _read(pip, ["config", "list", "--disable-pip-version-check"]).splitlines():
        key, equals, value = line.partition("=")
        section, _, name = key.rpartition(".")
        if equals and section in found:
            found[section][name] = str(ast.literal_eval(value))
    return {name: value for section in found.values() for name, value in section.items()}


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
