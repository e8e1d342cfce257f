"""What conda and pip agreed on, as one value."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from conda_pip_interop.resolve.pinned_requirements import build_pins
from conda_pip_interop.resolve.request.request import Request
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from packaging.specifiers import SpecifierSet
    from packaging.utils import NormalizedName

    from conda_pip_interop.changes.plan import PackageStep
    from conda_pip_interop.installers.interface import Pin
    from conda_pip_interop.installers.pip.report import ReportItem
    from conda_pip_interop.resolve.solver import Solution


@dataclass(frozen=True, kw_only=True, slots=True)
class Resolution:
    """What conda and pip agreed on: who will own what, and the two parts that make it so.

    `items` are pip's part; `expected` maps each project to the conda package chosen for it, and
    `ranges` to the versions that are required;
    `request` is what was requested, without what the markers exclude in this environment.
    `needed` are conda's packages that were not requested, but that others need. `find_unplanned`
    describes what conda's packages require beyond all that once they are downloaded.
    """

    steps: tuple[PackageStep, ...]
    solution: Solution | None
    items: tuple[ReportItem, ...]
    expected: Mapping[NormalizedName, str]
    ranges: Mapping[NormalizedName, SpecifierSet] = field(default_factory=dict)
    request: Request = field(default_factory=Request)
    overwrite: frozenset[NormalizedName] = frozenset()
    needed: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()
    find_unplanned: Callable[[], tuple[str, ...]] = tuple

    @property
    def pins(self) -> tuple[Pin, ...]:
        """pip's part, each as the line that installs exactly it."""
        return build_pins(self.items, self.request)

    @property
    def requested(self) -> Mapping[str, str]:
        """What the user requested, by name, without markers, URLs and paths."""
        if self.request.options.only_deps:
            return {}
        requested: dict[str, str] = {
            one.name: one.name for one in self.items if one.is_direct and one.requested
        }
        requested.update((one.name, one.remembered) for one in self.request.requirements)
        return requested
