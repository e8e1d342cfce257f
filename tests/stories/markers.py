"""Markers as the stories look at them: on disk, without the plugin's own code."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from tests.world.base import clone
from tests.world.conda_server import start_conda

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.world.base import Base

FOREIGN = "[externally-managed]\nError=ask the admin\n"


@contextmanager
def own_copy(base: Base, name: str) -> Iterator[Base]:
    """A copy of a base for the stories of one module."""
    own = clone(base, name)
    with start_conda(own.conda, own.env()) as server:
        yield replace(own, server=server)
    shutil.rmtree(own.prefix)
    shutil.rmtree(own.scratch, ignore_errors=True)


def protect(value: str) -> dict[str, Any]:
    """The policy as a variable of the process: `base.run(…, **protect("all"))`."""
    return {"CONDA_PLUGINS_PIP_INTEROP_PROTECT": value}


def nothing(base: Base, name: str) -> tuple[str | Path, ...]:
    """The quickest command that counts: an update by a file that asks for nothing."""
    file = base.scratch / "nothing.yml"
    file.write_text("dependencies: []\n")
    return ("env", "update", "-q", "-n", name, "-f", file)


def marker_of(prefix: Path) -> Path:
    """Where the marker of the environment's Python is, or would be."""
    (stdlib,) = (path.parent for path in (prefix / "lib").glob("python3.*/os.py"))
    return stdlib / "EXTERNALLY-MANAGED"


def has_marker(prefix: Path) -> bool:
    """Whether the environment's Python has a marker, and no former Python has one."""
    found = list((prefix / "lib").glob("python3.*/EXTERNALLY-MANAGED"))
    assert found in ([], [marker_of(prefix)] if found else [])
    return bool(found)


def source_of(prefix: Path) -> str:
    """By whose policy our marker stands there, as its first line says."""
    return unquote(_signature(prefix, "policy"))


def prefix_of(prefix: Path) -> Path:
    """For which environment our marker there was written."""
    return Path(unquote(_signature(prefix, "prefix")))


def _signature(prefix: Path, key: str) -> str:
    first = marker_of(prefix).read_text().partition("\n")[0]
    return first.partition(f"{key}=")[2].split()[0]
