"""Needs: what installed distributions and conda's packages state that they require. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from conda_pip_interop.usecases.graph import Need

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conda_pip_interop.core.conda_meta import CondaRecord
    from conda_pip_interop.core.metadata import Metadata
    from conda_pip_interop.usecases.graph import Node

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
    try:
        versions = [Version(one.version) for one in node.projects if one.name == name]
    except InvalidVersion:
        return True
    return all(requirement.specifier.contains(one, prereleases=True) for one in versions)
