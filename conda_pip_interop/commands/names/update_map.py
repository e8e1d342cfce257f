"""Fetch the additional names map from where the setting says, else the public one."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

from conda_pip_interop.commands.output import Output
from conda_pip_interop.errors import InteropError
from conda_pip_interop.names.names_map import LARGEST, parse_map, write_map
from conda_pip_interop.text import count

if TYPE_CHECKING:
    from conda_pip_interop.commands.host import Host

#: What prefix.dev's parselmouth finds in the packages of conda-forge (BSD-3-Clause).
PUBLIC_MAP: Final = (
    "https://raw.githubusercontent.com/prefix-dev/parselmouth/main/files/v0/conda-forge/"
    "compressed_mapping.json"
)


def update_map(host: Host) -> Output:
    """Fetch the map; if that fails, the map that was fetched earlier is kept.

    Raises InteropError `map-not-fetched` and `invalid-map`.
    """
    origin, file = host.extra_map_origin or PUBLIC_MAP, host.extra_map_file
    extra = parse_map(_fetch(origin, host), origin=origin, fetched=time.time())
    try:
        write_map(file, extra)
    except OSError as error:
        raise _not_fetched(origin, f"{file} cannot be written ({error.strerror})") from error
    names = len(extra.conda_names)
    return Output(
        text=f"{origin}: {count(names, 'name')}.",
        document={"map": {"origin": origin, "fetched": extra.fetched}, "names": names},
    )


def _fetch(origin: str, host: Host) -> bytes:
    parts = urlsplit(origin)
    if parts.scheme not in ("", "file", "https") and "://" in origin:
        raise _not_fetched(origin, "it is neither a file nor an https URL")
    try:
        if parts.scheme == "https":
            return host.download(origin, limit=LARGEST)
        is_url = parts.scheme == "file"
        path = Path(url2pathname(parts.path)) if is_url else Path(origin).expanduser()
        with path.open("rb") as stream:
            return stream.read(LARGEST + 1)
    except OSError as error:
        raise _not_fetched(origin, error.strerror or str(error)) from error


def _not_fetched(origin: str, reason: str) -> InteropError:
    return InteropError(
        "map-not-fetched",
        f"The names map at {origin} was not fetched: {reason}. The previous map is kept.",
        hints=(
            "The setting pip_interop_names_map says where the map is.",
            "conda's settings for proxies and certificates are used.",
        ),
    )
