"""An environment.yml, read with its comments and rendered with only its dependencies changed."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from conda_pip_interop.dependency_files.requirements_txt import (
    CONSTRAINT,
    Entry,
    as_constraints,
    build_entry,
    find_file,
    read_requirements_file,
    split_option,
    unreadable,
)
from conda_pip_interop.grammar import is_line
from conda_pip_interop.text import quoted
from conda_pip_interop.yaml_limits import refuse_bombs


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One item of a YAML list, the comment after it, and the indented comment lines above it."""

    value: Any
    comment: str = ""
    before: tuple[str, ...] = ()

    def indent(self, columns: int) -> Item:
        """Indent the comment lines above the item."""
        lines = tuple(" " * columns + line.strip() for line in self.before if line.strip())
        return replace(self, before=lines)


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvironmentFile:
    """An environment file: its dependencies, and the `document` with everything else.

    `pip_item` is the item that contains the `pip` section, `after` the comment lines below the
    last dependency, `offset` the number of columns by which list items are indented.
    """

    document: Any
    conda: tuple[Item, ...]
    pip: tuple[Item, ...]
    pip_item: Item
    after: tuple[str, ...]
    offset: int

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels of the file, without `nodefaults`."""
        listed = self.document.get("channels")
        names = listed if isinstance(listed, list) else ()
        return tuple(str(one) for one in names if one != "nodefaults")

    @property
    def excludes_others(self) -> bool:
        """Whether only the channels of the file may be searched (`nodefaults`)."""
        listed = self.document.get("channels")
        return isinstance(listed, list) and "nodefaults" in listed


def parse_environment(text: str, *, origin: str) -> EnvironmentFile:
    """Parse an environment file; raises UsageError `unreadable-file` if it is not valid."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq
    from ruamel.yaml.error import YAMLError

    try:
        refuse_bombs(text)
        document = _build_yaml().load(text)
    except (YAMLError, ValueError, RecursionError) as error:
        reason = str(getattr(error, "problem", None) or error)
        raise unreadable(origin, reason) from error
    if not isinstance(document, CommentedMap):
        raise unreadable(origin, "it is not an environment file")
    listed = document.get("dependencies")
    if listed is None:
        listed = CommentedSeq()
    if not isinstance(listed, CommentedSeq):
        raise unreadable(origin, "its dependencies are not a list")
    items, after = read_items(listed)
    pip: tuple[Item, ...] = ()
    pip_item = Item(value="pip")
    conda = []
    for item in items:
        match item.value:
            case str(value) if is_line(value):
                conda.append(item)
            case {"pip": [*_]} | {"pip": None} if len(item.value) == 1:
                pip_item = item
                nested, rest = read_items(item.value["pip"] or CommentedSeq())
                pip += nested
                after = (*rest, *after)
            case other:
                raise unreadable(origin, f"its dependencies contain {quoted(other)}")
    if any(not (isinstance(item.value, str) and is_line(item.value)) for item in pip):
        raise unreadable(origin, "its pip section contains more than requirements")
    return EnvironmentFile(
        document=document,
        conda=tuple(conda),
        pip=pip,
        pip_item=pip_item,
        after=after,
        offset=_find_offset(text),
    )


def build_environment() -> EnvironmentFile:
    """Build an empty environment file."""
    from ruamel.yaml.comments import CommentedMap

    return EnvironmentFile(
        document=CommentedMap(), conda=(), pip=(), pip_item=Item(value="pip"), after=(), offset=2
    )


def build_from_conda(dependencies: Iterable[str], *, channels: Iterable[str]) -> EnvironmentFile:
    """Build an environment file of conda's dependencies, which only these channels have."""
    found = build_environment()
    found.document["channels"] = list(dict.fromkeys((*channels, "nodefaults")))
    return replace(found, conda=tuple(Item(value=one) for one in dependencies))


def add_channels(environment: EnvironmentFile, channels: Iterable[str]) -> bool:
    """Add channels to the document, before `nodefaults`; whether there were new ones."""
    new = [one for one in dict.fromkeys(channels) if one not in environment.channels]
    if new:
        listed = environment.document.setdefault("channels", [])
        place = listed.index("nodefaults") if "nodefaults" in listed else len(listed)
        for channel in reversed(new):
            listed.insert(place, channel)
    return bool(new)


def read_pip_entries(
    environment: EnvironmentFile, *, origin: str, folder: Path
) -> tuple[Entry, ...]:
    """Read the lines of the `pip` section, and the constraints files that they include."""
    entries = []
    for item in environment.pip:
        entry = build_entry(item.value, f"{origin}: pip", folder, item.comment, item.before)
        entries.append(replace(entry, in_pip_section=True))
        option, value = split_option(entry.text)
        if option in CONSTRAINT and "://" not in value:
            inner = read_requirements_file(find_file(folder, value))
            found = as_constraints(inner, included=entry.text, folder=folder)
            entries += (one for one in found if one.kind == "constraint")
    return tuple(entries)


def add_marker(marker: str, comment: str) -> str:
    """Put a marker in front of a comment, as `# ; MARKER`: conda has no markers."""
    return f"# ; {marker}  {comment}".rstrip()


def split_marker(comment: str) -> tuple[str, str]:
    """Split a comment of `add_marker` into the marker, with its semicolon, and the comment."""
    if not comment.startswith("# ; "):
        return "", comment
    marker, _, rest = comment.removeprefix("# ").partition("  #")
    return marker, f"#{rest}" if rest else ""


def read_items(listed: Any) -> tuple[tuple[Item, ...], tuple[str, ...]]:
    """Read the items of a list, and the comment lines below the last one.

    For ruamel.yaml, the rest of an item's line and all lines up to the next item are one comment.
    """
    first = listed.ca.comment[1] if listed.ca.comment and len(listed.ca.comment) > 1 else None
    lines = "".join(" " * token.start_mark.column + token.value for token in first or ())
    before = _split_comment("\n" + lines)[1]
    items = []
    for number, value in enumerate(listed):
        tokens = listed.ca.items.get(number) or [None]
        text = tokens[0].value if tokens[0] is not None else ""
        comment, below = _split_comment(text)
        items.append(Item(value=value, comment=comment, before=before))
        before = below
    return tuple(items), before


def _split_comment(text: str) -> tuple[str, tuple[str, ...]]:
    first, _, rest = text.partition("\n")
    return first.strip(), tuple(line.rstrip() for line in rest.split("\n")[: rest.count("\n")])


def _find_offset(text: str) -> int:
    match = re.search(r"^dependencies:.*\n(?:[ \t]*(?:#.*)?\n)*( *)- ", text, re.MULTILINE)
    return len(match[1]) if match else 2


def render_environment(
    environment: EnvironmentFile, *, conda: Iterable[Item], pip: Iterable[Item]
) -> str:
    """Render an environment file with these dependencies and everything else unchanged."""
    from ruamel.yaml.comments import CommentedMap

    listed = list(conda)
    nested = list(pip)
    if nested:
        section = CommentedMap()
        section["pip"] = _build_list(nested, environment.after)
        listed.append(Item(value=section, before=environment.pip_item.before))
    environment.document["dependencies"] = _build_list(listed, () if nested else environment.after)
    stream = io.StringIO()
    _build_yaml(environment.offset).dump(environment.document, stream)
    return stream.getvalue()


def _build_list(items: list[Item], after: tuple[str, ...]) -> Any:
    from ruamel.yaml.comments import CommentedSeq
    from ruamel.yaml.error import CommentMark
    from ruamel.yaml.tokens import CommentToken

    def build_token(text: str) -> Any:
        return CommentToken(text, CommentMark(0), None)

    listed = CommentedSeq([item.value for item in items])
    if items and items[0].before:
        listed.ca.comment = [None, [build_token(_join(items[0].before))]]
    for number, item in enumerate(items):
        below = items[number + 1].before if number + 1 < len(items) else after
        if (item.comment or below) and isinstance(item.value, str):
            first = f" {item.comment}" if item.comment else ""
            listed.ca.items[number] = [
                build_token(f"{first}\n{_join(below)}"),
                *(None, None, None),
            ]
    return listed


def _join(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _build_yaml(offset: int = 2) -> Any:
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.indent(mapping=2, sequence=offset + 2, offset=offset)
    yaml.preserve_quotes = True
    yaml.width = 10_000  # a requirement stays on its line
    return yaml
