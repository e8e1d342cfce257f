"""A real conda for the stories: one base a session, a fresh environment a test."""

from __future__ import annotations

import itertools
import shutil
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from packaging.version import Version

from tests.support.environments import Env, MakeEnv
from tests.world.base import Base, build_base, clone
from tests.world.conda_server import start_conda
from tests.world.templates import copy_environment, find_template

if TYPE_CHECKING:
    from collections.abc import Iterator

_numbers = itertools.count(1)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "needs_conda(version, hook): skipped where conda has no such hook yet"
    )


@pytest.fixture(scope="session")
def shared_base() -> Iterator[Base]:
    """The session's own copy of the base: what stories do to it stays in it."""
    base = clone(build_base(), "session")
    base.run("create", "-y", "-q", "-n", "first")  # says that base is protected now
    shutil.rmtree(base.envs / "first")
    with start_conda(base.conda, base.env()) as server:
        yield replace(base, server=server)


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


@contextmanager
def make_environments(base: Base) -> Iterator[MakeEnv]:
    """Make environments, `make_env("python", "pip")`, that are gone afterwards.

    `python` is the minor version of the interpreter that the tests run on: all wheels are there.
    """
    made: list[Env] = []
    version = Version(base.channel.pythons[0])
    python = f"python={version.major}.{version.minor}"

    def make(*specs: str, base: Base = base, like: Env | None = None) -> Env:
        env = Env(base=base, name=f"e{next(_numbers)}")
        made.append(env)
        wanted = tuple(python if spec == "python" else spec for spec in specs)
        base.env()  # makes its folders
        copy_environment(find_template(wanted) if like is None else like.prefix, base, env.name)
        return env

    yield make
    for env in made:
        shutil.rmtree(env.prefix, ignore_errors=True)


@pytest.fixture
def make_env(base: Base) -> Iterator[MakeEnv]:
    """Make environments that are gone after the test."""
    with make_environments(base) as make:
        yield make


@pytest.fixture(scope="module")
def prepare_env(shared_base: Base) -> Iterator[MakeEnv]:
    """Make environments for the tests of a module, which copy them: `make_env(like=prepared)`."""
    with make_environments(shared_base) as make:
        yield make


@pytest.fixture
def again(make_env: MakeEnv) -> Iterator[Env]:
    """An environment that is not there yet."""
    env = make_env("python", "pip")
    shutil.rmtree(env.prefix)
    yield env
    shutil.rmtree(env.prefix, ignore_errors=True)
