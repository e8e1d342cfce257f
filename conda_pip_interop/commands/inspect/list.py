"""`conda pip list`: all distributions and their owners."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conda_pip_interop.commands.output import Output, render_table
from conda_pip_interop.environment.origin import Origin, find_origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from conda_pip_interop.environment.distributions import Distribution
    from conda_pip_interop.environment.paths import PrefixPath
    from conda_pip_interop.environment.snapshot import Snapshot


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
    rows = [
        Row(distribution=one, origin=find_origin(snapshot, one))
        for one in (*snapshot.distributions, *snapshot.stranded)
    ]
    return tuple(sorted(rows, key=lambda row: (row.distribution.name, row.distribution.version)))


def list_distributions(snapshot: Snapshot) -> Output:
    """List distributions, one per row."""
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
    )


def list_outdated(
    snapshot: Snapshot, rows: Iterable[Row], latest: Mapping[PrefixPath, str]
) -> Output:
    """List the rows with a newer version; `latest` maps metadata folders to versions."""
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
    )
