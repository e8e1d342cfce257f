"""Runs of pip: ended with us, as one process that has imported pip once, and what they build."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conda_pip_interop.installers.pip.process import neutral_environment
from conda_pip_interop.installers.pip.runs import CAN_FORK, BuildProgress, PipServer, run_child
from tests.support.pip_worlds import build_project, build_sdist, build_wheel, lines, pins

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.pip_worlds import World

needs_fork = pytest.mark.skipif(not CAN_FORK, reason="forks of pip are for Linux")


@contextlib.contextmanager
def interrupted(after: float, look: Callable[[], object] = tuple) -> Iterator[None]:
    """Interrupt what is inside, as Ctrl-C does, after a `look`; expect that it ends."""

    def interrupt(*_: object) -> None:
        look()
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, after)
    try:
        with pytest.raises(KeyboardInterrupt):
            yield
    finally:
        signal.signal(signal.SIGALRM, before)


def test_what_interrupts_us_ends_the_child(tmp_path: Path) -> None:
    noted = tmp_path / "pid"
    code = f"import os, time; open({str(noted)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    with interrupted(1):
        run_child([sys.executable, "-c", code], os.environ, show=False)
    with pytest.raises(ProcessLookupError):
        os.kill(int(noted.read_text()), 0)


def note_starts(world: World, file: Path) -> None:
    """Let each start of the venv's Python write its process id into a file; see `read_starts`."""
    code = f"import os; open({str(file)!r}, 'a').write(str(os.getpid()) + chr(10))"
    (world.site_packages / "noted.pth").write_text(f"{code}\n", encoding="utf-8")


def read_starts(file: Path) -> list[int]:
    """The processes that started, each once: Python may read a `.pth` twice."""
    return [*dict.fromkeys(map(int, file.read_text().split()))]


@needs_fork
def test_pip_is_started_once_for_all_its_runs(world: World, tmp_path: Path) -> None:
    build_wheel(world.wheels, "one", "1.0", requires=("two",))
    build_wheel(world.wheels, "two", "2.0")
    note_starts(world, tmp_path / "starts")
    process = world.process()
    found = process.resolve(lines("one"), provided=())
    assert {(one.name, one.version) for one in found} == {("one", "1.0"), ("two", "2.0")}
    process.fetch(pins("one==1.0", "two==2.0"), into=tmp_path / "fetched")
    process.stage(pins("one==1.0", "two==2.0"), wheels=tmp_path / "fetched", into=tmp_path / "into")
    assert len([*(tmp_path / "into").rglob("*.dist-info")]) == 2
    assert len(read_starts(tmp_path / "starts")) == 1


@needs_fork
def test_the_server_ends_with_the_object(world: World, tmp_path: Path) -> None:
    note_starts(world, tmp_path / "starts")
    server = PipServer(python=world.python)
    assert server.run(["--version"], neutral_environment(os.environ), show=False)[0] == 0
    (pid,) = read_starts(tmp_path / "starts")
    os.kill(pid, 0)
    del server
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@needs_fork
def test_a_run_has_its_own_variables(world: World) -> None:
    server = PipServer(python=world.python)
    environ = neutral_environment(os.environ)
    for where in ("here", "there"):
        variables = {**environ, "PIP_CACHE_DIR": f"/nowhere/{where}"}
        assert server.run(["cache", "dir"], variables, show=False) == (0, f"/nowhere/{where}\n")
    assert server.run(["cache", "no-such"], environ, show=False)[0] == 1


@needs_fork
def test_an_interruption_ends_the_fork(world: World, tmp_path: Path) -> None:
    note_starts(world, tmp_path / "starts")
    server = PipServer(python=world.python)
    environ = neutral_environment(os.environ)
    server.run(["--version"], environ, show=False)
    (leader,) = read_starts(tmp_path / "starts")
    seen: list[str] = []
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        interrupted(2, lambda: seen.extend(list_processes(leader))),
    ):
        index = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        del environ["PIP_CONFIG_FILE"]
        command = ["download", "--isolated", "--index-url", index, "nothing"]
        server.run(command, environ, show=False)
    assert len(seen) == 2
    for pid in map(int, seen):
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert server.run(["--version"], environ, show=False)[0] == 0


def list_processes(parent: int) -> list[str]:
    """The processes that are a process, or whose parent it is."""
    words = ["ps", "-o", "pid=", "--pid", str(parent), "--ppid", str(parent)]
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout.split()


@needs_fork
def test_another_python_is_another_server(world: World, tmp_path: Path) -> None:
    note_starts(world, tmp_path / "starts")
    server = PipServer(python=world.python)
    environ = neutral_environment(os.environ)
    server.run(["--version"], environ, show=False)
    real = world.python.resolve()
    world.python.unlink()
    shutil.copy2(real, world.python)
    code, said = server.run(["--version"], environ, show=False)
    assert (code, said[:4]) == (0, "pip ")
    assert len(read_starts(tmp_path / "starts")) == 2


@needs_fork
def test_a_python_without_pip_is_reported(tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    server = PipServer(python=venv / "bin" / "python")
    code, said = server.run(["--version"], neutral_environment(os.environ), show=False)
    assert code != 0
    assert "No module named 'pip'" in said


@needs_fork
def test_certificates_are_read_once_for_all_runs(world: World, tmp_path: Path) -> None:
    build_wheel(world.wheels, "one", "1.0")
    read = tmp_path / "read"
    (world.site_packages / "noted.py").write_text(_NOTE.format(file=str(read)), encoding="utf-8")
    (world.site_packages / "noted.pth").write_text("import noted\n", encoding="utf-8")
    process = world.process()
    for _ in range(2):
        assert process.resolve(lines("one"), provided=())
    assert len(read.read_text(encoding="utf-8").splitlines()) == 1


#: Notes each file of certificates that is read.
_NOTE = """
import ssl

class SSLContext(ssl.SSLContext):
    def load_verify_locations(self, *args, **kwargs):
        with open({file!r}, "a") as file:
            print("read", file=file)
        super().load_verify_locations(*args, **kwargs)

ssl.SSLContext = SSLContext
"""


def read_progress(*lines: str, **versions: str) -> list[str]:
    said: list[str] = []
    progress = BuildProgress(report=said.append, versions=versions)
    for line in lines:
        progress.read(f"{line}\n")
    return said


@pytest.mark.parametrize(
    "preparing",
    [
        "  Installing build dependencies: started",
        "  Getting requirements to build wheel: started",
        "  Preparing metadata (pyproject.toml): started",
        "  Preparing editable metadata (pyproject.toml): started",
        "  Preparing metadata (setup.py): started",
    ],
)
def test_the_requirement_that_is_prepared_is_named_once(preparing: str) -> None:
    done = preparing.replace("started", "finished with status 'done'")
    assert (
        read_progress(
            "Collecting app>=2 (from lib)", "  Using cached app.whl", "Processing ./project"
        )
        == []
    )
    assert read_progress("Processing ./project", preparing, done, preparing) == [
        "Preparing metadata of ./project"
    ]
    assert read_progress("Collecting app@ git+https://host/x.git", preparing) == [
        "Preparing metadata of app"
    ]
    assert read_progress("Collecting git+https://me:secret@host/x.git", preparing) == [
        "Preparing metadata of git+https://****@host/x.git"
    ]


def test_what_is_built_is_named_with_its_version() -> None:
    lines = (
        "Building wheels for collected packages: app, lib",
        "  Building wheel for app (pyproject.toml): started",
        "  Building wheel for app (pyproject.toml): still running...",
        "  Building wheel for app (pyproject.toml): finished with status 'done'",
        "  Building editable for lib (pyproject.toml): started",
    )
    assert read_progress(*lines, app="1.0") == ["Building app 1.0", "Building lib"]


def test_pip_says_what_it_builds(world: World) -> None:
    build_sdist(world.wheels, build_project(world.wheels.parent / "app", "app"), "app")
    said: list[str] = []
    process = world.process()
    quiet = process.__class__(python=process.python, runner=process.runner, report=said.append)
    into = world.wheels.parent / "built"
    quiet.fetch(pins("app==1.0"), into=into)
    assert said[-1] == "Building app 1.0"
    assert any(one.startswith("Preparing metadata of ") for one in said)
