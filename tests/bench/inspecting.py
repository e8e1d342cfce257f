"""What the commands that only read take, beside pip's own."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from tests.bench.measure import Command, Figure, time_pairs
from tests.bench.worlds import build_prefix

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAIRS = 7


def measure(folder: Path) -> Iterator[Figure]:
    """500 distributions of 200 files each, with pip and without conda."""
    root = build_prefix(folder / "many", conda=0, pip=500, files=200)
    site_packages = str(root / "lib/python3.11/site-packages")
    listed = _pip("list", "--path", site_packages)
    yield from _compare(_ours("list", "-p", str(root)), listed, "pip list", limit=1)
    yield from _compare(_ours("tree", "-p", str(root)), listed, "pip list", limit=1)
    yield from _compare(_ours("freeze", "-p", str(root)), listed, "pip list", limit=1)
    inspected = _pip("inspect", "--path", site_packages)
    checked = _ours("check", "-p", str(root))
    yield from _compare(checked, inspected, "pip inspect", limit=1.5, gate=1.7)
    nothing = Command(words=[sys.executable, "-c", "pass"], env=_ENV)
    pairs = time_pairs([_ours("--help")], [nothing], pairs=PAIRS)
    yield Figure(
        what="--help, over `python -c pass`",
        unit="s",
        values=tuple(ours - theirs for ours, theirs in pairs),
        limit=0.1,
    )


def measure_growth(folder: Path) -> Iterator[Figure]:
    """Four times as many distributions: four times the time, and what memory."""
    small = build_prefix(folder / "fewer", conda=0, pip=500, files=200)
    large = build_prefix(folder / "more", conda=0, pip=2000, files=200)
    pairs = time_pairs(
        [_ours("check", "-p", str(large))], [_ours("check", "-p", str(small))], pairs=3
    )
    yield Figure(
        what="check of 2,000 distributions / four times that of 500",
        values=tuple(more / less / 4 for more, less in pairs),
        limit=1.1,
    )
    yield Figure(
        what="memory of check, 2,000 distributions, 400,000 files",
        unit="MB",
        values=(_ours("check", "-p", str(large)).run().ru_maxrss / 1024,),
        limit=150,
        gate=200,
    )


def measure_a_million(folder: Path) -> Iterator[Figure]:
    """5,000 distributions of 200 files."""
    most = build_prefix(folder / "most", conda=0, pip=5000, files=200)
    usage = _ours("check", "-p", str(most)).run()
    yield Figure(
        what="memory of check, 5,000 distributions, a million files",
        unit="MB",
        values=(usage.ru_maxrss / 1024,),
        limit=300,
        gate=450,
    )


#: Modules are compiled once, as they are where the plugin is installed.
_ENV = {key: os.environ[key] for key in os.environ if key != "PYTHONDONTWRITEBYTECODE"} | {
    "PYTHONPATH": os.getcwd()  # noqa: PTH109
}


def _ours(*words: str) -> Command:
    return Command(words=[sys.executable, "-m", "conda_pip_interop", *words], env=_ENV)


def _pip(*words: str) -> Command:
    return Command(words=[sys.executable, "-m", "pip", *words], env=_ENV)


def _compare(
    ours: Command, theirs: Command, name: str, *, limit: float, gate: float | None = None
) -> Iterator[Figure]:
    pairs = time_pairs([ours], [theirs], pairs=PAIRS)
    yield Figure(
        what=f"{ours.words[3]} of 500 distributions, 100,000 files / {name}",
        values=tuple(one / other for one, other in pairs),
        limit=limit,
        gate=gate,
    )
