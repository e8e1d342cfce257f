"""`conda pip list`: every distribution, and who owns it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda_pip_interop.core.ownership import ByConda, ByPip, owner_of_distribution
from conda_pip_interop.render import ListedDistribution, Output, render_listing

if TYPE_CHECKING:
    from conda_pip_interop.core.distributions import Distribution
    from conda_pip_interop.core.snapshot import Snapshot


def list_distributions(snapshot: Snapshot) -> Output:
    """One row a distribution, doubles and those stranded under another Python included."""
    rows = [_build_row(snapshot, one) for one in (*snapshot.distributions, *snapshot.stranded)]
    rows.sort(key=lambda row: (row.name, row.version))
    return render_listing(str(snapshot.prefix.root), rows)


def _build_row(snapshot: Snapshot, distribution: Distribution) -> ListedDistribution:
    match owner_of_distribution(snapshot, distribution):
        case ByConda(record=name):
            owner = "conda"
            record = next(one for one in snapshot.records if one.name == name)
            package = f"{record.name}-{record.version}-{record.build}"
            source = f"{package} from {shorten_channel(record.channel)}"
        case ByPip(in_place_of=None):
            owner, source = "pip", _describe_source(distribution)
        case ByPip(in_place_of=name):
            owner = "pip"
            source = f"{_describe_source(distribution)}, in the place of conda's {name}"
    return ListedDistribution(
        name=distribution.name, version=distribution.version, owner=owner, source=source
    )


def shorten_channel(channel: str) -> str:
    """A channel's name out of its URL, which ends with the subdir: `conda-forge`, `pkgs/main`."""
    if "/" not in channel:
        return channel
    folder, _, name = channel.rstrip("/").rpartition("/")[0].rpartition("/")
    return f"pkgs/{name}" if folder.endswith("/pkgs") else name


def _describe_source(distribution: Distribution) -> str:
    """Where pip's distribution came from (direct_url.json, PEP 610), else the index."""
    if distribution.editable is not None:
        return f"editable, {distribution.editable or 'place unknown'}"
    if distribution.direct_url is not None:
        return str(distribution.direct_url.get("url", "a URL"))
    return "index"
