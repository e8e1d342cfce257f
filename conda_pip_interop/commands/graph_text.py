"""Render the dependency graph as text and as JSON-ready values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conda_pip_interop.text import escape_line
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from conda_pip_interop.dependencies.graph import Dependency, Graph, Package
    from conda_pip_interop.environment.target import Target


#: (a branch, the last branch, below a branch, below the last one)
_LINES: Final = ("├── ", "└── ", "│   ", "    ")
_ASCII: Final = ("|-- ", "`-- ", "|   ", "    ")


@dataclass(frozen=True, kw_only=True, slots=True)
class Branch:
    """A line, and the branches below it."""

    text: str
    below: Sequence[Branch] = ()


def draw_branches(roots: Iterable[Branch], *, ascii_only: bool = False) -> str:
    """Draw the trees one below the other, without box-drawing characters if `ascii_only`."""
    signs = _ASCII if ascii_only else _LINES
    lines: list[str] = []
    waiting = [(root, "", "") for root in reversed(tuple(roots))]
    while waiting:  # no recursion: packages may depend on each other in a long chain
        branch, sign, margin = waiting.pop()
        lines.append(f"{sign}{escape_line(branch.text)}")
        for number, one in enumerate(reversed(branch.below)):
            last = number == 0
            waiting.append((one, f"{margin}{signs[last]}", f"{margin}{signs[2 + last]}"))
    return "\n".join(lines)


def can_draw(encoding: str | None) -> bool:
    """Return whether an encoding has the box-drawing characters of a tree."""
    try:
        "".join(_LINES).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def find_packages(graph: Graph, names: Iterable[str], target: Target) -> tuple[Package, ...]:
    """Return the packages of all names; raises InteropError `not-installed`, naming the others."""
    from conda_pip_interop.environment.target import not_installed

    found: dict[str, Package] = {}
    missing: list[str] = []
    for name in names:
        packages = graph.find(name)
        found.update({package.key: package for package in packages})
        if not packages:
            missing.append(name)
    if missing:
        raise not_installed(missing, target, installed=graph.names)
    return tuple(found.values())


def render_package(
    package: Package,
    dependency: Dependency | None = None,
    *,
    is_root: bool = False,
    reverse: bool = False,
) -> str:
    """Render a package and the dependency that leads to it (from it, if `reverse`)."""
    notes: list[str] = [package.owner]
    if package.requested:
        notes.append("requested")
    elif is_root and not reverse:
        notes.append("not requested by the user")
    text = f"{package.label} {package.version} [{', '.join(notes)}]"
    if dependency is None:
        return text
    return f"{text}{_render_dependency(dependency, 'requires' if reverse else 'required')}"


def render_missing(dependency: Dependency) -> str:
    """Render a dependency that is not installed."""
    return f"{dependency.name}{_render_dependency(dependency, 'required')}"


def _render_dependency(dependency: Dependency, verb: str) -> str:
    extra = f"for extra {dependency.extra}" if dependency.extra else ""
    parts = [part for part in (dependency.specifier, extra) if part]
    notes = [f"{verb}: {' '.join(parts)}"] if parts else []
    if not dependency.satisfied:
        notes.append("NOT INSTALLED" if dependency.target is None else "NOT SATISFIED")
    return f" {', '.join(notes)}" if notes else ""


def package_to_dict(package: Package) -> dict[str, object]:
    """Return the JSON-ready form of a package, without its dependencies."""
    return {
        "name": package.name,
        "version": package.version,
        "owner": package.owner,
        "distributions": [one.name for one in package.distributions],
        "asked": package.requested,
    }


def dependency_to_dict(dependency: Dependency) -> dict[str, object]:
    """Return the JSON-ready form of a dependency, without its package."""
    return {
        "asked": dependency.specifier,
        "extra": dependency.extra,
        "met": dependency.satisfied,
    }
