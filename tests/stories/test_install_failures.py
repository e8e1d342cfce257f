"""All or nothing: whatever step of an install fails, or is interrupted, nothing has changed.

Everywhere conda has a part in the plan (six, numpy …) and pip another; the error is the failing
tool's own. What takes long is in `make test-faults`.
"""

from __future__ import annotations

import errno
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import zipfile
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conda_pip_interop.changes.atomic.journal import STATE_FOLDER
from tests.stories.tree import hash_tree
from tests.support.environments import MakeEnv
from tests.support.pip_worlds import build_project, build_wheel
from tests.support.trees import can_mount

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.environments import Env

pytestmark = pytest.mark.e2e

UV = Path(sys.executable).with_name("uv")


@pytest.fixture(params=["pip", "uv"])
def installer(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """The variables for an installer, and that it does not try again."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "uv").symlink_to(UV)
    return {
        "CONDA_PLUGINS_PIP_INTEROP_INSTALLER": request.param,
        "PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin",
        "PIP_RETRIES": "0",
    }


@pytest.fixture
def www(tmp_path: Path) -> Path:
    """The folder of an index (PEP 503)."""
    folder = tmp_path / "www" / "simple"
    folder.mkdir(parents=True)
    return folder


def url_of(www: Path) -> str:
    return www.as_uri() + "/"


def list_wheel(www: Path, wheel: Path) -> None:
    """Put a wheel on the index, as it is by then."""
    page = www / wheel.name.partition("-")[0] / "index.html"
    page.parent.mkdir(exist_ok=True)
    page.write_text(f'<!DOCTYPE html><a href="{wheel.as_uri()}">{wheel.name}</a>')


def fail(env: Env, *words: str, **variables: str) -> str:
    """Install what cannot be: nothing must have changed. What was said on stderr."""
    before = hash_tree(env.prefix, but=STATE_FOLDER)
    done = env.conda("pip install", "--yes", *words, check=False, **variables)
    assert done.returncode != 0
    assert "Traceback (most recent call last)" not in done.stderr.partition("    ")[0]
    check_nothing_stays(env, before)
    return done.stderr


def check_nothing_stays(env: Env, before: str) -> None:
    """The tree is the same; of our own, the file stays that two processes are told apart by."""
    assert hash_tree(env.prefix, but=STATE_FOLDER) == before
    ours = (env.prefix / STATE_FOLDER).rglob("*")
    assert {path.name for path in ours if path.is_file()} <= {"lock"}


@pytest.mark.faults
def test_an_index_that_is_down(make_env: MakeEnv, installer: dict[str, str]) -> None:
    env = make_env("python", "pip")
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            while True:
                try:
                    server.accept()[0].close()
                except OSError:
                    return

        thread = threading.Thread(target=hang_up, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/simple/"
        said = fail(env, "six", "app", **installer, PIP_INDEX_URL=url)
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
    assert "failed (exit code " in said
    assert "app" in said


@pytest.mark.faults
@pytest.mark.parametrize("where", ["end", "middle"])
def test_a_wheel_that_is_corrupt(
    make_env: MakeEnv, installer: dict[str, str], www: Path, tmp_path: Path, where: str
) -> None:
    env = make_env("python", "pip")
    wheel = build_wheel(tmp_path, "app", data={"share/app.txt": "a" * 10_000 + "here"})
    content = wheel.read_bytes()
    if where == "end":
        wheel.write_bytes(content[:-200])
    else:
        assert zipfile.ZipFile(wheel).getinfo("app-1.0.data/data/share/app.txt").compress_type == 0
        wheel.write_bytes(content.replace(b"here", b"HERE"))
    list_wheel(www, wheel)
    said = fail(env, "six", "app", **installer, PIP_INDEX_URL=url_of(www))
    assert "failed (exit code " in said


def test_a_build_that_fails(make_env: MakeEnv, tmp_path: Path) -> None:
    env = make_env("python", "pip")
    project = build_project(tmp_path / "project", "app", requires=["six"])
    backend = project / "backend.py"
    text = backend.read_text().replace("def build_wheel(", "def build_nothing(")
    backend.write_text(
        text + "\n\ndef prepare_metadata_for_build_wheel(folder, config_settings=None):\n"
        "    info = pathlib.Path(folder) / f'{NAME}-{VERSION}.dist-info'\n"
        "    info.mkdir()\n"
        "    (info / 'METADATA').write_text("
        "f'Metadata-Version: 2.1\\nName: {NAME}\\nVersion: {VERSION}\\nRequires-Dist: six\\n')\n"
        "    return info.name\n\n\n"
        "def build_wheel(folder, config_settings=None, metadata_directory=None):\n"
        "    raise RuntimeError('the compiler is on strike')\n"
    )
    said = fail(env, str(project))
    assert "the compiler is on strike" in said
    assert "six" not in env.records()


def test_a_link_of_condas_that_fails(make_env: MakeEnv) -> None:
    env = make_env("python", "pip")
    (env.site_packages / "werkzeug").symlink_to("nowhere")
    said = fail(env, "flask", "cowsay")
    assert "site-packages/werkzeug" in said
    assert "flask" not in env.records()


#: A program that a shell has put into the background hears no Ctrl-C, nor do its children.
_HEAR = (
    "import os, signal, sys; signal.signal(2, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"
)
_HEARING = (sys.executable, "-c", _HEAR)


def interrupt(env: Env, when: Callable[[], bool], *words: str, **variables: str) -> str:
    """Ctrl-C at a terminal, as soon as `when` holds: every process there gets it."""
    asked = subprocess.Popen(
        [*_HEARING, env.base.conda, "pip", "install", "-n", env.name, "--yes", *words],
        env=env.base.env(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    end = time.monotonic() + 120
    while not when():
        assert asked.poll() is None, asked.communicate()[0]
        assert time.monotonic() < end
        time.sleep(0.002)
    os.killpg(asked.pid, signal.SIGINT)
    return asked.communicate(timeout=120)[0]


@contextmanager
def serve(folder: Path, held_back: str) -> Iterator[tuple[str, threading.Event]]:
    """An index over HTTP that never answers for paths that end with `held_back`."""
    reached, done = threading.Event(), threading.Event()

    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.partition("#")[0].endswith(held_back):
                reached.set()
                done.wait()
                return
            super().do_GET()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    handler = partial(Handler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/simple/", reached
        done.set()
        server.shutdown()
        thread.join()


def check_interrupted(env: Env, before: str, said: str) -> None:
    check_nothing_stays(env, before)
    assert "Traceback" not in said
    assert "Installed " not in said
    assert f"Interrupted: nothing was changed in {env.name}." in said


@pytest.mark.faults
@pytest.mark.parametrize("held_back", ["/app/", ".whl"])
def test_ctrl_c_while_planning_or_downloading(
    make_env: MakeEnv, installer: dict[str, str], www: Path, held_back: str
) -> None:
    env = make_env("python", "pip")
    before = hash_tree(env.prefix, but=STATE_FOLDER)
    wheel = build_wheel(www / "app", "app")
    with zipfile.ZipFile(wheel) as archive:
        metadata = archive.read("app-1.0.dist-info/METADATA")
    (www / "app" / f"{wheel.name}.metadata").write_bytes(metadata)
    with serve(www.parent, held_back) as (url, reached):
        variables = {**installer, "PIP_INDEX_URL": url}
        said = interrupt(env, reached.is_set, "six", "app", **variables)
    check_interrupted(env, before, said)


@pytest.mark.faults
@pytest.mark.parametrize("there", [(), ("numpy=2.1", "flask=3.0")])
def test_ctrl_c_while_conda_links(make_env: MakeEnv, there: tuple[str, ...]) -> None:
    env = make_env("python", "pip", *there)
    before = hash_tree(env.prefix, but=STATE_FOLDER)
    new = env.site_packages / "numpy-2.2.4.dist-info" / "METADATA"
    said = interrupt(env, new.exists, "numpy>=2.2", "flask>=3.1", "cowsay")
    assert "Rolling back transaction" in said
    check_interrupted(env, before, said)


#: conda, with Ctrl-C at the EVENT (call or return) of FUNCTION in a file, or by a caller, of PLACE.
_AT = """
import signal, sys, threading
signal.signal(signal.SIGINT, signal.default_int_handler)
pressed = []
def watch(frame, event, argument):
    if frame.f_code.co_name != "FUNCTION":
        return None
    place = f"{frame.f_code.co_filename} {frame.f_back and frame.f_back.f_code.co_name}"
    return press(frame, event, argument) if "PLACE" in place else None
def press(frame, event, argument):
    if event == "EVENT" and not pressed:
        pressed.append(True)
        signal.raise_signal(signal.SIGINT)
    return press
threading.settrace(watch)
sys.settrace(watch)
from conda.cli.main import main
sys.exit(main())
"""


def press_at(event: str, function: str, place: str) -> tuple[str, str]:
    text = _AT.replace("EVENT", event).replace("FUNCTION", function).replace("PLACE", place)
    return "-c", text


@pytest.mark.parametrize(
    ("function", "caller"),
    [
        pytest.param("rm_rf", "hardlink_supported", id="tries to link"),
        pytest.param("communicate", "any_subprocess", id="compiles modules"),
    ],
)
def test_ctrl_c_while_conda_has_files_of_its_own_in_the_environment(
    make_env: MakeEnv, function: str, caller: str
) -> None:
    env = make_env("python", "pip")
    before = hash_tree(env.prefix, but=STATE_FOLDER)
    argv = ("pip", "install", "-n", env.name, "--yes", "flask>=3.1", "cowsay")
    script = press_at("call", function, caller)
    done = env.base.run_in(env.base.prefix, "python", *script, *argv, check=False)
    assert f"Interrupted: nothing was changed in {env.name}." in done.stderr
    assert done.returncode == 130
    check_nothing_stays(env, before)


def test_a_disk_that_is_full_when_conda_copies_its_history(make_env: MakeEnv) -> None:
    env = make_env("python", "pip")
    before = hash_tree(env.prefix, but=STATE_FOLDER)
    argv = ("pip", "install", "-n", env.name, "--yes", "flask>=3.1", "cowsay")
    option, script = press_at("return", "copy", "create.py execute")
    full = "raise OSError(28, 'No space left on device')"
    script = script.replace("signal.raise_signal(signal.SIGINT)", full)
    done = env.base.run_in(env.base.prefix, "python", option, script, *argv, check=False)
    assert "Error: No space left on device to change the environment" in done.stderr
    check_nothing_stays(env, before)


@pytest.mark.parametrize("there", [(), ("flask=3.0",)])
def test_ctrl_c_at_the_instant_that_conda_has_written_a_record(
    make_env: MakeEnv, there: tuple[str, ...]
) -> None:
    """The package is there whole with its record, or not at all; what was there is not lost."""
    env = make_env("python", "pip", *there)
    before = hash_tree(env.prefix, but=STATE_FOLDER)
    argv = ("pip", "install", "-n", env.name, "--yes", "flask>=3.1", "cowsay")
    script = press_at("return", "insert", "prefix_data")
    done = env.base.run_in(env.base.prefix, "python", *script, *argv, check=False)
    assert done.returncode != 0
    assert "Installed " not in done.stdout
    assert "cowsay" not in env.owners()
    if there:
        assert env.records()["flask"] == env.owners()["flask"][0]
        assert env.python("import flask; print(flask.__name__)") == "flask"
        assert env.findings() == []
    else:
        check_nothing_stays(env, before)


@pytest.mark.faults
def test_ctrl_c_while_pips_part_is_placed(make_env: MakeEnv, www: Path, tmp_path: Path) -> None:
    env = make_env("python", "pip")
    before = hash_tree(env.prefix, but=STATE_FOLDER)
    many = {f"share/app/{number}.txt": str(number) for number in range(5000)}
    list_wheel(www, build_wheel(tmp_path, "app", data=many))
    placed = env.prefix / "share" / "app" / "1.txt"
    words = ("six", "app")
    said = interrupt(env, placed.exists, *words, PIP_INDEX_URL=url_of(www))
    check_interrupted(env, before, said)
    assert "six" not in env.records()


@contextmanager
def full_disk(env: Env, left: int) -> Iterator[str]:
    """Let an environment be on a disk of its own with about so many bytes left; what is said then.

    Where none can be mounted, no file can be larger than that.
    """
    if not can_mount():
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (left, before[1]))
        try:
            yield os.strerror(errno.EFBIG)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        return
    aside = env.prefix.with_name(f"{env.name}-aside")
    env.prefix.rename(aside)
    env.prefix.mkdir()
    files = (path.lstat() for path in aside.rglob("*"))
    size = sum(-(-one.st_size // 4096) * 4096 + 512 for one in files) + left
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", env.prefix], check=True)
    try:
        shutil.copytree(aside, env.prefix, symlinks=True, dirs_exist_ok=True)
        yield os.strerror(errno.ENOSPC)
    finally:
        subprocess.run(["umount", env.prefix], check=True)
        shutil.rmtree(aside)


@pytest.mark.faults
@pytest.mark.parametrize("whose", ["conda", "pip"])
def test_a_disk_that_is_full(make_env: MakeEnv, www: Path, tmp_path: Path, whose: str) -> None:
    env = make_env("python", "pip")
    big = {"share/app.bin": "x" * 30_000_000} if whose == "pip" else {}
    list_wheel(www, build_wheel(tmp_path, "app", data=big))
    name = "six" if whose == "pip" else "numpy"
    with full_disk(env, 10_000_000) as words:
        said = fail(env, name, "app", PIP_INDEX_URL=url_of(www), CONDA_ALWAYS_COPY="true")
        assert words in said
        if words == os.strerror(errno.ENOSPC):
            assert "Free disk space" in said
            unsaid = ("AssertionError", "Check the names", "ERROR conda")
            assert not any(one in said for one in unsaid)
            assert len(said.splitlines()) <= (2 if whose == "conda" else 4)
