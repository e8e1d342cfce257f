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
from conda_pip_interop.text import strip_channel
from conda_pip_interop.values import regex

if TYPE_CHECKING:
    from conda_pip_interop.environment.conda_meta.records import CondaRecord
    from conda_pip_interop.exports.contents import CondaPackage, Contents, PipPackage
    from conda_pip_interop.exports.layout import Layout

_URL: Final = regex(r"[a-z0-9]+://[!-~]+")
_MD5: Final = regex(r"[0-9a-f]{32}")


def render_explicit(contents: Contents, _layout: Layout) -> str:
    """Render conda's packages, and pip's as the comments that conda-lock writes and reads.

    Raises InteropError `no-url` for packages that have none.
    """
    lines = [f"# platform: {contents.subdir}", "@EXPLICIT", *list_explicit(contents)]
    lines += (f"# pip {one.name} @ {url}" for one in contents.pip if (url := _find_url(one)))
    missing = [one.name for one in contents.pip if not _find_url(one)]
    if missing:
        lines.append(f"# Not in this file, of pip's part: {', '.join(missing)}")
    return render_notes(contents, ()) + "".join(f"{line}\n" for line in lines)


def list_explicit(contents: Contents) -> tuple[str, ...]:
    """List the URLs of conda's packages with their MD5, as `conda list --explicit --md5` does.

    Raises InteropError `no-url`.
    """
    without = [one.record.name for one in contents.conda if not _URL.fullmatch(one.record.url)]
    if without:
        raise InteropError(
            "no-url",
            f"The records of {', '.join(without)} in {contents.name or 'the environment'} have no "
            "URL, so they cannot be written as an explicit list.",
            hints=("environment.yml can be written without URLs.",),
        )
    return tuple(map(_render, contents.conda))


def _render(package: CondaPackage) -> str:
    md5 = find_md5(package.record)
    return f"{strip_channel(package.record.url).partition('#')[0]}{f'#{md5}' if md5 else ''}"


def find_md5(record: CondaRecord) -> str | None:
    """Return the MD5 (hex) of a package's archive."""
    md5 = record.raw.get("md5")
    return md5 if isinstance(md5, str) and _MD5.fullmatch(md5) else None


def _find_url(package: PipPackage) -> str:
    match package.source:
        case FromIndex(url=str(url), sha256=str(sha256)):
            return f"{url}#sha256={sha256}"
        case FromRepository() | FromArchive() | FromFolder(editable=False) as source:
            return build_reference(source)
    return ""
