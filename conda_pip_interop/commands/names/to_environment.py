"""`conda pip translate`: dependency files as one environment.yml for conda and pip."""

from __future__ import annotations

from dataclasses import field, replace
from typing import TYPE_CHECKING, Final

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.commands.names.constraints import (
    find_unused,
    limit_conda_item,
    list_constraint_options,
    note_replaced,
    note_unused,
    parse_entry,
    read_constraints,
)
from conda_pip_interop.commands.names.pinned_python import find_python, parse_package_name
from conda_pip_interop.dependency_files.commented_lists import Item, join_comments
from conda_pip_interop.dependency_files.environment_yml import (
    add_channels,
    add_marker,
    build_environment,
    has_comments,
    render_environment,
    split_marker,
)
from conda_pip_interop.dependency_files.locations import find_location_name
from conda_pip_interop.dependency_files.read import DependencyFiles
from conda_pip_interop.dependency_files.requirements_txt import Entry, split_option
from conda_pip_interop.names.extras import expand_extras
from conda_pip_interop.names.requirement import (
    ForConda,
    ForPip,
    Invalid,
    NotNeeded,
    Translated,
    TranslationContext,
    give_one_owner,
    translate,
)
from conda_pip_interop.text import hide_password
from conda_pip_interop.values import dataclass, regex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

HASH: Final = regex(r"--hash[=\s]\S+")
_SETTINGS: Final = regex(r"--(?:config-settings?|global-option)\b")
_NO_CONSTRAINTS: Final = (
    "no dependency names these projects, and environment.yml has no constraints for conda"
)
NOT_REQUIRED: Final = (
    "pip's option require-hashes is left out: pip requires hashes for all lines or for none, and "
    "not all lines have them."
)


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
    """The text of the new file, the choice made for each line, and what the user has to know."""

    text: str
    choices: tuple[Choice, ...]
    notes: tuple[str, ...] = ()


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
    names: set[NormalizedName] = field(default_factory=set)


def translate_to_environment(
    files: DependencyFiles,
    context: TranslationContext,
    requires: Callable[[NormalizedName], Sequence[str] | None],
    channels: Sequence[str] = (),
    own_channels: Sequence[str] = (),
    *,
    as_json: bool | None = None,
) -> Translation:
    """Build an environment.yml: what conda has among its dependencies, the rest under `pip:`.

    `requires` gives the `Requires-Dist` lines of installed projects, for extras. `channels` are
    written to a new file, `own_channels`, those of projects, also to one that has some. An
    environment.yml that needs no change stays the same, byte for byte. `as_json` is None for JSON
    if the environment file has it.
    """
    base = files.environment or build_environment()
    as_json = base.is_json if as_json is None else as_json
    result = _Result()
    entries = [entry for one in files.dependencies for entry in one.entries]
    constraints = read_constraints(entries, context.environment)
    lines = _give_one_owner([*_translate_all(files, context, requires, constraints)], context)
    kept = _drop_incomplete_hashes(lines)
    for line in kept:
        _add_line(line, result, base.offset)
    limited = [limit_conda_item(item, constraints, context) for item in base.conda]
    used = result.names.union(name for _, name in limited if name is not None)
    unused = find_unused(entries, used, context.environment)
    known = {item.value for item, _ in limited}
    new = [item for text, item in result.conda.items() if text not in known]
    conda = [*find_python(files.dependencies, base), *(item for item, _ in limited), *new]
    if result.pip:
        options = [one for one in list_constraint_options(unused) if one not in result.pip]
        result.pip = {one: Item(value=one) for one in options} | result.pip
    pip = list(result.pip.values())
    if pip and not any(parse_package_name(item.value) == "pip" for item in conda):
        conda.append(Item(value="pip"))
    translated = (one.translated for one in lines)
    for_pip = (one.requirement for one in translated if isinstance(one, ForPip))
    made = Translation(
        text=files.environment_text,
        choices=tuple(result.choices),
        notes=(
            *note_unused(unused, reason=_NO_CONSTRAINTS, in_pip=bool(pip)),
            *([NOT_REQUIRED] if len(kept) < len(lines) else []),
            *_note_settings(lines),
            *note_replaced(for_pip, base.conda, context),
            *(_note_comments(conda, pip, base.document) if as_json else []),
        ),
    )
    if files.environment is None and channels:
        base.document["channels"] = list(channels)
    has_new = add_channels(base, own_channels)
    unchanged = (conda, pip) == (list(base.conda), list(base.pip)) and not has_new
    if files.environment_text and unchanged and as_json == base.is_json:
        return made
    text = render_environment(base, conda=conda, pip=pip, as_json=as_json)
    return replace(made, text=text)


def _note_comments(conda: Sequence[Item], pip: Sequence[Item], document: object) -> Iterator[str]:
    """Say what JSON loses: comments, and with them the markers of conda's dependencies."""
    marked = [item.value for item in conda if split_marker(item.comment)[0]]
    if marked:
        yield (
            f"the markers of {', '.join(marked)} are left out: conda has none, and JSON no "
            "comments to keep them in."
        )
    items = (*conda, *pip)
    if has_comments(document) or any(split_marker(one.comment)[1] or one.before for one in items):
        yield "the comments are left out: JSON has none."


def _note_settings(lines: Sequence[_Line]) -> Iterator[str]:
    """Say of which packages of conda's the files have build settings."""
    names = [line.text for line in lines if _SETTINGS.search(line.tail) and _assign(line)[0]]
    if names:
        yield f"the build settings of {', '.join(names)} are left out: conda's packages are built."


def _translate_all(
    files: DependencyFiles,
    context: TranslationContext,
    requires: Callable[[NormalizedName], Sequence[str] | None],
    constraints: Mapping[NormalizedName, SpecifierSet],
) -> Iterator[_Line]:
    own = {name: lines for one in files.dependencies for name, lines in one.own.items()}

    def find_requires(name: NormalizedName) -> Sequence[str] | None:
        return own[name] if name in own else requires(name)

    for dependencies in files.dependencies:
        for entry in map(add_index, dependencies.entries):
            if entry.kind in ("location", "option"):
                yield _Line(entry=entry, text=entry.text, translated=None)
            if entry.kind != "requirement":
                continue
            requirement = parse_entry(entry)
            for found in expand_extras([requirement], find_requires, context.environment):
                if isinstance(found, Invalid):
                    yield _Line(entry=entry, text=found.text, translated=found)
                elif canonicalize_name(found.name) not in own:
                    limit = constraints.get(canonicalize_name(found.name))
                    unchanged = found is requirement and limit is None
                    found.specifier &= limit or SpecifierSet()
                    yield _Line(
                        entry=entry,
                        text=entry.text if unchanged else str(found),
                        translated=_translate(
                            entry, found, context, owned_by_pip=dependencies.owned_by_pip
                        ),
                        tail=entry.tail,
                    )
                entry = replace(entry, comment="", before=(), tail="")  # noqa: PLW2901 - used once


def _give_one_owner(lines: Sequence[_Line], context: TranslationContext) -> list[_Line]:
    """Leave a project to one manager in all of its lines; see `give_one_owner`."""
    locations = (find_location_name(one.text) for one in lines if one.entry.kind == "location")
    found = [one.translated for one in lines if one.translated is not None]
    owned = iter(give_one_owner(found, context, from_urls=[name for name in locations if name]))
    return [
        one if one.translated is None else replace(one, translated=next(owned)) for one in lines
    ]


def add_index(entry: Entry) -> Entry:
    """Say in a comment that a requirement comes from one index alone: pip has no option for it."""
    if not entry.index:
        return entry
    return replace(entry, comment=f"# from {hide_password(entry.index)} {entry.comment}".rstrip())


def _translate(
    entry: Entry, requirement: Requirement, context: TranslationContext, *, owned_by_pip: bool
) -> Translated:
    """Translate a requirement; what has an index of its own is looked up nowhere else."""
    if owned_by_pip:
        return ForPip(requirement=requirement, reason="locked for pip")
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
    return [
        replace(line, tail=HASH.sub("", line.tail).strip())
        for line in lines
        if not requires_hashes(line.entry)
    ]


def requires_hashes(entry: Entry) -> bool:
    """Whether an entry is the option by which pip refuses lines without hashes."""
    return entry.kind == "option" and split_option(entry.text)[0] == "--require-hashes"


def _add_line(line: _Line, result: _Result, offset: int) -> None:
    """Add a line and its comments to conda's dependencies, to pip's, or to both."""
    entry = line.entry
    conda, pip, reason = _assign(line)
    if line.translated is not None and not isinstance(line.translated, Invalid):
        result.names.add(canonicalize_name(line.translated.requirement.name))
    item = Item(value="", comment=entry.comment, before=entry.before)
    if conda is not None:
        moved = replace(item.indent(offset), value=conda, comment=_build_comment(line))
        known = result.conda.get(conda)
        result.conda[conda] = moved if known is None else _unite(known, moved)
        item = Item(value="")
    if pip is not None:
        kept = item if entry.in_pip_section else item.indent(3 * offset)
        result.pip.setdefault(pip, replace(kept, value=pip))
    if conda and _SETTINGS.search(entry.tail):
        reason += "; its build settings are dropped: conda's package is built"
    if HASH.search(entry.tail) and (conda or not HASH.search(line.tail)):
        reason += "; the hashes of its PyPI files are dropped"
    result.choices.append(
        Choice(origin=entry.origin, text=line.text, conda=conda, pip=pip, reason=reason)
    )


def _unite(known: Item, other: Item) -> Item:
    """Unite two items of one text: the second one holds where the first one's marker does not."""
    marker, comment = split_marker(known.comment)
    also, beside = split_marker(other.comment)
    comment = join_comments(*dict.fromkeys((comment, beside)))
    if marker and also:
        both = dict.fromkeys(one.removeprefix("; ") for one in (marker, also))
        either = " or ".join(f"({one})" for one in both) if len(both) > 1 else "".join(both)
        comment = add_marker(either, comment)
    before = tuple(dict.fromkeys((*known.before, *other.before)))
    return replace(known, comment=comment, before=before)


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
