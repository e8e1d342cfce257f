"""`mixed`: two packages that cannot be mixed are installed together (`names.families`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.dependencies.mixtures import find_members
from conda_pip_interop.dependencies.removal import UNINSTALL, build_uninstall, is_removable
from conda_pip_interop.environment.origin import build_install_words
from conda_pip_interop.environment.site_packages.distributions import Distribution
from conda_pip_interop.findings.base import BuildCommand, Finding, metadata_evidence
from conda_pip_interop.names.families import Member, Mixture, find_mixtures
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from conda_pip_interop.environment.snapshot import Snapshot

_RESTORE: Final = ("conda", "pip", "restore")
_REPAIR: Final = ("conda", "pip", "repair")
_PIPS_OWN: Final = ("conda", "run", "python", "-m", "pip", "uninstall")


@dataclass(frozen=True, kw_only=True)
class MixedFinding(Finding):
    """The members of `mixture` are installed together.

    `dropped` are those of pip that are in the way of the others, and `removals` the commands that
    remove them. `kept` is the one of pip that stays, whose files they may have overwritten; None if
    that is conda's. `reinstall` is the command that gives it its own files back.
    """

    kind: ClassVar[str] = "mixed"
    #: Which one is wanted, only the user knows.
    repairable: ClassVar[bool] = False

    mixture: Mixture
    dropped: tuple[NormalizedName, ...]
    removals: tuple[tuple[str, ...], ...]
    reinstall: tuple[str, ...] | None

    @property
    def summary(self) -> str:
        """See `Finding.summary`."""
        return f"{self.mixture} are installed together: {self.mixture.family.reason}."

    @property
    def remedy(self) -> tuple[tuple[str, ...], ...]:
        """See `Finding.remedy`: all of them, in this order."""
        return (*self.removals, *((self.reinstall,) if self.reinstall is not None else ()))

    def render_commands(self, command: BuildCommand) -> list[str]:
        """See `Finding.render_commands`."""
        return [" && ".join(command(*one) for one in self.remedy)]

    @property
    def names(self) -> frozenset[str]:
        """See `Finding.names`: those of all that are mixed."""
        return frozenset(one.project for one in self.mixture.members)

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
        pips = [by_name[canonicalize_name(one.name)] for one in mixture.members if is_pips(one)]
        choice = _choose(mixture, pips, snapshot)
        yield MixedFinding(
            distribution=choice.dropped[0],
            mixture=mixture,
            dropped=tuple(one.name for one in choice.dropped),
            removals=choice.removals,
            reinstall=_build_reinstall(mixture, choice.kept, snapshot),
            evidence=tuple(map(metadata_evidence, pips)),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Choice:
    """The one of pip that stays, if any, and how the others are removed."""

    kept: Distribution | None
    dropped: tuple[Distribution, ...]
    removals: tuple[tuple[str, ...], ...]


def _choose(mixture: Mixture, pips: Sequence[Distribution], snapshot: Snapshot) -> _Choice:
    """Choose the one of pip's that stays: none beside conda's, else so that least is removed.

    To restore what one has replaced is the last choice: conda's may be of the same family.
    """
    if len(pips) < len(mixture.members):
        return _Choice(kept=None, dropped=(*pips,), removals=_build_removals(pips, snapshot))
    order = mixture.family.names
    choices: list[tuple[tuple[bool, bool, int, int], _Choice]] = []
    for kept in pips:
        dropped = tuple(one for one in pips if one is not kept)
        removals = _build_removals(dropped, snapshot)
        cost = (
            any(words[: len(_RESTORE)] == _RESTORE for words in removals),
            not _is_plain(removals),
            sum(map(len, removals)),
            order.index(kept.name),
        )
        choices.append((cost, _Choice(kept=kept, dropped=dropped, removals=removals)))
    return min(choices, key=lambda one: one[0])[1]


def _is_plain(removals: Iterable[tuple[str, ...]]) -> bool:
    return all(words[:3] in (UNINSTALL, _RESTORE) and "--force" not in words for words in removals)


def _build_removals(
    dropped: Iterable[Distribution], snapshot: Snapshot
) -> tuple[tuple[str, ...], ...]:
    """Build the commands that remove distributions of pip's; conda's come back in their place.

    What conda's packages require is removed, too: no other command would do it.
    """
    replaced = {one: snapshot.ownership.override_of(one) for one in dropped}
    others = [one for one, recorded in replaced.items() if recorded is None]
    restored = [one.record.name for one in replaced.values() if one is not None]
    commands: list[tuple[str, ...]] = []
    unknown = [one for one in others if one.files is None and one.layout != "egg-link"]
    foreign = [one for one in others if one not in unknown and not is_removable(one)]
    if unknown:
        commands.append((*_REPAIR, *(one.name for one in unknown)))
    if foreign:
        commands.append((*_PIPS_OWN, *(one.name for one in foreign)))
    rest = [one for one in others if one not in foreign]
    if rest:
        commands.append(build_uninstall(snapshot, rest))
    if restored:
        commands.append((*_RESTORE, *restored))
    return tuple(commands)


def _build_reinstall(
    mixture: Mixture, kept: Distribution | None, snapshot: Snapshot
) -> tuple[str, ...] | None:
    """Build the command that gives what stays its own files back, which others may have had."""
    if kept is None or mixture.family.rule != "one":
        return None
    options = ["--force-reinstall"]
    if snapshot.ownership.override_of(kept) is not None:
        options.append(f"--break-other-managers={kept.name}")
    elif kept.direct_url is None:
        options.append(f"--from-pypi={kept.name}")
    return ("conda", "pip", "install", *options, *build_install_words(kept))


def is_pips(one: Member) -> bool:
    """Return whether pip has installed a member."""
    return one.manager == "pip"
