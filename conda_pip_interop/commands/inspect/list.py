"""`conda pip list`: every distribution, and its owner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from conda_pip_interop.commands.output import Output, render_table

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable, Mapping

    from conda_pip_interop.commands.host import Host
    from conda_pip_interop.commands.parser import CommandParser
    from conda_pip_interop.environment.distributions import Distribution
    from conda_pip_interop.environment.origin import Origin
    from conda_pip_interop.environment.paths import PrefixPath
    from conda_pip_interop.environment.snapshot import Snapshot

HELP: Final = "List Python packages and their owners"
EXAMPLES: Final = "conda pip list -n web\nconda pip list -n web --outdated\nconda pip list --json"


def configure(parser: CommandParser) -> None:
    """Add `--outdated`, where the channels can be asked."""
    parser.set_defaults(outdated=False)
    if not parser.standalone:
        parser.add_argument(
            "--outdated", action="store_true", help="list only packages with a newer version"
        )


def execute(args: Namespace, host: Host) -> Output:
    """List all distributions, or those with a newer version."""
    from conda_pip_interop.environment.snapshot import read_snapshot

    snapshot = read_snapshot(host.target.prefix, depth="names")
    if not args.outdated:
        return list_distributions(snapshot)
    rows = build_rows(snapshot)
    with host.progress("Searching for newer versions"):
        latest = _find_latest(snapshot, rows, host)
    return list_outdated(snapshot, rows, latest)


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A distribution and where it came from."""

    distribution: Distribution
    origin: Origin

    def to_dict(self) -> dict[str, object]:
        """Return the JSON-ready form."""
        return {
            "name": self.distribution.name,
            "version": self.distribution.version,
            **self.origin.to_dict(),
            "installer": self.distribution.installer,
            "requested": self.distribution.requested,
        }


def build_rows(snapshot: Snapshot) -> tuple[Row, ...]:
    """Return all distributions by name, duplicates and those of another Python included."""
    from conda_pip_interop.environment.origin import find_origin

    rows = [
        Row(distribution=one, origin=find_origin(snapshot, one))
        for one in (*snapshot.distributions, *snapshot.stranded)
    ]
    return tuple(sorted(rows, key=lambda row: (row.distribution.name, row.distribution.version)))


def list_distributions(snapshot: Snapshot) -> Output:
    """Render a row for each distribution."""
    prefix, rows = str(snapshot.prefix.root), build_rows(snapshot)
    table = render_table(
        ("Name", "Version", "Owner", "Source"),
        [
            (row.distribution.name, row.distribution.version, row.origin.owner, str(row.origin))
            for row in rows
        ],
    )
    return Output(
        text=f"# Python distributions in the environment at {prefix}:\n#\n{table}",
        document={"prefix": prefix, "distributions": [row.to_dict() for row in rows]},
        requested=True,
    )


def _find_latest(snapshot: Snapshot, rows: Iterable[Row], host: Host) -> Mapping[PrefixPath, str]:
    """Find newer versions by metadata folder: pip's on its indexes, conda's in the channels."""
    from conda_pip_interop.installers.pip_commands import read_outdated

    current = {one.metadata for one in snapshot.distributions}
    pips = [
        one for one in rows if one.origin.owner == "pip" and one.distribution.metadata in current
    ]
    latest: dict[PrefixPath, str] = {}
    if pips:
        names = {one.distribution.name for one in pips}
        others = sorted({one.distribution.name for one in rows} - names)
        found = read_outdated(host.open_pip(snapshot), others)
        latest = {
            one.distribution.metadata: found[one.distribution.name]
            for one in pips
            if one.distribution.name in found
        }
    records = {
        one.distribution.metadata: one.origin.record
        for one in rows
        if one.origin.owner == "conda" and one.origin.record is not None
    }
    newer = host.find_newer(records.values())
    latest.update({path: newer[one.name] for path, one in records.items() if one.name in newer})
    return latest


def list_outdated(
    snapshot: Snapshot, rows: Iterable[Row], latest: Mapping[PrefixPath, str]
) -> Output:
    """Render those of `rows` that have a newer version, by metadata folder in `latest`."""
    prefix = str(snapshot.prefix.root)
    outdated = [
        (row, latest[row.distribution.metadata])
        for row in rows
        if row.distribution.metadata in latest
    ]
    table = render_table(
        ("Name", "Version", "Latest", "Owner", "Source"),
        [
            (
                one.distribution.name,
                one.distribution.version,
                new,
                one.origin.owner,
                str(one.origin),
            )
            for one, new in outdated
        ],
    )
    title = f"# Outdated Python distributions in the environment at {prefix}:\n#\n{table}"
    return Output(
        text=title if outdated else f"All distributions in {prefix} are up to date.",
        document={
            "prefix": prefix,
            "distributions": [{**one.to_dict(), "latest": new} for one, new in outdated],
        },
        requested=True,
    )
