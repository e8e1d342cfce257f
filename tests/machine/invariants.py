"""What must hold after a step, by what lies in the environment before and after it (DESIGN 4)."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

from conda_pip_interop.changes.state import read_state
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.findings.reconciliation import plan_reconcile
from conda_pip_interop.findings.registry import find_all
from tests.machine.trees import Entry, Seen, Tree

#: Which of them is broken, and how.
Broken: TypeAlias = tuple[str, str]

#: What its installer can do without.
_NOTES: Final = ("/INSTALLER", "/REQUESTED", "/direct_url.json")
_SHOWN: Final = 5


def find_untrue(prefix: Path, now: Seen, edited: Collection[str]) -> Iterator[Broken]:
    """After a transaction: who lists what tells the truth, or a finding says that not."""
    snapshot = read_snapshot(prefix)
    left_alone = read_state(prefix).left_alone  # what an undo has brought back
    plan, _ = plan_reconcile(snapshot, left_alone=left_alone)
    if plan.steps:
        yield "reconciled", f"more to do: {[one.path for one in plan.files]}"
    findings = find_all(snapshot)
    told = {name for one in findings for name in (one.conda_name, one.project) if name}
    named = {each.path for one in findings for each in one.evidence}  # conda's name may be another
    lists = {**now.claims.conda, **{k.split("-")[0]: v for k, v in now.claims.pip.items()}}
    for name, paths in lists.items():
        gone = sorted(path for path in paths - named if not _is_there(path, prefix))
        if gone and name not in told:
            yield "truth", f"{name} lacks {gone[:_SHOWN]}, and no finding says so"
    yield from _find_false_payloads(prefix, now, told, edited)


def _find_false_payloads(
    prefix: Path, now: Seen, told: Collection[str], edited: Collection[str]
) -> Iterator[Broken]:
    """The module of a distribution is that of its version."""
    for info in now.claims.pip:
        name, _, version = info.removesuffix(".dist-info").partition("-")
        for module in prefix.glob(f"lib/python3.*/site-packages/{name}.py"):
            text = module.read_text()
            is_known = name in told or module.relative_to(prefix).as_posix() in edited
            if text != f"version = {version!r}\n" and not is_known:
                yield "payload", f"{info} has {text}"


def find_claimed_removed(before: Seen, now: Seen) -> Iterator[Broken]:
    """We remove nothing that anybody still lists; conda does, where two packages list it."""
    lost = sorted((before.tree.keys() - now.tree.keys()) & now.claims.all)
    if lost:
        yield "claimed", f"removed, though still listed: {lost[:_SHOWN]}"


def find_unfulfilled(words: Sequence[str], now: Seen) -> Iterator[Broken]:
    """A command of ours that ended well has done what it was asked for."""
    there = {one.removesuffix(".dist-info") for one in now.claims.pip}
    names = {one.partition("-")[0] for one in there}
    last = words[-1]
    match words[0]:
        case "install" if "==" in last and last.replace("==", "-") not in there:
            yield "unfulfilled", f"{last} is not there: {sorted(there)}"
        case "uninstall" if last in names:
            yield "unfulfilled", f"{last} is still there"
        case _:
            pass


def find_not_as_planned(
    plan: Iterable[Mapping[str, Any]], before: Seen, now: Seen
) -> Iterator[Broken]:
    """What the plan says is so afterwards."""
    for step in plan:
        name, version = step.get("name"), step.get("version")
        if step.get("manager") != "pip" or name is None:
            continue  # of conda's, the record alone tells
        was, is_now = (
            sorted(one for one in seen.claims.pip if one.partition("-")[0] == name)
            for seen in (before, now)
        )
        match step["action"]:
            case "keep" if f"{name}-{version}.dist-info" in {*was} - {*is_now}:
                yield "planned", f"{name} was to be kept: {was}, now {is_now}"
            case "remove" if f"{name}-{step['previous'] or version}.dist-info" in is_now:
                yield "planned", f"{name} was to be removed: {is_now}"
            case "install" | "upgrade" | "downgrade" | "reinstall" if (
                f"{name}-{version}.dist-info" not in is_now
            ):
                yield "planned", f"{name} {version} was to be there: {is_now}"
            case _:
                pass


def find_unowned_removed(before: Seen, now: Seen, kinds: Collection[str]) -> Iterator[Broken]:
    """Nothing goes that nobody listed, unless a finding said before that it is of no use."""
    removed = sorted(before.tree.keys() - now.tree.keys() - before.claims.all)
    stray = [path for path in removed if _is_somebodys(path, before.tree, now.tree)]
    if stray and not {"lost-record", "leftover"} & set(kinds):
        yield "unowned", f"removed, though unlisted: {stray[:_SHOWN]}"


def find_orphans(before: Seen, now: Seen, edited: Collection[str]) -> Iterator[Broken]:
    """What a record or a RECORD has listed goes with it, unless somebody has edited it."""
    stayed = (before.claims.all - now.claims.all) & before.tree.keys() & now.tree.keys()
    orphans = sorted(stayed - set(edited))
    if orphans:
        yield "orphaned", f"left, though unlisted now: {orphans[:_SHOWN]}"


def find_lost(prefix: Path, mine: dict[str, str]) -> Iterator[Broken]:
    """What a person put there is there."""
    for path, text in mine.items():
        file = prefix / path
        if not file.is_file() or file.read_text() != text:
            yield "lost", f"{path}, which a person put there"


def find_edits_lost(before: Seen, now: Seen, edited: Mapping[str, Entry]) -> Iterator[Broken]:
    """What a person has edited is not undone."""
    for path, entry in edited.items():
        if before.tree.get(path) == entry != now.tree.get(path):
            yield "edit", f"{path}, which a person has edited"


def find_not_copied(before: Seen, now: Seen) -> Iterator[Broken]:
    """A copy has the packages of both managers."""
    lost = [
        *(before.claims.conda.keys() ^ now.claims.conda.keys()),
        *(before.claims.pip.keys() ^ now.claims.pip.keys()),
    ]
    if lost:
        yield "copied", f"differs: {lost}"


def describe_difference(before: Tree, now: Tree) -> str:
    """Some of the paths that differ: removed, added, changed."""
    changed = sorted(p for p in before.keys() | now.keys() if before.get(p) != now.get(p))
    signs = {(True, False): "-", (False, True): "+", (True, True): "~"}
    return " ".join(f"{signs[one in before, one in now]}{one}" for one in changed[: 2 * _SHOWN])


def _is_there(path: str, prefix: Path) -> bool:
    return "__pycache__" in path or path.endswith(_NOTES) or os.path.lexists(prefix / path)


def _is_somebodys(path: str, before: Tree, now: Tree) -> bool:
    """Whether it is neither a folder, nor conda's or our own, nor what pip and conda leave."""
    is_ours = path.startswith("conda-meta/") or path.endswith("/EXTERNALLY-MANAGED")
    folder = path.rpartition("/")[0]
    is_rest = folder.endswith(".dist-info") and f"{folder}/METADATA" not in now
    return before[path][1] != "" and not is_ours and not is_rest and "/~" not in path
