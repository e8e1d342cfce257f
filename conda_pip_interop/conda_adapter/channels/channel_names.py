"""The names of the packages in conda's channels, and the index of them that is kept."""

from __future__ import annotations

import hashlib
import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from conda.base.constants import APP_NAME
from conda.base.context import context
from conda.core.package_cache_data import PackageCacheData, ProgressiveFetchExtract
from conda.core.subdir_data import SubdirData
from conda.exceptions import UnavailableInvalidChannel
from conda.gateways.repodata import create_cache_dir
from conda.models.channel import Channel
from conda.models.match_spec import MatchSpec

from conda_pip_interop.conda_adapter.channels.repodata import Repodata
from conda_pip_interop.conda_adapter.session import current_session
from conda_pip_interop.conda_adapter.settings import read_names
from conda_pip_interop.names.channel_index import NameIndex, build_index, read_index, write_index
from conda_pip_interop.names.lookup import (
    Lookup,
    NameSources,
    find_conda_names,
    find_projects,
    find_similar,
)
from conda_pip_interop.names.names_map import read_map
from conda_pip_interop.names.wrong_matches import (
    WrongMatch,
    read_wrong_matches,
    remember_wrong_matches,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from packaging.utils import NormalizedName

    from conda_pip_interop.environment.conda_meta.history import Linked
    from conda_pip_interop.resolve.solver import CondaPackage


class ChannelNames:
    """The sources of names, each read once, and the lookups, each made once."""

    def __init__(self, *, with_channels: bool = True) -> None:
        self._with_channels = with_channels
        self._lookups: dict[NormalizedName, Lookup] = {}
        self._excluded: dict[NormalizedName, str] = {}

    @cached_property
    def sources(self) -> NameSources:
        """Return all sources of names."""
        return build_sources(self.repodata if self._with_channels else None)

    @cached_property
    def repodata(self) -> Repodata:
        """Return the records of conda's channels."""
        return open_repodata()

    @cached_property
    def _wrong(self) -> frozenset[WrongMatch]:
        return read_wrong_matches(wrong_matches_file())

    def look_up(self, project: NormalizedName) -> Lookup:
        """Return what the sources say about a project."""
        if project not in self._lookups:
            self._lookups[project] = find_conda_names(project, self.sources)
        return self._lookups[project]

    def find_projects(self, package: CondaPackage) -> tuple[NormalizedName, ...]:
        """Return the projects of a package: those that it was found for, else by its name."""
        asked = tuple(
            project
            for project, lookup in self._lookups.items()
            if package.name in lookup.names and not self.is_wrong_match(package, project)
        )
        return asked or self.guess_projects(package.name)

    def guess_projects(self, conda_name: str) -> tuple[NormalizedName, ...]:
        """Return the projects that a package of this name probably contains."""
        return find_projects(conda_name, self.sources)

    def suggest(self, conda_names: Iterable[str]) -> Iterator[str]:
        """Ask about names that the channels do not have, but have similar ones."""
        known = set(self.repodata.names)
        for name in dict.fromkeys(one for one in conda_names if one not in known):
            similar = find_similar(name, known)
            yield from () if similar is None else (f"Did you mean {similar}?",)

    def is_wrong_match(self, package: CondaPackage, project: NormalizedName) -> bool:
        """Whether a package was looked at before, and does not carry the project."""
        wrong = build_wrong_match(package, project) in self._wrong
        return wrong or project in self._excluded

    def drop_wrong_matches(
        self, packages: Iterable[CondaPackage], project: NormalizedName
    ) -> tuple[CondaPackage, ...]:
        """Return those of one name's packages, oldest first, that may contain a project.

        If one does not, the older ones do not either: they are not downloaded one by one.
        """
        left: list[CondaPackage] = []
        for package in packages:
            if self.is_wrong_match(package, project):
                left.clear()
            else:
                left.append(package)
        return tuple(left)

    def exclude(self, project: NormalizedName, reason: str) -> None:
        """Take the packages of a project for those of another one, until the command ends."""
        self._excluded[project] = reason

    def explain_exclusion(self, project: NormalizedName) -> str | None:
        """Return why `exclude` was called for a project; None if it was not."""
        return self._excluded.get(project)

    def remember_wrong_match(self, package: CondaPackage, project: NormalizedName) -> None:
        """Remember, here and for later commands, that a package does not carry a project."""
        match = build_wrong_match(package, project)
        self._wrong = self._wrong | {match}
        remember_wrong_matches(wrong_matches_file(), [match])


def build_wrong_match(package: CondaPackage, project: NormalizedName) -> WrongMatch:
    """Build the cache entry for a package that does not contain a project."""
    return WrongMatch(
        channel=package.channel,
        name=package.name,
        version=package.version,
        build=package.build,
        project=project,
    )


def open_repodata() -> Repodata:
    """Open the repodata of conda's channels and platform; nothing is read before it is needed."""
    return Repodata(channels=tuple(context.channels), subdirs=tuple(context.subdirs))


def build_sources(repodata: Repodata | None) -> NameSources:
    """Build all sources of names; without repodata, the channels' names are not among them."""
    channels = tuple(Channel(one).canonical_name for one in context.channels)
    extra = read_map(map_file())
    return NameSources(
        settings=read_names(channels),
        project=current_session().names,
        channels=channels,
        index=None if repodata is None else build_channel_index(repodata),
        extra=None if extra is None else extra.choose(channels),
    )


def map_file() -> Path:
    """Return the file that holds the additional map of names."""
    return user_folder() / "names-map.json"


def wrong_matches_file() -> Path:
    """The cache of packages that do not contain the project looked up."""
    return user_folder() / "wrong-guesses.json"


def user_folder() -> Path:
    """Return our folder in conda's folder of the user's cache (conda keeps notices there)."""
    from platformdirs import user_cache_dir

    return Path(user_cache_dir(APP_NAME, appauthor=APP_NAME)) / "pip-interop"


def build_channel_index(repodata: Repodata) -> NameIndex:
    """Build the index of all channels' names, or read it if it is of the repodata in the cache.

    The names of shards are read in no time.
    """
    if repodata.shards:
        return build_index(repodata.names)
    urls = repodata.urls
    channels = [SubdirData(Channel(url)) for url in urls]
    parts = [*urls, *(("v3",) if repodata.has_version_3 else ())]
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    file = Path(create_cache_dir()) / f"pip_interop_names_{digest[:8]}.json"
    key = _describe_repodata(channels)
    index = None if key is None else read_index(file, key=key)
    if index is None:
        index = build_index(repodata.names)
        key = _describe_repodata(channels)  # reading may have fetched newer repodata
        if key is not None:
            write_index(file, index, key=key)
    return index


def _describe_repodata(channels: list[Any]) -> str | None:
    """Return the repodata files with sizes and times; None if one must be fetched.

    That of a local channel always must, as in conda itself.
    """
    states = []
    for channel in channels:
        try:
            status = os.stat(channel.cache_path_json)
        except OSError:
            return None
        if not channel._loaded and not _is_fresh(channel):  # noqa: SLF001 - see Repodata
            return None
        states.append(f"{channel.cache_path_json} {status.st_size} {status.st_mtime_ns}")
    return "\n".join(states)


def _is_fresh(channel: Any) -> bool:
    """Return whether conda would use its copy of the repodata without fetching."""
    if channel.url_w_subdir.startswith("file://"):
        return False
    if context.offline or context.use_index_cache:
        return True
    cache = channel.repo_cache
    cache.load_state()
    return not cache.stale()


def fetch_package(linked: Linked, *, cached: bool = False) -> Path | None:
    """Return the folder of a package in the cache; None if no channel has the package any more.

    With `cached`, nothing is downloaded: None also for what is only in a channel.

    The cache may have a package of the same name, version and build from another channel.
    """
    spec = MatchSpec(name=linked.name, version=linked.version, build=linked.build)
    chosen = [one for one in PackageCacheData.query_all(spec) if one.dist_str() == linked.text]
    if not chosen and not cached:
        chosen = [one for one in _query_channel(linked) if one.dist_str() == linked.text]
    if not chosen:
        return None
    _fetch_and_extract(chosen[0])
    return Path(PackageCacheData.get_entry_to_link(chosen[0]).extracted_package_dir)


def _fetch_and_extract(record: Any) -> None:
    """Put a package into the cache, unless it is there.

    A dry run does so, too: only the package tells what it would change. conda refuses that.
    """
    fetching = ProgressiveFetchExtract((record,))
    fetching.prepare()
    actions = [one for pair in fetching.paired_actions.values() for one in pair if one]
    if actions and not context.dry_run:
        fetching.execute()
        return
    for one in actions:
        try:
            one.verify()
            one.execute()
        except BaseException:  # an interruption too leaves no half of a package
            one.reverse()
            raise
        one.cleanup()


def _query_channel(linked: Linked) -> tuple[Any, ...]:
    channel, _, subdir = linked.source.rpartition("/")
    channels = (channel,) if channel else tuple(context.channels)
    try:
        return Repodata(channels=channels, subdirs=(subdir,)).find(linked.name)
    except UnavailableInvalidChannel:
        return ()


def download(url: str, *, limit: int) -> bytes:
    """Download with conda's own session: its proxies, certificates and retries.

    At most `limit` + 1 bytes. Raises OSError, also for a redirect away from https.
    """
    from conda.gateways.connection.session import get_session
    from requests import RequestException

    if context.offline:
        raise OSError("conda's setting offline is on")
    timeout = (context.remote_connect_timeout_secs, context.remote_read_timeout_secs)
    try:
        with get_session(url).get(url, stream=True, timeout=timeout) as response:
            response.raise_for_status()
            if not response.url.startswith("https://"):
                raise OSError(f"it redirects to {response.url}, which is not https")
            data = b""
            for chunk in response.iter_content(1 << 20):
                data += chunk
                if len(data) > limit:
                    break
            return data
    except RequestException as error:
        raise OSError(_describe(error, url)) from error


def _describe(error: Exception, url: str) -> str:
    """Describe why a download failed, without the classes of the libraries below."""
    from requests import ConnectionError, HTTPError, Timeout  # noqa: A004 - its own name
    from requests.exceptions import ProxyError, SSLError

    match error:
        case HTTPError(response=response) if response is not None:
            return f"HTTP {response.status_code}"
        case ProxyError():
            return "the proxy cannot be reached"
        case SSLError():
            untrusted = "certificate verify failed"
            return untrusted if untrusted in str(error) else "the TLS connection failed"
        case ConnectionError() | Timeout():
            return f"{urlsplit(url).hostname} cannot be reached"
    return str(error)
