"""The records of channels by name, from what conda itself reads: shards (CEP 16) or repodata.

A channel may have shards alone. Where it has both, conda leaves the repodata alone. Version 3 of
both has further records, such as those of wheels, under `v3`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from contextlib import contextmanager
from functools import cached_property
from inspect import signature
from typing import TYPE_CHECKING, Any

from conda.base.context import context
from conda.core.subdir_data import SubdirData
from conda.exceptions import UnavailableInvalidChannel
from conda.models.channel import Channel, all_channel_urls
from conda.models.match_spec import MatchSpec
from conda.models.records import PackageRecord

from conda_pip_interop.environment.conda_meta.records import separate_name
from conda_pip_interop.errors import InteropError
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


@dataclass(frozen=True, kw_only=True)
class Repodata:
    """What some channels have for some subdirs; each shard is read once."""

    channels: tuple[Any, ...]
    subdirs: tuple[str, ...]

    @property
    def urls(self) -> tuple[str, ...]:
        """The channels' URLs, one a subdir."""
        return tuple(all_channel_urls(self.channels, subdirs=self.subdirs))

    @cached_property
    def has_version_3(self) -> bool:
        """Whether conda's solver knows version 3: those that conda gives shards do."""
        if not getattr(context, "repodata_use_shards", False):  # conda 26.5
            return False
        return context.solver in _list_solvers_with_shards()

    @cached_property
    def shards(self) -> Mapping[str, Any]:
        """conda's shards by URL, channels without any included; empty if none has any.

        Empty, too, if conda's solver reads no shards: what it cannot install is not offered.
        """
        if not self.has_version_3:
            return {}
        from conda.gateways.shards import build_repodata_subset

        return build_repodata_subset((), {url: Channel(url) for url in self.urls}) or {}

    @property
    def names(self) -> Iterable[str]:
        """The names of all packages, from the shards' index or from all repodata."""
        if self.shards:
            return (name for shards in self.shards.values() for name in shards.package_names)
        with self._explain_missing():
            plain = (name for url in self.urls for name in _read_names(SubdirData(Channel(url))))
            return (*plain, *self._version_3)

    def find(self, conda_name: str) -> tuple[Any, ...]:
        """Find the records of exactly this name that conda's `exclude_newer` lets through."""
        found: Iterable[Any]
        if self.shards:
            found = self._read_shards(conda_name)
        else:
            spec = MatchSpec(name=conda_name)
            with self._explain_missing():
                plain = SubdirData.query_all(spec, channels=self.channels, subdirs=self.subdirs)
            found = (*plain, *self._version_3.get(conda_name, ()))
        policy = getattr(context, "exclude_newer_policy", None)  # conda 26.9
        return tuple(found if policy is None else policy.filter_records(found))

    @contextmanager
    def _explain_missing(self) -> Iterator[None]:
        """Explain a channel without repodata if it has shards; raises `needs-shards`."""
        try:
            yield
        except UnavailableInvalidChannel as error:
            name = error.dump_map().get("channel_name")
            urls = [url for url in self.urls if Channel(url).name == name]
            if any(map(_has_shards, urls)):
                raise _build_needs_shards(str(name)) from error
            raise

    def fetch(self, conda_names: Iterable[str]) -> None:
        """Fetch the shards of some names at once; without it, each is fetched when it is sought."""
        if not self.shards:
            return
        from conda.gateways.shards import RepodataSubset

        # conda 26.5 has no depth: it fetches the shards of the dependencies, too
        limit = {"depth": 0} if "depth" in signature(RepodataSubset).parameters else {}
        subset = RepodataSubset(self.shards.values(), repodata_version=3, **limit)
        subset.reachable(tuple(conda_names))

    def _read_shards(self, name: str) -> Iterator[Any]:
        self.fetch((name,))
        for url, shards in self.shards.items():
            for fn, record in _iterate_shard(shards.visited.get(name) or {}):
                yield _build_record(fn, record, url, shards.base_url)

    @cached_property
    def _version_3(self) -> Mapping[str, list[Any]]:
        """Read the records of version 3 in repodata; conda itself has no reader for them."""
        found: dict[str, list[Any]] = defaultdict(list)
        for url in self.urls if self.has_version_3 else ():
            path, _ = SubdirData(Channel(url)).repo_fetch.fetch_latest_path()
            data = path.read_bytes()
            if b'"v3"' not in data:  # parsing takes long
                continue
            document = json.loads(data)
            base_url = (document["info"].get("base_url") or url).rstrip("/") + "/"
            for fn, record in _iterate_version_3(document):
                found[record["name"]].append(_build_record(fn, record, url, base_url))
        return found


def _has_shards(url: str) -> bool:
    if not getattr(context, "repodata_use_shards", False):
        return False
    from conda.gateways.shards import build_repodata_subset

    return bool(build_repodata_subset((), {url: Channel(url)}))


def _list_solvers_with_shards() -> list[str]:
    """List the solvers that read shards; an older one gets no function for it from conda."""
    return [
        name
        for name, solver in context.plugin_manager.get_solvers().items()
        if "build_repodata_subset" in signature(solver.backend).parameters
    ]


def _build_needs_shards(channel: str) -> InteropError:
    solvers = _list_solvers_with_shards()
    other = solvers[0] if solvers else "rattler"
    install = () if solvers else (f"To install one: `conda install -n base conda-{other}-solver`.",)
    return InteropError(
        "needs-shards",
        f"The channel {channel} has sharded repodata alone, and the solver {context.solver} does "
        "not read it.",
        hints=(*install, f"To use a solver that does: `conda config --set solver {other}`."),
    )


def _iterate_shard(shard: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield those records of a shard that conda can install, by file name."""
    yield from shard.get("packages", {}).items()
    if not context.use_only_tar_bz2:
        yield from shard.get("packages.conda", {}).items()
        yield from _iterate_version_3(shard)


def _iterate_version_3(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield records of the kinds that conda can extract; a plugin does it for wheels."""
    for kind, records in document.get("v3", {}).items():
        if f".{kind}" in context.plugin_manager.get_package_extractors():
            yield from records.items()


def _build_record(fn: str, record: Mapping[str, Any], url: str, base_url: str) -> Any:
    name = record.get("fn") or fn
    place = record.get("url") or name
    return PackageRecord(
        **{
            **record,
            "channel": Channel(url),
            "fn": name,
            "url": place if "://" in place else base_url + place,
        }
    )


def _read_names(repodata: Any) -> Iterator[str]:
    if not repodata._loaded:  # noqa: SLF001 - conda has no public way to list names
        repodata.load()
    yield from (name for name, records in repodata._names_index.items() if records)  # noqa: SLF001


def works_with(record: Any, python: Any) -> bool:
    """Return whether a package's requirements of Python allow the installed one."""
    requirements: Iterable[MatchSpec] = (
        MatchSpec(text)
        for text in map(separate_name, record.depends)
        if text.split()[:1] == ["python"]
    )
    return all(one.match(python) for one in requirements)
