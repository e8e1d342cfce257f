"""The first conda: its modules unpacked beside each other, run by this interpreter.

No conda is there yet to install the base's conda; a ``PYTHONPATH`` is enough to create one.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.world.cache import CACHE, WorldError, digest, put_in_place, scratch
from tests.world.conda_package import read_conda_modules
from tests.world.pythons import find_interpreters
from tests.world.table import CONDA_DEPENDS
from tests.world.wheels import fetch_conda_lock, fetch_wheels

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.world.wheels import Wheel

# What conda's own dependencies need in turn.
_INDIRECT = (
    "certifi",
    "conda-package-streaming",
    "idna",
    "jsonpointer",
    "ruamel.yaml.clib",
    "urllib3",
)


def _needed() -> list[Wheel]:
    pythons = find_interpreters()
    names = {canonicalize_name(spec.split()[0]) for spec in (*CONDA_DEPENDS, *_INDIRECT)}
    wheels = [each for each in fetch_wheels(pythons)[pythons[0].short] if each.name in names]
    newest = {each.name: each for each in sorted(wheels, key=lambda each: Version(each.version))}
    return list(newest.values())


def build_bootstrap() -> Path:
    """Return a folder from which ``python -m conda`` works as ``PYTHONPATH``."""
    wheels = _needed()
    conda_lock = fetch_conda_lock()
    target = CACHE / "bootstrap" / digest(sys.version, conda_lock, *(each.path for each in wheels))
    if target.is_dir():
        return target
    with scratch() as folder:
        built = folder / "site"
        for wheel in wheels:
            with zipfile.ZipFile(wheel.path) as archive:
                archive.extractall(built)
        for name, content in read_conda_modules(conda_lock).items():
            path = built / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        put_in_place(built, target)
    return target


def run_bootstrap(arguments: list[str], environment: Mapping[str, str]) -> None:
    """Run the bootstrap conda."""
    result = subprocess.run(
        [sys.executable, "-m", "conda", *arguments],
        env={**environment, "PYTHONPATH": str(build_bootstrap())},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        message = f"the first conda failed:\n{result.stdout}\n{result.stderr}"
        raise WorldError(message)
