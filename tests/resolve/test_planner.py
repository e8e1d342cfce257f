"""The talk of conda and pip comes to an end, whatever they say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.environment.target import Target
from conda_pip_interop.errors import InteropError
from conda_pip_interop.installers.pip_report import ReportItem
from conda_pip_interop.resolve.assignment import Preferences
from conda_pip_interop.resolve.planner import MAX_ROUNDS, Planner
from conda_pip_interop.resolve.request import build_request
from tests.support.builders import PrefixBuilder

if TYPE_CHECKING:
    from conda_pip_interop.installers.interface import Installer
    from conda_pip_interop.resolve.solver import Conda, CondaPackage


class EmptyChannels:
    """A conda that has nothing to give."""

    def find_candidates(self, _name: NormalizedName) -> tuple[CondaPackage, ...]:
        """None."""
        return ()

    def explain_absence(self, _name: NormalizedName) -> str:
        """The words of a plan."""
        return "not in the channels"

    def matches(self, _spec: str, _version: str) -> bool:
        """Never."""
        return False


class EndlessIndex:
    """An index on which everything needs one thing more than was known before."""

    def __init__(self) -> None:
        self.rounds = 0

    def resolve(self, *_: object, **__: object) -> tuple[ReportItem, ...]:
        """One more than the last time."""
        self.rounds += 1
        return tuple(_build_item(number) for number in range(self.rounds))


def _build_item(number: int) -> ReportItem:
    return ReportItem(
        name=canonicalize_name(f"x{number}"),
        version="1",
        requires_dist=(f"x{number + 1}",),
        provides_extra=(),
        requested=not number,
        requested_extras=(),
        is_direct=False,
        url=f"https://index.example/x{number}-1-py3-none-any.whl",
    )


def test_where_they_never_agree_the_difference_is_told(tmp_path: Path) -> None:
    PrefixBuilder(root=tmp_path).conda_package("click", "8.0")
    index = EndlessIndex()
    conda, installer = cast("Conda", EmptyChannels()), cast("Installer", index)
    target = Target(prefix=tmp_path, name="web", is_base=False)
    planner = Planner(read_snapshot(tmp_path), target, conda, installer, Preferences())
    with pytest.raises(InteropError) as caught:
        planner.plan(build_request([Requirement("x0")]))
    assert caught.value.code == "no-agreement"
    assert index.rounds == MAX_ROUNDS
    assert f"left to pip by conda: {', '.join(f'x{n}' for n in range(MAX_ROUNDS))}\n" in (
        caught.value.message
    )
    assert f"x{MAX_ROUNDS - 1} 1" in caught.value.message.rpartition("pip would install:")[2]
    assert caught.value.hints
