"""`conda pip translate`: one list of dependencies for both, conda's part under conda's names."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.dependency_files.environment_yml import (
    EnvironmentFile,
    Item,
    build_environment,
    note_marker,
    render_environment,
)
from conda_pip_interop.dependency_files.read import Sources
from conda_pip_interop.dependency_files.requirements_txt import Dependencies, Entry
from conda_pip_interop.errors import InteropError, UsageError
from conda_pip_interop.names.conda_depends import parse_environment_depend
from conda_pip_interop.names.requirement import (
    ForConda,
    ForPip,
    Invalid,
    NotNeeded,
    Translated,
    TranslationContext,
    expand_extras,
    parse_requirement,
    translate,
)
from conda_pip_interop.names.versions import NotExpressible, build_conda_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

_HASH: Final = re.compile(r"\s*--hash[=\s]\S+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """What became of one line: the item it is under conda or pip now, and why."""

    origin: str
    asked: str
    conda: str | None
    pip: str | None
    reason: str

    def to_dict(self) -> dict[str, object]:
        """The JSON-ready form."""
        return {
            "origin": self.origin,
            "asked": self.asked,
            "conda": self.conda,
            "pip": self.pip,
            "reason": self.reason,
        }

    def __str__(self) -> str:
        parts = [f"conda: {self.conda}"] if self.conda else []
        parts += [f"pip: {self.pip}"] if self.pip else []
        return f"{self.origin}: {self.asked} -> {'; '.join(parts) or 'left out'} ({self.reason})"


@dataclass(frozen=True, kw_only=True, slots=True)
class Translation:
    """The text of the new file, and the choice made for each line."""

    text: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Line:
    """An entry with what it was translated to; None for what only pip understands.

    `text` is what it asks for: as it was written, unless a constraint or an extra says otherwise.
    `tail` are the options behind it, its hashes among them.
    """

    entry: Entry
    text: str
    translated: Translated | None
    tail: str = ""

    @property
    def with_tail(self) -> str:
        """The whole line as pip reads it."""
        return f"{self.text} {self.tail}".rstrip()


@dataclass(kw_only=True)
class _Parts:
    conda: dict[str, Item] = field(default_factory=dict)
    pip: dict[str, Item] = field(default_factory=dict)
    choices: list[Choice] = field(default_factory=list)


def translate_to_environment(
    sources: Sources,
    around: TranslationContext,
    requires: Callable[[NormalizedName], Sequence[str] | None],
    channels: Sequence[str] = (),
) -> Translation:
    """Make an environment file: what conda has under its dependencies, the rest under `pip:`.

    `requires` gives the `Requires-Dist` of what is installed, for extras. `channels` are written
    into a new file. An environment file that needs no change comes out as it was, to the byte.
    """
    base = sources.environment or build_environment()
    parts = _Parts()
    for line in _settle_hashes(list(_translate_all(sources.dependencies, around, requires))):
        _place(line, parts, base.offset)
    known = {item.value for item in base.conda}
    fresh = [item for text, item in parts.conda.items() if text not in known]
    conda = [*_find_python(sources.dependencies, base), *base.conda, *fresh]
    pip = list(parts.pip.values())
    names = {name for item in conda if (name := _name_of(item.value))}
    if pip and "pip" not in names:
        conda.append(Item(value="pip"))
    if sources.environment is not None and (conda, pip) == (list(base.conda), list(base.pip)):
        return Translation(text=sources.environment_text, choices=tuple(parts.choices))
    if sources.environment is None and channels:
        base.document["channels"] = list(channels)
    text = render_environment(base, conda=conda, pip=pip)
    return Translation(text=text, choices=tuple(parts.choices))


def _name_of(text: str) -> str | None:
    depend = parse_environment_depend(text)
    return depend.name if depend is not None else None


def _find_python(dependencies: Iterable[Dependencies], base: EnvironmentFile) -> Iterator[Item]:
    """The Python that a project asks for, unless the environment file has its own say."""
    if any(_name_of(item.value) == "python" for item in base.conda):
        return
    specifiers = SpecifierSet()
    for one in dependencies:
        try:
            specifiers &= SpecifierSet(one.requires_python or "")
        except InvalidSpecifier as error:
            raise InteropError(
                "invalid-requirement", f"requires-python means nothing: {error}"
            ) from error
    spec = build_conda_spec(specifiers)
    if len(specifiers) and not isinstance(spec, NotExpressible):
        yield Item(value=f"python {spec}")


def _translate_all(
    dependencies: Iterable[Dependencies],
    around: TranslationContext,
    requires: Callable[[NormalizedName], Sequence[str] | None],
) -> Iterator[_Line]:
    dependencies = tuple(dependencies)
    own: dict[NormalizedName, tuple[str, ...]] = {}
    for one in dependencies:
        own.update(one.own)
    entries = [entry for one in dependencies for entry in one.entries]
    limits = _read_constraints(entries)

    def find_requires(name: NormalizedName) -> Sequence[str] | None:
        return own[name] if name in own else requires(name)

    for entry in entries:
        if entry.kind in ("place", "option"):
            yield _Line(entry=entry, text=entry.text, translated=None)
        if entry.kind != "requirement":
            continue
        requirement = _parse(entry)
        limit = limits.get(canonicalize_name(requirement.name))
        if limit is not None:
            requirement.specifier &= limit
        for found in expand_extras([requirement], find_requires, around.environment):
            if isinstance(found, Invalid):
                yield _Line(entry=entry, text=found.text, translated=found)
            elif canonicalize_name(found.name) not in own:
                text = entry.text if found is requirement and limit is None else str(found)
                answer = translate(found, around)
                yield _Line(entry=entry, text=text, translated=answer, tail=entry.tail)
            entry = replace(entry, comment="", before=(), tail="")  # noqa: PLW2901 - said once


def _settle_hashes(lines: list[_Line]) -> list[_Line]:
    """Hashes stay where all of pip's lines have them: pip refuses a file in which some have none.

    conda checks its packages by hashes of its own.
    """
    pips = [line for line in lines if line.entry.kind != "option" and _decide(line)[1]]
    if all(_HASH.search(line.tail) for line in pips):
        return lines
    return [replace(line, tail=_HASH.sub("", line.tail).strip()) for line in lines]


def _read_constraints(entries: Iterable[Entry]) -> Mapping[NormalizedName, SpecifierSet]:
    limits: dict[NormalizedName, SpecifierSet] = {}
    for entry in entries:
        if entry.kind == "constraint":
            requirement = _parse(entry)
            name = canonicalize_name(requirement.name)
            limits[name] = limits.get(name, SpecifierSet()) & requirement.specifier
    return limits


def _parse(entry: Entry) -> Requirement:
    found = parse_requirement(entry.text)
    if isinstance(found, Invalid):
        raise UsageError(
            "invalid-requirement",
            f"{entry.origin}: {found.text!r} is not a requirement ({found.reason}).",
            hints=("pip would refuse it too; mend the line and run the command again.",),
        )
    return found


def _place(line: _Line, parts: _Parts, offset: int) -> None:
    """Put one line where it belongs now, its comments with it."""
    entry = line.entry
    conda, pip, reason = _decide(line)
    item = Item(value="", comment=entry.comment, before=entry.before)
    if conda is not None:
        moved = replace(item.indent(offset), value=conda, comment=_note_marker(line))
        parts.conda.setdefault(conda, moved)
        item = Item(value="")
    if pip is not None:
        kept = item if entry.in_pip_section else item.indent(3 * offset)
        parts.pip.setdefault(pip, replace(kept, value=pip))
    if _HASH.search(entry.tail) and (conda or not _HASH.search(line.tail)):
        reason += "; its hashes, of PyPI's files, are left out"
    parts.choices.append(
        Choice(origin=entry.origin, asked=line.text, conda=conda, pip=pip, reason=reason)
    )


def _note_marker(line: _Line) -> str:
    """The comment of a line of conda's, with the marker that conda has no word for."""
    found = line.translated
    marker = found.requirement.marker if isinstance(found, ForConda) else None
    return line.entry.comment if marker is None else note_marker(str(marker), line.entry.comment)


def _decide(line: _Line) -> tuple[str | None, str | None, str]:
    """(conda's text, pip's text, the reason)."""
    match line.translated:
        case None:
            return None, line.with_tail, "only pip understands it"
        case ForConda(name=name, version=version, reason=reason, extras=extras):
            text = name if version == "*" else f"{name} {version}"
            if not extras:
                return text, None, reason
            return text, line.with_tail, f"{reason}; pip adds what its extras need"
        case ForPip(reason=reason) | NotNeeded(reason=reason):
            return None, line.with_tail, reason
        case Invalid(reason=reason):
            return None, None, reason
