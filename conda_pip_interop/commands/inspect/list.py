"""`conda pip list`: every distribution, and its owner."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from conda_pip_interop.commands.output import Output, render_table
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from conda_pip_interop.commands.command_line.parser import CommandParser
    from conda_pip_interop.commands.host import Host
    from conda_pip_interop.environment.origin import Origin
    from conda_pip_interop.environment.paths import PrefixPath
    from conda_pip_interop.environment.site_packages.distributions import Distribution
    from conda_pip_interop.environment.site_packages.shadows import Shadow
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target

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
    return list_outdated(snapshot, rows, latest, find_holding(snapshot, host.target, rows, latest))


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A distribution, the version that counts, its origin, and what Python finds before it.

    `layer` is the environment below that has it (`environment.layers`), None if this one does;
    `above` is what this one has of its name then.
    """

    distribution: Distribution
    version: str
    origin: Origin
    shadow: Shadow | None = None
    layer: Path | None = None
    above: Distribution | None = None

    @property
    def source(self) -> str:
        """Where it came from, as text."""
        origin = self._render_origin()
        hiding = self.hiding.partition(" (")[0]  # `show` and `check` name the folder
        return f"{origin}; hidden by {hiding}" if hiding else origin

    @property
    def hiding(self) -> str:
        """What Python finds before it, as text; empty if it finds this one."""
        from conda_pip_interop.findings.kinds.shadowed import describe

        if self.above is not None:
            return f"{self.above.name} {self.above.version}"
        if self.shadow is None:
            return ""
        by = f"{self.shadow.name} {self.shadow.version}".strip()
        return f"{by}, {describe(self.shadow)}"

    def _render_origin(self) -> str:
        """Render the origin without the name and the version, if they stand before it."""
        record = self.origin.record
        if self.origin.owner != "conda" or record is None:
            return str(self.origin)
        if (record.name, record.version) != (self.distribution.name, self.version):
            return str(self.origin)
        return f"{record.build} from {self.origin.channel}"

    def to_dict(self) -> dict[str, object]:
        """Return the JSON-ready form."""
        return {
            "name": self.distribution.name,
            "version": self.version,
            **self.origin.to_dict(),
            "installer": self.distribution.installer,
            "requested": self.distribution.requested,
            "hidden_by": self._hidden_by,
            "layer": None if self.layer is None else str(self.layer),
        }

    @property
    def _hidden_by(self) -> str | None:
        if self.above is not None:
            return self.above.metadata
        return None if self.shadow is None else str(self.shadow.path)


def build_rows(snapshot: Snapshot) -> tuple[Row, ...]:
    """Return all distributions by name, duplicates and those of another Python included."""
    from conda_pip_interop.environment.origin import find_origin
    from conda_pip_interop.findings.kinds.shadowed import find_shadow

    rows = [
        Row(
            distribution=one,
            version=snapshot.ownership.version_of(one),
            origin=find_origin(snapshot, one),
            shadow=find_shadow(snapshot, one),
        )
        for one in snapshot.distributions
    ]
    rows += [
        Row(distribution=one, version=one.version, origin=find_origin(snapshot, one))
        for one in snapshot.stranded
    ]
    return tuple(sorted(rows, key=lambda row: (row.distribution.name, row.version)))


def _build_rows_below(snapshot: Snapshot) -> tuple[Row, ...]:
    """Return what the environment below a virtual one has; see `environment.layers`."""
    from conda_pip_interop.environment.layers import read_layer_below

    below = read_layer_below(snapshot)
    if below is None:
        return ()
    own = {one.name: one for one in snapshot.distributions}
    return tuple(
        replace(row, layer=below.prefix.root, above=own.get(row.distribution.name))
        for row in build_rows(below)
    )


def list_distributions(snapshot: Snapshot) -> Output:
    """Render a row for each distribution; of a virtual environment those below it, too."""
    prefix, rows = str(snapshot.prefix.root), build_rows(snapshot)
    text = f"# Python distributions in the environment at {prefix}:\n#\n{_render(rows)}"
    below = _build_rows_below(snapshot)
    if below:
        text += f"\n\n# Below it, in the environment at {below[0].layer}:\n#\n{_render(below)}"
    return Output(
        text=text,
        document={"prefix": prefix, "distributions": [row.to_dict() for row in (*rows, *below)]},
        requested=True,
    )


def _render(rows: Iterable[Row]) -> str:
    return render_table(
        ("Name", "Version", "Owner", "Source"),
        [(row.distribution.name, row.version, row.origin.owner, row.source) for row in rows],
    )


def _find_latest(snapshot: Snapshot, rows: Iterable[Row], host: Host) -> Mapping[PrefixPath, str]:
    """Find newer versions by metadata folder: pip's on its indexes, conda's in the channels.

    An index says nothing of what came from elsewhere: a project of its name may be another one.
    """
    from conda_pip_interop.installers.pip.commands import read_outdated

    current = {one.metadata for one in snapshot.distributions}
    pips = [
        one
        for one in rows
        if one.origin.owner == "pip"
        and not one.origin.is_direct
        and one.distribution.metadata in current
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


def find_holding(
    snapshot: Snapshot, target: Target, rows: Iterable[Row], latest: Mapping[PrefixPath, str]
) -> Mapping[PrefixPath, str]:
    """Find why `conda pip update` would not install the newest version, by metadata folder."""
    from conda_pip_interop.resolve.lifecycle.update import build_update

    update = build_update((), every=True, upgrade_vcs=False, snapshot=snapshot, target=target)
    return {
        one.distribution.metadata: reason
        for one in rows
        if (new := latest.get(one.distribution.metadata)) is not None
        and (reason := update.find_hindrance(one.distribution.name, new)) is not None
    }


def list_outdated(
    snapshot: Snapshot,
    rows: Sequence[Row],
    latest: Mapping[PrefixPath, str],
    holding: Mapping[PrefixPath, str],
) -> Output:
    """Render those of `rows` that have a newer version, by metadata folder in `latest`.

    `holding`: see `find_holding`.
    """
    prefix = str(snapshot.prefix.root)
    outdated = [
        (row, latest[row.distribution.metadata])
        for row in rows
        if row.distribution.metadata in latest
    ]
    table = render_table(
        ("Name", "Version", "Latest", "Owner", "Held by", "Source"),
        [
            (
                one.distribution.name,
                one.version,
                new,
                one.origin.owner,
                holding.get(one.distribution.metadata, ""),
                str(one.origin),
            )
            for one, new in outdated
        ],
    )
    title = f"# Outdated Python distributions in the environment at {prefix}:\n#\n{table}"
    text = title if outdated else f"All distributions in {prefix} are up to date."
    direct = [row.distribution.name for row in rows if row.origin.is_direct]
    if direct:
        text += f"\n\nNot compared, since not from an index: {', '.join(direct)}"
    return Output(
        text=text,
        document={
            "prefix": prefix,
            "distributions": [
                {
                    **one.to_dict(),
                    "latest": new,
                    "held_by": holding.get(one.distribution.metadata),
                }
                for one, new in outdated
            ],
            "not_compared": direct,
        },
        requested=True,
    )
