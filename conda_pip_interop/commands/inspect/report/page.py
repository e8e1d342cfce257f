"""The page of a report: the template with its style, its script and the data."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from collections.abc import Mapping
from datetime import datetime, timezone
from importlib.resources import files
from typing import Any, Final

from conda_pip_interop.errors import UsageError
from conda_pip_interop.text import escape_line

#: Nothing but this very style and script; no request, and no way from a text to a script.
_POLICY: Final = (
    "default-src 'none'; style-src '{style}'; script-src '{script}'; base-uri 'none'; "
    "form-action 'none'; require-trusted-types-for 'script'"
)
#: What could end the element that holds the data.
_MARKUP: Final = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}


def render_page(data: Mapping[str, Any]) -> str:
    """Render the page; what it is made from decides every byte of it."""
    parts = {name: _read(f"page.{name}") for name in ("css", "js")}
    hashes = {"style": _hash(parts["css"]), "script": _hash(parts["js"])}
    parts |= {"policy": _POLICY.format(**hashes), "data": _render_data(data)}
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], _read("page.html"))


def read_time() -> str:
    """Return the present, or SOURCE_DATE_EPOCH (reproducible-builds.org), as ISO 8601 in UTC."""
    stated = os.environ.get("SOURCE_DATE_EPOCH")
    try:
        when = datetime.now(timezone.utc)
        if stated is not None:
            when = datetime.fromtimestamp(int(stated), timezone.utc)
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(
            "usage",
            f"SOURCE_DATE_EPOCH is {stated!r}, which is not a number of seconds.",
            hints=("Set it to the seconds since 1970, or unset it.",),
        ) from error
    return when.strftime("%Y-%m-%d %H:%M UTC")


def _read(name: str) -> str:
    return (files(__package__ or "") / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _render_data(data: Mapping[str, Any]) -> str:
    """Render JSON that no content can leave, in ASCII."""
    text = json.dumps(_escape(data), separators=(",", ":"))
    return re.sub("[<>&]", lambda found: _MARKUP[found[0]], text)


def _escape(value: Any) -> Any:
    """Escape the control characters of all texts, also those that turn the writing around."""
    match value:
        case str():
            return escape_line(value)
        case dict():
            return {str(key): _escape(one) for key, one in value.items()}
        case list() | tuple():
            return [_escape(one) for one in value]
    return value
