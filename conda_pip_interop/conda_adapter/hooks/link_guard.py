"""Before a transaction of conda's: report the files outside that it would change through links."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from conda.base.context import context
from conda.core.package_cache_data import ProgressiveFetchExtract
from conda.exceptions import CondaError
from conda.plugins.hookspec import CondaSpecs

from conda_pip_interop.conda_adapter.console import clean_stdout, print_stderr
from conda_pip_interop.conda_adapter.environments import build_target
from conda_pip_interop.conda_adapter.session import current_session
from conda_pip_interop.conda_adapter.settings import read_policy
from conda_pip_interop.conda_adapter.transactions.link_targets import list_linked, list_removed
from conda_pip_interop.environment.paths import LinkOutside, find_links_outside
from conda_pip_interop.errors import InteropError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from conda.models.records import PackageRecord


def judge_links(
    root: Path, unlinked: tuple[PackageRecord, ...], linked: tuple[PackageRecord, ...]
) -> InteropError | None:
    """Warn of files outside that a transaction changes, or return the refusal if the policy says.

    Each link is reported once, with `--quiet` too: what is overwritten there cannot be undone.
    """
    mode = read_policy().guard
    if mode == "off":
        return None
    links, going = _find_links(root, unlinked, linked)
    label = build_target(root).label
    if links and mode == "error":
        return _build_refusal(links, label)
    told = current_session().told_links
    new = {link: names for link, names in links.items() if link.folder not in told}
    told.update(link.folder for link in new)
    if new:
        emptied = [link for link in new if _is_emptied(root, link, going)]
        print_stderr(_render_warning(new, label, emptied))
    return None


def _find_links(
    root: Path, unlinked: tuple[PackageRecord, ...], linked: tuple[PackageRecord, ...]
) -> tuple[Mapping[LinkOutside, list[str]], frozenset[str]]:
    """Find the links, each with the packages that conda changes through it.

    Also return the paths that conda removes and does not create again.
    """
    paths = {f"{one.name} {one.version}": tuple(list_removed(root, [one])) for one in unlinked}
    again = {one.name for one in linked}
    going = {
        path
        for one in unlinked
        if one.name not in again
        for path in paths[f"{one.name} {one.version}"]
    }
    has_links = _has_links(root)
    if context.dry_run and not has_links:  # conda need not read its package caches then
        linked = ()
    known, unknown = list_linked(root, linked)
    if unknown and has_links and _must_know_now():
        with contextlib.suppress(CondaError, OSError), clean_stdout():  # conda reports it itself
            ProgressiveFetchExtract(unknown).execute()
        known, _ = list_linked(root, linked)
    for record, listed in known.items():
        name = f"{record.name} {record.version}"
        paths[name] = (*paths.get(name, ()), *listed)
        going.difference_update(listed)
    links: dict[LinkOutside, list[str]] = {}
    for name, listed in sorted(paths.items()):
        for link in find_links_outside(root, listed):
            links.setdefault(link, []).append(name)
    return links, frozenset(going)


def _is_emptied(root: Path, link: LinkOutside, going: Collection[str]) -> bool:
    """Return whether conda leaves nothing behind a link, which it then fails to remove.

    It calls rmdir (`conda.gateways.disk.delete.remove_empty_parent_paths`).
    """
    folder = link.folder.relative_to(root).as_posix()
    inside = {path.removeprefix(f"{folder}/") for path in going if path.startswith(f"{folder}/")}
    found = (
        Path(above, name).relative_to(link.folder).as_posix()
        for above, _, names in os.walk(link.folder)
        for name in names
    )
    return bool(inside) and all(one in inside for one in found)


def _must_know_now() -> bool:
    """Return whether no action of ours sees the packages after conda has downloaded them."""
    has_actions = hasattr(CondaSpecs, "conda_pre_transaction_actions")  # 25.5
    return not (has_actions or context.dry_run or context.download_only or context.offline)


def _has_links(root: Path) -> bool:
    """Return whether a folder of the prefix, its library or site-packages is a link outside."""
    folders = [root, *root.glob("[Ll]ib"), *root.glob("lib/*/site-packages")]
    folders += root.glob("Lib/site-packages")
    entries = {
        os.path.relpath(entry.path, root).replace(os.sep, "/")
        for folder in folders
        if folder.is_dir()
        for entry in os.scandir(folder)
        if entry.is_symlink() and entry.is_dir()
    }
    return bool(find_links_outside(root, (f"{entry}/" for entry in entries)))


def _build_refusal(links: Mapping[LinkOutside, list[str]], label: str) -> InteropError:
    return InteropError(
        "guarded",
        "\n".join([f"Nothing was changed: {_head(label)}", *_describe(links)]),
        hints=(
            *(f"To fix: `{one.removal}`, then run the command again." for one in links),
            "To skip this check once, set CONDA_PLUGINS_PIP_INTEROP_GUARD=off.",
        ),
    )


def _render_warning(
    links: Mapping[LinkOutside, list[str]], label: str, emptied: Iterable[LinkOutside]
) -> str:
    return "\n".join(
        [
            f"conda-pip-interop: {_head(label)}",
            *_describe(links),
            *(
                f"  conda removes all files there, then fails at {one.folder} (NotADirectoryError)"
                for one in emptied
            ),
            *(
                f"  To keep the files there, remove the link first: `{one.removal}`"
                for one in links
            ),
        ]
    )


def _head(label: str) -> str:
    return f"this transaction changes files outside of {label}, through symbolic links:"


def _describe(links: Mapping[LinkOutside, list[str]]) -> Iterable[str]:
    return (f"  {link} ({', '.join(names)})" for link, names in links.items())
