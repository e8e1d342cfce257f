"""`conda pip translate`: dependency files as one environment.yml for conda and pip."""

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
    add_marker,
    build_environment,
    render_environment,
)
from conda_pip_interop.dependency_files.read import DependencyFiles
from conda_pip_interop.dependency_files.requirements_txt import (
    Dependencies,
    Entry,
    hint_at_conda_spec,
)
from conda_pip_interop.errors import InteropError, UsageError
from conda_pip_interop.names.conda_depends import parse_environment_dependency
from conda_pip_interop.names.extras import expand_extras
from conda_pip_interop.names.requirement import (
    ForConda,
    ForPip,
    Invalid,
    NotNeeded,
    Translated,
    TranslationContext,
    parse_requirement,
    translate,
)
from conda_pip_interop.names.versions import NotExpressible, build_conda_spec
from conda_pip_interop.text import hide_password

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

HASH: Final = re.compile(r"\s*--hash[=\s]\S+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """The translation of one line: its text for conda, for pip or for both, and the reason."""

    origin: str
    text: str
    conda: str | None
    pip: str | None
    reason: str

    def to_dict(self) -> dict[str, object]:
        """Return the JSON-ready form."""
        return {
            "origin": self.origin,
            "asked": self.text,
            "conda": self.conda,
            "pip": self.pip,
            "reason": self.reason,
        }

    def __str__(self) -> str:
        parts = [f"conda: {self.conda}"] if self.conda else []
        parts += [f"pip: {self.pip}"] if self.pip else []
        return f"{self.origin}: {self.text} -> {'; '.join(parts) or 'skipped'} ({self.reason})"


@dataclass(frozen=True, kw_only=True, slots=True)
class Translation:
    """The text of the new file, and the choice made for each line."""

    text: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Line:
    """An entry and its translation; None for a location or an option, which only pip supports.

    `text` and `tail` are those of the entry, unless a constraint or an extra changes them.
    """

    entry: Entry
    text: str
    translated: Translated | None
    tail: str = ""

    @property
    def pip_text(self) -> str:
        """The line as pip reads it."""
        return f"{self.text} {self.tail}".rstrip()


@dataclass(kw_only=True)
class _Result:
    conda: dict[str, Item] = field(default_factory=dict)
    pip: dict[str, Item] = field(default_factory=dict)
    choices: list[Choice] = field(default_factory=list)


def translate_to_environment(
    files: DependencyFiles,
    context: TranslationContext,
    requires: Callable[[NormalizedName], Sequence[str] | None],
    channels: Sequence[str] = (),
) -> Translation:
    """Build an environment.yml: what conda has among its dependencies, the rest under `pip:`.

    `requires` gives the `Requires-Dist` lines of installed projects, for extras. `channels` are
    written to a new file. An environment.yml that needs no change stays the same, byte for byte.
    """
    base = files.environment or build_environment()
    result = _Result()
    for line in _drop_incomplete_hashes([*_translate_all(files.dependencies, context, requires)]):
        _add_line(line, result, base.offset)
    known = {item.value for item in base.conda}
    new = [item for text, item in result.conda.items() if text not in known]
    conda = [*_find_python(files.dependencies, base), *base.conda, *new]
    pip = list(result.pip.values())
    if pip and not any(_parse_name(item.value) == "pip" for item in conda):
        conda.append(Item(value="pip"))
    if files.environment is not None and (conda, pip) == (list(base.conda), list(base.pip)):
        return Translation(text=files.environment_text, choices=tuple(result.choices))
    if files.environment is None and channels:
        base.document["channels"] = list(channels)
    text = render_environment(base, conda=conda, pip=pip)
    return Translation(text=text, choices=tuple(result.choices))


def _parse_name(text: str) -> str | None:
    dependency = parse_environment_dependency(text)
    return dependency.name if dependency is not None else None


def find_pinned_python(environment: EnvironmentFile) -> dict[str, str] | None:
    """Find the Python that an environment file pins, in the terms of markers; None if it does not.

    For a pinned series, `python=3.11`, it is the first release.
    """
    for item in environment.conda:
        dependency = parse_environment_dependency(item.value)
        if dependency is None or dependency.name != "python":
            continue
        for one in dependency.specifiers:
            release = one.version.removesuffix(".*").split(".")
            if one.operator == "==" and len(release) > 1:
                full = ".".join([*release, "0"][:3])
                return {
                    "python_version": ".".join(release[:2]),
                    "python_full_version": full,
                    "implementation_version": full,
                }
    return None


def _find_python(dependencies: Iterable[Dependencies], base: EnvironmentFile) -> Iterator[Item]:
    """The Python that a project requires, unless the environment file has one."""
    if any(_parse_name(item.value) == "python" for item in base.conda):
        return
    specifiers = SpecifierSet()
    for one in dependencies:
        try:
            specifiers &= SpecifierSet(one.requires_python or "")
        except InvalidSpecifier as error:
            raise InteropError(
                "invalid-requirement", f"requires-python is not valid: {error}"
            ) from error
    spec = build_conda_spec(specifiers)
    if len(specifiers) and not isinstance(spec, NotExpressible):
        yield Item(value=f"python {spec}")


def _translate_all(
    dependencies: Iterable[Dependencies],
    context: TranslationContext,
    requires: Callable[[NormalizedName], Sequence[str] | None],
) -> Iterator[_Line]:
    dependencies = tuple(dependencies)
    own = {name: lines for one in dependencies for name, lines in one.own.items()}
    entries = [add_index(entry) for one in dependencies for entry in one.entries]
    constraints = read_constraints(entries)

    def find_requires(name: NormalizedName) -> Sequence[str] | None:
        return own[name] if name in own else requires(name)

    for entry in entries:
        if entry.kind in ("location", "option"):
            yield _Line(entry=entry, text=entry.text, translated=None)
        if entry.kind != "requirement":
            continue
        requirement = parse_entry(entry)
        constraint = constraints.get(canonicalize_name(requirement.name))
        if constraint is not None:
            requirement.specifier &= constraint
        for found in expand_extras([requirement], find_requires, context.environment):
            if isinstance(found, Invalid):
                yield _Line(entry=entry, text=found.text, translated=found)
            elif canonicalize_name(found.name) not in own:
                unchanged = found is requirement and constraint is None
                yield _Line(
                    entry=entry,
                    text=entry.text if unchanged else str(found),
                    translated=_translate(entry, found, context),
                    tail=entry.tail,
                )
            entry = replace(entry, comment="", before=(), tail="")  # noqa: PLW2901 - used once


def add_index(entry: Entry) -> Entry:
    """Say in a comment that a requirement comes from one index alone: pip has no option for it."""
    if not entry.index:
        return entry
    return replace(entry, comment=f"# from {hide_password(entry.index)} {entry.comment}".rstrip())


def _translate(entry: Entry, requirement: Requirement, context: TranslationContext) -> Translated:
    """Translate a requirement; what has an index of its own is looked up nowhere else."""
    if entry.index:
        reason = f"it comes from {hide_password(entry.index)}"
        return ForPip(requirement=requirement, reason=reason)
    return translate(requirement, context)


def _drop_incomplete_hashes(lines: list[_Line]) -> list[_Line]:
    """Drop hashes unless all of pip's lines have them: pip requires hashes for all or for none.

    conda checks its packages by hashes of its own.
    """
    for_pip = [line for line in lines if line.entry.kind != "option" and _assign(line)[1]]
    if all(HASH.search(line.tail) for line in for_pip):
        return lines
    return [replace(line, tail=HASH.sub("", line.tail).strip()) for line in lines]


def read_constraints(entries: Iterable[Entry]) -> Mapping[NormalizedName, SpecifierSet]:
    """Read what the constraints among entries say of each project."""
    constraints: dict[NormalizedName, SpecifierSet] = {}
    for entry in entries:
        if entry.kind == "constraint":
            requirement = parse_entry(entry)
            name = canonicalize_name(requirement.name)
            constraints[name] = constraints.get(name, SpecifierSet()) & requirement.specifier
    return constraints


def parse_entry(entry: Entry) -> Requirement:
    """Parse a requirement of a file; raises UsageError `invalid-requirement` with its origin."""
    found = parse_requirement(entry.text)
    if isinstance(found, Invalid):
        raise UsageError(
            "invalid-requirement",
            f"{entry.origin}: {found.text!r} is not a valid requirement ({found.reason}).",
            hints=(
                hint_at_conda_spec(entry.text)
                or "To fix: correct the line, then run the command again.",
            ),
        )
    return found


def _add_line(line: _Line, result: _Result, offset: int) -> None:
    """Add a line and its comments to conda's dependencies, to pip's, or to both."""
    entry = line.entry
    conda, pip, reason = _assign(line)
    item = Item(value="", comment=entry.comment, before=entry.before)
    if conda is not None:
        moved = replace(item.indent(offset), value=conda, comment=_build_comment(line))
        result.conda.setdefault(conda, moved)
        item = Item(value="")
    if pip is not None:
        kept = item if entry.in_pip_section else item.indent(3 * offset)
        result.pip.setdefault(pip, replace(kept, value=pip))
    if HASH.search(entry.tail) and (conda or not HASH.search(line.tail)):
        reason += "; the hashes of its PyPI files are dropped"
    result.choices.append(
        Choice(origin=entry.origin, text=line.text, conda=conda, pip=pip, reason=reason)
    )


def _build_comment(line: _Line) -> str:
    """The comment of a line of conda's, with its marker: conda has no markers."""
    found = line.translated
    marker = found.requirement.marker if isinstance(found, ForConda) else None
    return line.entry.comment if marker is None else add_marker(str(marker), line.entry.comment)


def _assign(line: _Line) -> tuple[str | None, str | None, str]:
    """Return the text for conda, the text for pip, and the reason."""
    match line.translated:
        case None:
            return None, line.pip_text, "only pip supports it"
        case ForConda(name=name, version=version, reason=reason, extras=extras):
            text = name if version == "*" else f"{name} {version}"
            if not extras:
                return text, None, reason
            return text, line.pip_text, f"{reason}; pip installs what its extras require"
        case ForPip(reason=reason) | NotNeeded(reason=reason):
            return None, line.pip_text, reason
        case Invalid(reason=reason):
            return None, None, reason
