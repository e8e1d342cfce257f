"""Followers: the distributions of pip that a change of Python concerns, as they were requested."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Final

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from conda_pip_interop.changes.origins import read_provenance
from conda_pip_interop.changes.state import read_state
from conda_pip_interop.dependencies.graph import find_unneeded
from conda_pip_interop.dependencies.read_graph import is_requested, read_graph
from conda_pip_interop.dependencies.requirements import parse_requirement
from conda_pip_interop.environment.origin import find_origin
from conda_pip_interop.environment.ownership import ByPip
from conda_pip_interop.environment.versions import parse_version
from conda_pip_interop.resolve.lifecycle.reinstall import find_source
from conda_pip_interop.resolve.request.request import NamedRequirement, require_installed
from conda_pip_interop.resolve.request.requested_versions import read_requested_versions
from conda_pip_interop.resolve.uninstall import TOOLS
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from packaging.utils import NormalizedName

    from conda_pip_interop.environment.ownership import Manager
    from conda_pip_interop.environment.site_packages.distributions import Distribution
    from conda_pip_interop.environment.site_packages.provenance import Provenance
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.resolve.request.request import DirectRequirement

#: The options of an index that count again; `--no-index` and `--pre` were for one command.
_SEARCHED: Final = ("--index-url", "--extra-index-url", "--find-links", "--trusted-host")


@dataclass(frozen=True, kw_only=True, slots=True)
class Follower:
    """A distribution of pip's that is installed again for another Python.

    `wanted`: it is installed for its own sake, and not only because pip's others require it.
    `extras` (`[test]`) and `versions` are those that the user requested. `source` is where it came
    from, unless from an index; `gone` tells that it does not exist any more. `overrides` is conda's
    package whose place it has. `limit` is the constraint, and `options` are those about indexes,
    that it was installed with.
    """

    one: Distribution
    wanted: bool
    extras: str = ""
    versions: SpecifierSet = field(default_factory=SpecifierSet)
    source: DirectRequirement | None = None
    gone: str | None = None
    overrides: str | None = None
    limit: str = ""
    options: tuple[str, ...] = ()

    @property
    def name(self) -> NormalizedName:
        """Its name."""
        return self.one.name

    @property
    def label(self) -> str:
        """Its name and version."""
        return f"{self.name} {self.one.version}"

    @property
    def pin(self) -> NamedRequirement:
        """Its version again."""
        exact = parse_version(self.one.version) is not None
        return self._build(f"{'==' if exact else '==='}{self.one.version}")

    def build_other(self, excluded: SpecifierSet) -> NamedRequirement:
        """Build what was requested of it, without the versions that are excluded."""
        return self._build(str(self.versions & excluded))

    def _build(self, versions: str) -> NamedRequirement:
        return require_installed(f"{self.name}{self.extras}{versions}")


def read_followers(snapshot: Snapshot, dropped: Collection[NormalizedName]) -> tuple[Follower, ...]:
    """Read what pip has installed, without what is dropped; sorted by name."""
    pips = find_pips(snapshot)
    versions = read_requested_versions(snapshot)
    state = read_state(snapshot.prefix.root).requests
    known = read_provenance(snapshot.prefix.root, pips.values())
    dependents = read_graph(snapshot).find_dependents()
    return tuple(
        _read(
            one,
            snapshot,
            requests=(state.get(name, ""), known[name].requested if name in known else ""),
            versions=versions.get(name) or SpecifierSet(),
            provenance=known.get(name),
            users=[user.owner for user, _ in dependents.get(f"pip:{name}", ())],
            listed=name in state,
        )
        for name, one in sorted(pips.items())
        if name not in dropped
    )


def find_only_required(
    dropped: Collection[NormalizedName], snapshot: Snapshot
) -> dict[NormalizedName, str]:
    """Find what only the dropped packages require, as an uninstallation does; with the reason."""
    graph = read_graph(snapshot)
    keys = [key for name in dropped if (key := f"pip:{name}") in graph.packages]
    dependents = graph.find_dependents()
    found = {}
    for one in find_unneeded(graph, keys, keep=frozenset(f"pip:{name}" for name in TOOLS)):
        users = sorted({user.name for user, _ in dependents[one.key]} - {one.name})
        found[canonicalize_name(one.name)] = f"only required by {', '.join(users)}"
    return found


def find_pips(snapshot: Snapshot) -> dict[NormalizedName, Distribution]:
    """Find what pip has installed, one of a name: that which has the place of conda's first."""
    found: dict[NormalizedName, Distribution] = {}
    for one in snapshot.distributions:
        owner = snapshot.ownership.owner_of(one)
        if isinstance(owner, ByPip) and (owner.in_place_of is not None or one.name not in found):
            found[one.name] = one
    return found


def _read(
    one: Distribution,
    snapshot: Snapshot,
    *,
    requests: Iterable[str],
    versions: SpecifierSet,
    provenance: Provenance | None,
    users: Collection[Manager],
    listed: bool,
) -> Follower:
    origin = find_origin(snapshot, one)
    parsed = [found for text in requests if (found := parse_requirement(text)) is not None]
    extras = sorted({extra for requirement in parsed for extra in requirement.extras})
    spelled = f"[{','.join(extras)}]" if extras else ""
    source = find_source(one, spelled)
    if provenance is not None:
        versions &= SpecifierSet(provenance.constraint)
    return Follower(
        one=one,
        wanted=listed or is_requested(one) or not users or "conda" in users,
        extras=spelled,
        versions=versions,
        source=source,
        gone=f"{origin}" if origin.is_direct and source is None else None,
        overrides=origin.in_place_of,
        limit="" if provenance is None else provenance.constraint,
        options=_choose_options(provenance),
    )


def _choose_options(provenance: Provenance | None) -> tuple[str, ...]:
    lines = () if provenance is None else provenance.options
    return tuple(line for line in lines if line.partition(" ")[0] in _SEARCHED)
