"""The versions that the user requested: of conda pip, and of conda by its history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.changes.state import read_state
from conda_pip_interop.dependencies.read_graph import read_graph
from conda_pip_interop.dependencies.requirements import parse_requirement
from conda_pip_interop.environment.conda_meta.history import read_requested_specs
from conda_pip_interop.names.conda_depends import parse_environment_dependency
from conda_pip_interop.names.versions import NotExpressible, build_conda_spec
from conda_pip_interop.values import regex

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from conda_pip_interop.environment.snapshot import Snapshot

#: As conda writes a range into its history.
_WITH_VERSION: Final = regex(r"([^\[]+)\[version='([^']+)'\]")

#: As conda writes each package of a clone and of an explicit file: nobody requested that version.
_EXPLICIT: Final = regex(r"[^\s:\[]+/[^\s:\[]+::([^=\s]+)==[^=\s]+=[^=\s]+")


def read_history_specs(root: Path) -> Mapping[str, str]:
    """Read the last spec of each name that was requested of conda; an explicit one is the name."""
    return {
        name: match[1] if (match := _EXPLICIT.fullmatch(text)) else text
        for name, text in read_requested_specs(root).items()
    }


def read_requested_versions(snapshot: Snapshot) -> Mapping[NormalizedName, SpecifierSet | None]:
    """Read the versions by distribution; None where conda's spec has no equivalent in PEP 440."""
    root = snapshot.prefix.root
    requested: dict[NormalizedName, SpecifierSet | None] = {}
    for package, text in read_history_specs(root).items():
        for one in read_graph(snapshot).find(package):
            if one.owner == "conda" and one.name == package and one.requested:
                names = [dist.name for dist in one.distributions]
                version = parse_history_spec(text)
                requested.update(dict.fromkeys(names, version))
    for text in read_state(root).requests.values():
        requirement = parse_requirement(text)
        if requirement is not None:
            name = canonicalize_name(requirement.name)
            earlier = requested.get(name, SpecifierSet())
            requested[name] = None if earlier is None else requirement.specifier & earlier
    return requested


def parse_history_spec(text: str) -> SpecifierSet | None:
    """Parse a spec of conda's history; None if PEP 440 cannot express it, builds included."""
    match = _WITH_VERSION.fullmatch(text)
    dependency = parse_environment_dependency("".join(match.groups()) if match else text)
    if dependency is None or not (dependency.inexact is None or dependency.exact_for_releases):
        return None
    return dependency.specifiers


def build_history_spec(package: str, requested: str) -> str:
    """Build conda's spec for what the user requested of pip (PEP 508); the bare name if unknown."""
    recorded = parse_requirement(requested)
    version = "*" if recorded is None else build_conda_spec(recorded.specifier)
    if isinstance(version, NotExpressible) or version == "*":
        return package
    return f"{package} {version}"
