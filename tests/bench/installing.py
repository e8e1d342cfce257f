"""What planning an install takes: beside what pip and conda take, and where nothing is to do."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.measure import Command, Figure, time_pairs
from tests.bench.worlds import build_channel, build_index, build_prefix, name_of
from tests.world.templates import copy_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.world.base import Base

PAIRS = 5
WANTED = 50
#: Of the world's index, and in no channel.
BY_PIP = ("cowsay", "flask-testing")


def measure(base: Base, folder: Path) -> Iterator[Figure]:
    """A plan of 50 requirements that conda has; 50 that are there already."""
    channel = build_channel(folder / "channel", WANTED)
    wheels = build_index(folder / "wheels", WANTED)
    wanted = [f"{name_of(number)}>=1.0" for number in range(WANTED)]
    quiet = base.env(PIP_NO_INDEX="1", PIP_FIND_LINKS=str(wheels))
    base.run("create", "-y", "-q", "-n", "empty", f"python={base.channel.pythons[0]}", "pip")
    environment = base.envs / "empty"
    asked = ("--dry-run", "--json", "-n", "empty", "-c", channel)

    plan = Command(words=[base.conda, "pip", "install", *asked, *wanted], env=quiet)
    pip_words = ["-m", "pip", "install", "-q", "--dry-run", "--report", str(folder / "report")]
    pip = Command(words=[environment / "bin" / "python", *pip_words, *wanted], env=quiet)
    managers = {one["name"]: one["manager"] for one in json.loads(plan.output())["plan"]}
    assert set(managers.values()) == {"conda"}
    assert len(managers) == WANTED
    conda = Command(words=[base.conda, "install", *asked, *wanted], env=quiet)
    pairs = time_pairs([plan], [pip, conda], pairs=PAIRS)
    yield Figure(
        what="plan of 50 that conda has / pip's dry run and conda's solve",
        values=tuple(ours / theirs for ours, theirs in pairs),
        limit=1,
    )
    yield from _measure_satisfied(base, folder)
    yield from _measure_by_hand(base)


def _measure_satisfied(base: Base, folder: Path) -> Iterator[Figure]:
    """No channel and no index can be reached there, and none is missed."""
    root = build_prefix(folder / "full", conda=280, pip=20)
    wanted = [f"{name_of(number)}>=1.0" for number in range(260, 260 + WANTED - 10)]
    wanted += [f"{name_of(number)}==2.*" for number in range(10)]
    nowhere = base.env(PIP_INDEX_URL="http://127.0.0.1:9/", CONDA_CHANNELS="http://127.0.0.1:9/x")
    words: list[str | Path] = [base.conda, "pip", "install", "--dry-run", "--json", "-p", root]
    words += wanted
    start = Command(words=[base.conda, "config", "--show", "offline"], env=nowhere)
    satisfied = Command(words=words, env=nowhere)
    assert {one["action"] for one in json.loads(satisfied.output())["plan"]} == {"keep"}
    pairs = time_pairs([satisfied], [start], pairs=2 * PAIRS)
    yield Figure(
        what="50 satisfied among 300, over conda's own start",
        unit="s",
        values=tuple(ours - conda for ours, conda in pairs),
        limit=0.05,
        gate=0.3,
    )


def _measure_by_hand(base: Base) -> Iterator[Figure]:
    """Flask and what it needs by conda, two by pip, each time in a new environment."""
    base.run("create", "-y", "-q", "-n", "new", f"python={base.channel.pythons[0]}", "pip")
    programs = Path(sys.executable).parent  # uv is there
    path = os.pathsep.join([str(programs), base.env()["PATH"]])
    where = ("--index-url", base.env()["PIP_INDEX_URL"])
    by_pip: list[float] = []
    by_uv: list[float] = []
    by_hand: list[float] = []
    for number in range(PAIRS + 1):
        pythons = [_copy(base, f"{one}{number}") for one in ("hand", "other")]
        conda = _time(base, base.conda, "install", "-yq", "-n", f"hand{number}", "flask")
        pip = _time(base, pythons[0], "-m", "pip", "install", "-q", *BY_PIP)
        uv = _time(
            base, programs / "uv", "pip", "install", "-q", *where, "--python", pythons[1], *BY_PIP
        )
        by_hand.append((conda + uv) / (conda + pip))
        for installer, ratios in (("pip", by_pip), ("uv", by_uv)):
            name = f"{installer}{number}"
            _copy(base, name)
            chosen = {"CONDA_PLUGINS_PIP_INTEROP_INSTALLER": installer, "PATH": path}
            words = ("pip", "install", "-y", "-q", "flask", *BY_PIP, "-n", name)
            spent = _time(base, base.conda, *words, **chosen)
            ratios.append(spent / (conda + pip))
    for what, values, limit, gate in (
        ("install of 9, two by pip", by_pip, 1.15, 1.4),
        ("the same by hand with conda and uv", by_hand, None, None),
        ("install of 9, two by uv", by_uv, 0.8, 1.1),
    ):
        yield Figure(
            what=f"{what} / by hand with conda and pip",
            values=tuple(values[1:]),
            limit=limit,
            gate=gate,
        )


def _copy(base: Base, name: str) -> Path:
    """Copy the environment `new`; return its Python."""
    copy_environment(base.envs / "new", base, name)
    return base.envs / name / "bin" / "python"


def _time(base: Base, *words: str | Path, **extra: str) -> float:
    return Command(words=words, env=base.env(**extra)).time()
