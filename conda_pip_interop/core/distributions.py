"""Distributions: the installed Python projects of a site-packages folder, doubles included."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from packaging.utils import NormalizedName

from conda_pip_interop.core.paths import PrefixPath
from conda_pip_interop.core.prefix import Prefix

Layout = Literal["dist-info", "egg-info", "egg-info-file", "egg-link"]


@dataclass(frozen=True, kw_only=True, slots=True)
class InstalledFile:
    """One RECORD row inside the prefix; ``sha256`` is hex."""

    path: PrefixPath
    sha256: str | None
    size: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Distribution:
    """An installed project as its metadata tells it; whose it is, is not said here.

    ``metadata`` is the ``.dist-info``/``.egg-info``/``.egg-link`` path; ``files`` is None where
    there is no readable RECORD; ``outside`` are RECORD rows that leave the prefix; ``editable`` is
    the source location, or ``""`` if it is editable but the place is not told.
    """

    name: NormalizedName
    version: str
    metadata: PrefixPath
    layout: Layout
    site_packages: PrefixPath
    installer: str | None
    requested: bool
    direct_url: Mapping[str, object] | None
    editable: str | None
    files: tuple[InstalledFile, ...] | None
    outside: tuple[str, ...]
    problems: tuple[str, ...]

    @property
    def metadata_file(self) -> PrefixPath:
        """The file that makes it a distribution: ``METADATA``, ``PKG-INFO``, or the flat file."""
        name = {"dist-info": "/METADATA", "egg-info": "/PKG-INFO"}.get(self.layout, "")
        return PrefixPath(self.metadata + name)


@dataclass(frozen=True, kw_only=True, slots=True)
class Leftover:
    """Something that pip left in site-packages and that no tool reads."""

    path: PrefixPath
    reason: Literal["tilde-folder", "no-metadata"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Metadata:
    """The headers of a METADATA or PKG-INFO that dependency checks need, as text."""

    requires_dist: tuple[str, ...]
    requires_python: str | None
    provides_extra: tuple[str, ...]
    summary: str | None


def read_distributions(
    prefix: Prefix, site_packages: PrefixPath
) -> tuple[tuple[Distribution, ...], tuple[Leftover, ...]]:
    """Read every distribution of one site-packages folder, sorted by metadata path."""
    raise NotImplementedError


def read_requirements(prefix: Prefix, distribution: Distribution) -> Metadata:
    """Read what a distribution requires; all empty if its metadata cannot be read."""
    raise NotImplementedError
