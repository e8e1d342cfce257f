"""Environments to export, and their contents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from conda_pip_interop.changes.atomic.journal import ORIGINS_FILE
from conda_pip_interop.changes.origins import hash_record, parse_origins, render_origins
from conda_pip_interop.dependency_files.locations import PYPI_FILES
from conda_pip_interop.environment.site_packages.provenance import Provenance
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.exports.contents import Contents, read_contents
from conda_pip_interop.exports.layout import Layout
from tests.support.builders import PrefixBuilder


def build_env(root: Path) -> PrefixBuilder:
    """Build an environment with Python and one package of conda's."""
    built = PrefixBuilder(root=root, python="3.11.7")
    built.conda_python()
    built.conda_package("six", "1.16.0")
    return built


def note_provenance(built: PrefixBuilder, name: str, **known: Any) -> None:
    """Write what an install of ours would have kept of a distribution, beside what is there."""
    file = built.root / ORIGINS_FILE
    found = next(one for one in read_snapshot(built.root).distributions if one.name == name)
    entry = Provenance(
        name=canonicalize_name(name),
        version=found.version,
        record_sha256=hash_record(built.root, found),
        **known,
    )
    before = parse_origins(file.read_text())[0] if file.exists() else ()
    built.write(ORIGINS_FILE, render_origins([*before, entry]))


def note_wheel(built: PrefixBuilder, name: str, version: str, **known: Any) -> str:
    """Write that a distribution is from a wheel on PyPI; return the wheel's URL."""
    url = f"https://{PYPI_FILES}/packages/{name}-{version}-py3-none-any.whl"
    note_provenance(built, name, url=url, sha256="a" * 64, **known)
    return url


def read(built: PrefixBuilder, **options: Any) -> Contents:
    """Read the contents of an environment named `web`."""
    return read_contents(read_snapshot(built.root, depth="names"), name="web", **options)


def layout(folder: Path | None = None, **options: Any) -> Layout:
    """Return a layout for a file in `folder`."""
    return Layout(folder=folder, **options)
