"""Timing: processor time, in pairs where two things are compared, and what came of it.

Processor time (of a process and all its children) instead of the clock's: what else the machine
does counts little then. Nothing that is measured here waits for a network.
"""

from __future__ import annotations

import os
import platform
import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """What was measured, a value a run, and what is promised: the most that the median may be.

    `gate` is what it may be where the promise is not kept yet: more is a regression. Without a
    `limit` it is no promise: what the tools take by themselves, beside which the next stands.
    """

    what: str
    values: tuple[float, ...]
    limit: float | None
    unit: Literal["s", "ms", "MB", "ratio"] = "ratio"
    gate: float | None = None

    @property
    def median(self) -> float:
        """The middle of all runs."""
        return statistics.median(self.values)

    @property
    def verdict(self) -> Literal["", "kept", "missed", "regressed"]:
        """Whether the promise is kept, missed as before, or worse than before."""
        if self.limit is None:
            return ""
        if self.median <= self.limit:
            return "kept"
        return "missed" if self.gate is not None and self.median <= self.gate else "regressed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """A process to run, from a folder that no Python imports from by accident."""

    words: Sequence[str | Path]
    env: Mapping[str, str]

    def time(self) -> float:
        """Run it; the seconds of processor time that it took. It must succeed."""
        usage = self.run()
        return usage.ru_utime + usage.ru_stime

    def run(self) -> resource.struct_rusage:
        """Run it; what it used. It must succeed."""
        process = subprocess.Popen(
            self.words, env=self.env, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        assert process.stderr is not None
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        process.stderr.close()
        if process.returncode != 0:
            words = " ".join(map(str, self.words))
            message = f"{words}: exit {process.returncode}\n{said.decode(errors='replace')}"
            raise RuntimeError(message)
        return usage

    def output(self) -> str:
        """Run it; what it prints."""
        done = subprocess.run(
            self.words, env=self.env, cwd="/", stdout=subprocess.PIPE, text=True, check=True
        )
        return done.stdout


def time_pairs(
    ours: Sequence[Command], theirs: Sequence[Command], *, pairs: int
) -> list[tuple[float, float]]:
    """Run both, by turns first, after once to warm up each; the seconds of ours and theirs."""

    def time_all(commands: Sequence[Command]) -> float:
        return sum(one.time() for one in commands)

    found = []
    for number in range(pairs + 1):
        if number % 2:
            second = time_all(theirs)
            found.append((time_all(ours), second))
        else:
            found.append((time_all(ours), time_all(theirs)))
    return found[1:]


def time_calls(call: Callable[[], object], *, runs: int) -> tuple[float, ...]:
    """The seconds of processor time of each call, after one to warm up."""
    call()
    times = []
    for _ in range(runs):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return tuple(times)


def build_rows(figures: Sequence[Figure]) -> list[tuple[str, ...]]:
    """The figures, with the promise and what became of it, below a heading."""
    rows: list[tuple[str, ...]] = [("", "", "min", "median", "max", "promised", "")]
    for one in figures:
        shown = [_show(value, one.unit) for value in (min(one.values), one.median, max(one.values))]
        promised = "" if one.limit is None else f"<= {_show(one.limit, one.unit)}"
        rows.append((one.what, one.unit, *shown, promised, one.verdict))
    return rows


def render_table(figures: Sequence[Figure]) -> str:
    """The figures as a plain table."""
    rows = build_rows(figures)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if number in (0, 1, 6) else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _show(value: float, unit: str) -> str:
    digits = {"MB": 0, "ms": 1, "ratio": 2, "s": 3}[unit]
    return f"{value:.{digits}f}"


def render_page(page: str, figures: Sequence[Figure], *, versions: str) -> str:
    """The page of the documentation with the table, the machine and the versions at its end."""
    rows = [
        (f"{what} ({unit})", median, limit, verdict)
        for what, unit, _, median, _, limit, verdict in build_rows(figures)[1:]
    ]
    cells = [f"| {' | '.join(row)} |" for row in rows]
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    return _PAGE.format(
        before=page.partition(MARK)[0],
        mark=MARK,
        date=time.strftime("%Y-%m-%d"),
        machine=machine,
        versions=versions,
        rows="\n".join(cells),
    )


#: What follows it in the page of the documentation is written anew each time.
MARK = "<!-- make bench -->\n"
_PAGE = """\
{before}{mark}
## Figures

Measured by `make bench` on {date}: {machine}, {versions}.

All figures are processor time, of a process and its children, or ratios of two that ran by turns;
the median of several runs. *missed* is a promise that is not kept yet; `make bench` ends with 1
where one is *regressed*, which is worse than that.

| what | median | promised | |
|---|---|---|---|
{rows}
"""
