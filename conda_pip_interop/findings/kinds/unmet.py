"""`unmet`: a requirement across the managers is not satisfied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.changes.originals import read_original
from conda_pip_interop.changes.plan import Plan
from conda_pip_interop.dependencies.removal import find_uninstall
from conda_pip_interop.dependencies.requirements import (
    find_subdir,
    find_wanted_extras,
    marker_environment,
    parse_added,
    parse_applying,
    satisfies,
)
from conda_pip_interop.environment.conda_meta.records import claimed_metadata
from conda_pip_interop.environment.layers import find_visible, is_virtual
from conda_pip_interop.environment.ownership import ByConda, Vanished
from conda_pip_interop.environment.site_packages.distributions import Distribution
from conda_pip_interop.findings.base import Evidence, Finding
from conda_pip_interop.values import dataclass, regex

if TYPE_CHECKING:
    from conda_pip_interop.environment.conda_meta.records import CondaRecord
    from conda_pip_interop.environment.snapshot import Snapshot

_NAME: Final = regex(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")


@dataclass(frozen=True, kw_only=True)
class UnmetFinding(Finding):
    """``requirement`` of ``distribution`` is not satisfied: not by version ``installed``, if any.

    ``manager`` owns it, ``other_manager`` what is installed, in the place of the conda package
    ``restorable`` if that satisfies the requirement; with nothing installed, pip removed that one.
    ``drops`` is the command that removes the distribution.
    ``in_channels``: whether conda's channels can satisfy the requirement; None if not asked.
    ``extra`` is the extra, wanted by something, that the requirement belongs to.
    ``python`` is that of a virtual environment, in which conda installs nothing.
    """

    kind: ClassVar[str] = "unmet"

    distribution: Distribution
    version: str
    requirement: Requirement
    installed: str | None
    manager: str
    other_manager: str
    restorable: CondaRecord | None = None
    drops: tuple[str, ...] | None = None
    in_channels: bool | None = None
    extra: str = ""
    python: str | None = None

    @property
    def summary(self) -> str:
        """See `Finding.summary`."""
        name = canonicalize_name(self.requirement.name)
        state = (
            f"{name} is not installed"
            if self.installed is None
            else f"{self.other_manager}'s {name} is {self.installed}"
        )
        extra = f"[{self.extra}]" if self.extra else ""
        label = f"{self.distribution.name}{extra} {self.version}"
        return f"{self.manager}'s {label} requires {_render(self.requirement)}, but {state}."

    @property
    def remedy(self) -> tuple[tuple[str, ...], ...]:
        """See `Finding.remedy`: what conda has installed, only conda can install."""
        if self.python is not None:
            return ((self.python, "-m", "pip", "install", _render_whole(self.requirement)),)
        if self.restorable is not None:
            return (("conda", "pip", "restore", self.restorable.name),)
        drops = () if self.drops is None else (self.drops,)
        if self.in_channels is False and drops:
            return drops
        return (("conda", "pip", "install", _render_whole(self.requirement)), *drops)

    @property
    def needs_channels(self) -> bool:
        """See `Finding.needs_channels`."""
        is_condas = self.installed is not None and self.other_manager == "conda"
        if self.python is not None:
            return False
        return is_condas and self.in_channels is None

    @property
    def restores(self) -> CondaRecord | None:
        """See `Finding.restores`."""
        return self.restorable

    def repair(self, snapshot: Snapshot) -> Plan:
        """Install what satisfies it."""
        requirements = (_render_whole(self.requirement),)
        return Plan(title="repair", requirements=requirements, fingerprint=snapshot.fingerprint)

    @property
    def pip_version(self) -> str | None:
        """See `Finding.pip_version`."""
        return self.version if self.manager == "pip" else None

    @property
    def key(self) -> str:
        """See `Finding.key`: a distribution may have several unmet requirements."""
        return f"{super().key}:{self.requirement}"

    @property
    def details(self) -> Mapping[str, object]:
        """See `Finding.details`."""
        return {"requirement": str(self.requirement), "installed": self.installed}


def find(snapshot: Snapshot, _earlier: Sequence[Finding]) -> Iterator[UnmetFinding]:
    """Find requirements that no installed distribution satisfies and where pip has a part.

    In a virtual environment, what is installed below it counts, and so does what that requires of
    what the virtual one has. Requirements between two conda packages, or of a conda package on
    something that is not installed, are conda's affair, except for extras that a distribution
    wants: no ``depends`` has them. Extras that the user requested are recorded nowhere.
    """
    installed = _build_installed(snapshot)
    layers = find_visible(snapshot)
    requires = {
        name: snapshot.read_metadata(one).requires_dist for name, one in installed.by_name.items()
    }
    environment = marker_environment(snapshot.prefix, subdir=find_subdir(snapshot))
    wanted = find_wanted_extras(requires, environment)
    for name, one in sorted(installed.by_name.items()):
        texts = requires[name]
        concerned = [text for text in texts if _concerns_pip(installed, name, text)]
        for requirement in parse_applying(concerned, environment):
            if not _is_met(installed, requirement):
                yield _build(snapshot, installed, one, requirement)
        for extra in sorted(wanted.get(name, ())):
            for requirement in parse_added(texts, extra, environment):
                if not _is_met(installed, requirement):
                    yield _build(snapshot, installed, one, requirement, extra)
    for _, (below, one) in sorted(layers.items()):
        texts = below.read_metadata(one).requires_dist
        concerned = [text for text in texts if _find_name(text) in installed.by_name]
        for requirement in parse_applying(concerned, environment):
            if not _is_met(installed, requirement):
                yield _build(snapshot, installed, one, requirement)


@dataclass(frozen=True, kw_only=True, slots=True)
class _InstalledSet:
    """What is installed by name, in which version, and which part of it is pip's.

    ``bare`` are the names of conda packages without Python metadata, in a version that is unknown.
    """

    by_name: Mapping[NormalizedName, Distribution]
    versions: Mapping[NormalizedName, str]
    pips: frozenset[NormalizedName]
    bare: frozenset[NormalizedName]

    def manager_of(self, name: NormalizedName) -> str:
        return "pip" if name in self.pips else "conda"


def _build_installed(snapshot: Snapshot) -> _InstalledSet:
    """Take one distribution a name: conda's, unless pip's replaced it or conda has none."""
    owners = [(one, snapshot.ownership.owner_of(one)) for one in snapshot.distributions]
    condas = {one.name for one, owner in owners if isinstance(owner, ByConda)}
    by_name: dict[NormalizedName, Distribution] = {}
    pips: set[NormalizedName] = set()
    for one, owner in owners:
        if isinstance(owner, ByConda):
            by_name.setdefault(one.name, one)
        elif owner.in_place_of is not None or one.name not in condas:
            by_name[one.name] = one
            pips.add(one.name)
    versions = {
        name: below.ownership.version_of(one)
        for name, (below, one) in find_visible(snapshot).items()
    }
    versions |= {name: snapshot.ownership.version_of(one) for name, one in by_name.items()}
    carrying = {entry.record for found in snapshot.claims.by_name.values() for entry in found}
    bare = {canonicalize_name(one.name) for one in snapshot.records if one not in carrying}
    return _InstalledSet(
        by_name=by_name,
        versions=versions,
        pips=frozenset(pips),
        bare=frozenset(bare),
    )


def _concerns_pip(installed: _InstalledSet, name: NormalizedName, text: str) -> bool:
    """Return, before the costly parsing, whether either side of a requirement is pip's."""
    if name in installed.pips:
        return True
    return _find_name(text) in installed.pips


def _find_name(text: str) -> NormalizedName | None:
    match = _NAME.match(text)
    return None if match is None else canonicalize_name(match[1])


def _is_met(installed: _InstalledSet, requirement: Requirement) -> bool:
    name = canonicalize_name(requirement.name)
    version = installed.versions.get(name)
    if version is None:
        return name in installed.bare
    return requirement.url is not None or satisfies(requirement.specifier, version) is not False


def _build(
    snapshot: Snapshot,
    installed: _InstalledSet,
    one: Distribution,
    requirement: Requirement,
    extra: str = "",
) -> UnmetFinding:
    name = canonicalize_name(requirement.name)
    there = installed.by_name.get(name)
    manager = installed.manager_of(one.name)
    claims = snapshot.claims.of(one.metadata_file) if manager == "conda" else ()
    evidence = [_build_evidence(one, installed, None)]
    if there is not None:
        evidence.append(_build_evidence(there, installed, _render(requirement)))
    return UnmetFinding(
        record=claims[0].record if claims else None,
        distribution=one,
        version=installed.versions[one.name],
        requirement=requirement,
        installed=installed.versions.get(name),
        manager=manager,
        other_manager=installed.manager_of(name),
        restorable=_find_vanished(snapshot, requirement)
        if there is None
        else find_restorable(snapshot, there, requirement),
        drops=_find_drop(snapshot, one),
        extra=extra,
        python=_find_virtual_python(snapshot),
        evidence=tuple(evidence),
    )


def find_restorable(
    snapshot: Snapshot, there: Distribution, requirement: Requirement
) -> CondaRecord | None:
    """Return the conda package in whose place pip's is, if conda's satisfies the requirement."""
    replaced = snapshot.ownership.override_of(there)
    if replaced is None:
        return None
    original = read_original(replaced.record, snapshot.prefix.root)
    versions = [one.version for one in claimed_metadata(original) if one.name == there.name]
    met = any(satisfies(requirement.specifier, one) for one in versions)
    return replaced.record if met else None


def _find_vanished(snapshot: Snapshot, requirement: Requirement) -> CondaRecord | None:
    """Return the conda package whose files pip removed, if they satisfy the requirement."""
    for recorded in snapshot.claims.by_name.get(canonicalize_name(requirement.name), ()):
        is_vanished = isinstance(snapshot.ownership.state_of(recorded), Vanished)
        if is_vanished and satisfies(requirement.specifier, recorded.version) is not False:
            return recorded.record
    return None


def _find_drop(snapshot: Snapshot, one: Distribution) -> tuple[str, ...] | None:
    """Return the command that removes pip's distribution with what requires it.

    None for conda's, and for what cannot be removed or conda's packages require.
    """
    owner = snapshot.ownership.owner_of(one)
    if isinstance(owner, ByConda):
        return None
    if owner.in_place_of is not None:
        return ("conda", "pip", "restore", owner.in_place_of.name)
    return find_uninstall(snapshot, [one])


def _find_virtual_python(snapshot: Snapshot) -> str | None:
    root, python = snapshot.prefix.root, snapshot.prefix.python
    return str(root / python.executable) if python is not None and is_virtual(root) else None


def _render_whole(requirement: Requirement) -> str:
    """Return the requirement with its extras and URL, without its marker."""
    bare = Requirement(str(requirement))
    bare.marker = None
    return str(bare)


def _render(requirement: Requirement) -> str:
    return f"{canonicalize_name(requirement.name)}{requirement.specifier}"


def _build_evidence(one: Distribution, installed: _InstalledSet, expected: str | None) -> Evidence:
    return Evidence(
        path=one.metadata_file,
        claimed_by=(f"{installed.manager_of(one.name)}:{one.name}",),
        expected=expected,
        found=installed.versions[one.name],
    )
