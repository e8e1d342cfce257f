"""What conda packages contain, from the package cache or downloaded."""

from __future__ import annotations

from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conda.core.package_cache_data import PackageCacheData, ProgressiveFetchExtract
from conda.models.match_spec import MatchSpec

from conda_pip_interop.conda_adapter.console import clean_stdout
from conda_pip_interop.conda_adapter.transactions.solution import build_package
from conda_pip_interop.conda_adapter.transactions.solver import CondaEnvironment
from conda_pip_interop.environment.conda_meta.records import read_conda_records
from conda_pip_interop.names.package_contents import (
    ContainedDistribution,
    find_distributions,
    read_package_paths,
)
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

    from conda_pip_interop.names.lookup import Lookup
    from conda_pip_interop.resolve.solver import CondaPackage


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelInspector:
    """The channels, for the Python of one environment (see `name_matches.Channels`)."""

    conda: CondaEnvironment
    _records: dict[CondaPackage, Any] = field(default_factory=dict)

    def look_up(self, project: NormalizedName) -> Lookup:
        """See `Channels.look_up`."""
        return self.conda.naming.look_up(project)

    def find_packages(self, conda_name: str) -> tuple[CondaPackage, ...]:
        """See `Channels.find_packages`."""
        found = {build_package(one): one for one in self.conda.find_fitting(conda_name)}
        self._records.update(found)
        return tuple(found)

    def read_installed(
        self, conda_name: str
    ) -> tuple[str, tuple[ContainedDistribution, ...]] | None:
        """See `Channels.read_installed`."""
        records, _ = read_conda_records(self.conda.target.prefix)
        for record in records:
            if record.name == conda_name:
                carried = find_distributions(file.path for file in record.files)
                return f"{record.version} {record.build}", carried
        return None

    def guess_projects(self, conda_name: str) -> tuple[NormalizedName, ...]:
        """See `Channels.guess_projects`."""
        return self.conda.naming.guess_projects(conda_name)

    def is_wrong_match(self, package: CondaPackage, project: NormalizedName) -> bool:
        """See `Channels.is_wrong_match`."""
        return self.conda.naming.is_wrong_match(package, project)

    def remember_wrong_match(self, package: CondaPackage, project: NormalizedName) -> None:
        """See `Channels.remember_wrong_match`."""
        self.conda.naming.remember_wrong_match(package, project)

    def read_contents(
        self, package: CondaPackage, *, download: bool
    ) -> tuple[ContainedDistribution, ...] | None:
        """See `Channels.read_contents`."""
        record = self._records[package]
        paths = _read_cached(record)
        if paths is None and download:
            with clean_stdout():
                ProgressiveFetchExtract((record,)).execute()
            paths = _read_cached(record)
        return None if paths is None else find_distributions(paths)


def _read_cached(record: Any) -> tuple[str, ...] | None:
    """Return the paths of a package that is extracted in conda's package cache."""
    spec = MatchSpec(url=record.url) if record.get("url") else MatchSpec(record.dist_str())
    for entry in PackageCacheData.query_all(spec):
        if entry.is_extracted:
            paths = read_package_paths(Path(entry.extracted_package_dir))
            if paths is not None:
                return paths
    return None
