"""Read the request: requirements, files, groups and scripts."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from packaging.requirements import InvalidRequirement, Requirement

from conda_pip_interop.dependency_files.locations import Location, parse_location
from conda_pip_interop.dependency_files.pyproject import (
    ProjectParts,
    parse_group,
    parse_script,
)
from conda_pip_interop.dependency_files.read import parse_file
from conda_pip_interop.dependency_files.requirements_txt import (
    EDITABLE,
    Dependencies,
    Entry,
    expand_variables,
    find_file,
    read_requirements_file,
    read_text,
    split_option,
    split_tail,
)
from conda_pip_interop.errors import InteropError, UsageError
from conda_pip_interop.installers.pip_options import BY_NAME, ForwardedOption, PipArgument
from conda_pip_interop.names.requirement import Invalid
from conda_pip_interop.resolve.request import DirectRequirement, NamedRequirement, Request
from conda_pip_interop.text import hide_password

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from conda_pip_interop.resolve.install_options import InstallOptions

_COMMAND_LINE: Final = "command line"
_WITH_EXTRAS: Final = re.compile(r"^(?P<file>.+\.toml)\[(?P<extras>[^\]]*)\]$")


def read_request(
    words: Iterable[str],
    options: InstallOptions,
    *,
    folder: Path,
    environ: Mapping[str, str],
) -> Request:
    """Read everything that a command line asks for; paths are meant from `folder`.

    Raises UsageError: `invalid-requirement` (with file and line), `unreadable-file`,
    `no-such-part`, `refused-option`.
    """
    reader = _Reader(folder=folder, environ=environ)
    try:
        for word in words:
            _refuse_file(word, folder)
            reader.take(Entry(text=word, origin=_COMMAND_LINE), in_file=False)
        for word in options.editables:
            reader.take(Entry(text=word, origin=_COMMAND_LINE), in_file=False, editable=True)
        for name in options.requirement_files:
            reader.read_file(name)
        for name in options.constraint_files:
            reader.read_constraints(name)
        for name in options.groups:
            reader.read_group(name)
        for name in options.scripts:
            script = read_text(find_file(folder, name))
            reader.take_all(parse_script(script, origin=name), origin=name)
    except UsageError:
        raise
    except InteropError as error:  # of a file that is not what its name says
        raise UsageError(error.code, error.message, hints=error.hints) from error
    return reader.build(options)


def _refuse_file(word: str, folder: Path) -> None:
    """A file of requirements that stands where a requirement belongs: `-r` is missing."""
    if word.endswith((".txt", ".in")) and (folder / word).is_file():
        raise UsageError(
            "usage",
            f"{word} is a file, not a requirement.",
            hints=(f"To install from it: `-r {shlex.quote(word)}`.",),
        )


@dataclass(kw_only=True)
class _Reader:
    """What has been read so far."""

    folder: Path
    environ: Mapping[str, str]
    requirements: list[NamedRequirement] = field(default_factory=list)
    direct: list[DirectRequirement] = field(default_factory=list)
    constraints: list[NamedRequirement] = field(default_factory=list)
    pythons: list[tuple[str, str]] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    arguments: list[PipArgument] = field(default_factory=list)
    private: list[Entry] = field(default_factory=list)
    locked: bool = False

    def build(self, options: InstallOptions) -> Request:
        """All of it as one value."""
        pip = options.pip
        if not any("--index-url" in one.option.names for one in pip.arguments):
            _refuse_private(self.private)
        return Request(
            requirements=tuple(self.requirements),
            direct=tuple(self.direct),
            constraints=tuple(self.constraints),
            pythons=tuple(self.pythons),
            links=tuple(self.links),
            locked=self.locked,
            options=replace(options, pip=replace(pip, arguments=(*pip.arguments, *self.arguments))),
        )

    def read_file(self, name: str) -> None:
        """A requirements file, a lock, or the dependencies of a pyproject.toml."""
        found = _WITH_EXTRAS.match(name)
        extras = [one.strip() for one in found["extras"].split(",")] if found else []
        name = found["file"] if found else name
        file = self._find(name)
        dependencies = parse_file(
            read_text(file),
            file,
            origin=name,
            parts=ProjectParts(extras=tuple(extras)),
            environ=self.environ,
        )
        self.locked |= dependencies.locked
        self.take_all(dependencies, origin=name)

    def read_constraints(self, name: str) -> None:
        """A constraints file: the requirements in it limit, and ask for nothing."""
        for entry in read_requirements_file(self._find(name), environ=self.environ):
            if entry.kind == "requirement":
                self._take_line(replace(entry, kind="constraint"))
            elif entry.kind == "location":
                raise _invalid(entry, "a constraint has a name and versions")
            else:
                self._take_line(entry)

    def read_group(self, text: str) -> None:
        """A dependency group, `[PATH:]GROUP` (PEP 735)."""
        path, _, group = text.rpartition(":")
        name = path or "pyproject.toml"
        entries = parse_group(read_text(self._find(name)), origin=name, group=group)
        self.take_all(Dependencies(entries=entries), origin=name)

    def take_all(self, dependencies: Dependencies, *, origin: str) -> None:
        """Everything that a file in TOML asks for."""
        for entry in dependencies.entries:
            self._take_line(entry)
        self.links += dependencies.links
        if dependencies.requires_python is not None:
            self.pythons.append((dependencies.requires_python, origin))

    def take(self, entry: Entry, *, in_file: bool, editable: bool = False) -> None:
        """One requirement or location."""
        text = expand_variables(entry.text, self.environ) if in_file else entry.text
        hashes, settings = _read_tail(entry)
        location = self._find_location(text, entry.folder, editable=editable)
        if isinstance(location, Invalid):
            raise _invalid(entry, location.reason)
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
            return
        asked = NamedRequirement(
            requirement=_parse_requirement(replace(entry, text=text)),
            origin=entry.origin,
            hashes=hashes,
            settings=settings,
            in_file=in_file,
        )
        self.private += [entry] if entry.index else []
        (self.constraints if entry.kind == "constraint" else self.requirements).append(asked)

    def _take_line(self, entry: Entry) -> None:
        match entry.kind:
            case "option":
                self.arguments += _read_options(entry, self.environ)
            case "location":
                option, value = split_option(entry.text)
                editable = option in EDITABLE
                text, tail = split_tail(value if editable else entry.text)
                self.take(replace(entry, text=text, tail=tail), in_file=True, editable=editable)
            case "requirement" | "constraint":
                self.take(entry, in_file=True)

    def _find_location(
        self, text: str, beside: Path, *, editable: bool
    ) -> Location | Invalid | None:
        """pip means paths from the current folder, also those in files; people do not always."""
        location = parse_location(text, folder=self.folder, editable=editable)
        if isinstance(location, Invalid):
            other = parse_location(text, folder=self.folder / beside, editable=editable)
            return other if isinstance(other, Location) else location
        return location

    def _find(self, name: str) -> Path:
        return find_file(self.folder, name)


def _refuse_private(entries: Iterable[Entry]) -> None:
    """Refuse what one index alone may be asked for: pip asks all indexes for all names."""
    for entry in entries:
        raise UsageError(
            "private-index",
            f"{entry.origin}: {entry.text} must come from {hide_password(entry.index)}, "
            "but pip would also look it up on PyPI.",
            hints=(f"To use only that index, add `--index-url {hide_password(entry.index)}`.",),
        )


def _parse_requirement(entry: Entry) -> Requirement:
    try:
        return Requirement(entry.text)
    except InvalidRequirement as error:
        raise _invalid(entry, str(error).partition("\n")[0]) from error


def _invalid(entry: Entry, reason: str) -> UsageError:
    at = "" if entry.origin == _COMMAND_LINE else f"{entry.origin}: "
    return UsageError(
        "invalid-requirement",
        f"{at}{hide_password(entry.text)!r} cannot be installed: {reason}.",
        hints=(
            'A requirement looks like `flask`, `"flask>=3"` or `"flask[async]>=3,<4"`.',
            "A project folder looks like `.` or `./folder`; a repository like `git+https://…`.",
        ),
    )


def _read_tail(entry: Entry) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The hashes and the settings that stand behind a requirement."""
    hashes: list[str] = []
    settings: list[str] = []
    words = iter(_split(entry, entry.tail))
    for word in words:
        name, equals, value = word.partition("=")
        value = value if equals else next(words, "")
        if name == "--hash" and ":" in value:
            hashes.append(value)
        elif name in ("--config-settings", "--config-setting", "--global-option") and value:
            settings.append(f"{name}={value}")
        else:
            raise _invalid(replace(entry, text=f"{entry.text} {word}"), f"{name} has no such form")
    return tuple(hashes), tuple(settings)


def _read_options(entry: Entry, environ: Mapping[str, str]) -> Iterable[PipArgument]:
    """The options of pip's on a line of their own."""
    words = iter(_split(entry, entry.text))
    for word in words:
        name, equals, value = word.partition("=")
        if not name.startswith("--") and len(name) > 2:  # noqa: PLR2004 - `-fwheels`
            name, equals, value = word[:2], "=", word[2:]
        option = BY_NAME.get(name)
        if not (isinstance(option, ForwardedOption) and option.in_files):
            raise UsageError(
                "refused-option",
                f"{entry.origin}: {name} is not supported in a requirements file.",
                hints=("Use it on the command line if `conda pip install --help` lists it.",),
            )
        if option.metavar is None:
            yield PipArgument(option=option, in_file=True)
            continue
        value = value if equals else next(words, "")
        if not value:
            raise _invalid(entry, f"{name} lacks its value")
        if "--find-links" in option.names:
            beside = entry.folder / expand_variables(value, environ)
            value = str(beside.resolve()) if beside.exists() else value
        yield PipArgument(option=option, value=value, in_file=True)


def _split(entry: Entry, text: str) -> Sequence[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise _invalid(entry, str(error)) from error
