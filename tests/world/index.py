"""A package index in files (the simple repository API, PEP 503) for pip to install from offline."""

from __future__ import annotations

import html
from collections import defaultdict
from typing import TYPE_CHECKING

from tests.world.cache import CACHE, file_digest, write_atomically
from tests.world.wheels import read_metadata

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.world.wheels import Wheel

INDEX_FOLDER = CACHE / "index" / "simple"


def index_url() -> str:
    """Return what ``PIP_INDEX_URL`` has to be."""
    return INDEX_FOLDER.as_uri() + "/"


def _anchor(wheel: Wheel) -> str:
    python = html.escape(read_metadata(wheel.path).requires_python)
    link = f"../../../wheels/{wheel.path.name}#sha256={file_digest(wheel.path)}"
    return f'<a href="{link}" data-requires-python="{python}">{wheel.path.name}</a><br>\n'


def write_index(wheels: Iterable[Wheel]) -> None:
    """Write one page a project."""
    projects: dict[str, dict[str, Wheel]] = defaultdict(dict)
    for wheel in wheels:
        projects[wheel.name][wheel.path.name] = wheel
    for name, found in projects.items():
        anchors = "".join(_anchor(found[file]) for file in sorted(found))
        page = f"<!DOCTYPE html>\n<title>{name}</title>\n{anchors}"
        write_atomically(INDEX_FOLDER / name / "index.html", page)
    links = "".join(f'<a href="{name}/">{name}</a><br>\n' for name in sorted(projects))
    write_atomically(INDEX_FOLDER / "index.html", f"<!DOCTYPE html>\n{links}")
