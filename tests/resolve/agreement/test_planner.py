"""The talk of conda and pip comes to an end, whatever they say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.environment.target import Target
from conda_pip_interop.errors import InteropError, StalePlanError
from conda_pip_interop.installers.pip.report import ReportItem
from conda_pip_interop.resolve.agreement.assignment import FromPip
from conda_pip_interop.resolve.agreement.conda_answers import CondaAnswer
from conda_pip_interop.resolve.agreement.planner import MAX_ROUNDS, Planner
from conda_pip_interop.resolve.install import resolve
from conda_pip_interop.resolve.request.request import Preferences, build_request
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


def test_where_another_command_has_changed_the_environment_it_is_planned_again(
    tmp_path: Path,
) -> None:
    """Its packages are then unknown here, which may be all that they do not agree on."""
    built = PrefixBuilder(root=tmp_path, python="3.11.7")
    target = Target(prefix=tmp_path, name="web", is_base=False)
    snapshot = read_snapshot(tmp_path)

    def plan() -> None:
        conda, installer = cast("Conda", EmptyChannels()), cast("Installer", EndlessIndex())
        request = build_request([Requirement("x0")])
        resolve(request, snapshot=snapshot, target=target, solver=conda, installer=installer)

    with pytest.raises(InteropError) as caught:
        plan()
    assert caught.value.code == "no-agreement"
    built.conda_package("click", "8.0")
    with pytest.raises(StalePlanError):
        plan()


@pytest.mark.parametrize(
    ("from_pip", "limits", "unknown", "expected"),
    [
        ({"x0"}, {"x0": "<2", "x1": ">5"}, set(), ["x0"]),
        ({"x0", "x1"}, {}, set(), ["x0", "x1"]),
        ({"x0"}, {"x0": ">1"}, set(), None),
        ({"x0"}, {}, {"x0"}, None),
        ({"x0", "six"}, {"six": ">=1.16"}, set(), ["x0"]),
        ({"x0", "six"}, {"six": "<1.16"}, set(), None),
        ({"x0", "nowhere"}, {}, set(), None),
        ({"x0", "click"}, {}, set(), None),
    ],
)
def test_an_answer_of_pips_counts_where_it_fits_what_conda_leaves_to_it(
    tmp_path: Path,
    from_pip: set[str],
    limits: dict[str, str],
    unknown: set[str],
    expected: list[str] | None,
) -> None:
    built = PrefixBuilder(root=tmp_path)
    built.conda_package("click", "8.0")
    built.pip_package("six", "1.16")
    conda, installer = cast("Conda", EmptyChannels()), cast("Installer", EndlessIndex())
    target = Target(prefix=tmp_path, name="web", is_base=False)
    planner = Planner(read_snapshot(tmp_path), target, conda, installer, Preferences())
    answer = CondaAnswer(
        supplies={canonicalize_name(one): FromPip(reason="") for one in from_pip},
        ranges={canonicalize_name(one): SpecifierSet(text) for one, text in limits.items()},
        solution=None,
        from_pip=frozenset(map(canonicalize_name, from_pip)),
        unknown=frozenset(map(canonicalize_name, unknown)),
        find_unplanned=tuple,
    )
    rest = planner._find_fitting(answer, (_build_item(0), _build_item(1)))
    assert (None if rest is None else [one.name for one in rest]) == expected
