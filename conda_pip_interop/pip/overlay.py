"""A folder of stub distributions, which pip takes for installed when it stands on PYTHONPATH.

This is how pip is told what conda has decided before conda has installed it, and also where that
version is on no index: pip sees name and version, and no dependency to descend into.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from conda_pip_interop.pip.interface import HeldDistribution


def write_overlay(folder: Path, held: tuple[HeldDistribution, ...]) -> None:
    """Write a `*.dist-info` with METADATA (core metadata 2.1) and RECORD for each of `held`."""
    for distribution in held:
        name = distribution.name.replace("-", "_")
        dist_info = folder / f"{name}-{distribution.version}.dist-info"
        dist_info.mkdir(parents=True)
        lines = [
            "Metadata-Version: 2.1",
            f"Name: {distribution.name}",
            f"Version: {distribution.version}",
            *(f"Provides-Extra: {extra}" for extra in distribution.extras),
            *(f"Requires-Dist: {line}" for line in distribution.extra_requirements),
        ]
        (dist_info / "METADATA").write_text("\n".join(lines) + "\n", encoding="utf-8")
        (dist_info / "INSTALLER").write_text("conda\n", encoding="utf-8")
        (dist_info / "RECORD").write_text(
            f"{dist_info.name}/METADATA,,\n{dist_info.name}/RECORD,,\n", encoding="utf-8"
        )
