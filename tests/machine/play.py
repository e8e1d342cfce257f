"""Worlds for the machine: one conda, one channel, an environment a sequence."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from packaging.version import Version

from tests.machine.console import Console
from tests.machine.packages import Packages, build_packages
from tests.machine.trees import TreeReader
from tests.machine.world import World
from tests.stories.markers import own_copy
from tests.support.environments import Env
from tests.world.base import Base, build_base
from tests.world.conda_server import CondaServer, start_conda
from tests.world.templates import copy_environment, find_template


@dataclass(kw_only=True)
class Stage:
    """What all sequences share."""

    base: Base
    packages: Packages
    reader: TreeReader = field(default_factory=TreeReader)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @contextmanager
    def make_world(self) -> Iterator[World]:
        """A new environment with Python and pip, which is gone afterwards."""
        env = Env(base=self.base, name=f"m{next(self.numbers)}")
        copy_environment(
            find_template((f"python={find_python(self.base)}", "pip")), self.base, env.name
        )
        with ExitStack() as stack:

            def open_pip(env: Env) -> CondaServer:
                program = env.prefix / "bin" / "pip"
                opened = start_conda(program, self.base.env(), warm=("install", "--help"))
                return stack.enter_context(opened)

            console = Console(env=env, packages=self.packages, open_pip=open_pip)
            stack.callback(lambda: shutil.rmtree(console.env.prefix, ignore_errors=True))
            yield World(console=console, reader=self.reader)

    def play(self, steps: Iterable[str]) -> None:
        """Do these steps in a new environment, then undo and repair all."""
        with self.make_world() as world:
            for step in steps:
                world.do(step)
            world.finish()


@contextmanager
def open_stage(folder: Path) -> Iterator[Stage]:
    """The conda and the packages, in `folder`."""
    base = build_base()
    with own_copy(base, "machine") as own:
        own.env()
        yield Stage(base=own, packages=build_packages(folder, find_python(own)))


def find_python(base: Base) -> str:
    """The minor version of the Python that the tests run on."""
    version = Version(base.channel.pythons[0])
    return f"{version.major}.{version.minor}"
