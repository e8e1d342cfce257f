"""Decide what an uninstallation removes: distributions of pip, and what only they required."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from packaging.utils import canonicalize_name

from conda_pip_interop.changes.exclusive_files import find_linked_out, read_payload
from conda_pip_interop.changes.plan import Plan, RemoveFile, RemovePip, build_title
from conda_pip_interop.changes.state import read_state
from conda_pip_interop.dependencies.graph import (
    find_broken_dependents,
    find_unneeded,
    find_unneeded_conda,
)
from conda_pip_interop.environment.origin import build_install_words
from conda_pip_interop.environment.ownership import ByConda
from conda_pip_interop.environment.paths import LinkOutside, PrefixPath, find_links_outside
from conda_pip_interop.environment.target import not_installed
from conda_pip_interop.errors import InteropError
from conda_pip_interop.findings.kinds.clobbered import relink_contested
from conda_pip_interop.findings.kinds.corrupt_record import refuse_corrupt_records
from conda_pip_interop.findings.unneeded import drop_unneeded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from conda_pip_interop.changes.state import State
    from conda_pip_interop.dependencies.graph import Graph, Package
    from conda_pip_interop.environment.site_packages.distributions import Distribution
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target


#: pip and its tools, which nothing needs to require.
TOOLS: Final = frozenset(("pip", "setuptools", "wheel"))
_SHOWN: Final = 3


def _choose_removable(
    names: Sequence[str], snapshot: Snapshot, graph: Graph, target: Target
) -> tuple[Package, ...]:
    """Return the nodes of `names`: distributions of pip whose files are known to be their own.

    Raises InteropError for all names together: `not-installed`, `stranded`, `condas`,
    `overridden`, `no-record`, `outside`.
    """
    wanted = {canonicalize_name(name): name for name in names}
    pips = {name: graph.packages.get(f"pip:{name}") for name in wanted}
    others = [name for name, node in pips.items() if node is None]
    _refuse_absent([wanted[name] for name in others], snapshot, graph, target)
    if others:
        mine = [str(name) for name, node in pips.items() if node is not None]
        raise _condas(others, mine, graph, target)
    chosen = tuple(node for node in pips.values() if node is not None)
    refuse_obstacles(
        (one for one in snapshot.distributions if one.name in wanted), snapshot, target
    )
    return chosen


def _find_kept(snapshot: Snapshot, target: Target) -> frozenset[str]:
    """Return the keys of what is only removed by name: pip's tools, and what has an obstacle."""
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
            f"{told} belongs to a Python that {target.label} no longer has; pip cannot remove it.",
            hints=(f"To see how to fix it: `{target.command('conda', 'pip', 'check')}`.",),
        )
    if absent:
        raise not_installed(absent, target, installed=snapshot.names)


def _condas(
    names: Sequence[str], mine: Sequence[str], graph: Graph, target: Target
) -> InteropError:
    packages = list(dict.fromkeys(node.name for name in names for node in graph.find(name)))
    hints = [f"To remove with conda: `{target.command('conda', 'remove', *packages)}`."]
    if mine:
        hints.append(
            f"To remove only pip's: `{target.command('conda', 'pip', 'uninstall', *mine)}`."
        )
    return InteropError(
        "condas",
        f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} installed by conda in "
        f"{target.label}; nothing was removed.",
        hints=tuple(hints),
    )


def refuse_obstacles(
    distributions: Iterable[Distribution], snapshot: Snapshot, target: Target
) -> None:
    """Raise InteropError as `find_obstacle` finds it, for the first one that cannot be removed."""
    for one in distributions:
        problem = find_obstacle(one, snapshot, target)
        if problem is not None:
            raise problem


def find_obstacle(one: Distribution, snapshot: Snapshot, target: Target) -> InteropError | None:
    """Return why a distribution cannot be removed, None if it can."""
    override = snapshot.ownership.override_of(one)
    if override is not None:
        replaced = override.record.name
        restore = target.command("conda", "pip", "restore", replaced)
        return InteropError(
            "overridden",
            f"pip's {one.name} {one.version} replaces conda's {replaced} in {target.label}; "
            "conda still lists the package.",
            hints=(
                f"To go back to conda's version: `{restore}`.",
                f"To remove both: `{target.command('conda', 'remove', replaced)}`.",
            ),
        )
    if one.files is None or one.layout == "egg-link":
        uninstall = ("conda", "run", "python", "-m", "pip", "uninstall", "-y", one.name)
        again = ("conda", "pip", "install", "--force-reinstall", *build_install_words(one))
        if one.record_fault:
            first = f"To repair it first: `{target.command('conda', 'pip', 'repair', one.name)}`."
        elif one.layout == "dist-info":  # which pip refuses, too
            first = f"To install it again first: `{target.command(*again)}`."
        else:
            first = f"To try with pip: `{target.command(*uninstall)}`."
        return InteropError(
            "no-record",
            f"{one.name} {one.version} in {target.label}: {one.record_fault or 'it has no RECORD'},"
            " so its files are not known.",
            hints=(first, f"Or remove {one.metadata} by hand."),
        )
    beyond = (*one.outside, *find_linked_out(one, snapshot.prefix.root))
    if beyond:
        shown = ", ".join(beyond[:_SHOWN]) + (" …" if len(beyond) > _SHOWN else "")
        links = find_links_outside(snapshot.prefix.root, (file.path for file in one.files))
        where = "outside of" if one.outside or links else "behind a symbolic link in"
        return InteropError(
            "outside",
            f"{one.name} {one.version} lists files {where} {target.label}: {shown}.",
            hints=_suggest_removal(one, links),
        )
    return None


def _suggest_removal(one: Distribution, links: Sequence[LinkOutside]) -> tuple[str, ...]:
    if links and not one.outside:
        return tuple(f"To fix: `{link.removal}`, then run the command again." for link in links)
    return (f"Check them, then remove {one.metadata} and its files by hand.",)


def plan_uninstall(
    names: Sequence[str], *, snapshot: Snapshot, graph: Graph, target: Target, keep_deps: bool
) -> Plan:
    """Find what to remove; only `names` if `keep_deps`. Raises what `_choose_removable` raises."""
    refuse_corrupt_records(snapshot, target)
    chosen = _choose_removable(names, snapshot, graph, target)
    keys = [node.key for node in chosen]
    unneeded = () if keep_deps else find_unneeded(graph, keys, keep=_find_kept(snapshot, target))
    going = (*chosen, *unneeded)
    taken = {node.name for node in going}
    distributions = tuple(one for one in snapshot.distributions if one.name in taken)
    removals, shared = find_removals(distributions, snapshot)
    links = tuple(relink_contested(distributions, snapshot))
    state = read_state(snapshot.prefix.root)
    history = tuple(drop_unneeded(graph, snapshot, going=going))
    return Plan(
        title=build_title("uninstall", (node.name for node in going)),
        steps=(*_build_steps(graph, chosen, unneeded), *links, *removals, *history),
        notes=(*_find_notes(graph, going, target, state), *_render_shared(shared)),
        fingerprint=snapshot.fingerprint,
    )


def find_required(plan: Plan, graph: Graph) -> dict[str, tuple[Package, ...]]:
    """Return what an uninstallation removes although packages that stay require it, with those."""
    keys = [f"pip:{one.name}" for one in plan.steps if isinstance(one, RemovePip)]
    found: dict[str, dict[str, Package]] = {}
    for node, need in find_broken_dependents(graph, keys):
        if need.target is not None:
            found.setdefault(graph.packages[need.target].name, {})[node.key] = node
    return {name: tuple(nodes.values()) for name, nodes in sorted(found.items())}


def refuse_required(
    required: Mapping[str, Sequence[Package]], graph: Graph, target: Target
) -> None:
    """Raise InteropError `still-required` for what `find_required` has found, if anything."""
    if not required:
        return
    told = [
        f"{name} is still required by "
        + ", ".join(f"{node.owner}'s {node.name} {node.version}" for node in nodes)
        for name, nodes in required.items()
    ]
    users = _find_all_users((node for nodes in required.values() for node in nodes), graph)
    uninstall = ("conda", "pip", "uninstall")
    hints = [f"To remove it anyway: `{target.command(*uninstall, '--force', *required)}`."]
    if set(users.values()) == {"pip"}:
        both = target.command(*uninstall, *required, *sorted(users))
        hints.append(f"To remove what requires it, too: `{both}`.")
    raise InteropError(
        "still-required",
        f"{'; '.join(told)} in {target.label}. Nothing was removed.",
        hints=tuple(hints),
    )


def _find_all_users(nodes: Iterable[Package], graph: Graph) -> dict[str, str]:
    """Return the owners of packages and of all that requires them, directly or not, by name."""
    found = {node.key: node for node in nodes}
    while more := {node.key: node for node, _ in find_broken_dependents(graph, found)}:
        found |= more
    return {node.name: node.owner for node in found.values()}


def _build_steps(
    graph: Graph, chosen: tuple[Package, ...], unneeded: tuple[Package, ...]
) -> Iterator[RemovePip]:
    dependents = graph.find_dependents()
    for node in (*chosen, *unneeded):
        reason = "requested"
        if node in unneeded:
            users = sorted({other.name for other, _ in dependents[node.key]} - {node.name})
            reason = f"only required by {', '.join(users)}"
        yield RemovePip(name=node.name, version=node.version, reason=reason)


def find_removals(
    distributions: tuple[Distribution, ...], snapshot: Snapshot
) -> tuple[tuple[RemoveFile, ...], dict[PrefixPath, str]]:
    """Return the files that only these distributions list, and the others with who lists them."""
    ownership = snapshot.ownership
    names = {one.name for one in distributions}
    removals: dict[PrefixPath, RemoveFile] = {}
    shared: dict[PrefixPath, str] = {}
    for one in distributions:
        for path in read_payload(one, snapshot.prefix.root):
            others = [
                f"conda's {claim.record.name}"
                if isinstance(claim, ByConda)
                else f"pip's {claim.distribution.name}"
                for claim in ownership.claimants(path)
                if isinstance(claim, ByConda) or claim.distribution.name not in names
            ]
            if others:
                shared[path] = " and ".join(others)
            else:
                removals[path] = RemoveFile(path=path, reason=f"pip's {one.name} {one.version}")
    return tuple(removals.values()), shared


def _find_notes(
    graph: Graph, going: tuple[Package, ...], target: Target, state: State
) -> Iterator[str]:
    """Yield what the user should know before they agree."""
    keys = [node.key for node in going]
    for node, need in find_broken_dependents(graph, keys):
        asked = f" {need.specifier}" if need.specifier else ""
        who = f"{node.owner}'s {node.name} {node.version}"
        yield f"Still required: {who} requires {need.name}{asked}."
    for node in going:
        for one in node.distributions:
            if one.editable:
                yield f"{node.name} is editable: its source in {one.editable} is kept."
    left = [
        node.name
        for node in find_unneeded_conda(graph, keys)
        if not state.requests.keys()
        & {canonicalize_name(node.name), *(one.name for one in node.distributions)}
    ]
    if left:
        yield (
            f"Nothing else requires conda's {', '.join(left)}. "
            f"To remove: `{target.command('conda', 'remove', *left)}`."
        )


def _render_shared(shared: dict[PrefixPath, str]) -> Iterator[str]:
    for owners in sorted(set(shared.values())):
        paths = [path for path, owner in shared.items() if owner == owners]
        listed = f"{owners} {'list' if ' and ' in owners else 'lists'}"
        if len(paths) == 1:
            yield f"1 file is kept because {listed} it too: {paths[0]}."
        else:
            count = f"{len(paths)} files are kept"
            yield f"{count} because {listed} them too, such as {paths[0]}."
