"""Write TOML: the standard library only reads it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from conda_pip_interop.values import regex

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_BARE: Final = regex(r"[A-Za-z0-9_-]+")


def render_toml(document: Mapping[str, Any]) -> str:
    """Render a document of tables, lists, texts, numbers and booleans, in their order.

    The tables in a list of the top level get a `[[heading]]` each; deeper ones are inline.
    """
    return "\n".join(_render_table(document, "")).lstrip("\n") + "\n"


def _render_table(table: Mapping[str, Any], path: str) -> Iterator[str]:
    nested = {key: value for key, value in table.items() if isinstance(value, dict)}
    lists = {key: value for key, value in table.items() if _is_tables(value)}
    for key, value in table.items():
        if key not in nested and key not in lists:
            yield f"{_render_key(key)} = {_render_value(value)}"
    for key, tables in lists.items():
        for one in tables:
            yield ""
            yield f"[[{path}{_render_key(key)}]]"
            yield from (
                f"{_render_key(name)} = {_render_value(value)}" for name, value in one.items()
            )
    for key, value in nested.items():
        inner = f"{path}{_render_key(key)}"
        if any(not isinstance(one, dict) for one in value.values()) or not value:
            yield ""
            yield f"[{inner}]"
        yield from _render_table(value, f"{inner}.")


def _is_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


def _render_key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _render_text(key)


def _render_value(value: Any) -> str:
    match value:
        case bool() | int():
            return json.dumps(value)
        case str():
            return _render_text(value)
        case list():
            return f"[{', '.join(map(_render_value, value))}]"
        case dict():
            pairs = (f"{_render_key(key)} = {_render_value(one)}" for key, one in value.items())
            return f"{{{', '.join(pairs)}}}"
    raise TypeError(value)


def _render_text(text: str) -> str:
    """TOML's basic strings are JSON's, but for DEL, which has to be escaped."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
