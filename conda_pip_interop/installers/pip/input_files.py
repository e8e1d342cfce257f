"""The files that one run of pip or uv is given: what it is asked for, limits, links, and stubs.

A stub is a distribution of metadata alone, for what is not to be chosen, or not to be built.
"""

from __future__ import annotations

import hashlib
import html
import shlex
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from conda_pip_interop.installers.interface import Line, ProvidedDistribution
    from conda_pip_interop.installers.pip.options import PipOptions
    from conda_pip_interop.installers.pip.report import ReportItem


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


def write_stub(item: ReportItem, folder: Path) -> tuple[str, str]:
    """Write the wheel of `item` into a folder.

    The requirement that takes it, extras and all, and the wheel's SHA-256.
    """
    wheel = write_stub_wheel(
        folder,
        name=item.name,
        version=item.version,
        requires=item.requires_dist,
        extras=item.provides_extra,
    )
    extras = f"[{','.join(item.requested_extras)}]" if item.requested_extras else ""
    text = f"{item.name}{extras} @ {wheel.as_uri()}"
    return text, hashlib.sha256(wheel.read_bytes()).hexdigest()


def write_stub_wheel(
    folder: Path, *, name: str, version: str, requires: Iterable[str], extras: Iterable[str]
) -> Path:
    """A wheel with name, version, requirements and extras alone (core metadata 2.1)."""
    stem = f"{name.replace('-', '_')}-{version}"
    info = f"{stem}.dist-info"
    wheel = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"{info}/METADATA", _render_metadata(name, version, extras, requires))
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return wheel


def _render_metadata(
    name: str, version: str, extras: Iterable[str], requires: Iterable[str]
) -> str:
    """Render METADATA (core metadata 2.1)."""
    lines = [
        *("Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"),
        *(f"Provides-Extra: {extra}" for extra in extras),
        *(f"Requires-Dist: {line}" for line in requires),
    ]
    return "\n".join([*lines, ""])


def write_overlay(folder: Path, provided: tuple[ProvidedDistribution, ...]) -> None:
    """Write a `*.dist-info` with METADATA (core metadata 2.1) and RECORD for each of `provided`."""
    for distribution in provided:
        name = distribution.name.replace("-", "_")
        dist_info = folder / f"{name}-{distribution.version}.dist-info"
        dist_info.mkdir(parents=True)
        metadata = _render_metadata(
            distribution.name,
            distribution.version,
            distribution.extras,
            distribution.extra_requirements,
        )
        (dist_info / "METADATA").write_text(metadata, encoding="utf-8")
        (dist_info / "INSTALLER").write_text("conda\n", encoding="utf-8")
        (dist_info / "RECORD").write_text(
            f"{dist_info.name}/METADATA,,\n{dist_info.name}/RECORD,,\n", encoding="utf-8"
        )
