"""Kill a conda command before its n-th write to an environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.environments import Env

#: Python runs this at its start. It counts what is written in one environment alone.
_KILLER: Final = """
import atexit, itertools, os, signal, sys
prefix, before = os.environ["KILL_IN"], int(os.environ["KILL_BEFORE"])
writes = {"os.rename", "os.link", "os.symlink", "os.mkdir", "os.rmdir", "os.remove", "os.chmod"}
writes |= {"os.truncate", "os.utime", "shutil.copyfile"}
numbers = itertools.count(1)
def watch(event, arguments):
    if event == "open":
        flags = arguments[2]
        if not isinstance(flags, int) or not flags & (os.O_WRONLY | os.O_RDWR):
            return
    elif event not in writes:
        return
    # what is relative lies in a folder that our code holds open
    held = event != "os.chmod" and str(arguments[0])[:1] != "/"
    if held or any(str(one).startswith(prefix + "/") for one in arguments):
        if next(numbers) == before:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(watch)
atexit.register(lambda: print("writes:", next(numbers) - 1, file=sys.stderr))
"""


def be_killed(env: Env, folder: Path, *words: str, before: int) -> str:
    """Run a conda command that is killed before that write (0: never); what it said."""
    (folder / "sitecustomize.py").write_text(_KILLER)
    variables = {
        "PYTHONPATH": str(folder),
        "KILL_IN": str(env.prefix),
        "KILL_BEFORE": str(before),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = env.conda(*words, check=False, **variables)
    assert done.returncode == (-9 if before else 0), done.stderr
    return str(done.stderr)
