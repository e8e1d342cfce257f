"""Channels of wheels (repodata version 3), and what a conda needs to install from them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.support.channels import write_channel
from tests.world.cache import file_digest, write_atomically
from tests.world.wheels import read_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.world.base import Base


def write_wheel_channel(folder: Path, wheels: dict[Path, tuple[str, ...]]) -> str:
    """Write a channel of universal wheels, each with its `depends`; return its URL."""
    url = write_channel(folder)
    file = folder / "noarch" / "repodata.json"
    records = dict(_build_record(*one) for one in wheels.items())
    write_atomically(file, json.dumps({**json.loads(file.read_text()), "v3": {"whl": records}}))
    return url


def _build_record(path: Path, depends: tuple[str, ...]) -> tuple[str, dict[str, Any]]:
    """As conda-index builds it: the key is no file name."""
    wheel = read_wheel(path)
    key = f"{wheel.name}-{wheel.version}-py3_none_any_0"
    return key, {
        "name": wheel.name,
        "version": wheel.version,
        "build": "py3_none_any_0",
        "build_number": 0,
        "depends": [*depends, "python >=3.8"],
        "extra_depends": {},
        "fn": path.name,
        "md5": None,
        "noarch": "python",
        "sha256": file_digest(path),
        "size": path.stat().st_size,
        "subdir": "noarch",
        "url": path.as_uri(),
    }


def add_wheel_extractor(base: Base) -> None:
    """Install a plugin that extracts wheels, as conda-pypi does."""
    (site,) = (base.prefix / "lib").glob("python3.*/site-packages")
    (site / "wheel_extractor.py").write_text(_EXTRACTOR)
    info = site / "wheel_extractor-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: wheel-extractor\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[conda]\nwheel-extractor = wheel_extractor\n")


_EXTRACTOR = """
import json, zipfile
from hashlib import sha256
from pathlib import Path
from conda.plugins import hookimpl
from conda.plugins.types import CondaPackageExtractor


def extract(wheel, target):
    site = Path(target, "site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    paths = [
        {
            "_path": file.relative_to(target).as_posix(),
            "path_type": "hardlink",
            "sha256": sha256(file.read_bytes()).hexdigest(),
            "size_in_bytes": file.stat().st_size,
        }
        for file in sorted(site.rglob("*"))
        if file.is_file()
    ]
    name, version, *_ = Path(wheel).name.split("-")
    index = {
        "name": name.replace("_", "-"),
        "version": version,
        "build": "py3_none_any_0",
        "build_number": 0,
        "depends": ["python"],
        "noarch": "python",
        "subdir": "noarch",
    }
    documents = {
        "index.json": index,
        "link.json": {"noarch": {"type": "python"}, "package_metadata_version": 1},
        "paths.json": {"paths": paths, "paths_version": 1},
    }
    info = Path(target, "info")
    info.mkdir()
    for name, document in documents.items():
        (info / name).write_text(json.dumps(document))


@hookimpl
def conda_package_extractors():
    yield CondaPackageExtractor("wheel-extractor", [".whl"], extract)
"""
