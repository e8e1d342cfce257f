"""What the plugin costs in conda's own commands, with it and without."""

from __future__ import annotations

import json
import os
import shutil
import time
from typing import TYPE_CHECKING

from tests.bench.measure import Command, Figure, time_pairs
from tests.bench.worlds import add_distributions, build_prefix, build_repodata

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.world.base import Base

PAIRS = 15
RUNS = 7
NAMES = 35_000
MANY = 1000

#: What a changing command runs of ours, as conda would call it.
_HOOKS = """
import json, sys, time
from argparse import Namespace
from conda.base.context import context
context.__init__(argparse_args=Namespace(prefix=sys.argv[1], name=None, file=None, cmd="install"))
from conda.core.prefix_data import PrefixData
PrefixData(sys.argv[1]).load()
context.plugin_manager
from conda_pip_interop import plugin
before, *_ = plugin.conda_pre_commands()
guard, *_ = plugin.conda_post_solves()
after, *_ = plugin.conda_post_commands()
times = [time.process_time()]
for hook, arguments in ((before, ["install"]), (guard, ["", (), ()]), (after, ["install"])):
    hook.action(*arguments)
    times.append(time.process_time())
if "noted" in sys.argv:
    assert "conda_pip_interop.environment.snapshot" not in sys.modules
print(json.dumps([times[3] - times[0], times[2] - times[1]]))
"""
#: The index of a channel whose repodata conda has read already: once built and kept, once read.
_INDEX = """
import json, sys, time
from argparse import Namespace
from conda.base.context import context
context.__init__(argparse_args=Namespace(channel=[sys.argv[1]], override_channels=True))
from conda.core.subdir_data import SubdirData
from conda.models.channel import Channel, all_channel_urls
for url in all_channel_urls(context.channels):
    SubdirData(Channel(url)).load()
from conda_pip_interop.conda_adapter.channels import channel_names as naming
times = [time.process_time()]
for _ in range(2):
    assert len(list(naming.build_channel_index(naming.open_repodata()).names)) == int(sys.argv[2])
    times.append(time.process_time())
print(json.dumps([times[1] - times[0], times[2] - times[1]]))
"""
_IMPORT = """
import time
import conda.cli.main, conda.plugins.hookspec, conda.plugins.types
start = time.process_time()
import conda_pip_interop.plugin
print(time.process_time() - start)
"""


def measure(base: Base, folder: Path) -> Iterator[Figure]:
    """Whole commands in pairs; then what they consist of."""
    base.run("create", "-y", "-q", "-n", "plain", f"python={base.channel.pythons[0]}", "idna")
    without = _copy_without_plugin(base)
    for what, words, limit in (
        ("conda info --json", ("info", "--json"), 1.1),
        ("conda list", ("list", "-n", "plain"), 1.1),
        ("conda install, nothing to do", ("install", "-y", "-q", "-n", "plain", "idna"), 1.15),
        ("conda install, a dry run", ("install", "-d", "--json", "-n", "plain", "six"), 1.1),
    ):
        yield _compare(base, without, what, words, limit=limit)
    yield from _measure_unchanged(base, without)
    run = Command(words=[base.python, "-c", _IMPORT], env=base.env())
    times = tuple(1000 * float(run.output()) for _ in range(RUNS))
    yield Figure(what="importing the plugin", unit="ms", values=times, limit=5)
    yield from _measure_index(base, build_repodata(folder / "names", NAMES))
    large = build_prefix(folder / "plain", conda=300, pip=0, files=150)
    yield from _measure_hooks(base, "a small environment", base.envs / "plain", limit=40)
    yield from _measure_hooks(base, "300 records of 150 files", large, limit=80)


def measure_unchanged_check(base: Base, folder: Path) -> Iterator[Figure]:
    """`conda pip check` of 500 distributions with 100,000 files, none of which has changed."""
    root = build_prefix(folder / "unchanged", conda=0, pip=500, files=200)
    time.sleep(4)  # what changed just now is not relied on
    check = Command(words=[base.conda, "pip", "check", "-p", root], env=base.env())
    start = Command(words=[base.conda, "config", "--show", "offline"], env=base.env())
    pairs = time_pairs([check], [start], pairs=PAIRS)
    yield Figure(
        what="check of 500 distributions, 100,000 files, unchanged, over conda's own start",
        unit="s",
        values=tuple(ours - conda for ours, conda in pairs),
        limit=0.15,
    )


def measure_many(base: Base, folder: Path) -> Iterator[Figure]:
    """`conda pip status` of 1,000 environments of 50 packages, which are hard links of one."""
    template = build_prefix(folder / "template", conda=40, pip=10, files=20)
    status = Command(words=[base.conda, "pip", "status"], env=base.env())
    sizes = {}
    for number in range(MANY):
        if number == MANY // 10:
            sizes[number] = status.run().ru_maxrss
        target = base.envs / f"many{number}"
        shutil.copytree(template, target, copy_function=os.link)
    time.sleep(4)  # what changed just now is not relied on
    cold = status.run()
    warm = [status.run() for _ in range(3)]
    sizes[MANY] = cold.ru_maxrss
    for what, runs, limit, gate in (("nothing kept", [cold], 60, 90), ("unchanged", warm, 3, 9)):
        yield Figure(
            what=f"status of {MANY:,} environments, {what}: processor time of all cores",
            unit="s",
            values=tuple(one.ru_utime + one.ru_stime for one in runs),
            limit=limit,
            gate=gate,
        )
    yield Figure(
        what=f"memory of status, {MANY:,} environments / a tenth of them",
        values=(sizes[MANY] / sizes[MANY // 10],),
        limit=1.1,
    )


def _measure_unchanged(base: Base, without: Path) -> Iterator[Figure]:
    """Where pip has installed 107 distributions of 21,000 files, and nothing has changed since."""
    base.run("create", "-y", "-q", "-n", "full", f"python={base.channel.pythons[0]}", "idna")
    full = base.envs / "full"
    add_distributions(full, count=107, files=196)
    time.sleep(4)  # what changed just now is not relied on
    words = ("install", "-y", "-q", "-n", "full", "idna")
    base.run(*words)
    run = Command(words=[base.python, "-c", _HOOKS, full, "noted"], env=base.env())
    times = tuple(1000 * json.loads(run.output())[0] for _ in range(RUNS))
    where = "107 distributions of pip's"
    yield Figure(what=f"hooks of an install, {where}, unchanged", unit="ms", values=times, limit=40)
    what = f"conda install, nothing to do, {where}"
    yield _compare(base, without, what, words, limit=1.05, gate=1.2)


def _copy_without_plugin(base: Base) -> Path:
    """Copy the base with hard links; return its Python.

    `CONDA_NO_PLUGINS` would leave out more than the plugin: also conda's search for commands.
    """
    folder = base.scratch / "without"
    shutil.copytree(base.prefix, folder, symlinks=True, copy_function=os.link)
    for one in folder.glob("lib/python*/site-packages/*conda_pip_interop*"):
        one.unlink() if one.is_file() else shutil.rmtree(one)
    return folder / "bin" / "python"


def _compare(
    base: Base,
    without: Path,
    what: str,
    words: tuple[str, ...],
    *,
    limit: float,
    gate: float | None = None,
) -> Figure:
    ours, theirs = (
        Command(words=[python, "-m", "conda", *words], env=base.env())
        for python in (base.python, without)
    )
    ratios = tuple(first / second for first, second in time_pairs([ours], [theirs], pairs=PAIRS))
    compared = f"{what}: with the plugin / without"
    return Figure(what=compared, values=ratios, limit=limit, gate=gate or limit + 0.1)


def _measure_hooks(base: Base, where: str, prefix: Path, *, limit: float) -> Iterator[Figure]:
    """Those of an install: where pip has left no sign, the closer look is left out."""
    run = Command(words=[base.python, "-c", _HOOKS, prefix, "noted"], env=base.env())
    found = [json.loads(run.output()) for _ in range(RUNS)]
    whole = tuple(1000 * one for one, _ in found)
    guard = tuple(1000 * one for _, one in found)
    yield Figure(what=f"hooks of an install, no pip, {where}", unit="ms", values=whole, limit=limit)
    yield Figure(what=f"the guard of it, {where}", unit="ms", values=guard, limit=limit / 5)


def _measure_index(base: Base, channel: str) -> Iterator[Figure]:
    run = Command(words=[base.python, "-c", _INDEX, channel, str(NAMES)], env=base.env())
    found = [json.loads(run.output()) for _ in range(RUNS)]
    for what, times in zip(("built and kept", "read again"), zip(*found, strict=True), strict=True):
        what_of = f"the index of {NAMES:,} names, {what}"
        yield Figure(what=what_of, unit="s", values=times, limit=0.3)
