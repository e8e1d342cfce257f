"""The plugin as a conda package: hatchling's editable wheel, so that code edits count at once."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.world.cache import CHECKOUT, WorldError, digest, locked, scratch
from tests.world.channel import Job, build_archive, native_subdir, write_channel
from tests.world.pythons import find_interpreters
from tests.world.wheel_package import build_noarch
from tests.world.wheels import read_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.world.channel import Channel
    from tests.world.package import Package

NAME = "conda-pip-interop"
_BUILD = "from hatchling.build import build_editable; import sys; build_editable(sys.argv[1])"


def _inputs() -> tuple[Path, Path]:
    return CHECKOUT / "pyproject.toml", CHECKOUT / "conda_pip_interop" / "__init__.py"


def plugin_key() -> str | None:
    """Return the hash of what the package is made from; None while there is no plugin yet."""
    readme = CHECKOUT / "README.md"  # named in pyproject.toml: hatchling needs it too
    if not all(path.is_file() for path in (readme, *_inputs())):
        return None
    return digest(CHECKOUT, *(path.read_text() for path in _inputs()))


def build_plugin(key: str) -> Package:
    """Return the package; `key` is in its build string, so conda sees each change as a new one."""
    with scratch() as folder:
        result = subprocess.run(
            [sys.executable, "-c", _BUILD, folder],
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            message = f"hatchling could not build the checkout:\n{result.stderr}"
            raise WorldError(message)
        wheel = read_wheel(next(folder.glob("*.whl")))
        package = build_noarch(wheel, find_interpreters())
    return replace(package, build=f"pyhd_{key}_0")


def add_plugin(channel: Channel, key: str) -> None:
    """Put the plugin's package of this `key` on the channel."""
    job = Job(label=NAME, key=digest("plugin", key), build=build_plugin, arguments=(key,))
    build_archive(job)
    if not list(channel.folder.glob(f"noarch/{NAME}-*-pyhd_{key}_0.conda")):
        with locked():
            write_channel(channel.folder, [job.key], native_subdir())


def has_plugin(prefix: Path, key: str) -> bool:
    """Whether `prefix` has this very package."""
    return any(prefix.glob(f"conda-meta/{NAME}-*-pyhd_{key}_0.json"))
