"""What a plan says, and what the `--json` document of a changing command says of it."""

from __future__ import annotations

from typing import Any

from conda_pip_interop.changes.plan import (
    InstallPip,
    LinkConda,
    Plan,
    RemoveFile,
    RemovePip,
    UnlinkConda,
)


def plan_of(document: Any) -> dict[str, tuple[str, str]]:
    """Name → (manager, action)."""
    return {one["name"]: (one["manager"], one["action"]) for one in document["plan"]}


def reasons_of(document: Any) -> dict[str, str]:
    """Name → reason."""
    return {one["name"]: one["reason"] for one in document["plan"]}


def describe_packages(plan: Plan) -> list[str]:
    """`link six 1.16` and so on, sorted, of a plan's steps about packages."""
    verbs = {LinkConda: "link", UnlinkConda: "unlink", InstallPip: "install", RemovePip: "remove"}
    return sorted(
        f"{verbs.get(type(one), 'keep')} {one.name} {one.version}" for one in plan.packages
    )


def describe_files(plan: Plan) -> list[str]:
    """`remove bin/six` and so on, sorted, of a plan's steps about files."""
    return sorted(
        f"{'remove' if isinstance(one, RemoveFile) else 'write'} {one.path}" for one in plan.files
    )
