"""What pip has chosen, as the lines that get just that. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from conda_pip_interop.dependency_files.locations import find_key
from conda_pip_interop.installers.interface import Line, Pin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conda_pip_interop.installers.pip_report import ReportItem
    from conda_pip_interop.resolve.request import Request


def build_pins(items: Iterable[ReportItem], request: Request) -> tuple[Pin, ...]:
    """A pin for each of `items`: its version, or its place at the very commit that pip has seen."""
    return tuple(
        Pin(
            name=item.name,
            version=item.version,
            line=_find_location(item, request) if item.is_direct else _find_line(item, request),
            origin=item.origin if item.is_direct else None,
            requested=item.requested,
        )
        for item in items
    )


def _find_line(item: ReportItem, request: Request) -> Line:
    """The version, with the hashes and settings of whatever asked for it by name."""
    text = f"{item.name}=={item.version}"
    asked = [one.line for one in request.requirements if one.name == item.name]
    limits = [one.line for one in request.constraints if one.name == item.name]
    return Line(
        text=text,
        hashes=_unite(line.hashes for line in (*asked, *limits)),
        settings=_unite(line.settings for line in asked),
        in_file=all(line.in_file for line in asked),
    )


def _find_location(item: ReportItem, request: Request) -> Line:
    """The line that asked for it, password and all; of a dependency, what the report says."""
    key = find_key(item.url, item.origin.get("subdirectory"))
    vcs = item.origin.get("vcs_info", {})
    for one in request.direct:
        if one.location.key == key or (one.location.name == item.name):
            if one.location.editable or not vcs:
                return one.line
            return replace(one.line, text=_at_commit(one.line.text, vcs["commit_id"]))
    url = f"{vcs['vcs']}+{item.url}@{vcs['commit_id']}" if vcs else item.url
    within = item.origin.get("subdirectory")
    fragment = f"#subdirectory={within}" if within else ""
    return Line(text=f"{item.name} @ {url}{fragment}", in_file=True)


def _at_commit(text: str, commit: str) -> str:
    """A clone's URL with another revision; the `@` of its user is none."""
    head, _, rest = text.partition("://")
    host, _, tail = rest.partition("/")
    path, end, behind = (*re.split(r"([#;\s])", tail, maxsplit=1), "", "")[:3]
    path = path.rpartition("@")[0] or path
    return f"{head}://{host}/{path}@{commit}{end}{behind}"


def _unite(groups: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for group in groups for one in group))
