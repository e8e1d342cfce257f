"""Packages by their URLs and hashes, as a lock has them: a transaction without a solver."""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from conda.base.context import context
from conda.common.path import url_to_path
from conda.core.link import PrefixSetup, UnlinkLinkTransaction
from conda.core.package_cache_data import PackageCacheData, ProgressiveFetchExtract
from conda.core.prefix_data import PrefixData
from conda.exceptions import CondaError
from conda.gateways.connection.download import download
from conda.gateways.disk.read import compute_sum
from conda.models.match_spec import MatchSpec
from conda.models.prefix_graph import PrefixGraph

from conda_pip_interop.changes.atomic.files import name_beside
from conda_pip_interop.conda_adapter.channels.channel_names import ChannelNames
from conda_pip_interop.conda_adapter.console import clean_stdout
from conda_pip_interop.conda_adapter.transactions.full_disk import explain_full_disk
from conda_pip_interop.conda_adapter.transactions.solution import CondaSolution
from conda_pip_interop.errors import InteropError
from conda_pip_interop.locks.offline import refuse_hash
from conda_pip_interop.text import strip_channel
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from packaging.utils import NormalizedName

    from conda_pip_interop.environment.paths import PrefixPath
    from conda_pip_interop.locks.lock import LockedPackage
    from conda_pip_interop.locks.offline import OfflineFolder

#: How many files are downloaded at the same time.
_DOWNLOADS: Final = 5


@dataclass(kw_only=True, slots=True)
class ExactPackages:
    """Links exactly `link`, and unlinks the packages named `unlink` (see `CondaPart`).

    What is installed of a name in `link` is replaced. `offline` has the files; else they are
    downloaded.
    """

    prefix: Path
    naming: ChannelNames
    link: tuple[LockedPackage, ...]
    unlink: tuple[str, ...]
    offline: OfflineFolder | None = None
    _solution: CondaSolution | None = field(default=None, init=False)

    @property
    def unlinked_names(self) -> frozenset[str]:
        """See `CondaPart.unlinked_names`."""
        installed = PrefixData(str(self.prefix))
        replaced = {one.name for one in self.link if installed.get(one.name, None) is not None}
        return frozenset(replaced.union(self.unlink))

    def download(self) -> None:
        """See `CondaPart.download`; raises InteropError `wrong-hash`, `not-available`."""
        records = fetch_records(self.link, self.prefix, offline=self.offline)
        with clean_stdout(), explain_full_disk(self.prefix):
            installed = PrefixData(str(self.prefix))
            installed.reload()
            gone = self.unlinked_names
            setup = PrefixSetup(
                str(self.prefix),
                tuple(one for one in installed.iter_records() if one.name in gone),
                records,
                tuple(MatchSpec(name) for name in self.unlink),
                tuple(self._list_requested()),
                (),
            )
            transaction = UnlinkLinkTransaction(setup)
        history = self.prefix / "conda-meta" / "history"
        self._solution = CondaSolution(
            prefix=self.prefix,
            naming=self.naming,
            transaction=transaction,
            linked=(),
            unlinked=(),
            history=history.read_bytes() if history.is_file() else b"",
        )

    def _list_requested(self) -> Iterator[MatchSpec]:
        """List what the history gets: where the lock does not say, each package by its name."""
        for one in self.link:
            if one.requested != "":
                yield _parse_request(one)

    def find_carried(self) -> Mapping[NormalizedName, str]:
        """See `CondaPart.find_carried`."""
        return self._ready.find_versions()

    def find_goal(self) -> PrefixPath | None:
        """See `CondaPart.find_goal`."""
        return self._ready.find_goal()

    def list_created(self) -> tuple[PrefixPath, ...]:
        """See `CondaPart.list_created`."""
        return self._ready.list_created()

    def execute(self) -> None:
        """See `CondaPart.execute`."""
        self._ready.execute()

    def roll_back(self) -> None:
        """See `CondaPart.roll_back`."""
        self._ready.roll_back()

    @property
    def _ready(self) -> CondaSolution:
        if self._solution is None:
            raise AssertionError  # `download` comes first
        return self._solution


def fetch_records(
    packages: Iterable[LockedPackage], prefix: Path, *, offline: OfflineFolder | None = None
) -> tuple[Any, ...]:
    """Download and extract packages; return their records in the order of linking.

    Raises InteropError `wrong-hash`, `not-available`, `disk-full` for `prefix`.
    """
    packages = tuple(packages)
    for one in packages:
        _check_file(one, offline.locate(one) if offline is not None else _find_local(one))
    with clean_stdout(), explain_full_disk(prefix):
        specs = {one.name: MatchSpec(one.url, **{one.algorithm: one.digest}) for one in packages}
        fetching = ProgressiveFetchExtract(tuple(specs.values()))
        fetching.prepare()
        for one in packages:
            caching, _ = fetching.paired_actions[specs[one.name]]
            if offline is not None and caching is not None:  # the record keeps the spec's URL
                caching.url = offline.locate(one).as_uri()
        if any(action for pair in fetching.paired_actions.values() for action in pair):
            fetching.execute()
        return tuple(PrefixGraph([_find_record(one, specs[one.name]) for one in packages]).graph)


def save_packages(packages: Iterable[LockedPackage], folder: OfflineFolder) -> None:
    """Put the files of packages into a folder, from conda's cache or from their channels.

    Raises InteropError `wrong-hash`, `not-available`.
    """
    with clean_stdout(), ThreadPoolExecutor(_DOWNLOADS) as pool:
        for _ in pool.map(lambda one: _save(one, folder.locate(one)), packages):
            pass


def _save(package: LockedPackage, target: Path) -> None:
    if target.is_file() and _hash(package, target) == package.digest:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(name_beside(target.name, os.getpid()))
    source = _find_local(package) or _find_cached(package)
    try:
        if source is not None:
            _check_file(package, source)
            shutil.copyfile(source, beside)
        else:
            download(package.url, str(beside), md5=package.md5 or None, sha256=package.sha256)
        _check_file(package, beside)
        beside.replace(target)
    except CondaError as error:
        raise _build_absence(package, str(error)) from error
    finally:
        beside.unlink(missing_ok=True)


def _find_cached(package: LockedPackage) -> Path | None:
    """Find the file in conda's package caches, which may have extracted and removed it."""
    for folder in context.pkgs_dirs:
        file = Path(folder) / package.file_name
        if file.is_file() and _hash(package, file) == package.digest:
            return file
    return None


def _find_local(package: LockedPackage) -> Path | None:
    return Path(url_to_path(package.url)) if package.url.startswith("file:") else None


def _check_file(package: LockedPackage, file: Path | None) -> None:
    """Raise InteropError `wrong-hash` or `not-available`: conda checks no file that it copies."""
    if file is None:
        return
    try:
        found = _hash(package, file)
    except OSError as error:
        raise _build_absence(package) from error
    if found != package.digest:
        raise refuse_hash(_describe(package, file), package.digest, found, package.algorithm)


def _describe(package: LockedPackage, file: Path) -> str:
    """Describe a file: by its URL if it is that of the lock."""
    return strip_channel(package.url) if file == _find_local(package) else str(file)


def _hash(package: LockedPackage, file: Path) -> str:
    return str(compute_sum(str(file), package.algorithm))


def _build_absence(package: LockedPackage, reason: str = "") -> InteropError:
    told = f"\n{reason}" if reason else ""
    return InteropError(
        "not-available",
        f"{strip_channel(package.url)} could not be downloaded. Nothing was changed.{told}",
        hints=("Check the network and the channel, or write the lock again.",),
    )


def _parse_request(package: LockedPackage) -> MatchSpec:
    """Parse the spec that was requested; its name, where that is no spec of the package."""
    try:
        found = MatchSpec(package.requested or package.name)
    except (CondaError, ValueError):
        found = None
    if found is None or found.get_exact_value("name") != package.name:
        return MatchSpec(package.name)
    return found


def _find_record(package: LockedPackage, spec: MatchSpec) -> Any:
    record = next(iter(PackageCacheData.query_all(spec)), None)
    if record is None:
        raise _build_absence(package)
    return record
