"""Commands are killed at random instants, some hundreds of times; the next one settles it.

`KILLS` is how many times each is killed, `KILLS_SEED` when.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
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


def run(
    env: Env, words: tuple[str, ...], *, wait_to_kill: Callable[[], object] | None = None
) -> Any:
    """Run a command of a conda that has started already."""
    command, *rest = words
    server = env.base.server
    assert server is not None
    arguments = [*command.split(), "-n", env.name, *rest]
    done = server.run(arguments, env.base.env(), wait_to_kill=wait_to_kill)
    assert done is not None
    return done


class Watch:
    """Sees the first change of an environment; times are in seconds."""

    def __init__(self, prefix: Path) -> None:
        site_packages = (prefix / "lib").glob("python*/site-packages")
        self._folders = [prefix, prefix / "conda-meta", *site_packages]
        self._before = self._read()
        self._start = time.monotonic()
        self._ended = threading.Event()

    def _read(self) -> list[int]:
        return [one.stat().st_mtime_ns for one in self._folders]

    def find_first(self) -> float:
        """Wait for the first change, or the end; return when that was."""
        while not self._ended.wait(0.005) and self._read() == self._before:
            pass
        return self.time

    @property
    def time(self) -> float:
        """The time since the start."""
        return time.monotonic() - self._start

    def end(self) -> None:
        """Wait no longer for a change."""
        self._ended.set()


def measure(env: Env, work: Work) -> tuple[float, float]:
    """Return when the first change of a whole run was, and how long it lasted from then on."""
    watch = Watch(env.prefix)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(watch.find_first)
        done = run(env, work.words)
        ended = watch.time
        watch.end()
        assert done.returncode == 0, done.stderr
        return first.result(), ended - first.result()


def kill(env: Env, work: Work, fraction: float, first: float, span: float) -> Any:
    """Kill a command at a fraction of the `span` after its first change; below 0, before that.

    So that what it does before it changes anything, and other work on the machine, counts little.
    """
    watch = Watch(env.prefix)

    def wait() -> None:
        if fraction < 0:
            time.sleep(first * (1 + fraction))
        else:
            watch.find_first()
            time.sleep(span * fraction)

    done = run(env, work.words, wait_to_kill=wait)
    watch.end()
    return done


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
    first, span = measure(env, work)
    known = {*env.findings()}
    settle(env)
    new, known = kept.read(), known | {*env.findings()}
    kept.put_back()
    settle(env)
    old, known = kept.read(), known | {*env.findings()}
    assert old != new
    choose = random.Random(f"{_SEED} {work.name}")  # noqa: S311 - a seed is wanted
    outcomes: Counter[str] = Counter()
    while (number := outcomes.total() - outcomes["too late"]) < _KILLS:
        assert outcomes["too late"] <= _KILLS * 2, f"{span:.3f} s"
        kept.put_back()
        fraction = choose.uniform(-0.1, 1)
        killed = kill(env, work, fraction, first, span)
        said = settle(env)
        now = kept.read()
        where = (
            f"kill {number} at {fraction:.3f} of {span:.3f} s after {first:.3f} s, "
            f"seed {_SEED}: {said}"
        )
        outcome = "before" if now == old else "after" if now == new else "told"
        if killed.returncode == 0:  # other work on this machine has ended since
            outcome, span = "too late", span * (1 + max(fraction, 0)) / 2
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
    times_tried = f"{span:.2f} s after {first:.2f} s, seed {_SEED}"
    record_property("kills", f"{work.name}: {dict(outcomes)}, {times_tried}")
