"""Build the dependency graph of an environment from its snapshot."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion

from conda_pip_interop.dependencies.graph import Graph, Need, Node
from conda_pip_interop.dependencies.requirements import find_subdir, marker_environment, satisfies
from conda_pip_interop.environment.conda_history import parse_requested
from conda_pip_interop.environment.distributions import Distribution, read_requirements
from conda_pip_interop.environment.ownership import ByConda
from conda_pip_interop.environment.record import read_text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from packaging.utils import NormalizedName

    from conda_pip_interop.environment.conda_records import CondaRecord
    from conda_pip_interop.environment.metadata import Metadata
    from conda_pip_interop.environment.snapshot import Snapshot


_NAME: Final = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_DEPENDS: Final = re.compile(r"(?:\S+::)?([A-Za-z0-9][A-Za-z0-9_.-]*)(?:\s+|(?=\[))?(.*)")


@dataclass(frozen=True, kw_only=True, slots=True)
class NeedFinder:
    """Finds the needs that distributions state, for one environment.

    `keys`: the node that answers to the name of a project. `stated`: what each distribution says
    of itself, by its metadata folder. `environment` is that of markers (PEP 508).
    """

    nodes: Mapping[str, Node]
    keys: Mapping[NormalizedName, str]
    stated: Mapping[str, Metadata]
    environment: Mapping[str, str]

    def find_extras(self) -> Mapping[NormalizedName, set[str]]:
        """The extras that installed distributions ask of others, those of extras included."""
        by_name = {
            one.name: self.stated[one.metadata]
            for node in self.nodes.values()
            for one in node.projects
        }
        wanted: dict[NormalizedName, set[str]] = defaultdict(set)
        waiting = [(name, "") for name in by_name]
        while waiting:
            name, extra = waiting.pop()
            for text in by_name[name].requires_dist if name in by_name else ():
                requirement = _parse(text) if "[" in text.partition(";")[0] else None
                if requirement is None or not self._applies(requirement, extra):
                    continue
                target = canonicalize_name(requirement.name)
                new = {canonicalize_name(one) for one in requirement.extras} - wanted[target]
                wanted[target] |= new
                waiting += [(target, one) for one in new]
        return wanted

    def find_needs(
        self, node: Node, wanted: Mapping[NormalizedName, set[str]]
    ) -> tuple[tuple[Need, ...], tuple[Need, ...]]:
        """(what a node needs, what of the rest its extras ask for that nobody is known to want)."""
        needs: dict[str, Need] = {}
        options: dict[str, Need] = {}
        for one in node.projects:
            metadata, extras = self.stated[one.metadata], wanted.get(one.name, set())
            for text in metadata.requires_dist:
                if "extra" in text and not extras and not self._is_there(text):
                    continue
                requirement = _parse(text)
                if requirement is None:
                    continue
                if any(self._applies(requirement, extra) for extra in ("", *extras)):
                    need = self._build(requirement, None)
                    needs.setdefault(need.name, need)
                elif self._is_there(text):
                    for extra in metadata.provides_extra:
                        if self._applies(requirement, extra):
                            need = self._build(requirement, extra)
                            options.setdefault(need.name, need)
        return (
            tuple(one for one in needs.values() if one.target != node.key),
            tuple(
                one for name, one in options.items() if name not in needs and one.target != node.key
            ),
        )

    def _is_there(self, text: str) -> bool:
        match = _NAME.match(text)
        return match is not None and canonicalize_name(match[1]) in self.keys

    def _applies(self, requirement: Requirement, extra: str) -> bool:
        if requirement.marker is None:
            return True
        try:
            return requirement.marker.evaluate({**self.environment, "extra": extra})
        except (InvalidVersion, UndefinedComparison, UndefinedEnvironmentName):
            return False

    def _build(self, requirement: Requirement, extra: str | None) -> Need:
        name = canonicalize_name(requirement.name)
        target = self.keys.get(name)
        asked = str(requirement.specifier) or (f"@ {requirement.url}" if requirement.url else "")
        if requirement.extras:
            asked = f"[{','.join(sorted(requirement.extras))}]{asked}"
        met = target is not None and _is_met(requirement, name, self.nodes[target])
        return Need(name=name, asked=asked, target=target, extra=extra, met=met)


def find_depends(record: CondaRecord, keys: Mapping[str, str]) -> Iterator[Need]:
    """What conda says a package needs, of what is there: the rest is conda's own affair.

    `keys`: the node that answers to the name of a conda package.
    """
    for text in record.depends:
        match = _DEPENDS.fullmatch(text.strip())
        target = keys.get(match[1]) if match else None
        if match is not None and target is not None:
            yield Need(name=match[1], asked=match[2], target=target, by_distribution=False)


def _parse(text: str) -> Requirement | None:
    """A requirement; None for what cannot be understood: it cannot be judged either."""
    try:
        return Requirement(text)
    except InvalidRequirement:
        return None


def _is_met(requirement: Requirement, name: NormalizedName, node: Node) -> bool:
    """Whether the version will do; where none is told, or none that can be read, it does."""
    versions = (one.version for one in node.projects if one.name == name)
    return all(satisfies(requirement.specifier, one) is not False for one in versions)


#: They write REQUESTED: pip for what was named, uv for everything. Where it is missing behind uv,
#: we have removed it (`usecases.staging`).
_NOTE_WHO_ASKED: Final = ("pip", "uv")


def read_graph(snapshot: Snapshot) -> Graph:
    """The graph of a prefix: of its snapshot, its distributions' metadata, and conda's history."""
    history = read_text(snapshot.prefix.root / "conda-meta" / "history") or ""
    return build_graph(
        snapshot,
        lambda one: read_requirements(snapshot.prefix, one),
        requested=parse_requested(history),
    )


def build_graph(
    snapshot: Snapshot,
    read_metadata: Callable[[Distribution], Metadata],
    *,
    requested: Collection[str] = (),
) -> Graph:
    """Build the graph; `requested` are the names of conda's packages that its history tells."""
    carried, replaced = _divide(snapshot)
    nodes = {node.key: node for node in _build_nodes(snapshot, carried, replaced, requested)}
    by_record = _index_records(nodes, replaced)
    finder = NeedFinder(
        nodes=nodes,
        keys=_index_projects(nodes, snapshot),
        stated={one.metadata: read_metadata(one) for n in nodes.values() for one in n.projects},
        environment=marker_environment(snapshot.prefix, subdir=find_subdir(snapshot)),
    )
    wanted = finder.find_extras()
    records = {record.name: record for record in snapshot.records}
    for key, node in list(nodes.items()):
        needs, options = finder.find_needs(node, wanted)
        if node.owner == "conda":
            needs = _add_depends(needs, find_depends(records[node.name], by_record))
        nodes[key] = replace(node, needs=needs, options=options)
    return Graph(nodes=_explain(nodes))


def is_requested(distribution: Distribution) -> bool:
    """Whether somebody named it to pip; of what does not say, it is assumed.

    Only dist-info folders have a REQUESTED file (PEP 376), and not every installer writes one.
    """
    return (
        distribution.requested
        or distribution.layout != "dist-info"
        or distribution.editable is not None
        or distribution.installer not in _NOTE_WHO_ASKED
    )


def _divide(
    snapshot: Snapshot,
) -> tuple[Mapping[str, list[Distribution]], Mapping[NormalizedName, tuple[Distribution, str]]]:
    """(distributions by the record of conda's that carries them, pip's by name).

    With pip's, the name of the record in whose place it is, or "". One a name: conda's, unless
    pip's is in its place or conda has none.
    """
    carried: dict[str, list[Distribution]] = defaultdict(list)
    pips: dict[NormalizedName, tuple[Distribution, str]] = {}
    for one in snapshot.distributions:
        owner = snapshot.ownership.owner_of(one)
        if isinstance(owner, ByConda):
            carried[owner.record.name].append(one)
        elif owner.in_place_of is not None or one.name not in pips:
            pips[one.name] = (one, owner.in_place_of.name if owner.in_place_of else "")
    condas = {one.name for found in carried.values() for one in found}
    return carried, {name: one for name, one in pips.items() if one[1] or name not in condas}


def _build_nodes(
    snapshot: Snapshot,
    carried: Mapping[str, list[Distribution]],
    pips: Mapping[NormalizedName, tuple[Distribution, str]],
    requested: Collection[str],
) -> Iterator[Node]:
    asked = {record.name for record in snapshot.records if _is_asked(record, requested)}
    for name, (distribution, replaced) in pips.items():
        yield Node(
            key=f"pip:{name}",
            name=name,
            version=distribution.version,
            owner="pip",
            projects=(distribution,),
            asked=is_requested(distribution) or replaced in asked,
        )
    gone = {replaced for _, replaced in pips.values()}
    for record in snapshot.records:
        if record.name in carried or record.name not in gone:
            yield Node(
                key=f"conda:{record.name}",
                name=record.name,
                version=record.version,
                owner="conda",
                projects=tuple(carried.get(record.name, ())),
                asked=record.name in asked,
            )


def _is_asked(record: CondaRecord, requested: Collection[str]) -> bool:
    """Whether somebody named it to conda, which writes the word None where nobody did."""
    specs = record.raw.get("requested_specs")
    return (
        record.requested_spec not in {None, "", "None"}
        or (isinstance(specs, list) and bool(specs))
        or record.name in requested
    )


def _index_records(
    nodes: Mapping[str, Node], pips: Mapping[NormalizedName, tuple[Distribution, str]]
) -> Mapping[str, str]:
    """The key of the node that answers to a name of conda's: pip's, where it is in its place."""
    keys = {record: f"pip:{name}" for name, (_, record) in pips.items() if record}
    keys.update({node.name: key for key, node in nodes.items() if node.owner == "conda"})
    return keys


def _index_projects(nodes: Mapping[str, Node], snapshot: Snapshot) -> Mapping[NormalizedName, str]:
    """The key of the node that answers to a project's name.

    A conda package that is not meant to carry a distribution answers to its own: `ninja` is there,
    in a version that nobody states.
    """
    carriers = {one.record.name for found in snapshot.claims.by_name.values() for one in found}
    keys = {
        canonicalize_name(node.name): key
        for key, node in nodes.items()
        if node.owner == "conda" and node.name not in carriers
    }
    keys.update({one.name: key for key, node in nodes.items() for one in node.projects})
    return keys


def _add_depends(needs: tuple[Need, ...], depends: Iterable[Need]) -> tuple[Need, ...]:
    """A conda package's needs: what its distributions say of what is there, then what conda says.

    What they ask for and is nowhere, conda leaves out on purpose.
    """
    known = tuple(need for need in needs if need.target is not None)
    there = {need.target for need in known}
    return (*known, *(need for need in depends if need.target not in there))


def _explain(nodes: Mapping[str, Node]) -> Mapping[str, Node]:
    """Count what extras ask for among the needs, where nothing else tells why it is there."""
    needed = {need.target for node in nodes.values() for need in node.needs}
    explained = needed | {key for key, node in nodes.items() if node.asked}
    return {
        key: replace(
            node,
            needs=(*node.needs, *(one for one in node.options if one.target not in explained)),
            options=tuple(one for one in node.options if one.target in explained),
        )
        for key, node in nodes.items()
    }
