"""A wheel of metadata alone, which stands for a source while pip resolves."""

from __future__ import annotations

import hashlib
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from conda_pip_interop.pip.report import ReportItem


def write_stub(item: ReportItem, folder: Path) -> tuple[str, str]:
    """Write a wheel with the name, version, requirements and extras of `item` (core metadata 2.1).

    The requirement that takes it, extras and all, and the wheel's SHA-256.
    """
    name = item.name.replace("-", "_")
    info = f"{name}-{item.version}.dist-info"
    metadata = [
        *("Metadata-Version: 2.1", f"Name: {item.name}", f"Version: {item.version}"),
        *(f"Provides-Extra: {extra}" for extra in item.provides_extra),
        *(f"Requires-Dist: {line}" for line in item.requires_dist),
    ]
    wheel = folder / f"{name}-{item.version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"{info}/METADATA", "\n".join([*metadata, ""]))
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    extras = f"[{','.join(item.requested_extras)}]" if item.requested_extras else ""
    text = f"{item.name}{extras} @ {wheel.as_uri()}"
    return text, hashlib.sha256(wheel.read_bytes()).hexdigest()
