"""What a distribution of pip's has on disk."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from conda_pip_interop.core.paths import PrefixPath, to_disk

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from conda_pip_interop.core.distributions import Distribution


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
