"""Commands are killed at random instants, some hundreds of times; the next one settles it.

`KILLS` is how many times each is killed, `KILLS_SEED` when.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from conda_pip_interop.changes.atomic.journal import STATE_FOLDER
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.findings.registry import find_all
from tests.faults.scenarios import Record
from tests.support.environments import Env, MakeEnv
from tests.support.kept_environments import Contents, KeptEnvironment

pytestmark = [pytest.mark.e2e, pytest.mark.faults]

_KILLS = int(os.environ.get("KILLS", "25"))
#: So many kills are followed by the same command again, and a transaction of conda's.
_EVERY = 5
_SEED = os.environ.get("KILLS_SEED", "1")


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """A command, and what makes the environment that it works on."""

    name: str
    words: tuple[str, ...]
    specs: tuple[str, ...] = ("python", "pip")
    prepare: Callable[[Env], object] = lambda _: None
    #: Whether it has a transaction of conda's that we cannot take back, only tell about.
    is_condas: bool = False


def _damage(env: Env) -> None:
    env.pip("install", "-q", "cowsay")
    (env.site_packages / "cowsay" / "main.py").unlink()
    (env.site_packages / "idna" / "core.py").unlink()


WORKS = (
    Work(name="install", words=("pip install", "--yes", "cowsay")),
    Work(name="install both", words=("pip install", "--yes", "six", "cowsay"), is_condas=True),
    Work(
        name="uninstall",
        words=("pip uninstall", "--yes", "flask-testing"),
        prepare=lambda env: env.pip("install", "-q", "flask-testing"),
    ),
    Work(
        name="restore",
        words=("pip restore", "--yes", "click"),
        specs=("python", "pip", "click=8.1.7"),
        prepare=lambda env: (env.pip("install", "-q", "click==8.2.1"), reconcile(env)),
    ),
    Work(
        name="repair",
        words=("pip repair", "--yes"),
        specs=("python", "pip", "idna=3.7"),
        prepare=_damage,
    ),
    Work(
        name="undo",
        words=("pip undo", "--yes"),
        prepare=lambda env: env.conda("pip install", "--yes", "six", "cowsay"),
    ),
    Work(
        name="undo restore",
        words=("pip undo", "--yes"),
        specs=("python", "pip", "click=8.1.7"),
        prepare=lambda env: (
            env.pip("install", "-q", "click==8.2.1"),
            env.conda("pip restore", "--yes", "click"),
        ),
    ),
    Work(
        name="reconcile",
        words=("install", "-y", "six"),
        is_condas=True,
        specs=("python", "pip", "click=8.1.7"),
        prepare=lambda env: env.pip("install", "-q", "click==8.2.1"),
    ),
)


def reconcile(env: Env) -> Any:
    return env.conda("pip reconcile", "--yes")


def run(env: Env, words: tuple[str, ...], *, kill_after: float | None = None) -> Any:
    """Run a command of a conda that has started already."""
    command, *rest = words
    server = env.base.server
    assert server is not None
    arguments = [*command.split(), "-n", env.name, *rest]
    done = server.run(arguments, env.base.env(), kill_after=kill_after)
    assert done is not None
    return done


@contextmanager
def watch(prefix: Path) -> Iterator[list[float]]:
    """Note when the first change of an environment was, in seconds."""
    first: list[float] = []
    ended = threading.Event()
    folders = [prefix, prefix / "conda-meta", *(prefix / "lib").glob("python*/site-packages")]
    start, before = time.monotonic(), [one.stat().st_mtime_ns for one in folders]

    def look() -> None:
        while not ended.wait(0.005):
            if [one.stat().st_mtime_ns for one in folders] != before:
                first.append(time.monotonic() - start)
                return

    thread = threading.Thread(target=look)
    thread.start()
    yield first
    ended.set()
    thread.join()
    first.append(time.monotonic() - start)


def settle(env: Env) -> str:
    """Run the next command, whatever it has to put right; return what it said."""
    done = env.conda("pip reconcile", "--yes", check=False)
    assert "Traceback" not in done.stderr, done.stderr
    state = env.prefix / STATE_FOLDER
    assert [*state.glob("staging-*"), *state.glob("pending.json")] == [], done.stderr
    return str(done.stderr)


def find_faults(env: Env) -> set[tuple[str, str | None]]:
    """Find what `Env.findings` does, without a process."""
    found = find_all(read_snapshot(env.prefix))
    return {(one.kind, one.conda_name or one.project) for one in found}


def tell(old: Contents, new: Contents, now: Contents) -> str:
    paths = sorted({*old, *new, *now})
    return (
        f"unlike before: {[one for one in paths if now.get(one) != old.get(one)]}, "
        f"unlike after: {[one for one in paths if now.get(one) != new.get(one)]}"
    )


@pytest.mark.parametrize("work", WORKS, ids=lambda one: one.name)
def test_the_next_command_settles_what_a_kill_has_left(
    work: Work, make_env: MakeEnv, tmp_path: Path, record_property: Record
) -> None:
    env = make_env(*work.specs)
    work.prepare(env)
    kept = KeptEnvironment(env.prefix, tmp_path / "kept")
    with watch(env.prefix) as times:
        done = run(env, work.words)
    assert done.returncode == 0, done.stderr
    known = {*env.findings()}
    settle(env)
    new, known = kept.read(), known | {*env.findings()}
    kept.put_back()
    settle(env)
    old, known = kept.read(), known | {*env.findings()}
    assert old != new
    choose = random.Random(f"{_SEED} {work.name}")  # noqa: S311 - a seed is wanted
    begun, ended = times[0] * 0.9, times[-1]
    outcomes: Counter[str] = Counter()
    while (number := outcomes.total() - outcomes["too late"]) < _KILLS:
        assert outcomes["too late"] <= _KILLS * 2, f"{begun:.3f} to {ended:.3f} s"
        kept.put_back()
        after = choose.uniform(begun, ended)
        killed = run(env, work.words, kill_after=after)
        said = settle(env)
        now = kept.read()
        where = (
            f"kill {number} after {after:.3f} s ({begun:.3f} to {ended:.3f}), seed {_SEED}: {said}"
        )
        outcome = "before" if now == old else "after" if now == new else "told"
        if killed.returncode == 0:  # other work on this machine has ended since
            outcome, ended = "too late", max((after + ended) / 2, begun * 1.2)
        outcomes[outcome] += 1
        assert find_faults(env) <= known, where
        if outcome == "told":
            assert work.is_condas, f"{where}{tell(old, new, now)}"
            assert "was not finished" in said or work.words[0] == "install", where
        if outcome == "told" or number % _EVERY == 0:
            again = run(env, work.words)
            assert again.returncode == 0 or now == new, f"{where}{again.stderr}"
            env.conda("install", "-y", "tomli")
            assert {*env.findings()} <= known, where
    record_property("points", _KILLS)
    times_tried = f"{begun:.2f} to {ended:.2f} s, seed {_SEED}"
    record_property("kills", f"{work.name}: {dict(outcomes)}, {times_tried}")
