"""The files that one run of pip is given: what it is asked for, limits, and links."""

from __future__ import annotations

import html
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from conda_pip_interop.installers.interface import Line
    from conda_pip_interop.installers.pip.options import PipOptions


#: The names of the files; `PROVIDED` has what conda provides.
REQUIREMENTS: Final = "requirements.txt"
LIMITS: Final = "limits.txt"
PROVIDED: Final = "constraints.txt"


def build_words(lines: Iterable[Line], folder: Path, options: PipOptions) -> list[str]:
    """The end of pip's command line that asks for `lines`; what was in a file stays in one.

    So do options that a file has given: with their passwords they are in no list of processes.
    """
    lines = tuple(lines)
    written = [*options.lines, *(_render_line(one) for one in lines if one.in_file)]
    words: list[str] = []
    if written:
        words += ["--requirement", str(_write(folder / REQUIREMENTS, written))]
    named = [one for one in lines if not one.in_file]
    words += [f"--editable={one.text}" for one in named if one.editable]
    return [*words, "--", *(one.text for one in named if not one.editable)]


def write_requirements(folder: Path, options: Iterable[str], lines: Iterable[Line]) -> Path:
    """A requirements file of options and lines alone; settings are for what pip builds."""
    bare = (replace(one, settings=()) for one in lines)
    return _write(folder / REQUIREMENTS, [*options, *map(_render_line, bare)])


def write_constraints(folder: Path, lines: Iterable[Line]) -> Path:
    """A constraints file of `lines`."""
    return _write(folder / LIMITS, [_render_line(one) for one in lines])


def write_links(folder: Path, urls: Iterable[str]) -> Path:
    """A page of links for `--find-links`; their hashes are in their fragments."""
    anchors = [
        f'<a href="{html.escape(url)}">{html.escape(_read_file_name(url))}</a><br>' for url in urls
    ]
    page = ["<!DOCTYPE html>", "<html><body>", *anchors, "</body></html>"]
    return _write(folder / "links.html", page)


def _read_file_name(url: str) -> str:
    return unquote(urlsplit(url).path.rpartition("/")[2])


def _render_line(line: Line) -> str:
    text = f"--editable {shlex.quote(line.text)}" if line.editable else line.text
    hashes = (f"--hash={one}" for one in line.hashes)
    return " ".join([text, *hashes, *map(_render_setting, line.settings)])


def _render_setting(setting: str) -> str:
    """pip takes a word for an option only if it begins with a hyphen, and no quotation mark."""
    name, equals, value = setting.partition("=")
    return f"{name}{equals}{shlex.quote(value)}"


def _write(file: Path, lines: Iterable[str]) -> Path:
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return file
