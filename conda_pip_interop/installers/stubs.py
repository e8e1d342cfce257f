"""Metadata-only distributions, for packages that pip must not choose or build."""

from __future__ import annotations

import hashlib
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from conda_pip_interop.installers.interface import ProvidedDistribution
    from conda_pip_interop.installers.pip.report import ReportItem


def write_stub(item: ReportItem, folder: Path) -> tuple[str, str]:
    """Write the wheel of `item` into a folder.

    The requirement that takes it, extras and all, and the wheel's SHA-256.
    """
    wheel = write_stub_wheel(
        folder,
        name=item.name,
        version=item.version,
        requires=item.requires_dist,
        extras=item.provides_extra,
    )
    extras = f"[{','.join(item.requested_extras)}]" if item.requested_extras else ""
    text = f"{item.name}{extras} @ {wheel.as_uri()}"
    return text, hashlib.sha256(wheel.read_bytes()).hexdigest()


def write_stub_wheel(
    folder: Path, *, name: str, version: str, requires: Iterable[str], extras: Iterable[str]
) -> Path:
    """A wheel with name, version, requirements and extras alone (core metadata 2.1)."""
    stem = f"{name.replace('-', '_')}-{version}"
    info = f"{stem}.dist-info"
    wheel = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"{info}/METADATA", _render_metadata(name, version, extras, requires))
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return wheel


def _render_metadata(
    name: str, version: str, extras: Iterable[str], requires: Iterable[str]
) -> str:
    """Render METADATA (core metadata 2.1)."""
    lines = [
        *("Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"),
        *(f"Provides-Extra: {extra}" for extra in extras),
        *(f"Requires-Dist: {line}" for line in requires),
    ]
    return "\n".join([*lines, ""])


def write_overlay(folder: Path, provided: tuple[ProvidedDistribution, ...]) -> None:
    """Write a `*.dist-info` with METADATA (core metadata 2.1) and RECORD for each of `provided`."""
    for distribution in provided:
        name = distribution.name.replace("-", "_")
        dist_info = folder / f"{name}-{distribution.version}.dist-info"
        dist_info.mkdir(parents=True)
        metadata = _render_metadata(
            distribution.name,
            distribution.version,
            distribution.extras,
            distribution.extra_requirements,
        )
        (dist_info / "METADATA").write_text(metadata, encoding="utf-8")
        (dist_info / "INSTALLER").write_text("conda\n", encoding="utf-8")
        (dist_info / "RECORD").write_text(
            f"{dist_info.name}/METADATA,,\n{dist_info.name}/RECORD,,\n", encoding="utf-8"
        )
