"""A plan as text for a person, as JSON-ready values, and as what it has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from conda_pip_interop.changes.plan import (
    InstallPip,
    Keep,
    LinkConda,
    PlaceFile,
    RemoveFile,
    RemovePip,
    UnlinkConda,
    WriteFile,
)
from conda_pip_interop.commands.package_changes import InstalledPackage, describe_packages
from conda_pip_interop.text import count, escape_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from conda_pip_interop.changes.plan import FileAction, PackageStep, Plan
    from conda_pip_interop.environment.ownership import Manager

Verb: TypeAlias = Literal["install", "upgrade", "downgrade", "change", "remove", "keep"]

_HEADINGS: Final[Mapping[Verb, str]] = {
    "install": "installs",
    "upgrade": "upgrades",
    "downgrade": "downgrades",
    "change": "changes the build of",
    "remove": "removes",
    "keep": "keeps",
}
_FILE_VERBS: Final[Mapping[type[FileAction], str]] = {
    WriteFile: "write",
    PlaceFile: "place",
    RemoveFile: "remove",
}


def render_plan(label: str, plan: Plan) -> str:
    """Render the packages by manager and verb, each with its reason; then the notes and files."""
    groups: dict[tuple[Manager, Verb], list[PackageStep]] = {}
    for step in plan.packages:
        groups.setdefault((_manager(step), _verb(step)), []).append(step)
    name_width = max((len(one.name) for one in plan.packages), default=0)
    version_width = max((len(_render_versions(one)) for one in plan.packages), default=0)
    blocks = [f"## Plan for {label}"]
    for manager in ("conda", "pip"):
        for verb, heading in _HEADINGS.items():
            lines = [
                escape_line(
                    f"  {one.name.ljust(name_width)}  {_render_versions(one).ljust(version_width)}"
                    f"  {_render_reason(one)}"
                )
                for one in groups.get((manager, verb), ())
            ]
            if lines:
                what = "reinstalls" if (manager, verb) == ("pip", "change") else heading
                blocks.append("\n".join([f"{manager} {what}:", *lines]))
    if plan.notes:
        blocks.append("\n".join(plan.notes))
    if _shows_files(plan):
        blocks += _render_files(plan.files)
    return "\n\n".join(blocks)


def plan_to_list(plan: Plan) -> list[dict[str, object]]:
    """Return the JSON-ready form of a plan; of the files where the plan shows them."""
    packages = [_step_to_dict(one) for one in plan.packages]
    files: list[dict[str, object]] = [
        {"path": one.path, "action": _FILE_VERBS[type(one)], "reason": one.reason}
        for one in plan.files
    ]
    return [*packages, *files] if _shows_files(plan) else packages


def _shows_files(plan: Plan) -> bool:
    """Return whether files are shown one by one: where no package is named, nothing else would."""
    return plan.shows_files or not plan.packages


def describe_changes(label: str, plan: Plan) -> str:
    """Describe what an executed plan has changed: a line a verb, or one a manager if long."""
    lines: list[str] = []
    for past, steps in _group_by_result(plan.packages):
        packages = [
            InstalledPackage(name=one.name, version=one.version, manager=_manager(one))
            for one in steps
        ]
        lines += describe_packages(past, label, packages)
    kept = [one for one in plan.packages if isinstance(one, Keep)]
    if plan.files and kept and not lines:
        told = ", ".join(f"{one.name} {one.version} ({one.manager})" for one in kept)
        lines.append(f"Updated conda's records in {label}: {told}")
    elif plan.files and (plan.shows_files or not lines):
        lines += [
            f"{past} {count(len(files), 'file')} in {label}"
            for past, files in (
                ("Wrote", [one for one in plan.files if not isinstance(one, RemoveFile)]),
                ("Removed", [one for one in plan.files if isinstance(one, RemoveFile)]),
            )
            if files
        ]
    return "\n".join(lines)


def _group_by_result(steps: Iterable[PackageStep]) -> Iterator[tuple[str, Sequence[PackageStep]]]:
    groups: dict[str, list[PackageStep]] = {
        "Removed": [],
        "Restored": [],
        "Reinstalled": [],
        "Installed": [],
    }
    for step in steps:
        match step:
            case Keep():
                continue
            case RemovePip() | UnlinkConda():
                past = "Removed"
            case LinkConda(record=record) if record is not None:
                past = "Restored"
            case InstallPip(previous=previous, version=version) if previous == version:
                past = "Reinstalled"
            case _:
                past = "Installed"
        groups[past].append(step)
    for past, found in groups.items():
        if found:
            yield past, found


def _render_files(files: Iterable[FileAction]) -> Iterator[str]:
    files = tuple(files)
    for kind, verb in _FILE_VERBS.items():
        paths = [one.path for one in files if isinstance(one, kind)]
        if paths:
            lines = [f"    {escape_line(path)}" for path in paths]
            yield "\n".join([f"Will {verb} {count(len(paths), 'file')}:", *lines])


def _manager(step: PackageStep) -> Manager:
    match step:
        case LinkConda() | UnlinkConda():
            return "conda"
        case InstallPip() | RemovePip():
            return "pip"
        case Keep(manager=manager):
            return manager


def _verb(step: PackageStep) -> Verb:
    match step:
        case Keep():
            return "keep"
        case RemovePip() | UnlinkConda():
            return "remove"
        case LinkConda() | InstallPip():
            return _compare(step.previous, step.version)


def _compare(previous: str | None, version: str) -> Verb:
    from packaging.version import InvalidVersion, Version

    if previous is None:
        return "install"
    try:
        before, after = Version(previous), Version(version)
    except InvalidVersion:
        return "change"
    if before == after:
        return "change"
    return "upgrade" if before < after else "downgrade"


def _render_versions(step: PackageStep) -> str:
    if _verb(step) in ("upgrade", "downgrade"):
        return f"{_find_previous(step)} -> {step.version}"
    return step.version


def _find_previous(step: PackageStep) -> str | None:
    """Return the version that is installed before the step."""
    return step.previous if isinstance(step, (LinkConda, InstallPip)) else step.version


def _render_reason(step: PackageStep) -> str:
    channel = step.channel if isinstance(step, LinkConda) else None
    return f"{step.reason}; from {channel}" if channel else step.reason


def _step_to_dict(step: PackageStep) -> dict[str, object]:
    verb = _verb(step)
    return {
        "manager": _manager(step),
        "action": verb,
        "name": step.name,
        "version": None if verb == "remove" else step.version,
        "previous": _find_previous(step),
        "reason": step.reason,
        "source": step.channel if isinstance(step, LinkConda) else None,
    }
