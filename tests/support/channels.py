"""Small conda channels of noarch packages, for stories that need what the world's has not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.world.cache import write_atomically
from tests.world.channel import native_subdir
from tests.world.package import File, Package, write_package

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


def build_conda_package(
    name: str,
    version: str = "1.0",
    *depends: str,
    carries: Mapping[str, str] | None = None,
    files: Mapping[str, str] | None = None,
) -> Package:
    """A noarch package that depends on Python and carries distributions, name → version.

    Each has a module of its name; `files` are further ones, by their path in the prefix.
    """
    found = [file for one in (carries or {}).items() for file in _build_distribution(*one)]
    found += [File(path=path, content=text.encode()) for path, text in (files or {}).items()]
    return Package(
        name=name,
        version=version,
        build="pyhd_0",
        subdir="noarch",
        depends=("python", *depends),
        files=found,
    )


def _build_distribution(name: str, version: str) -> Iterator[File]:
    info = f"{name}-{version}.dist-info"
    listed = [f"{name}.py", *(f"{info}/{one}" for one in ("METADATA", "RECORD", "INSTALLER"))]
    content = {
        f"{name}.py": f"__version__ = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/RECORD": "".join(f"{one},,\n" for one in listed),
        f"{info}/INSTALLER": "conda\n",
    }
    for path, text in content.items():
        yield File(path=f"site-packages/{path}", content=text.encode())


def write_channel(folder: Path, *packages: Package) -> str:
    """Write a channel of noarch packages; return its URL."""
    (folder / "noarch").mkdir(parents=True, exist_ok=True)
    records = {f"{one.stem}.conda": write_package(one, folder / "noarch") for one in packages}
    for subdir, found in (("noarch", records), (native_subdir(), {})):
        content = {"info": {"subdir": subdir}, "packages": {}, "packages.conda": found}
        write_atomically(folder / subdir / "repodata.json", json.dumps(content))
    return folder.as_uri()
