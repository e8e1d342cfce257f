"""Pinned requirements: the lines that install exactly what pip chose. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.utils import parse_wheel_filename

from conda_pip_interop.dependency_files.locations import find_key
from conda_pip_interop.installers.interface import Line, Pin, build_direct_line
from conda_pip_interop.resolve.request.request import INSTALLED

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from conda_pip_interop.installers.pip.report import ReportItem
    from conda_pip_interop.resolve.request.request import Request


def build_pins(items: Iterable[ReportItem], request: Request) -> tuple[Pin, ...]:
    """Pin each of `items`: by its version, or by its location and the commit that pip resolved."""
    return tuple(
        Pin(
            name=item.name,
            version=item.version,
            line=_find_location(item, request) if item.is_direct else _find_line(item, request),
            origin=item.origin if item.is_direct else None,
            requested=item.requested,
            file=None if item.is_direct else item.origin,
            request=_find_request(item, request),
            limit=str(request.limits.get(item.name, "")),
        )
        for item in items
    )


def fill_versions(pins: Iterable[Pin], wheels: Path) -> tuple[Pin, ...]:
    """Fill in the versions that only a build has told, from the wheels in a folder."""
    built = dict(parse_wheel_filename(one.name)[:2] for one in wheels.glob("*.whl"))
    return tuple(
        replace(one, version=str(built[one.name])) if not one.version and one.name in built else one
        for one in pins
    )


def _find_request(item: ReportItem, request: Request) -> str:
    """Return the requirement (PEP 508) that requested it; a direct one without its location."""
    asked = [
        str(one.requirement)
        for one in request.requirements
        if one.name == item.name and one.origin != INSTALLED
    ]
    if asked or not (item.is_direct and item.requested):
        return asked[0] if asked else ""
    extras = f"[{','.join(sorted(item.requested_extras))}]" if item.requested_extras else ""
    return f"{item.name}{extras}"


def _find_line(item: ReportItem, request: Request) -> Line:
    """Return the version, with the hashes and settings of the requirements that name it."""
    text = f"{item.name}=={item.version}"
    asked = [one.line for one in request.requirements if one.name == item.name]
    limits = [one.line for one in request.constraints if one.name == item.name]
    return Line(
        text=text,
        hashes=_unite(line.hashes for line in (*asked, *limits)),
        settings=_unite(line.settings for line in asked),
        in_file=all(line.in_file for line in asked),
        origin=next((line.origin for line in asked), ""),
    )


def _find_location(item: ReportItem, request: Request) -> Line:
    """Return the line that requested it, password included; for a dependency, pip's report."""
    key = find_key(item.url, item.origin.get("subdirectory"))
    vcs = item.origin.get("vcs_info", {})
    for one in request.direct:
        if one.location.key == key or (one.location.name == item.name):
            if one.location.editable or not vcs:
                return one.line
            return replace(one.line, text=_at_commit(one.line.text, vcs["commit_id"]))
    return build_direct_line(item.name, item.url, item.origin)


def _at_commit(text: str, commit: str) -> str:
    """Replace the revision in the URL of a clone; the `@` after a user name does not start one."""
    head, _, rest = text.partition("://")
    host, _, tail = rest.partition("/")
    path, end, behind = (*re.split(r"([#;\s])", tail, maxsplit=1), "", "")[:3]
    path = path.rpartition("@")[0] or path
    return f"{head}://{host}/{path}@{commit}{end}{behind}"


def _unite(groups: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for group in groups for one in group))
