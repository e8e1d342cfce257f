"""What conda's history has only because packages of pip needed it, dropped once nothing does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda_pip_interop.changes.plan import WriteFile
from conda_pip_interop.changes.state import read_state
from conda_pip_interop.environment.conda_meta.history import HISTORY_FILE, drop_specs
from conda_pip_interop.environment.site_packages.record import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conda_pip_interop.changes.state import State
    from conda_pip_interop.dependencies.graph import Graph, Package
    from conda_pip_interop.environment.snapshot import Snapshot


def drop_unneeded(
    graph: Graph, snapshot: Snapshot, *, going: Iterable[Package] = ()
) -> Iterator[WriteFile]:
    """Take from conda's history what it only has because packages of pip needed it.

    `going` are packages that are removed by the same plan.
    """
    state = read_state(snapshot.prefix.root)
    names = _find_unneeded(graph, going, state)
    path = HISTORY_FILE
    before = read_text(snapshot.prefix.root / path)
    if names and before is not None:
        after = drop_specs(before, {name: state.needed[name] for name in names})
        if after != before:
            reason = f"nothing needs conda's {', '.join(names)} any more"
            yield WriteFile(path=path, content=after.encode(), reason=reason)


def _find_unneeded(graph: Graph, going: Iterable[Package], state: State) -> tuple[str, ...]:
    """Find conda's packages that nobody requested and that nothing of pip's needs."""
    removed = {node.key for node in going}
    dependents = graph.find_dependents(optional=True)
    return tuple(
        name
        for name in sorted(state.needed)
        if (package := graph.packages.get(f"conda:{name}")) is not None
        and not package.requested
        and all(
            other.key in removed or other.owner == "conda" for other, _ in dependents[package.key]
        )
    )
