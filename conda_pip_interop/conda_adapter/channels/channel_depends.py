"""What the `depends` of packages in the channels tell without a solver."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, Final

from conda.base.context import context
from conda.core.prefix_data import PrefixData
from conda.exceptions import InvalidMatchSpec
from conda.models.match_spec import MatchSpec

from conda_pip_interop.environment.conda_meta.records import separate_name
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

#: How far dependencies are followed: a package deeper than this is taken to be available.
_DEPTH: Final = 6
#: As far as this for what packages allow, and only if a dependency allows so few packages.
_ALLOWING_DEPTH: Final = 2
_FEW: Final = 30


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelDepends:
    """The dependencies of the channels' packages, for the environment at `prefix`.

    `find` returns the channels' records of a name; `python` is the record of a Python to come.
    """

    prefix: Path
    find: Callable[[str], Iterable[Any]]
    python: Any = None
    _known: dict[str, str | None] = field(default_factory=dict)
    _virtual: list[Any] = field(default_factory=list)
    _allowed: dict[tuple[str, int], dict[str, frozenset[Any]]] = field(default_factory=dict)

    def explain_unavailable(self, records: Iterable[Any]) -> str | None:
        """Explain why none of the records can be installed, whatever else is; None if one may be.

        The newest comes first: what it lacks is told.
        """
        reasons = []
        for record in records:
            reason = self._find_missing(record, _DEPTH)
            if reason is None:
                return None
            reasons.append(reason)
        return reasons[0] if reasons else None

    def find_hindrance(self, record: Any) -> tuple[str, ...]:
        """Find the installed packages that a record's `depends` do not accept."""
        installed = PrefixData(str(self.prefix))
        return tuple(
            f"{found.name} {found.version}"
            for spec in filter(None, map(_parse, record.depends))
            if (found := installed.get(spec.name, None)) is not None and not spec.match(found)
        )

    def find_allowed(
        self, records: Iterable[Any], depth: int = _ALLOWING_DEPTH
    ) -> dict[str, frozenset[Any]]:
        """Find the packages that one of the records allows, for each name that they all depend on.

        Dependencies of dependencies included. The records allow themselves, too.
        """
        records = tuple(records)
        needs = [self._find_needs(one, depth) for one in records]
        common = set.intersection(*map(set, needs)) if needs else set()
        allowed = {name: frozenset().union(*(one[name] for one in needs)) for name in common}
        return allowed | {one.name: frozenset(records) for one in records}

    def _find_needs(self, record: Any, depth: int) -> dict[str, frozenset[Any]]:
        """Find the packages that all dependencies of a record allow, by name."""
        needs: dict[str, frozenset[Any]] = {}
        for text in record.depends:
            for name, found in self._find_allowed_by(text, depth).items():
                needs[name] = needs[name] & found if name in needs else found
        return needs

    def _find_allowed_by(self, text: str, depth: int) -> dict[str, frozenset[Any]]:
        if (text, depth) not in self._allowed:
            spec = _parse(text)
            allowed: dict[str, frozenset[Any]] = {}
            if spec is not None and not spec.name.startswith("__"):
                installed = PrefixData(str(self.prefix)).get(spec.name, None)
                known = (*self.find(spec.name), *filter(None, [installed]))
                found = frozenset(one for one in known if spec.match(one))
                allowed = {spec.name: found}
                if depth > 1 and 0 < len(found) <= _FEW:
                    allowed = self.find_allowed(found, depth - 1)
            self._allowed[text, depth] = allowed
        return self._allowed[text, depth]

    def _find_missing(self, record: Any, depth: int) -> str | None:
        """Return which dependency of a record no channel has, directly or further down."""
        for text in record.depends:
            reason = self._explain(text, record, depth)
            if reason is not None:
                return reason
        return None

    def _explain(self, text: str, record: Any, depth: int) -> str | None:
        if text in self._known:
            missing = self._known[text]
        else:
            self._known[text] = None  # what depends on itself is no obstacle
            self._known[text] = missing = self._find_reason(text, depth)
        return missing if missing is None or missing else _describe(record, text)

    def _find_reason(self, text: str, depth: int) -> str | None:
        """Return None if a dependency is available, "" if no channel has it, else what it lacks."""
        spec = _parse(text)
        if spec is None:
            return None
        if spec.name.startswith("__"):
            return None if self._has_virtual_package(spec) else ""
        installed = PrefixData(str(self.prefix)).get(spec.name, None)
        if spec.name == "python":
            installed = installed or self.python
        if installed is not None and spec.match(installed):
            return None
        if spec.name == "python" and installed is not None:
            return None  # another Python is a matter of versions, not of channels
        found = [one for one in self.find(spec.name) if spec.match(one)]
        if not found:
            return ""
        reason = None
        for one in reversed(found) if depth else ():
            reason = self._find_missing(one, depth - 1)
            if reason is None:
                break
        return reason

    def _has_virtual_package(self, spec: Any) -> bool:
        if not self._virtual:
            self._virtual.extend(_read_virtual_packages())
        return not self._virtual or any(map(spec.match, self._virtual))


def _parse(text: str) -> Any:
    """Parse a dependency; None for what this conda does not understand: its solver decides."""
    try:
        return MatchSpec(separate_name(text))
    except InvalidMatchSpec:
        return None


def _describe(record: Any, text: str) -> str:
    lacking = "this machine does not have" if text.startswith("__") else "no channel has"
    return f"conda's {record.name} {record.version} requires {text}, which {lacking}"


def _read_virtual_packages() -> tuple[Any, ...]:
    """Read the records of what the machine has; empty where this conda does not tell."""
    read = getattr(context.plugin_manager, "get_virtual_package_records", None)  # conda 25.9
    if read is not None:
        return tuple(read())
    try:
        from conda.core.index import _supplement_index_with_system
    except ImportError:
        return ()
    index: dict[Any, Any] = {}
    _supplement_index_with_system(index)
    return tuple(index)
