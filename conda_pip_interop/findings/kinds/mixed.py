"""`mixed`: two packages that cannot be mixed are installed together (`names.families`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.dependencies.read_graph import read_graph
from conda_pip_interop.environment.origin import build_install_words
from conda_pip_interop.environment.ownership import ByConda
from conda_pip_interop.environment.site_packages.distributions import Distribution
from conda_pip_interop.findings.base import BuildCommand, Finding, metadata_evidence
from conda_pip_interop.names.families import Member, Mixture, build_conda_member, find_mixtures

if TYPE_CHECKING:
    from conda_pip_interop.environment.snapshot import Snapshot


@dataclass(frozen=True, kw_only=True)
class MixedFinding(Finding):
    """The members of `mixture` are installed together.

    `dropped` are those of pip that are in the way of the others, and `kept` is the one of pip that
    stays, whose files they may have overwritten; None if that is conda's. `replaced` are the conda
    packages in whose place `dropped` are then. `repair` removes none: which one is wanted, only the
    user knows.
    """

    kind: ClassVar[str] = "mixed"

    mixture: Mixture
    dropped: tuple[NormalizedName, ...]
    kept: Distribution | None
    replaced: Mapping[NormalizedName, str]

    @property
    def summary(self) -> str:
        """See `Finding.summary`."""
        return f"{self.mixture} are installed together: {self.mixture.family.reason}."

    @property
    def remedy(self) -> tuple[tuple[str, ...], ...]:
        """See `Finding.remedy`."""
        others = [name for name in self.dropped if name not in self.replaced]
        uninstall = ("conda", "pip", "uninstall", *others)
        restore = ("conda", "pip", "restore", *self.replaced.values())
        return (*((uninstall,) if others else ()), *((restore,) if self.replaced else ()))

    def render_commands(self, command: BuildCommand) -> list[str]:
        """See `Finding.render_commands`: what is kept gets its own files back."""
        lines = [command(*one) for one in self.remedy]
        if self.kept is not None and self.mixture.family.rule == "one":
            words = build_install_words(self.kept)
            install = ["conda", "pip", "install", "--force-reinstall"]
            if self.kept.direct_url is None:
                install.append(f"--from-pypi={self.kept.name}")
            lines.append(command(*install, *words))
        return [" && ".join(lines)]

    @property
    def project(self) -> NormalizedName:
        """See `Finding.project`."""
        return self.dropped[0]

    @property
    def key(self) -> str:
        """See `Finding.key`."""
        packages = ",".join(sorted(self.mixture.key[2]))
        return f"finding:{self.kind}:{self.mixture.family.rule}:{packages}"

    @property
    def details(self) -> Mapping[str, object]:
        """See `Finding.details`."""
        family = self.mixture.family
        return {
            "family": family.name,
            "rule": family.rule,
            "source": family.source,
            "members": [
                {"name": one.project, "version": one.version, "owner": one.manager}
                for one in self.mixture.members
            ],
        }


def find(snapshot: Snapshot, _earlier: Sequence[Finding]) -> Iterator[MixedFinding]:
    """Find what is installed against the rules."""
    by_name: dict[NormalizedName, Distribution] = {}
    for one in snapshot.distributions:
        by_name.setdefault(one.name, one)
    for mixture in find_mixtures(find_members(snapshot)):
        pips = [one for one in mixture.members if one.manager == "pip"]
        kept = _choose_kept(mixture, pips, snapshot)
        dropped = tuple(canonicalize_name(one.name) for one in pips if one is not kept)
        yield MixedFinding(
            distribution=by_name[dropped[0]],
            mixture=mixture,
            dropped=dropped,
            kept=None if kept is None else by_name[canonicalize_name(kept.name)],
            replaced={} if kept is not None else dict(_find_replaced(dropped, by_name, snapshot)),
            evidence=tuple(metadata_evidence(by_name[canonicalize_name(one.name)]) for one in pips),
        )


def _find_replaced(
    dropped: Iterable[NormalizedName],
    by_name: Mapping[NormalizedName, Distribution],
    snapshot: Snapshot,
) -> Iterator[tuple[NormalizedName, str]]:
    for name in dropped:
        owner = snapshot.ownership.owner_of(by_name[name])
        if not isinstance(owner, ByConda) and owner.in_place_of is not None:
            yield name, owner.in_place_of.name


def _choose_kept(mixture: Mixture, pips: Sequence[Member], snapshot: Snapshot) -> Member | None:
    """Choose the one of pip's that stays: none beside conda's, else what others require."""
    if len(pips) < len(mixture.members):
        return None
    required = read_graph(snapshot).find_dependents()
    order = mixture.family.names
    return min(pips, key=lambda one: (f"pip:{one.name}" not in required, order.index(one.name)))


def find_members(snapshot: Snapshot) -> Iterator[Member]:
    """Find what is installed, as the rules name it; what pip replaced of conda's counts as that."""
    for one in snapshot.distributions:
        owner = snapshot.ownership.owner_of(one)
        version = snapshot.ownership.version_of(one)
        if isinstance(owner, ByConda):
            package = owner.record.name
            yield Member(name=one.name, version=version, manager="conda", package=package)
        else:
            package = one.name if owner.in_place_of is None else owner.in_place_of.name
            yield Member(name=one.name, version=version, manager="pip", package=package)
    for record in snapshot.records:
        if not record.overridden_by:
            yield build_conda_member(record.name, record.version)
