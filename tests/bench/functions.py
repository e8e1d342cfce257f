"""What is computed without conda: looks at environments, requirements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.requirements import Requirement

from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.findings.registry import find_all
from conda_pip_interop.names.lookup import NameSources, find_conda_names
from conda_pip_interop.names.requirement import ForConda, TranslationContext, translate
from tests.bench.measure import Figure, time_calls
from tests.bench.worlds import build_prefix
from tests.support.requirements import LINUX

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RUNS = 7
REQUIREMENTS = 1000


def measure(folder: Path) -> Iterator[Figure]:
    """A whole look at an environment; a thousand requirements."""
    root = build_prefix(folder / "large", conda=300, pip=20, files=150)

    def look() -> None:
        assert find_all(read_snapshot(root)) == ()

    yield Figure(
        what="a whole look: 300 records of 150 files, 20 of pip's",
        unit="s",
        values=time_calls(look, runs=RUNS),
        limit=1.0,
    )
    yield Figure(
        what="1,000 requirements translated, without a channel",
        unit="s",
        values=time_calls(_translate_all, runs=RUNS),
        limit=0.2,
    )


def _translate_all() -> None:
    """Parsed and translated anew each time: nothing is kept between two runs."""
    sources = NameSources()
    context = TranslationContext(
        look_up=lambda name: find_conda_names(name, sources), environment=LINUX
    )
    for number in range(REQUIREMENTS):
        text = f'package-{number}[x]>={number % 7}.1,<9; python_version >= "3.9"'
        assert isinstance(translate(Requirement(text), context), ForConda)
