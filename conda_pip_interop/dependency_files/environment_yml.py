"""An environment.yml, read with its comments and rendered with only its dependencies changed."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from conda_pip_interop.dependency_files.commented_lists import (
    Item,
    add_list,
    join_comments,
    read_list,
)
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
from conda_pip_interop.errors import UsageError
from conda_pip_interop.grammar import is_line
from conda_pip_interop.text import quoted
from conda_pip_interop.values import dataclass
from conda_pip_interop.yaml_limits import explain_yaml_error, refuse_bombs


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvironmentFile:
    """An environment file: its dependencies, and the `document` with everything else.

    `head` is the comment beside the key of the dependencies, `pip_item` the item that contains
    the `pip` section, `after` the comment lines below the last dependency, `offset` the number of
    columns by which list items are indented. `is_json`: it is JSON, which is valid YAML.
    """

    document: Any
    head: str
    conda: tuple[Item, ...]
    pip: tuple[Item, ...]
    pip_item: Item
    after: tuple[str, ...]
    offset: int
    is_json: bool = False

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
        is_json = _is_json(text)
        if is_json:  # rendered without its brackets and quotes
            text = _dump(_as_block(document))
            document = _build_yaml().load(text)
    except (YAMLError, ValueError, TypeError, RecursionError) as error:
        raise unreadable(origin, explain_yaml_error(error)) from error
    if not isinstance(document, CommentedMap):
        raise unreadable(origin, "it is not an environment file")
    listed = document.get("dependencies")
    if listed is None:
        listed = CommentedSeq()
    if not isinstance(listed, CommentedSeq):
        raise unreadable(origin, "its dependencies are not a list")
    offset = _find_offset(text)
    found = read_list(listed, text, columns=offset)
    after = found.after
    pip: tuple[Item, ...] = ()
    pip_item = Item(value="pip")
    conda = []
    below: tuple[str, ...] = ()
    for item in found.items:
        item = replace(item, before=(*below, *item.before))  # noqa: PLW2901 - what the list left
        below = ()
        match item.value:
            case str(value) if is_line(value):
                conda.append(item)
            case {"pip": [*_]} | {"pip": None} if len(item.value) == 1:
                nested = read_list(item.value["pip"] or CommentedSeq(), text, columns=3 * offset)
                pip_item = replace(item, comment=join_comments(nested.head, item.comment))
                pip += nested.items
                below = nested.after
            case other:
                raise _build_refusal(other, text, origin)
    if any(not (isinstance(item.value, str) and is_line(item.value)) for item in pip):
        raise unreadable(origin, "its pip section contains more than requirements")
    return EnvironmentFile(
        document=document,
        head=found.head,
        conda=tuple(conda),
        pip=pip,
        pip_item=pip_item,
        after=(*below, *after),
        offset=offset,
        is_json=is_json,
    )


def _build_refusal(dependency: object, text: str, origin: str) -> UsageError:
    if "{{" in text:
        return unreadable(origin, "it is a template, whose {{ … }} must be filled in first")
    return unreadable(origin, f"its dependencies contain {quoted(dependency)}")


def has_comments(value: Any) -> bool:
    """Return whether a parsed value, or one inside it, has comments."""
    known = getattr(value, "ca", None)
    if known is not None and (known.comment or known.items or known.end):
        return True
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(map(has_comments, inside))


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def build_environment() -> EnvironmentFile:
    """Build an empty environment file."""
    from ruamel.yaml.comments import CommentedMap

    return EnvironmentFile(
        document=CommentedMap(),
        head="",
        conda=(),
        pip=(),
        pip_item=Item(value="pip"),
        after=(),
        offset=2,
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
    """Read the lines of the `pip` section, and the constraints files that they include.

    conda runs pip in the folder of the file.
    """
    entries = []
    for item in environment.pip:
        entry = build_entry(item.value, f"{origin}: pip", folder, item.comment, item.before)
        entries.append(replace(entry, in_pip_section=True, run_in=folder))
        option, value = split_option(entry.text)
        if option in CONSTRAINT and "://" not in value:
            inner = read_requirements_file(find_file(folder, value))
            found = as_constraints(inner, included=entry.text, folder=folder)
            entries += (one for one in found if one.kind == "constraint")
    return tuple(entries)


def list_comments(item: Item) -> tuple[str, ...]:
    """List the comments above and beside an item, each as a line of its own."""
    return tuple(line.strip() for line in (*item.before, item.comment) if line.strip())


def add_marker(marker: str, comment: str) -> str:
    """Put a marker in front of a comment, as `# ; MARKER`: conda has no markers."""
    return f"# ; {marker}  {comment}".rstrip()


def split_marker(comment: str) -> tuple[str, str]:
    """Split a comment of `add_marker` into the marker, with its semicolon, and the comment."""
    if not comment.startswith("# ; "):
        return "", comment
    marker, _, rest = comment.removeprefix("# ").partition("  #")
    return marker, f"#{rest}" if rest else ""


def _find_offset(text: str) -> int:
    match = re.search(r"^dependencies:.*\n(?:[ \t]*(?:#.*)?\n)*( *)- ", text, re.MULTILINE)
    return len(match[1]) if match else 2


def render_environment(
    environment: EnvironmentFile,
    *,
    conda: Iterable[Item],
    pip: Iterable[Item],
    as_json: bool = False,
) -> str:
    """Render an environment file with these dependencies and everything else unchanged."""
    from ruamel.yaml.comments import CommentedMap

    listed = list(conda)
    nested = list(pip)
    document = environment.document
    if as_json:
        values = [item.value for item in listed]
        values += [{"pip": [item.value for item in nested]}] if nested else []
        whole = {**document, "dependencies": values}
        return json.dumps(whole, indent=2, ensure_ascii=False, default=str) + "\n"
    after = environment.after
    if nested:
        section = CommentedMap()
        add_list(section, "pip", nested, head=environment.pip_item.comment, after=after)
        listed.append(Item(value=section, before=environment.pip_item.before))
        after = ()
    add_list(document, "dependencies", listed, head=environment.head, after=after)
    return _dump(document, environment.offset)


def _dump(document: Any, offset: int = 2) -> str:
    stream = io.StringIO()
    _build_yaml(offset).dump(document, stream)
    return stream.getvalue()


def _as_block(value: Any) -> Any:
    """Copy a value without the brackets and the quotes that it has in JSON."""
    match value:
        case {**pairs}:
            return {str(key): _as_block(one) for key, one in pairs.items()}
        case [*items]:
            return [_as_block(one) for one in items]
    return str(value) if isinstance(value, str) else value


def _build_yaml(offset: int = 2) -> Any:
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.indent(mapping=2, sequence=offset + 2, offset=offset)
    yaml.preserve_quotes = True
    yaml.width = 10_000  # a requirement stays on its line
    return yaml
