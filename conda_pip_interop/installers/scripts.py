"""Scripts of a staged installation: which Python their first line names."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from conda_pip_interop.environment.paths import parse_prefix_path
from conda_pip_interop.environment.site_packages.record import (
    describe_file,
    parse_record,
    render_record,
)
from conda_pip_interop.values import regex

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conda_pip_interop.environment.paths import PrefixPath
    from conda_pip_interop.environment.site_packages.record import RecordRow

#: How pip and uv start a script where a system would cut the line off, or at a space in it.
_BY_SHELL: Final = regex(rb"#!/bin/sh\n'''exec' (\"?)([^\"\n]+)\1 \"\$0\" \"\$@\"\n' '''\n")
_BY_PATH: Final = regex(rb"#!([^\n]+?)( [^\n/]*)?(\r?\n)")
#: What a kernel reads of a first line, at least.
_LONGEST: Final = {"darwin": 512}
_USUAL: Final = 127


def rename_interpreter(folder: Path, before: Path, after: Path) -> None:
    """Let the scripts in a folder that pip or uv has installed into run with another Python.

    Their RECORDs tell the new hashes.
    """
    rows: dict[PrefixPath, bytes] = {}
    for scripts in (folder / "bin", folder / "Scripts"):
        for file in sorted(scripts.iterdir()) if scripts.is_dir() else ():
            if file.is_file() and not file.is_symlink():
                content = file.read_bytes()
                renamed = rename_in(content, str(before), str(after))
                if renamed != content:
                    file.write_bytes(renamed)
                    path = parse_prefix_path(file.relative_to(folder).as_posix())
                    if path is not None:
                        rows[path] = renamed
    for record in folder.rglob("*.dist-info/RECORD") if rows else ():
        site_packages = parse_prefix_path(record.parents[1].relative_to(folder).as_posix())
        text = record.read_text(encoding="utf-8")
        changed = render_record(_change_rows(text, site_packages, rows))
        if changed != text:
            record.write_text(changed, encoding="utf-8")


def rename_in(content: bytes, before: str, after: str) -> bytes:
    """Return a script, or a launcher of Windows, for another interpreter."""
    old = before.encode()
    by_shell = _BY_SHELL.match(content)
    if by_shell is not None:
        same = by_shell[2] == old
        return _build_start(after) + content[by_shell.end() :] if same else content
    by_path = _BY_PATH.match(content)
    if by_path is not None:
        same = by_path[1] == old
        start = _build_start(after, by_path[2] or b"", by_path[3])
        return start + content[by_path.end() :] if same else content
    if content.startswith(b"MZ"):  # the line of a launcher stands before its archive
        return content.replace(b"#!" + old, b"#!" + after.encode())
    return content


def _build_start(python: str, words: bytes = b"", end: bytes = b"\n") -> bytes:
    """Build the first line, or the three lines that name a path of any length to the shell."""
    line = b"#!" + python.encode() + words
    longest = _LONGEST.get(sys.platform, _USUAL)
    if b" " not in python.encode() and len(line) < longest:
        return line + end
    return b"#!/bin/sh\n'''exec' \"" + python.encode() + b'" "$0" "$@"\n\' \'\'\'\n'


def _change_rows(
    text: str, site_packages: PrefixPath | None, contents: dict[PrefixPath, bytes]
) -> Iterator[RecordRow]:
    for row in parse_record(text).rows:
        path = parse_prefix_path(row.path, base=site_packages) if site_packages else None
        content = contents.get(path) if path is not None else None
        yield row if content is None else describe_file(row.path, content)
