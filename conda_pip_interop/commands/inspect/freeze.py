"""`conda pip freeze`: the distributions that pip owns, as requirements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda_pip_interop.commands.change.uninstall import TOOLS
from conda_pip_interop.commands.inspect.list import Row, build_rows
from conda_pip_interop.commands.output import Output
from conda_pip_interop.environment.distributions import read_all_headers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packaging.utils import NormalizedName

    from conda_pip_interop.environment.snapshot import Snapshot


def freeze(
    snapshot: Snapshot,
    *,
    every: bool = False,
    editables: Mapping[NormalizedName, str] | None = None,
) -> Output:
    """Write a line per distribution, as `pip freeze` does, without those that conda owns.

    With `every`, conda's are included, pinned and marked by a comment, as are pip, setuptools and
    wheel. The URL in the metadata of conda's distributions is never written: it names a folder of
    the machine that built the package. `editables` are pip's own lines for editable installs,
    with the URL of the git repository.
    """
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
    )


def _render(snapshot: Snapshot, row: Row) -> str:
    one, origin = row.distribution, row.origin
    headers = read_all_headers(snapshot.prefix, one)
    name = next(iter(headers.get("name", ())), one.name)
    if origin.owner == "conda":
        return f"{name}=={one.version}  # conda: {origin.package}"
    if origin.editable:
        return f"-e {origin.editable}"
    if origin.url is not None and origin.editable is None:
        return f"{name} @ {origin.url}"
    return f"{name}=={one.version}"
