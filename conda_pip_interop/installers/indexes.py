"""The indexes of pip: which they are, and what they list (PEP 503 and 691)."""

from __future__ import annotations

import base64
import json
import os
import re
import ssl
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlsplit, urlunsplit
from urllib.request import HTTPSHandler, ProxyHandler, Request, build_opener, url2pathname

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    parse_sdist_filename,
    parse_wheel_filename,
)

from conda_pip_interop.changes.origins import INDEX_OPTIONS
from conda_pip_interop.dependency_files.locations import PYPI_INDEX, expand_variables
from conda_pip_interop.installers.pip.configuration import read_configuration
from conda_pip_interop.installers.uv.options import find_url, read_configured
from conda_pip_interop.text import replace_credentials
from conda_pip_interop.values import dataclass, regex

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from conda_pip_interop.installers.pip.options import PipArgument
    from conda_pip_interop.installers.pip.runs import PipCommand

_ACCEPT: Final = "application/vnd.pypi.simple.v1+json, text/html;q=0.5"
_SECONDS: Final = 5
#: Of a page in bytes: those of projects with many files have a few million.
_LONGEST: Final = 50 << 20
_AT_ONCE: Final = 8
_LINK: Final = regex(r"<a\b[^>]*>([^<]+)</a>", re.IGNORECASE)
_NOT_FOUND: Final = 404


def open_indexes(process: PipCommand) -> SimpleIndexes:
    """Open the indexes that a pip asks."""
    environ = {**os.environ, **process.environ}
    urls = find_indexes(_list_arguments(process))
    expanded = tuple(expand_variables(one, environ) for one in urls)
    return SimpleIndexes(urls=expanded, environ=environ)


def _list_arguments(process: PipCommand) -> tuple[PipArgument, ...]:
    """List what pip's configuration sets, and then what was given."""
    configured = read_configuration(process.prefix, {**os.environ, **process.environ})
    return (*read_configured(configured), *process.options.arguments)


def find_indexes(arguments: Collection[PipArgument]) -> tuple[str, ...]:
    """Find the URLs of the indexes that pip asks, by its configuration and command line."""
    if any(one.name == "--no-index" for one in arguments):
        return ()
    index = [one.value for one in arguments if one.name == "--index-url" and one.value]
    extra = [one.value for one in arguments if one.name == "--extra-index-url" and one.value]
    return tuple(dict.fromkeys([*(index[-1:] or [PYPI_INDEX]), *extra]))


def list_index_options(process: PipCommand) -> tuple[str, ...]:
    """List the options that say where distributions come from, as lines of a requirements file.

    Variables take the place of credentials, and paths become URLs. Of `--index-url` the last one
    counts.
    """
    arguments = _list_arguments(process)
    last = {one.name: one for one in arguments}
    lines = [
        _render(one)
        for one in arguments
        if one.name in INDEX_OPTIONS and (one.name != "--index-url" or last[one.name] is one)
    ]
    return tuple(dict.fromkeys(lines))


def _render(argument: PipArgument) -> str:
    if argument.value is None:
        return argument.name
    value = "".join(argument.value.split())
    if argument.name in ("--find-links", "--index-url", "--extra-index-url"):
        value = replace_credentials(find_url(argument.value.strip()))
    return f"{argument.name} {value}"


@dataclass(kw_only=True)
class SimpleIndexes:
    """Simple indexes; `environ` has the proxies and the certificates for them.

    An index that cannot be reached, or wants more than a password in its URL, says nothing.
    """

    urls: tuple[str, ...]
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    _silent: set[str] = field(default_factory=set)

    def list_releases(
        self, names: Collection[NormalizedName]
    ) -> Mapping[NormalizedName, frozenset[Version]]:
        """List the versions of projects; without those of which an index says nothing."""
        with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
            found = dict(zip(names, pool.map(self._list, names), strict=True))
        return {name: versions for name, versions in found.items() if versions is not None}

    def find_ageless(self, names: Iterable[NormalizedName]) -> tuple[str, ...]:
        """Find the indexes that have one of these projects, and tell no upload times (PEP 700)."""
        names = tuple(names)
        return tuple(url for url in self.urls if any(self._is_ageless(url, one) for one in names))

    def _is_ageless(self, url: str, name: NormalizedName) -> bool:
        page = self._read(url, name) or b""
        return b'"upload-time"' not in page and any(_list_files(page))

    def _list(self, name: NormalizedName) -> frozenset[Version] | None:
        versions: set[Version] = set()
        for url in self.urls:
            page = None if url in self._silent else self._read(url, name)
            if page is None:
                self._silent.add(url)
                return None
            versions |= list_versions(page, name)
        return frozenset(versions)

    def _read(self, index: str, name: NormalizedName) -> bytes | None:
        """Read the page of a project: empty if the index has none, None if it says nothing."""
        parts = urlsplit(f"{index.rstrip('/')}/{name}/")
        try:
            if parts.scheme == "file":
                page = Path(url2pathname(parts.path), "index.html")
                return page.read_bytes() if page.is_file() else b""
            if parts.scheme not in ("http", "https"):
                return None
            host = parts.netloc.rpartition("@")[2]
            request = Request(urlunsplit(parts._replace(netloc=host)), headers={"Accept": _ACCEPT})  # noqa: S310 - http(s)
            if parts.username is not None:
                user = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
                word = f"Basic {base64.b64encode(user).decode()}"
                request.add_unredirected_header("Authorization", word)
            with self._opener.open(request, timeout=_SECONDS) as response:
                data: bytes = response.read(_LONGEST + 1)
            return data if len(data) <= _LONGEST else None
        except HTTPError as error:
            error.close()
            return b"" if error.code == _NOT_FOUND else None
        except (URLError, OSError, ValueError):
            return None

    @property
    def _opener(self) -> Any:
        proxies = {
            scheme: url
            for scheme in ("http", "https")
            if (url := self.environ.get(f"{scheme.upper()}_PROXY"))
        }
        file = self.environ.get("PIP_CERT") or self.environ.get("SSL_CERT_FILE")
        context = ssl.create_default_context(cafile=file or None)
        handlers = [ProxyHandler(proxies)] if proxies else []  # else the system's
        return build_opener(HTTPSHandler(context=context), *handlers)


def list_versions(page: bytes, project: NormalizedName) -> frozenset[Version]:
    """List the versions on a page of an index, by the names of the files."""
    files = _list_files(page)
    return frozenset(version for one in files for version in _parse_version(one, project))


def _list_files(page: bytes) -> Iterator[str]:
    text = page.decode("utf-8", errors="replace")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        yield from (one.strip() for one in _LINK.findall(text))
        return
    files = document.get("files") if isinstance(document, dict) else None
    for one in files if isinstance(files, list) else ():
        if isinstance(one, dict) and isinstance(one.get("filename"), str):
            yield one["filename"]


def _parse_version(file: str, project: NormalizedName) -> Iterator[Version]:
    try:
        if file.endswith(".whl"):
            name, version, *_ = parse_wheel_filename(file)
        else:
            name, version = parse_sdist_filename(file)
    except (InvalidWheelFilename, InvalidSdistFilename):
        return
    if name == project:
        yield version
