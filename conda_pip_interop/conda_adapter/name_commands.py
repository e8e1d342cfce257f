"""`conda pip names`, and the fetching of the additional map of names."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from conda_pip_interop.conda_adapter.settings import read_names_map
from conda_pip_interop.errors import InteropError, UsageError
from conda_pip_interop.names.extra_map import LARGEST, ExtraMap, parse_map, write_map
from conda_pip_interop.render import Output
from conda_pip_interop.usecases import names

if TYPE_CHECKING:
    from conda_pip_interop.options import Options
    from conda_pip_interop.usecases.target import Target

_DAY = 86_400


def answer_names(options: Options, target: Target) -> Output:
    """`conda pip names`."""
    from conda_pip_interop.conda_adapter.inspecting import ChannelInspector
    from conda_pip_interop.conda_adapter.naming import map_file
    from conda_pip_interop.conda_adapter.solve import CondaEnvironment

    if not options.update and bool(options.words) == bool(options.packages):
        raise UsageError(
            "usage",
            "Either names of PyPI's are asked for, or packages of conda's with --conda.",
            hints=("See `conda pip names --help`.",),
        )
    if options.update:
        updated = update_map(map_file())
        if not options.words and not options.packages:
            return updated
    channels = ChannelInspector(conda=CondaEnvironment(target=target))
    if options.packages:
        return names.explain_packages(options.packages, channels, check=options.check)
    extra = channels.conda.naming.sources.extra
    return names.explain_names(
        options.words, channels, check=options.check, extra=extra, age=_tell_age(extra)
    )


def _tell_age(extra: ExtraMap | None) -> str:
    if extra is None:
        return ""
    days = max(0, int((time.time() - extra.fetched) // _DAY))
    return {0: "today", 1: "a day ago"}.get(days, f"{days} days ago")


def update_map(file: Path) -> Output:
    """Fetch the additional map from where the setting says; the one that was there stays if not.

    Raises InteropError `no-map` where no place is set, `map-not-fetched`, `invalid-map`.
    """
    origin = read_names_map()
    if not origin:
        raise InteropError(
            "no-map",
            "No additional map of names is set.",
            hints=(
                "`conda config --set plugins.pip_interop_names_map URL` sets one.",
                "It can be a file or an https URL.",
            ),
        )
    extra = parse_map(_fetch(origin), origin=origin, fetched=time.time())
    try:
        write_map(file, extra)
    except OSError as error:
        raise _not_fetched(origin, f"{file} cannot be written ({error.strerror})") from error
    count = len(extra.conda_names)
    return Output(
        text=f"{origin}: {count} names.",
        document={"map": {"origin": origin, "fetched": extra.fetched}, "names": count},
    )


def _fetch(origin: str) -> bytes:
    parts = urlsplit(origin)
    if parts.scheme == "https":
        return _download(origin)
    if parts.scheme not in ("", "file") and "://" in origin:
        raise _not_fetched(origin, "it is neither a file nor an https URL")
    path = Path(url2pathname(parts.path)) if parts.scheme == "file" else Path(origin).expanduser()
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        raise _not_fetched(origin, error.strerror or str(error)) from error


def _download(url: str) -> bytes:
    """Download by conda's own session: its proxies, certificates and retries."""
    from conda.base.context import context
    from conda.gateways.connection.session import get_session
    from requests import RequestException

    timeout = (context.remote_connect_timeout_secs, context.remote_read_timeout_secs)
    try:
        with get_session(url).get(url, stream=True, timeout=timeout) as response:
            response.raise_for_status()
            if urlsplit(response.url).scheme != "https":
                raise _not_fetched(url, f"it leads to {response.url}, which is not https")
            data = b""
            for chunk in response.iter_content(1 << 20):
                data += chunk
                if len(data) > LARGEST:
                    break
            return data
    except RequestException as error:
        raise _not_fetched(url, str(error)) from error


def _not_fetched(origin: str, reason: str) -> InteropError:
    return InteropError(
        "map-not-fetched",
        f"The map of names at {origin} was not fetched: {reason}. What was there before is kept.",
        hints=(
            "The setting pip_interop_names_map says where it is.",
            "conda's own settings for proxies and certificates count here too.",
        ),
    )
