"""Read the request: requirements, files, groups and scripts."""

from __future__ import annotations

import functools
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from packaging.utils import NormalizedName

from conda_pip_interop.dependency_files.locations import Location, expand_variables, parse_location
from conda_pip_interop.dependency_files.requirements_txt import (
    EDITABLE,
    Dependencies,
    Entry,
    Fetch,
    OwnTable,
    find_file,
    find_place,
    read_requirements_file,
    read_text,
    split_option,
    split_tail,
)
from conda_pip_interop.errors import InteropError, PipFailedError, UnsatisfiableError, UsageError
from conda_pip_interop.installers.pip.options import PipArgument
from conda_pip_interop.names.requirement import Invalid
from conda_pip_interop.resolve.request.install_options import find_groups
from conda_pip_interop.resolve.request.read_options import (
    COMMAND_LINE,
    build_invalid,
    parse_requirement,
    read_options,
    read_tail,
)
from conda_pip_interop.resolve.request.refusals import refuse_private, refuse_word, warn_private
from conda_pip_interop.resolve.request.request import DirectRequirement, NamedRequirement, Request
from conda_pip_interop.values import dataclass, regex

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from conda_pip_interop.dependency_files.dynamic import AskBackend
    from conda_pip_interop.resolve.request.environment_request import EnvironmentRequest
    from conda_pip_interop.resolve.request.install_options import InstallOptions

_WITH_EXTRAS: Final = regex(r"^(?P<file>.+\.toml)\[(?P<extras>[^\]]*)\]$")


def read_request(
    words: Iterable[str],
    options: InstallOptions,
    *,
    folder: Path,
    environ: Mapping[str, str],
    subdir: str = "",
    ask: AskBackend | None = None,
    fetch: Fetch | None = None,
) -> Request:
    """Read everything that a command line asks for; paths are meant from `folder`.

    `subdir` is conda's platform; `ask` gives what only a project's build backend knows, `fetch`
    what is at a URL.
    Raises UsageError: `invalid-requirement` (with file and line), `unreadable-file`,
    `no-such-part`, `refused-option`.
    """
    fetch = None if fetch is None else functools.cache(fetch)  # each file is read twice
    reader = _Reader(folder=folder, environ=environ, subdir=subdir, ask=ask, fetch=fetch)
    reader.with_sources = not (options.no_deps or options.only_deps)
    try:
        for word in words:
            refuse_word(word, folder)
            reader.take(Entry(text=word, origin=COMMAND_LINE), in_file=False)
        for word in options.editables:
            reader.take(Entry(text=word, origin=COMMAND_LINE), in_file=False, editable=True)
        for name in options.requirement_files:
            reader.read_file(name, options.groups)
        for name in options.constraint_files:
            reader.read_constraints(name)
        for name in options.groups:
            reader.read_group(name)
        for name in options.scripts:
            reader.read_script(name)
    except (UsageError, PipFailedError, UnsatisfiableError):
        raise
    except InteropError as error:  # of a file that is not what its name says
        raise UsageError(error.code, error.message, hints=error.hints) from error
    return reader.build(options)


@dataclass(kw_only=True)
class _Reader:
    """What has been read so far."""

    folder: Path
    environ: Mapping[str, str]
    subdir: str
    ask: AskBackend | None = None
    fetch: Fetch | None = None
    requirements: list[NamedRequirement] = field(default_factory=list)
    direct: list[DirectRequirement] = field(default_factory=list)
    constraints: list[NamedRequirement] = field(default_factory=list)
    pythons: list[tuple[str, str]] = field(default_factory=list)
    marked: list[tuple[str, str]] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    arguments: list[PipArgument] = field(default_factory=list)
    private: list[Entry] = field(default_factory=list)
    from_pypi: list[str] = field(default_factory=list)
    environments: list[EnvironmentRequest] = field(default_factory=list)
    tables: list[OwnTable | None] = field(default_factory=list)
    own: set[NormalizedName] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    manifests: set[str] = field(default_factory=set)
    followed: dict[str, set[str]] = field(default_factory=dict)
    unsure: list[Entry] = field(default_factory=list)
    with_sources: bool = True
    locked: bool = False

    def build(self, options: InstallOptions) -> Request:
        """All of it as one value."""
        pip, table = options.pip, OwnTable()
        if self.tables:
            from conda_pip_interop.dependency_files.own_table import merge_tables  # as above

            table = merge_tables(self.tables)
        if not any("--index-url" in one.option.names for one in pip.arguments):
            refuse_private(self.private)
            self.notes += dict.fromkeys(map(warn_private, self.unsure))
        channels = (one for found in self.environments for one in found.channels)
        return Request(
            requirements=tuple(self.requirements),
            direct=_drop_repeated(self.direct),
            constraints=tuple(self.constraints),
            pythons=tuple(self.pythons),
            environments=tuple(self.marked),
            links=tuple(self.links),
            locked=self.locked,
            conda=tuple(one for found in self.environments for one in found.conda),
            channels=tuple(dict.fromkeys((*channels, *table.channels))),
            names=table.names,
            only_channels=any(one.only_channels for one in self.environments),
            variables={
                key: value for one in self.environments for key, value in one.variables.items()
            },
            reasons={
                name: "in the pip section" for one in self.environments for name in one.from_pypi
            },
            own=frozenset(self.own),
            notes=tuple(self.notes),
            options=replace(
                options,
                from_pypi=(*options.from_pypi, *self.from_pypi),
                prefer=options.prefer or table.prefer,
                break_other_managers=(
                    *options.break_other_managers,
                    *(name for one in self.environments for name in one.overwrite),
                ),
                pip=replace(pip, arguments=(*pip.arguments, *self.arguments)),
            ),
        )

    def read_file(self, name: str, groups: Iterable[str] = ()) -> None:
        """A file of dependencies; `groups` may name features of it, if it is a pixi manifest."""
        from conda_pip_interop.dependency_files.formats import find_kind  # as above
        from conda_pip_interop.resolve.request.environment_request import parse_environment_request

        found = _WITH_EXTRAS.match(name)
        extras = [one.strip() for one in found["extras"].split(",")] if found else []
        name = found["file"] if found else name
        file = find_place(self.folder, name, self.fetch)
        if isinstance(file, str):
            from conda_pip_interop.dependency_files.read import read_remote  # as above

            for entry in read_remote(file, self.fetch, self.environ):
                self._take_line(entry)
            return
        text = read_text(file)
        if find_kind(text, file) == "environment":
            self._take_environment(parse_environment_request(text, origin=name, folder=file.parent))
            return
        dependencies = self._read_dependencies(text, file, name, extras, groups)
        self.locked |= dependencies.locked
        before = len(self.requirements)
        self.take_all(dependencies, origin=name)
        if dependencies.owned_by_pip:
            self.from_pypi += (one.name for one in self.requirements[before:])

    def _read_dependencies(
        self, text: str, file: Path, name: str, extras: Iterable[str], groups: Iterable[str]
    ) -> Dependencies:
        """Read what a file says of pip's part; what pixi says of both is taken at once."""
        from conda_pip_interop.dependency_files.formats import find_kind  # as above
        from conda_pip_interop.dependency_files.pyproject import ProjectParts
        from conda_pip_interop.dependency_files.read import parse_file, parse_manifest
        from conda_pip_interop.resolve.request.environment_request import build_environment_request

        parts = ProjectParts(extras=tuple(extras))
        kind = find_kind(text, file)
        if kind in ("pixi", "pyproject", "pylock"):
            self.manifests.add(name)
            parts = replace(parts, groups=tuple(find_groups(groups, name)))
        if kind not in ("pixi", "pyproject"):
            read = parse_file(text, file, origin=name, parts=parts, environ=self.environ)
            # the links of a lock say where its files are, not an index
            located = tuple(replace(one, index="") for one in read.entries)
            return replace(read, entries=located)
        found = parse_manifest(
            text, file, origin=name, parts=parts, subdir=self.subdir, ask=self.ask
        )
        if found.pixi is not None:
            conda, listed = found.pixi.environment, found.pixi.dependencies.entries
            self._take_environment(
                build_environment_request(conda, listed, origin=name, folder=file.parent)
            )
        return found.dependencies

    def _take_environment(self, found: EnvironmentRequest) -> None:
        self.environments.append(found)
        self.from_pypi += found.from_pypi
        for entry in found.entries:
            self._take_line(entry)

    def read_constraints(self, name: str) -> None:
        """A constraints file: the requirements in it limit, and ask for nothing."""
        place = find_place(self.folder, name, self.fetch)
        for entry in read_requirements_file(place, environ=self.environ, fetch=self.fetch):
            if entry.kind == "requirement":
                self._take_line(replace(entry, kind="constraint"))
            elif entry.kind == "location":
                raise build_invalid(entry, "a constraint has a name and versions")
            else:
                self._take_line(entry)

    def read_group(self, wanted: str) -> None:
        """A dependency group, `[PATH:]GROUP` (PEP 735)."""
        from conda_pip_interop.dependency_files.pyproject import parse_group  # as above
        from conda_pip_interop.dependency_files.sources import place

        path, _, group = wanted.rpartition(":")
        name = path or "pyproject.toml"
        if name in self.manifests:  # which was read with its groups
            return
        file = find_file(self.folder, name)
        found = parse_group(read_text(file), origin=name, group=group)
        self.take_all(place(found, file.parent), origin=name)

    def read_script(self, name: str) -> None:
        """The metadata in a script's comments (PEP 723)."""
        from conda_pip_interop.dependency_files.pyproject import parse_script  # as above
        from conda_pip_interop.dependency_files.sources import place

        file = find_file(self.folder, name)
        found = parse_script(read_text(file), origin=name)
        self.take_all(place(found, file.parent), origin=name)

    def take_all(self, dependencies: Dependencies, *, origin: str) -> None:
        """Everything that a file in TOML asks for."""
        for entry in dependencies.entries:
            self._take_line(entry)
        self.links += dependencies.links
        self.marked += ((one, origin) for one in dependencies.environments)
        self.own |= dependencies.own.keys()
        self.notes += dependencies.notes
        self.tables.append(dependencies.table)
        if dependencies.requires_python is not None:
            self.pythons.append((dependencies.requires_python, origin))

    def take(self, entry: Entry, *, in_file: bool, editable: bool = False) -> None:
        """One requirement or location."""
        text = expand_variables(entry.text, self.environ) if in_file else entry.text
        hashes, settings = read_tail(entry)
        location = self._find_location(text, entry, editable=editable)
        if isinstance(location, Invalid):
            raise build_invalid(entry, location.reason)
        if location is not None and entry.kind == "constraint":
            raise build_invalid(entry, "a constraint has a name and versions")
        if location is not None:
            written = entry.text if "${" in entry.text and "://" in entry.text else None
            if written is not None:  # pip puts the values in itself
                location = replace(location, text=written.partition(" ;")[0])
            self.direct.append(
                DirectRequirement(
                    location=location,
                    origin=entry.origin,
                    hashes=hashes,
                    settings=settings,
                    in_file=in_file,
                )
            )
            self._follow_sources(location)
            return
        asked = NamedRequirement(
            requirement=parse_requirement(replace(entry, text=text)),
            origin=entry.origin,
            hashes=hashes,
            settings=settings,
            in_file=in_file,
        )
        if asked.name == "python" and entry.kind != "constraint" and asked.marker is None:
            self.pythons.append((str(asked.requirement.specifier), entry.origin))
            return
        self.private += [entry] if entry.index else []
        if entry.build_path:
            lost = f"{entry.build_path}, where conda's package was built, has no version"
            self.notes.append(f"{entry.origin}: {lost}; any version of {asked.name} will do.")
        (self.constraints if entry.kind == "constraint" else self.requirements).append(asked)

    def _follow_sources(self, location: Location) -> None:
        """Take what the project in a folder has from elsewhere; with and without a marker."""
        from conda_pip_interop.resolve.request.project_sources import read_sources  # as above

        conditions = self.followed.setdefault(location.text, set())
        if "" in conditions or (conditions and location.marker):
            return
        conditions.add(location.marker)
        for entry in read_sources(location) if self.with_sources else ():
            (self.unsure.append if entry.index else self._take_line)(entry)

    def _take_line(self, entry: Entry) -> None:
        match entry.kind:
            case "option":
                self.arguments += read_options(entry, self.environ)
            case "location":
                option, value = split_option(entry.text)
                editable = option in EDITABLE
                text, tail = split_tail(value if editable else entry.text)
                self.take(replace(entry, text=text, tail=tail), in_file=True, editable=editable)
            case "requirement" | "constraint":
                self.take(entry, in_file=True)

    def _find_location(
        self, text: str, entry: Entry, *, editable: bool
    ) -> Location | Invalid | None:
        """pip means paths from the current folder, also those in files; people do not always."""
        current = self.folder / (entry.run_in or "")
        location = parse_location(text, folder=current, editable=editable)
        if isinstance(location, Invalid):
            other = parse_location(text, folder=self.folder / entry.folder, editable=editable)
            return other if isinstance(other, Location) else location
        return location


def _drop_repeated(direct: Iterable[DirectRequirement]) -> tuple[DirectRequirement, ...]:
    """Drop what is named again, if only as editable: the first one counts."""
    first: dict[tuple[object, ...], DirectRequirement] = {}
    for one in direct:
        first.setdefault((one.location.text, one.location.marker, one.hashes), one)
    return tuple(first.values())
