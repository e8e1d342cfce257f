"""What somebody may not write to."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def somebody_else(folder: Path, scratch: Path) -> Iterator[dict[str, Any]]:
    """Make `folder` one that the next process cannot write to; how to start that process."""
    if os.getuid() == 0:
        subprocess.run(["chown", "-R", "65534", scratch], check=True)
        yield {"user": 65534, "group": 65534, "extra_groups": []}
        subprocess.run(["chown", "-R", "0", scratch], check=True)
        return
    folder.chmod(0o555)
    yield {}
    folder.chmod(0o755)
