"""The environment below a virtual one that was made with `--system-site-packages` (PEP 405).

Python looks there for what the virtual environment does not have.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from conda_pip_interop.environment.paths import read_regular
from conda_pip_interop.environment.snapshot import Snapshot, read_snapshot
from conda_pip_interop.errors import InteropError
from conda_pip_interop.values import regex

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packaging.utils import NormalizedName

    from conda_pip_interop.environment.site_packages.distributions import Distribution

CONFIGURATION: Final = "pyvenv.cfg"
_SIZE_LIMIT: Final = 1 << 16
_LINE: Final = regex(r"\s*([\w-]+)\s*=\s*(.*?)\s*")


def is_virtual(root: Path) -> bool:
    """Return whether an environment is one of `venv`, in which conda has no package."""
    return (root / CONFIGURATION).is_file() and not any((root / "conda-meta").glob("*.json"))


def read_layer_below(snapshot: Snapshot) -> Snapshot | None:
    """Return the environment below, by its names; None if there is none, or it cannot be read."""
    return snapshot.view(_read_below)


def find_visible(snapshot: Snapshot) -> Mapping[NormalizedName, tuple[Snapshot, Distribution]]:
    """Return what Python finds below by name, hidden ones left out; empty without such a layer."""
    below = read_layer_below(snapshot)
    if below is None:
        return {}
    hidden = {one.name for one in snapshot.distributions}
    return {one.name: (below, one) for one in below.distributions if one.name not in hidden}


def _read_below(snapshot: Snapshot) -> Snapshot | None:
    """Read it; in an environment of conda's, whoever owns it could send conda's hooks anywhere."""
    root = snapshot.prefix.root
    if not is_virtual(root):
        return None
    values = _read_configuration(root / CONFIGURATION)
    if values.get("include-system-site-packages", "").lower() != "true":
        return None
    home = values.get("home", "")
    if not Path(home).is_absolute() or "\0" in home:
        return None
    base = Path(home).parent if Path(home).name == "bin" else Path(home)
    if os.path.realpath(base) == os.path.realpath(root):
        return None
    try:
        return read_snapshot(base, depth="names")
    except (InteropError, OSError):
        return None


def _read_configuration(file: Path) -> Mapping[str, str]:
    """Read the keys as `site` does; empty if the file is not there or is no text."""
    try:
        if file.stat().st_size > _SIZE_LIMIT:
            return {}
        text = read_regular(file).decode("utf-8", errors="replace")
    except OSError:
        return {}
    found = map(_LINE.fullmatch, text.splitlines())
    return {one[1].lower(): one[2] for one in found if one is not None}
