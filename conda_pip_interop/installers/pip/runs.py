"""Runs of pip and uv, to the end and with their output; those of pip by one process if possible."""

from __future__ import annotations

import contextlib
import json
import secrets
import subprocess
import sys
import weakref
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Final, Protocol

from conda_pip_interop.text import hide_password, write_text
from conda_pip_interop.values import dataclass, regex

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from conda_pip_interop.installers.pip.options import PipOptions

#: pip's words before the steps of one requirement.
_TAKEN: Final = regex(r"(?:Collecting|Processing|Obtaining) (?P<what>\S+?)@?(?=\s|$)")
_PREPARING: Final = regex(
    r"\s+(?:Installing build dependencies|Getting requirements to build|Preparing)\b.*: started"
)
_BUILDING: Final = regex(r"\s*Building (?:wheel|editable) for (?P<name>\S+)\b.*: started")
#: On macOS the system's own libraries do not work in a fork.
CAN_FORK: Final = sys.platform.startswith("linux")


class PipCommand(Protocol):
    """How pip is run for one environment, for whoever asks it something."""

    @property
    def prefix(self) -> Path:
        """The environment's folder."""

    @property
    def command(self) -> list[str]:
        """The words before pip's own arguments."""

    @property
    def options(self) -> PipOptions:
        """What the user gave pip."""

    @property
    def environ(self) -> Mapping[str, str]:
        """The variables that are added to the process's."""

    def build_environment(self) -> dict[str, str]:
        """Return the variables for a run."""


def run_child(
    command: Sequence[str],
    environ: Mapping[str, str],
    *,
    show: bool,
    stdout: bool = True,
    on_line: Callable[[str], None] | None = None,
) -> tuple[int, str]:
    """Run to the end; its exit code, and what it said, on stderr alone without `stdout`.

    `show` passes that on to our stderr as it comes, and `on_line` gets each line. Whatever
    interrupts us ends the child first: it would write on where we clean up.
    """
    with subprocess.Popen(
        command,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if stdout else subprocess.DEVNULL,
        stderr=subprocess.STDOUT if stdout else subprocess.PIPE,
        text=True,
        errors="replace",
    ) as process:
        try:
            said = _read(process.stdout if stdout else process.stderr, show=show, on_line=on_line)
            process.wait()
        except BaseException:  # an interruption too ends the process
            process.terminate()
            process.wait()
            raise
    return process.returncode, said


def _read(lines: Iterable[str] | None, *, show: bool, on_line: Callable[[str], None] | None) -> str:
    said: list[str] = []
    for line in lines or ():
        said.append(line)
        if show:
            write_text(line, sys.stderr)
        if on_line is not None:
            on_line(line)
    return "".join(said)


@dataclass(kw_only=True)
class BuildProgress:
    """Calls `report` with what one run of pip prepares and builds; `versions` are by name."""

    report: Callable[[str], None]
    versions: Mapping[str, str] = field(default_factory=dict)
    _taken: str | None = None

    def read(self, line: str) -> None:
        """Read a line of pip's output."""
        if (taken := _TAKEN.match(line)) is not None:
            self._taken = hide_password(taken["what"])
        elif self._taken is not None and _PREPARING.match(line):
            self.report(f"Preparing metadata of {self._taken}")
            self._taken = None
        elif (building := _BUILDING.match(line)) is not None:
            name = building["name"]
            self.report(f"Building {name} {self.versions.get(name, '')}".rstrip())


@dataclass(kw_only=True, eq=False)
class PipServer:
    """Runs the pip of `python` in forks of one process: importing pip takes longer than most runs.

    That process lives as long as this object. Each run has variables of its own, but those that an
    interpreter reads as it starts, `PYTHONPATH` excepted, are those of the first one.
    """

    python: Path
    _process: subprocess.Popen[str] | None = field(default=None, init=False)

    def run(
        self,
        arguments: Sequence[str],
        environ: Mapping[str, str],
        *,
        show: bool,
        on_line: Callable[[str], None] | None = None,
    ) -> tuple[int, str]:
        """Run `python -m pip` with these arguments; see `run_child`."""
        while True:
            process = self._process or self._start(environ)
            word = secrets.token_hex()
            answer: list[str] = []
            try:
                request = {"arguments": arguments, "environ": {**environ}, "word": word}
                _send(process, json.dumps(request))
                said = _read(_read_run(process, word, answer), show=show, on_line=on_line)
            except BaseException:  # an interruption too ends the run
                self._stop()
                raise
            if answer == [""]:  # pip, or its Python, is another one by now
                self._stop()
                continue
            if not answer:
                self._stop()
                return process.returncode or 1, said
            return int(answer[0]), said

    def _start(self, environ: Mapping[str, str]) -> subprocess.Popen[str]:
        process = self._process = subprocess.Popen(
            [self.python, "-c", _SERVE],
            env={key: value for key, value in environ.items() if key != "PYTHONPATH"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        self._finalizer = weakref.finalize(self, _close, process)
        return process

    def _stop(self) -> None:
        if self._process is not None:
            self._finalizer()
            self._process = None


def _send(process: subprocess.Popen[str], line: str) -> None:
    """Send a line; that the process has ended shows in its output, with the reason."""
    with contextlib.suppress(BrokenPipeError):
        if process.stdin is not None:
            process.stdin.write(f"{line}\n")
            process.stdin.flush()


def _read_run(process: subprocess.Popen[str], word: str, answer: list[str]) -> Iterable[str]:
    """Yield the lines of a run; `answer` gets what follows the word that ends it."""
    for line in process.stdout or ():
        last, found, rest = line.partition(word)
        if last:
            yield last
        if found:
            answer.append(rest.strip())
            return


def _close(process: subprocess.Popen[str]) -> None:
    """End a process, and the run in it."""
    process.terminate()
    with contextlib.suppress(BrokenPipeError), process:  # closes the pipes, and waits
        pass


#: Runs `python -m pip` in a fork for each line of its input: arguments, variables, and the word
#: that ends the run's output. What is imported ahead is what pip imports anyway. It stops where
#: pip or its Python is not the one any more that was imported.
_SERVE: Final = """
import contextlib, functools, gc, json, os, runpy, signal, sys
del sys.path[0]
try:
    import pip._internal.cli.main
    import pip._internal.commands.install
    import pip._internal.operations.install.wheel
    import pip._internal.resolution.resolvelib.resolver
    from pip._internal.network.session import user_agent
    if hasattr(user_agent, "cache_info"):
        user_agent()
    import ssl
    import pip._vendor.truststore
    from pip._internal.cli import index_command
    if hasattr(index_command, "_create_truststore_ssl_context"):  # it reads all certificates
        context = functools.cache(index_command._create_truststore_ssl_context)
        index_command._create_truststore_ssl_context = context
        with contextlib.suppress(Exception):  # a run that needs it says so
            context()
except ImportError:
    pass
import pip

def identify():
    found = map(os.stat, (sys.executable, pip.__file__))
    return [(one.st_dev, one.st_ino, one.st_mtime) for one in found]

def end(number, _):
    if child:
        os.kill(child, number)
        os.waitpid(child, 0)
    os._exit(1)

gc.freeze()  # a fork shares it as long as the collector does not touch it
child = None
started = identify()
interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, end)
for line in iter(sys.stdin.readline, ""):
    request = json.loads(line)
    if not os.path.exists(pip.__file__) or identify() != started:
        print(request["word"], flush=True)
        break
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    child = os.fork()
    if not child:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, interrupt)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    if not child:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.environ.clear()
        os.environ.update(request["environ"])
        sys.path[:0] = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
        sys.argv[:] = ["pip", *request["arguments"]]
        runpy.run_module("pip", run_name="__main__", alter_sys=True)
        sys.exit()
    status = os.waitpid(child, 0)[1]
    child = None
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)
    print(request["word"], code, flush=True)
"""
