"""An environment as a pixi.lock, written by py-rattler's own model of the format."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from conda_pip_interop.errors import InteropError
from conda_pip_interop.exports.as_explicit import refuse_without_urls
from conda_pip_interop.exports.layout import refuse_unknown, render_notes
from conda_pip_interop.exports.sources import (
    FromArchive,
    FromFolder,
    FromIndex,
    FromRepository,
    build_reference,
)
from conda_pip_interop.text import strip_channel, strip_credentials

if TYPE_CHECKING:
    from conda_pip_interop.exports.contents import Contents, PipPackage
    from conda_pip_interop.exports.layout import Layout

_DEFAULT = "default"


def render_pixi_lock(contents: Contents, layout: Layout) -> str:
    """Render both parts, as the environment `default`; the hash of pip's file is in its URL.

    Raises InteropError `no-rattler`, `unknown-source`, `not-lockable`, `no-url`.
    """
    try:
        from rattler import LockChannel, LockFile, LockPlatform, PrefixRecord
    except ImportError as error:
        raise _refuse_without_rattler() from error
    refuse_unknown(contents, contents.unknown_files, what="pixi.lock")
    refuse_without_urls(contents)
    platform = LockPlatform(contents.subdir)
    lock = LockFile([platform])
    urls = dict.fromkeys(_find_channel(one.record.url) for one in contents.conda)
    lock.set_channels(_DEFAULT, [LockChannel(f"{url}/") for url in urls])
    with tempfile.TemporaryDirectory(prefix="pip-interop-") as name:
        file = Path(name) / "pixi.lock"
        for package in contents.conda:
            record = Path(name) / package.record.path.rpartition("/")[2]
            record.write_text(json.dumps(_strip(package.record.raw)), encoding="utf-8")
            lock.add_conda_package(_DEFAULT, platform, PrefixRecord.from_path(record))
        places: dict[str, PipPackage] = {}
        for one in contents.pip:
            location = _find_location(one, layout)
            if places.setdefault(location, one) is not one:  # py-rattler would drop it
                raise _refuse(one, f"it is from the same place as {places[location].name}")
            lock.add_pypi_package(_DEFAULT, platform, one.key, one.version, location)
        lock.to_path(file)
        return render_notes(contents, ()) + file.read_text(encoding="utf-8")


def _strip(raw: Any) -> dict[str, Any]:
    """Strip the credentials of a record."""
    url = strip_channel(str(raw["url"])).partition("#")[0]
    file = unquote(url.rpartition("/")[2])
    subdir = url.rsplit("/", 2)[1]
    known = {"fn": file, "build_number": 0, "subdir": subdir, **raw}
    return {**known, "url": url, "channel": _find_channel(url)}


def _find_channel(url: str) -> str:
    return strip_channel(url).rsplit("/", 2)[0]


def _find_location(package: PipPackage, layout: Layout) -> str:
    match package.source:
        case FromIndex(url=str()) as source:
            return build_reference(source)
        case FromRepository(editable=False) as source:
            asked = {"subdirectory": source.subdirectory, "rev": source.revision}
            query = "&".join(f"{key}={quote(value)}" for key, value in asked.items() if value)
            place = f"{source.vcs}+{strip_credentials(source.url)}"
            return f"{place}{f'?{query}' if query else ''}#{source.commit}"
        case FromArchive(algorithm="sha256", subdirectory="") as source:
            return f"direct+{strip_credentials(source.url)}#sha256={source.digest}"
        case FromFolder(editable=False, subdirectory="") as source:
            return layout.relate(source.path)
        case FromArchive():
            reason = "its direct_url.json has no SHA-256 of the archive, or it is in a folder of it"
        case FromFolder(editable=True) | FromRepository():
            reason = "it is editable, which py-rattler cannot write"
        case FromFolder():
            reason = "it is in a folder of its source"
        case other:
            reason = getattr(other, "reason", "its source is not known")
    raise _refuse(package, reason)


def _refuse(package: PipPackage, reason: str) -> InteropError:
    return InteropError(
        "not-lockable",
        f"pixi.lock cannot contain {package.name} {package.version}: {reason}.",
        hints=("environment.yml can be written with it.",),
    )


def _refuse_without_rattler() -> InteropError:
    return InteropError(
        "no-rattler",
        "pixi.lock is written with py-rattler, which conda's Python does not have, or not in a "
        "version that can write locks.",
        hints=(
            "To install it: `conda install -n base py-rattler`.",
            "conda-lock.yml and pylock.toml can be written without it.",
        ),
    )
