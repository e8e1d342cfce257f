"""What of an environment `conda pip uninstall` may remove, and where else to go with the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from packaging.utils import canonicalize_name

from conda_pip_interop.core.ownership import ByPip, owner_of_distribution
from conda_pip_interop.errors import InteropError
from conda_pip_interop.usecases.graph_words import not_installed
from conda_pip_interop.usecases.payload import find_beyond

#: What pip itself works with, and what nothing needs to require.
TOOLS: Final = frozenset(("pip", "setuptools", "wheel"))
_SHOWN: Final = 3

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conda_pip_interop.core.distributions import Distribution
    from conda_pip_interop.core.snapshot import Snapshot
    from conda_pip_interop.usecases.graph import Graph, Node
    from conda_pip_interop.usecases.target import Target


def choose_removable(
    names: Sequence[str], snapshot: Snapshot, graph: Graph, target: Target
) -> tuple[Node, ...]:
    """The nodes of `names`, each a distribution of pip's whose files are known to be its own.

    Raises InteropError for all names together: `not-installed`, `stranded`, `condas`,
    `overridden`, `no-record`, `outside`.
    """
    wanted = {canonicalize_name(name): name for name in names}
    pips = {name: graph.nodes.get(f"pip:{name}") for name in wanted}
    others = [name for name, node in pips.items() if node is None]
    _refuse_absent([wanted[name] for name in others], snapshot, graph, target)
    if others:
        mine = [str(name) for name, node in pips.items() if node is not None]
        raise _condas(others, mine, graph, target)
    chosen = tuple(node for node in pips.values() if node is not None)
    for one in snapshot.distributions:
        problem = find_obstacle(one, snapshot, target) if one.name in wanted else None
        if problem is not None:
            raise problem
    return chosen


def find_held(snapshot: Snapshot, target: Target) -> frozenset[str]:
    """The keys of what is not removed along with others: what pip works with, and obstacles."""
    return frozenset(
        f"pip:{one.name}"
        for one in snapshot.distributions
        if one.name in TOOLS or find_obstacle(one, snapshot, target) is not None
    )


def _refuse_absent(names: Sequence[str], snapshot: Snapshot, graph: Graph, target: Target) -> None:
    absent = [name for name in names if not graph.find(name)]
    stranded = [one for one in snapshot.stranded if one.name in map(canonicalize_name, absent)]
    if stranded:
        told = ", ".join(f"{one.name} ({one.site_packages})" for one in stranded)
        raise InteropError(
            "stranded",
            f"{told} belongs to a Python that {target.label} no longer has; pip cannot reach it.",
            hints=(f"What can be done: `{target.command('conda', 'pip', 'check')}`.",),
        )
    if absent:
        raise not_installed(absent, target)


def _condas(
    names: Sequence[str], mine: Sequence[str], graph: Graph, target: Target
) -> InteropError:
    packages = list(dict.fromkeys(node.name for name in names for node in graph.find(name)))
    hints = [f"conda removes it: `{target.command('conda', 'remove', *packages)}`."]
    if mine:
        hints.append(f"pip's alone: `{target.command('conda', 'pip', 'uninstall', *mine)}`.")
    return InteropError(
        "condas",
        f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} conda's in {target.label}; "
        "nothing was removed.",
        hints=tuple(hints),
    )


def find_obstacle(one: Distribution, snapshot: Snapshot, target: Target) -> InteropError | None:
    """Why a distribution cannot be removed: it is not clear what would have to go."""
    owner = owner_of_distribution(snapshot, one)
    record = owner.in_place_of if isinstance(owner, ByPip) else None
    if record is not None:
        return InteropError(
            "overridden",
            f"pip's {one.name} {one.version} is in the place of conda's {record} in "
            f"{target.label}; without it conda's record would be of nothing.",
            hints=(
                f"conda's own back: `{target.command('conda', 'pip', 'restore', record)}`.",
                f"Neither of them: `{target.command('conda', 'remove', record)}`.",
            ),
        )
    if one.files is None or one.layout == "egg-link":
        pips = target.command("conda", "run", "python", "-m", "pip", "uninstall", one.name)
        return InteropError(
            "no-record",
            f"{one.name} {one.version} in {target.label}: {one.record_fault or 'it has no RECORD'},"
            " so which files are its own cannot be told.",
            hints=(f"pip may know more: `{pips}`.", f"Or remove {one.metadata} by hand."),
        )
    beyond = (*one.outside, *find_beyond(one, snapshot.prefix.root))
    if beyond:
        shown = ", ".join(beyond[:_SHOWN]) + (" …" if len(beyond) > _SHOWN else "")
        return InteropError(
            "outside",
            f"{one.name} {one.version} lists files that are not in {target.label}: {shown}.",
            hints=(f"Look at them, then remove {one.metadata} and its files by hand.",),
        )
    return None
