"""A conda that has started already: each run of it is a fork, which saves half of a short one."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_MAIN = Path(__file__).with_name("conda_server_main.py")
_LENGTH = 8
# What Python itself reads as it starts: a fork would not.
_AT_START = ("PYTHON", "LD_", "LC_", "LANG", "HOME")


@contextmanager
def start_conda(
    conda: Path, environment: Mapping[str, str], *, warm: Sequence[str] = ("--version",)
) -> Iterator[CondaServer]:
    """Start the conda of a prefix, or another program of Python there; it ends with the block.

    `warm`: the command whose imports are made ahead.
    """
    control, theirs = socket.socketpair()
    with control:
        with theirs:
            process = subprocess.Popen(
                [conda.with_name("python"), _MAIN, conda, str(theirs.fileno()), *warm],
                env=environment,
                pass_fds=[theirs.fileno()],
            )
        yield CondaServer(conda, environment, control)
    process.wait()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


class CondaServer:
    """Runs the conda of one prefix; one command at a time."""

    def __init__(self, conda: Path, environment: Mapping[str, str], control: socket.socket) -> None:
        self._conda = conda
        self._started = _of_start(environment)
        self._lock = threading.Lock()
        self._control = control

    def run(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        *,
        wait_to_kill: Callable[[], object] | None = None,
    ) -> subprocess.CompletedProcess[str] | None:
        """Run ``conda ARGUMENTS``; None where only a new process would do, or one runs already.

        When `wait_to_kill` returns it is killed, with the processes that it has started.
        """
        if _of_start(environment) != self._started or not self._lock.acquire(blocking=False):
            return None
        try:
            return self._run([str(self._conda), *arguments], environment, wait_to_kill)
        finally:
            self._lock.release()

    def _run(
        self,
        command: list[str],
        environment: Mapping[str, str],
        wait_to_kill: Callable[[], object] | None,
    ) -> subprocess.CompletedProcess[str]:
        request = {
            "arguments": command,
            "environment": dict(environment),
            "folder": str(Path.cwd()),
            "umask": _umask(),
            "own_group": wait_to_kill is not None,
        }
        body = json.dumps(request).encode()
        pipes = [os.pipe(), os.pipe()]
        ends = [0, *(writing for _, writing in pipes)]
        socket.send_fds(self._control, [len(body).to_bytes(_LENGTH, "little")], ends)
        self._control.sendall(body)
        for _, writing in pipes:
            os.close(writing)
        group = int.from_bytes(self._control.recv(_LENGTH), "little")
        ended = threading.Event()

        def kill(wait: Callable[[], object]) -> None:
            wait()
            if not ended.is_set():
                _kill(group)

        if wait_to_kill is not None:
            threading.Thread(target=kill, args=[wait_to_kill], daemon=True).start()
        with ThreadPoolExecutor(2) as readers:
            stdout, stderr = readers.map(_read, [reading for reading, _ in pipes])
        code = int.from_bytes(self._control.recv(_LENGTH), "little", signed=True)
        ended.set()
        return subprocess.CompletedProcess(command, code, stdout, stderr)


def _kill(group: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def _of_start(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(_AT_START)}


def _read(descriptor: int) -> str:
    with os.fdopen(descriptor) as stream:
        return stream.read()
