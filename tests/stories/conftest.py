"""A real conda for the stories: one base a session, a fresh environment a test."""

from __future__ import annotations

import itertools
import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from packaging.version import Version

from tests.world.base import Base, build_base, clone, copy_environment
from tests.world.cache import digest

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

_numbers = itertools.count(1)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "needs_conda(version, hook): skipped where conda has no such hook yet"
    )


@pytest.fixture(scope="session")
def shared_base() -> Base:
    """The session's own copy of the base: what stories do to it stays in it."""
    return clone(build_base(), "session")


@pytest.fixture
def base(shared_base: Base, request: pytest.FixtureRequest) -> Base:
    """The session's base, unless this conda lacks the hook that the test is about."""
    marker = request.node.get_closest_marker("needs_conda")
    if marker is not None:
        version, hook = marker.args
        if Version(shared_base.version) < Version(version):
            pytest.skip(f"conda {shared_base.version} has no {hook}: it came with {version}")
    return shared_base


@pytest.fixture
def own_base(base: Base) -> Iterator[Base]:
    """A base for one test alone, to be damaged."""
    own = clone(base, f"own-{next(_numbers)}")
    yield own
    shutil.rmtree(own.prefix)
    shutil.rmtree(own.scratch, ignore_errors=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class Env:
    """An environment of a base, and the ways to work in it."""

    base: Base
    name: str

    @property
    def prefix(self) -> Path:
        """Its folder."""
        return self.base.envs / self.name

    @property
    def site_packages(self) -> Path:
        """Where its Python finds distributions."""
        (folder,) = (self.prefix / "lib").glob("python3.*/site-packages")
        return folder

    def conda(
        self, command: str, *arguments: str, check: bool = True, **extra: str
    ) -> subprocess.CompletedProcess[str]:
        """`conda COMMAND -n NAME ARGUMENTS`; COMMAND may be two words (`pip list`)."""
        return self.base.run(*command.split(), "-n", self.name, *arguments, check=check, **extra)

    def json(self, command: str, *arguments: str, check: bool = True, **extra: str) -> Any:
        """The document of `conda COMMAND -n NAME ARGUMENTS --json`: stdout must hold one alone."""
        return json.loads(self.conda(command, *arguments, "--json", check=check, **extra).stdout)

    def pip(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """The environment's own pip, as a person runs it."""
        return self.base.run_in(self.prefix, "python", "-m", "pip", *arguments, check=check)

    def python(self, code: str) -> str:
        """What a line of Python prints there."""
        return self.base.run_in(self.prefix, "python", "-c", code).stdout.strip()

    def owners(self) -> dict[str, tuple[str, str]]:
        """Name → (version, owner) by `conda pip list`."""
        rows = self.json("pip list")["distributions"]
        return {row["name"]: (row["version"], row["owner"]) for row in rows}

    def records(self) -> dict[str, str]:
        """Name → version of the records on disk, read without conda."""
        documents = [
            json.loads(path.read_text()) for path in (self.prefix / "conda-meta").glob("*.json")
        ]
        return {document["name"]: document["version"] for document in documents}

    def findings(self) -> list[tuple[str, str | None]]:
        """(kind, conda's name or the distribution's) of each finding of `conda pip check`."""
        document = self.json("pip check", check=False)
        return [(one["kind"], one["conda"] or one["distribution"]) for one in document["findings"]]


@pytest.fixture
def make_env(base: Base) -> Iterator[Any]:
    """Make environments, `make_env("python", "pip")`, that are gone after the test.

    `python` is the minor version of the interpreter that the tests run on: all wheels are there.
    """
    made: list[Env] = []
    # Made by conda once for the same specs, and then copied, which takes a tenth of the time.
    version = Version(base.channel.pythons[0])
    python = f"python={version.major}.{version.minor}"

    def make(*specs: str, base: Base = base) -> Env:
        env = Env(base=base, name=f"e{next(_numbers)}")
        made.append(env)
        wanted = tuple(python if spec == "python" else spec for spec in specs)
        template = f"of-{base.prefix.name}-{digest(*wanted)}"
        if not (base.envs / template).is_dir():
            base.run("create", "-y", "-q", "-n", template, *wanted)
        copy_environment(base, template, env.name)
        return env

    yield make
    for env in made:
        shutil.rmtree(env.prefix, ignore_errors=True)
