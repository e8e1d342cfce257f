"""Run by a base's Python: forks a conda a request; what every conda imports is there already.

Nothing else is done ahead: each command reads its settings, plugins and environments by itself, in
a process of its own. What is imported here is what ``conda --version`` imports, and then the
plugin's own modules, with what of conda they need: a command imports no more than these. That each
command finds its modules by itself is seen where a conda of its own is started, as for `own_base`.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import pkgutil
import runpy
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import Any, NoReturn

_LENGTH = 8
_OURS = "conda_pip_interop"


def _list_imports(conda: str, warm: list[str]) -> list[str]:
    """Return what a conda that does nothing has imported, in that order; asked of a fork."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.dup2(os.open(os.devnull, os.O_RDWR), 1)
        sys.argv = [conda, *warm]
        with contextlib.suppress(SystemExit):
            runpy.run_path(conda, run_name="__main__")
        with os.fdopen(writing, "w", encoding="utf-8") as stream:
            json.dump(list(sys.modules), stream)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as stream:
        names = json.load(stream)
    os.wait()
    return [name for name in names if name.partition(".")[0] not in ("__main__", _OURS)]


def _list_ours() -> list[str]:
    """Return the plugin's modules, if this Python has them."""
    with contextlib.suppress(ImportError):
        folders = importlib.import_module(_OURS).__path__
        found = [one.name for one in pkgutil.walk_packages(folders, f"{_OURS}.")]
        return [name for name in found if not name.endswith("__main__")]
    return []


def _receive(control: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    header, descriptors, _, _ = socket.recv_fds(control, _LENGTH, 3)
    if not header:
        return None
    wanted = int.from_bytes(header, "little")
    body = b""
    while len(body) < wanted:
        body += control.recv(wanted - len(body))
    return json.loads(body), descriptors


def _become(
    request: dict[str, Any], descriptors: list[int], set_by_imports: dict[str, str]
) -> None:
    """Make this fork what a new process with these arguments and variables would be."""
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.environ.clear()
    os.environ.update({**set_by_imports, **request["environment"]})
    os.chdir(request["folder"])
    os.umask(request["umask"])
    sys.argv = request["arguments"]
    sys.path[0] = str(Path(sys.argv[0]).parent)


def _run(program: str) -> NoReturn:
    """Run a program and end as Python does after it, but for taking its modules apart.

    That would write to every page that the fork shares with the server: a third of a short run.
    """
    code: object = None
    try:
        runpy.run_path(program, run_name="__main__")
    except SystemExit as error:
        code = error.code
    except BaseException:  # noqa: BLE001 - told as Python tells it
        sys.excepthook(*sys.exc_info())
        code = 1
    if code is not None and not isinstance(code, int):
        print(code, file=sys.stderr)
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # it is closed
            stream.flush()
    os._exit((code or 0) & 0xFF)


def main() -> None:
    """Serve until the other end of the socket is closed."""
    conda, descriptor, *warm = sys.argv[1:]
    sys.path[0] = str(Path(conda).parent)
    started_with = dict(os.environ)
    for name in [*_list_imports(conda, warm), *_list_ours()]:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    set_by_imports = {k: v for k, v in os.environ.items() if k not in started_with}
    gc.freeze()
    control = socket.socket(fileno=int(descriptor))
    while (received := _receive(control)) is not None:
        request, descriptors = received
        child = os.fork()
        if child == 0:
            control.close()
            if request["own_group"]:
                os.setpgid(0, 0)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            _become(request, descriptors, set_by_imports)
            _run(conda)
        for one in descriptors:
            os.close(one)
        if request["own_group"]:
            with contextlib.suppress(OSError):  # the child does it, too: one of both is first
                os.setpgid(child, child)
        control.send(child.to_bytes(_LENGTH, "little"))
        _, status = os.waitpid(child, 0)
        control.send(os.waitstatus_to_exitcode(status).to_bytes(_LENGTH, "little", signed=True))


if __name__ == "__main__":
    main()
