"""Runs conda, pip and us in one environment, and reads what they say."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from tests.machine.invariants import Broken
from tests.machine.packages import Packages
from tests.support.environments import Env
from tests.world.cache import CACHE
from tests.world.conda_server import CondaServer

_CRASHED: Final = re.compile(r"Traceback|[Uu]nexpected error|conda-pip-interop: skipped")


@dataclass(kw_only=True)
class Console:
    """`output`: what the last command has said."""

    env: Env
    packages: Packages
    open_pip: Callable[[Env], CondaServer]
    output: str = field(default="", init=False)
    pip_server: CondaServer = field(init=False)

    def __post_init__(self) -> None:
        self.pip_server = self.open_pip(self.env)

    def move_to(self, env: Env) -> None:
        """Go on in another environment."""
        self.env, self.pip_server = env, self.open_pip(env)

    def conda(
        self, words: Sequence[str], *more: str, **extra: str
    ) -> subprocess.CompletedProcess[str]:
        """`conda WORDS -n ENV MORE`; PROJECT and SYNC0 are paths."""
        arguments = [*self._fill(words), *(one for one in more if one)]
        at = 2 if words[0] == "pip" else 1
        arguments[at:at] = ["-n", self.env.name]
        return self.run(arguments, **extra)

    def run(self, arguments: Sequence[str], **extra: str) -> subprocess.CompletedProcess[str]:
        """`conda ARGUMENTS`."""
        done = self.env.base.run(*arguments, check=False, **(self._variables() | extra))
        return self._note(done)

    def pip(self, words: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """`pip WORDS` in the environment, as if activated."""
        environment = self.env.base.env(**self._variables(), CONDA_PREFIX=str(self.env.prefix))
        environment["PATH"] = f"{self.env.prefix / 'bin'}:{environment['PATH']}"
        yes = ["-y"] if words[0] == "uninstall" else []
        done = self.pip_server.run([*self._fill(words), "-q", *yes], environment)
        assert done is not None
        return self._note(done)

    def find_faults(self, done: subprocess.CompletedProcess[str]) -> Iterator[Broken]:
        """No command crashes; each ends with 0 or 1, and ours with 2 if there is no such name."""
        if _CRASHED.search(self.output):
            yield "crash", "the output tells of a crash"
        if done.returncode not in (0, 1) and not (done.returncode == 2 and "pip" in done.args):
            yield "code", f"exit code {done.returncode}"

    def _note(self, done: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
        self.output = f"$ {shlex.join(done.args)}\n{done.stdout}\n{done.stderr}"
        return done

    def _variables(self) -> dict[str, str]:
        return {
            "CONDA_CHANNELS": f"{self.packages.channel},{self.env.base.channel.url}",
            "CONDA_PKGS_DIRS": f"{self.packages.extracted},{CACHE / 'pkgs'}",
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.packages.wheels),
        }

    def _fill(self, words: Sequence[str]) -> list[str]:
        places = {"PROJECT": str(self.packages.project)}
        places |= {f"SYNC{n}": str(one) for n, one in enumerate(self.packages.requirements)}
        return [places.get(one, one) for one in words]
