"""Lists of YAML with their comments, as ruamel.yaml reads and writes them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from conda_pip_interop.values import dataclass


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
class ItemList:
    """A list: the comment beside its key, its items, and the comment lines below the last one."""

    head: str
    items: tuple[Item, ...]
    after: tuple[str, ...]


def read_list(listed: Any, text: str, *, columns: int) -> ItemList:
    """Read a list of a parsed text; comment lines in brackets are indented by `columns`.

    For ruamel.yaml, the rest of an item's line and all lines up to the next item are one comment.
    """
    first = listed.ca.comment[0] if listed.ca.comment else None
    head, below = _split_comment(first.value if first is not None else "")
    if listed.fa.flow_style():
        found = _read_brackets(listed, text, columns=columns)
        if first is not None and first.start_mark.line < listed.lc.line:  # that is above, too
            return found
        return replace(found, head=join_comments(found.head, head), after=(*found.after, *below))
    above = listed.ca.comment[1] if listed.ca.comment and len(listed.ca.comment) > 1 else None
    lines = "".join(" " * token.start_mark.column + token.value for token in above or ())
    before = (*below, *_split_comment("\n" + lines)[1])
    items = []
    for number, value in enumerate(listed):
        tokens = listed.ca.items.get(number) or [None]
        comment, below = _split_comment(tokens[0].value if tokens[0] is not None else "")
        items.append(Item(value=value, comment=comment, before=before))
        before = below
    return ItemList(head=head, items=tuple(items), after=before)


def _read_brackets(listed: Any, text: str, *, columns: int) -> ItemList:
    """Read a list in brackets: for ruamel.yaml, a comment there belongs to the item after it."""
    items: list[Item] = []
    head, before = _read_above(listed, text)
    above = {number: tokens[1] or () for number, tokens in listed.ca.items.items()}
    for number, value in enumerate([*listed, None]):
        for token in above.get(number, ()) if number < len(listed) else listed.ca.end or ():
            mark, comment = token.start_mark, token.value.strip()
            left = text[mark.index - mark.column : mark.index].strip()
            if items and left:
                joined = join_comments(items[-1].comment, comment)
                items[-1] = replace(items[-1], comment=joined)
            else:
                before.append(comment)
        items.append(Item(value=value, before=tuple(before)).indent(columns))
        before = []
    last = items.pop()
    return ItemList(head=head, items=tuple(items), after=last.before)


def _read_above(listed: Any, text: str) -> tuple[str, list[str]]:
    """Read the comments between a key and the bracket below it; ruamel.yaml drops some of them."""
    lines = text.splitlines()[: listed.lc.line + 1]
    before: list[str] = []
    if lines.pop()[: listed.lc.col].strip():  # the bracket is beside the key
        return "", before
    while lines and (not lines[-1].strip() or lines[-1].lstrip().startswith("#")):
        before.insert(0, lines.pop().strip())
    _, found, head = lines[-1].partition(" #") if lines else ("", "", "")
    return f"#{head}" if found else "", before


def join_comments(*comments: str) -> str:
    """Join comments that come to stand beside one item."""
    return "  ".join(filter(None, comments))


def _split_comment(text: str) -> tuple[str, tuple[str, ...]]:
    first, _, rest = text.partition("\n")
    return first.strip(), tuple(line.rstrip() for line in rest.split("\n")[: rest.count("\n")])


def add_list(
    mapping: Any, key: str, items: list[Item], *, head: str, after: tuple[str, ...]
) -> None:
    """Add a list with its comments to a mapping of ruamel.yaml."""
    from ruamel.yaml.comments import CommentedSeq

    listed = CommentedSeq([item.value for item in items])
    above = _join(items[0].before) if items else ""
    mapping.ca.items.pop(key, None)
    if head:
        mapping.ca.items[key] = [None, None, _build_token(f" {head}\n{above}"), None]
    elif above:
        listed.ca.comment = [None, [_build_token(above)]]
    for number, item in enumerate(items):
        below = items[number + 1].before if number + 1 < len(items) else after
        if (item.comment or below) and isinstance(item.value, str):
            first = f" {item.comment}" if item.comment else ""
            listed.ca.items[number] = [
                _build_token(f"{first}\n{_join(below)}"),
                *(None, None, None),
            ]
    mapping[key] = listed


def _build_token(text: str) -> Any:
    from ruamel.yaml.error import CommentMark
    from ruamel.yaml.tokens import CommentToken

    return CommentToken(text, CommentMark(0), None)


def _join(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
