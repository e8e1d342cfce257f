"""conda's part of an environment as an explicit list: exact packages by their URLs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conda_pip_interop.errors import InteropError
from conda_pip_interop.exports.layout import render_notes
from conda_pip_interop.exports.sources import (
    FromArchive,
    FromFolder,
    FromIndex,
    FromRepository,
    build_reference,
)
from conda_pip_interop.values import regex

if TYPE_CHECKING:
    from conda_pip_interop.exports.contents import CondaPackage, Contents, PipPackage
    from conda_pip_interop.exports.layout import Layout

_URL: Final = regex(r"[a-z0-9]+://[!-~]+")


def render_explicit(contents: Contents, _layout: Layout) -> str:
    """Render conda's packages, and pip's as the comments that conda-lock writes and reads.

    Raises InteropError `no-url` for packages that have none.
    """
    refuse_without_urls(contents)
    lines = [f"# platform: {contents.subdir}", "@EXPLICIT", *map(_render, contents.conda)]
    lines += (f"# pip {one.name} @ {url}" for one in contents.pip if (url := _find_url(one)))
    missing = [one.name for one in contents.pip if not _find_url(one)]
    if missing:
        lines.append(f"# Not in this file, of pip's part: {', '.join(missing)}")
    return render_notes(contents, ()) + "".join(f"{line}\n" for line in lines)


def refuse_without_urls(contents: Contents) -> None:
    """Raise InteropError `no-url` for packages of conda's that have none."""
    without = [one.record.name for one in contents.conda if not _URL.fullmatch(one.record.url)]
    if without:
        raise InteropError(
            "no-url",
            f"The records of {', '.join(without)} in {contents.name or 'the environment'} have no "
            "URL, so they cannot be written as an explicit list.",
            hints=("environment.yml can be written without URLs.",),
        )


def _render(package: CondaPackage) -> str:
    """Render a URL with the MD5, as `conda list --explicit --md5` does."""
    return f"{package.url}#{package.md5}" if package.md5 else package.url


def _find_url(package: PipPackage) -> str:
    match package.source:
        case (
            FromIndex(url=str())
            | FromRepository()
            | FromArchive()
            | FromFolder(editable=False) as source
        ):
            return build_reference(source)
    return ""
