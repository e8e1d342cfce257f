"""How what pip installs came about: the files, the requests and the options (PEP 710)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from conda_pip_interop.changes.atomic.files import hash_file
from conda_pip_interop.changes.origins import hash_record, read_provenance
from conda_pip_interop.dependency_files.locations import PYPI_FILES
from conda_pip_interop.environment.site_packages.provenance import Provenance
from conda_pip_interop.installers.interface import is_wheel

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from packaging.utils import NormalizedName

    from conda_pip_interop.changes.plan import Staged
    from conda_pip_interop.environment.site_packages.distributions import Distribution
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.installers.interface import Installer, Pin

    File = tuple[str, str]
    """A URL without credentials, and a SHA-256 (hex)."""


def find_files(pins: Iterable[Pin], wheels: Path) -> Mapping[NormalizedName, File]:
    """Find the file of each pin that is from an index; only what is sure.

    A wheel has the hash of the file in the folder `wheels`, which must not contradict what was
    reported; an sdist, of which there is only what was built, and what uv installs, the reported.
    """
    files: dict[NormalizedName, File] = {}
    for pin in pins:
        url = str((pin.file or {}).get("url", ""))
        reported = pin.sha256
        sha256 = reported
        if is_wheel(url):
            file = wheels / unquote(urlsplit(url).path).rpartition("/")[2]
            sha256 = hash_file(file) if file.is_file() else reported
        if url and sha256 is not None and sha256 == (reported or sha256):
            parts = urlsplit(url)
            files[pin.name] = (
                parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment="").geturl(),
                sha256,
            )
    return files


def build_provenance(
    staged: Staged,
    pins: Iterable[Pin],
    *,
    files: Mapping[NormalizedName, File],
    snapshot: Snapshot,
    installer: Installer,
) -> tuple[Provenance, ...]:
    """Build the provenance of what is staged; an earlier request for the same name still counts."""
    by_name = {one.name: one for one in staged.distributions}
    before = {one.name: one for one in snapshot.distributions}
    known = read_provenance(snapshot.prefix.root, before.values())
    found = [(pin, by_name[pin.name], files.get(pin.name)) for pin in pins if pin.name in by_name]
    elsewhere = any(
        file is None or urlsplit(file[0]).hostname != PYPI_FILES for _, _, file in found
    )
    options = installer.list_index_options() if elsewhere else ()
    return tuple(
        _build(
            *(pin, one, file, options),
            earlier=known.get(pin.name) if _is_requested(before.get(pin.name)) else None,
            record=hash_record(staged.folder, one),
        )
        for pin, one, file in found
    )


def _is_requested(distribution: Distribution | None) -> bool:
    return distribution is not None and distribution.requested


def _build(
    pin: Pin,
    one: Distribution,
    file: File | None,
    options: tuple[str, ...],
    *,
    earlier: Provenance | None,
    record: str,
) -> Provenance:
    url, sha256 = file or (None, None)
    return Provenance(
        name=pin.name,
        version=one.version,
        record_sha256=record,
        url=url,
        sha256=sha256,
        requested=pin.request or ("" if earlier is None else earlier.requested),
        constraint=pin.limit,
        options=options if pin.file is not None else (),
    )
