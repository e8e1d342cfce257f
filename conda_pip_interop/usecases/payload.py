"""What a distribution of pip's has on disk."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from conda_pip_interop.core.ownership import ByConda
from conda_pip_interop.core.paths import PrefixPath, to_disk
from conda_pip_interop.core.plan import RemoveFile

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from conda_pip_interop.core.distributions import Distribution
    from conda_pip_interop.core.ownership import Ownership
    from conda_pip_interop.core.snapshot import Snapshot


def read_payload(distribution: Distribution, root: Path) -> tuple[PrefixPath, ...]:
    """The files of a distribution that are there, compiled ones included, sorted."""
    paths = {file.path for file in distribution.files or ()}
    for source in [path for path in paths if path.endswith(".py")]:
        paths.update(read_compiled(source, root))
    return tuple(sorted(path for path in paths if os.path.lexists(to_disk(root, path))))


def read_compiled(source: PrefixPath, root: Path) -> Iterable[PrefixPath]:
    """The `.pyc` files of a source file (PEP 3147), whichever Python wrote them."""
    on_disk = to_disk(root, source)
    for compiled in on_disk.parent.glob(f"__pycache__/{on_disk.stem}.*.pyc"):
        yield PrefixPath(compiled.relative_to(root).as_posix())


def build_removals(
    distribution: Distribution, snapshot: Snapshot, ownership: Ownership, reason: str
) -> Iterable[RemoveFile]:
    """What only this distribution lists, and only as it was installed: an edited file stays."""
    root = snapshot.prefix.root
    for file in distribution.files or ():
        others = [
            claim
            for claim in ownership.claims(file.path)
            if isinstance(claim, ByConda) or claim.distribution != distribution.name
        ]
        on_disk = to_disk(root, file.path)
        if others or not on_disk.is_file() or not _is_as_installed(on_disk, file.sha256):
            continue
        yield RemoveFile(path=file.path, reason=reason)
        if file.path.endswith(".py"):
            for compiled in read_compiled(file.path, root):
                yield RemoveFile(path=compiled, reason=reason)


def _is_as_installed(path: Path, sha256: str | None) -> bool:
    return sha256 is None or hashlib.sha256(path.read_bytes()).hexdigest() == sha256
