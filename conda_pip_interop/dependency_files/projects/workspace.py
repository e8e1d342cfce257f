"""uv's workspaces: a project gets the settings of the root, and the members from their folders."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import field
from pathlib import Path
from typing import Any, Final

from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.dependency_files.projects.document import add_marker, load_toml
from conda_pip_interop.dependency_files.requirements_txt import read_text, unreadable
from conda_pip_interop.dependency_files.sources import find_table
from conda_pip_interop.errors import UsageError
from conda_pip_interop.names.requirement import Invalid, parse_requirement
from conda_pip_interop.text import quoted
from conda_pip_interop.values import dataclass

_FILE: Final = "pyproject.toml"
#: What uv had before dependency groups: each project has its own.
_GROUP: Final = "dev-dependencies"
_MEMBER: Final = {"workspace": True}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Project:
    """A pyproject.toml and its folder."""

    folder: Path
    document: Mapping[str, Any]

    @property
    def name(self) -> NormalizedName:
        """Its normalized name; empty if it has none, as a root may."""
        return canonicalize_name(str(find_table(self.document, "project").get("name", "")))

    @property
    def uv(self) -> Mapping[str, Any]:
        """uv's table."""
        return find_table(self.document, "tool", "uv")

    @property
    def is_installed(self) -> bool:
        """Whether it is installed itself, and not only what it needs."""
        return self.uv.get("package") is not False

    def list_requires(self, extras: Iterable[str] | None = None) -> Iterator[str]:
        """List what it needs with these extras, or with all of them and all groups."""
        project = find_table(self.document, "project")
        optional = find_table(project, "optional-dependencies")
        names = {canonicalize_name(one) for one in (optional if extras is None else extras)}
        groups = find_table(self.document, "dependency-groups") if extras is None else {}
        chosen = (lines for key, lines in optional.items() if canonicalize_name(key) in names)
        for lines in (project.get("dependencies"), *chosen, *groups.values()):
            yield from (one for one in _list(lines) if isinstance(one, str))

    def list_members(self) -> Iterator[_Project]:
        """List the members of the workspace that it is the root of, itself among them."""
        table = find_table(self.uv, "workspace")
        seen = {*self._find_folders(table.get("exclude")), self.folder}
        yield self
        for folder in self._find_folders(table.get("members")):
            if folder not in seen and (folder / _FILE).is_file():
                seen.add(folder)
                yield _read_project(folder)

    def _find_folders(self, patterns: object) -> Iterator[Path]:
        for pattern in _list(patterns):
            try:
                found = sorted(self.folder.glob(pattern if isinstance(pattern, str) else ""))
            except (ValueError, NotImplementedError) as error:
                reason = f"{quoted(pattern)} is no pattern of folders"
                raise unreadable(self.folder / _FILE, reason) from error
            yield from (Path(os.path.normpath(one)) for one in found)


@dataclass(frozen=True, kw_only=True, slots=True)
class Workspace:
    """A pyproject.toml with the settings of its workspace, and the members, if it is in one."""

    document: Mapping[str, Any]
    members: Mapping[NormalizedName, _Project] = field(default_factory=dict)

    def follow(self, lines: Iterable[str]) -> Iterator[str]:
        """Yield requirements, and what the members among them need that has a source, too.

        pip does not read uv's table, and would ask an index for it.
        """
        sources = find_table(self.document, "tool", "uv", "sources")
        waiting = [*lines]
        for line in waiting:
            found = parse_requirement(line)
            name = "" if isinstance(found, Invalid) else canonicalize_name(found.name)
            member = self.members.get(NormalizedName(name))
            if isinstance(found, Invalid) or member is None:
                yield line
                continue
            if member.is_installed:
                yield line
            for one in member.list_requires(found.extras):
                text = add_marker(one, f"({found.marker})") if found.marker else one
                if text not in waiting and (_find_name(one) in sources or not member.is_installed):
                    waiting.append(text)


def read_workspace(document: Mapping[str, Any], origin: str) -> Workspace:
    """Read the workspace of the project at the path `origin`; raises UsageError `unreadable-file`.

    uv reads its settings in the root alone; the sources there are those of all members.
    """
    own = _Project(folder=Path(os.path.abspath(origin)).parent, document=document)
    root = _find_root(own)
    found = {} if root is None else {one.folder: one for one in root.list_members()}
    if root is None or own.folder not in found:
        return Workspace(document=document)
    members = {one.name: one for one in found.values()}
    sources: dict[str, Any] = {name: [_MEMBER] for name in members}
    for one in (root, *_find_needed(own, members), own):
        for name, value in find_table(one.uv, "sources").items():
            tables = value if isinstance(value, list) else [value]
            sources[canonicalize_name(name)] = [_move(each, one, own) for each in tables]
    for name, member in members.items():
        path = os.path.relpath(member.folder, own.folder)
        place = {"path": Path(path).as_posix(), "editable": True}
        sources[name] = [
            {**place, **each, "workspace": None} if _is_member(each) else each
            for each in sources[name]
        ]
    indexes = [_move(one, root, own) for one in _list(root.uv.get("index"))]
    if own.folder != root.folder:  # uv knows these by their names alone
        named = (one for one in _list(own.uv.get("index")) if isinstance(one, dict))
        indexes += ({**one, "explicit": True} for one in named)
    uv = {key: value for key, value in root.uv.items() if key != _GROUP}
    uv |= {key: value for key, value in own.uv.items() if key == _GROUP}
    uv |= {"sources": sources, "index": indexes}
    tool = {**find_table(document, "tool"), "uv": uv}
    return Workspace(document={**document, "tool": tool}, members=members)


def _find_root(project: _Project) -> _Project | None:
    """Find the nearest project above, or the project itself, that has a workspace."""
    for folder in (project.folder, *project.folder.parents):
        found = project if folder == project.folder else None
        if found is None and (folder / _FILE).is_file():
            with suppress(UsageError):  # it is somebody else's
                found = _read_project(folder)
        if found is not None and "workspace" in found.uv:
            return found
    return None


def _find_needed(
    project: _Project, members: Mapping[NormalizedName, _Project]
) -> Iterable[_Project]:
    """Find the members that a project may need, with those that these need."""
    waiting = [project]
    for one in waiting:
        names = map(_find_name, one.list_requires())
        found = (members[name] for name in names if name in members)
        waiting += (each for each in found if each not in waiting)
    return waiting[1:]


def _read_project(folder: Path) -> _Project:
    file = folder / _FILE
    return _Project(folder=folder, document=load_toml(read_text(file), str(file)))


def _find_name(line: str) -> NormalizedName:
    found = parse_requirement(line)
    return canonicalize_name("" if isinstance(found, Invalid) else found.name)


def _is_member(source: object) -> bool:
    return isinstance(source, dict) and source.get("workspace") is True


def _move(table: object, source: _Project, target: _Project) -> object:
    """Write the path in a source, or in an index, as it is from another project."""
    if not isinstance(table, dict) or source.folder == target.folder:
        return table
    moved = {
        key: Path(os.path.relpath(source.folder / value, target.folder)).as_posix()
        for key, value in table.items()
        if key in ("path", "url") and isinstance(value, str) and "://" not in value
    }
    return {**table, **moved}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
