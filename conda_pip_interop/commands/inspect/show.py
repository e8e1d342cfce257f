"""`conda pip show`: what pip's `show` prints, and the owner of a distribution."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from conda_pip_interop.commands.inspect.list import build_rows
from conda_pip_interop.commands.output import Output
from conda_pip_interop.text import escape_line
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator, Mapping, Sequence

    from conda_pip_interop.commands.command_line.parser import CommandParser
    from conda_pip_interop.commands.host import Host
    from conda_pip_interop.commands.inspect.list import Row
    from conda_pip_interop.dependencies.graph import Dependency, Graph, Package
    from conda_pip_interop.environment.paths import PrefixPath
    from conda_pip_interop.environment.snapshot import Depth, Snapshot
    from conda_pip_interop.environment.target import Target

HELP: Final = "Show details of packages: owner, source, dependents"
EXAMPLES: Final = "conda pip show -n web flask\nconda pip show -n web -f cowsay"
#: Lines of pip's, with the headers of the metadata that say it: the first one that does.
_HEADERS: Final[Mapping[str, tuple[str, ...]]] = {
    "Summary": ("summary",),
    "Home-page": ("home-page",),
    "Author": ("author",),
    "Author-email": ("author-email",),
    "License": ("license-expression", "license"),
}


def configure(parser: CommandParser) -> None:
    """Add the names and `--files`."""
    parser.add_argument("names", nargs="+", metavar="NAME", help="a Python package")
    parser.add_argument("-f", "--files", action="store_true", help="list its files, too")


def execute(args: Namespace, host: Host) -> Output:
    """Show the distributions of these names."""
    from conda_pip_interop.dependencies.read_graph import read_graph
    from conda_pip_interop.environment.snapshot import read_snapshot

    depth: Depth = "files" if args.files or args.json else "names"
    snapshot = read_snapshot(host.target.prefix, depth=depth)
    graph = read_graph(snapshot)
    return show_distributions(snapshot, graph, args.names, host.target, files=args.files)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """What `conda pip show` knows of a distribution.

    `name` is as its metadata spells it; `requires` and `required_by` are packages of both managers.
    `files` are those that its owner lists, None if pip has no list of them.
    """

    name: str
    row: Row
    facts: Mapping[str, str]
    location: str
    requested: bool
    requires: tuple[str, ...]
    required_by: tuple[str, ...]
    files: tuple[PrefixPath, ...] | None

    def to_dict(self) -> dict[str, object]:
        """Return the JSON-ready form; paths of `files` are relative to the prefix."""
        return {
            **self.row.to_dict(),
            **{key.lower().replace("-", "_"): value for key, value in self.facts.items()},
            "location": self.location,
            "asked": self.requested,
            "requires": list(self.requires),
            "required_by": list(self.required_by),
            "files": None if self.files is None else list(self.files),
        }


def show_distributions(
    snapshot: Snapshot, graph: Graph, names: Sequence[str], target: Target, *, files: bool
) -> Output:
    """Render a block of lines for each; raises InteropError `not-installed` with all missing."""
    from packaging.utils import canonicalize_name

    from conda_pip_interop.environment.target import not_installed

    rows = build_rows(snapshot)
    wanted = {canonicalize_name(name): name for name in names}
    missing = wanted.keys() - {row.distribution.name for row in rows}
    if missing:
        absent = [name for key, name in wanted.items() if key in missing]
        raise not_installed(absent, target, installed=(row.distribution.name for row in rows))
    dependents = graph.find_dependents()
    shown = [
        _build(snapshot, graph, row, dependents)
        for name in wanted
        for row in rows
        if row.distribution.name == name
    ]
    root = str(snapshot.prefix.root)
    return Output(
        text="\n---\n".join(
            "\n".join(map(escape_line, _render(one, root, files=files))) for one in shown
        ),
        document={"prefix": root, "distributions": [one.to_dict() for one in shown]},
        requested=True,
    )


def _build(
    snapshot: Snapshot,
    graph: Graph,
    row: Row,
    dependents: Mapping[str, list[tuple[Package, Dependency]]],
) -> Shown:
    from conda_pip_interop.environment.site_packages.distributions import read_all_headers

    one, record = row.distribution, row.origin.record
    headers = read_all_headers(snapshot.prefix, one)
    packages = [package for package in graph.packages.values() if one in package.distributions]
    listed = record.files if record is not None and row.origin.owner == "conda" else one.files
    return Shown(
        name=next(iter(headers.get("name", ())), one.name),
        row=row,
        facts={
            key: next((headers[name][0] for name in names if headers.get(name)), "")
            for key, names in _HEADERS.items()
        },
        location=str(snapshot.prefix.root / one.site_packages),
        requested=any(package.requested for package in packages),
        requires=tuple(
            sorted({d.name for one in packages for d in one.dependencies if d.from_metadata})
        ),
        required_by=tuple(
            sorted({other.name for one in packages for other, _ in dependents[one.key]})
        ),
        files=None if listed is None else tuple(sorted(file.path for file in listed)),
    )


def _render(shown: Shown, root: str, *, files: bool) -> Iterator[str]:
    """Yield lines as pip's `show` has them, then what pip does not know."""
    origin = shown.row.origin
    yield f"Name: {shown.name}"
    yield f"Version: {shown.row.version}"
    yield from (f"{key}: {value}".rstrip() for key, value in shown.facts.items())
    yield f"Location: {shown.location}"
    if origin.editable is not None:
        yield f"Editable project location: {origin.editable or 'unknown'}"
    yield f"Requires: {', '.join(shown.requires)}".rstrip()
    yield f"Required-by: {', '.join(shown.required_by)}".rstrip()
    yield f"Owner: {origin.owner}"
    yield f"Source: {origin}"
    yield f"Requested: {'yes' if shown.requested else 'no'}"
    if shown.row.hiding:
        yield f"Hidden-by: {shown.row.hiding}"
    if files:
        yield "Files:"
        if shown.files is None:
            yield "  (unknown: RECORD is missing or cannot be read)"
        for path in shown.files or ():
            yield f"  {os.path.relpath(os.path.join(root, path), shown.location)}"  # noqa: PTH118
