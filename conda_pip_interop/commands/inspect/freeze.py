"""`conda pip freeze`: what pip installed, as requirements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conda_pip_interop.commands.inspect.list import build_rows
from conda_pip_interop.commands.output import Output

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping

    from packaging.utils import NormalizedName

    from conda_pip_interop.commands.command_line.parser import CommandParser
    from conda_pip_interop.commands.host import Host
    from conda_pip_interop.commands.inspect.list import Row
    from conda_pip_interop.environment.snapshot import Snapshot

HELP: Final = "Print what pip installed as requirements"
EXAMPLES: Final = "conda pip freeze -n web\nconda pip freeze -n web --all"


def configure(parser: CommandParser) -> None:
    """Add `--all`."""
    parser.add_argument(
        "--all", action="store_true", help="print conda's packages, and pip itself, too"
    )


def execute(args: Namespace, host: Host) -> Output:
    """Print requirements; pip itself knows the repositories of editable installs."""
    from conda_pip_interop.environment.snapshot import read_snapshot

    snapshot = read_snapshot(host.target.prefix, depth="names")
    editables: Mapping[NormalizedName, str] = {}
    if not host.standalone and any(one.editable for one in snapshot.distributions):
        from conda_pip_interop.installers.pip.commands import read_editables

        editables = read_editables(host.open_pip(snapshot))
    return freeze(snapshot, every=args.all, editables=editables)


def freeze(
    snapshot: Snapshot,
    *,
    every: bool = False,
    editables: Mapping[NormalizedName, str] | None = None,
) -> Output:
    """Render a line for each distribution, as pip's `freeze` does, without conda's packages.

    With `every` those are pinned, each with a comment, and pip, setuptools and wheel are there too.
    The URL that pip finds in the metadata of a conda package is never written: it names a folder of
    the machine that built it. `editables` are pip's own lines for editable installs.
    """
    from conda_pip_interop.resolve.uninstall import TOOLS

    here = {one.metadata for one in snapshot.distributions}
    rows = [row for row in build_rows(snapshot) if row.distribution.metadata in here]
    condas = {row.distribution.name for row in rows if row.origin.owner == "conda"}
    found: dict[NormalizedName, tuple[Row, str]] = {}
    for row in rows:
        name, origin = row.distribution.name, row.origin
        is_stale = origin.owner == "pip" and origin.record is None and name in condas
        if not is_stale and (every or (origin.owner == "pip" and name not in TOOLS)):
            line = (editables or {}).get(name) or _render(snapshot, row)
            found.setdefault(name, (row, line))
    return Output(
        text="\n".join(line for _, line in found.values()),
        document={
            "prefix": str(snapshot.prefix.root),
            "requirements": [
                {"name": name, "owner": row.origin.owner, "requirement": line}
                for name, (row, line) in found.items()
            ],
        },
        requested=True,
    )


def _render(snapshot: Snapshot, row: Row) -> str:
    from conda_pip_interop.environment.site_packages.distributions import read_all_headers
    from conda_pip_interop.exports.pip_lines import render_path
    from conda_pip_interop.grammar import is_line, is_name

    one, origin = row.distribution, row.origin
    headers = read_all_headers(snapshot.prefix, one)
    name = next(filter(is_name, headers.get("name", ())), one.name)
    if origin.owner == "conda":
        return f"{name}=={row.version}  # conda: {origin.package}"
    if origin.editable and is_line(origin.editable):
        return f"-e {render_path(origin.editable)}"
    if origin.url is not None and origin.editable is None and is_line(origin.url):
        return f"{name} @ {origin.url}"
    return f"{name}=={row.version}"
