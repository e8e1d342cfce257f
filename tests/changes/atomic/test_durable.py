"""Files and folders are waited for, whatever the process is doing."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

#: What a hook does at exit: it puts back what was moved aside, because conda failed.
_AT_EXIT = """
import atexit, sys
from pathlib import Path
from conda_pip_interop.changes.atomic.durable import sync_files
from conda_pip_interop.changes.atomic.held_folders import Place

def sync():
    sync_files(Place(path=path) for path in sorted(Path(sys.argv[1]).iterdir()))
    print("done")

import concurrent.futures.thread
atexit.register(sync)
"""


def test_what_is_put_back_at_exit_is_waited_for_too(tmp_path: Path) -> None:
    for number in range(200):
        (tmp_path / f"{number}.py").write_text("x")
    words = (sys.executable, "-c", _AT_EXIT, str(tmp_path))
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    assert done.stdout == "done\n"
    assert done.stderr == ""
