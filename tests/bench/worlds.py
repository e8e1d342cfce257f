"""What is measured on: prefixes of many files, a channel and an index of the same projects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.builders import PrefixBuilder
from tests.support.pip_worlds import build_wheel
from tests.world.cache import write_atomically
from tests.world.channel import native_subdir
from tests.world.package import File, Package, write_package

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSIONS = ("1.0", "1.1", "2.0")


def name_of(number: int) -> str:
    """The name of a project."""
    return f"bench{number:03}"


def needs_of(number: int) -> tuple[str, ...]:
    """What a project requires: two others before it, as conda's specs and PyPI's have them."""
    return tuple(f"{name_of(other)} >=1.0" for other in (number // 2, number // 3) if other)


def build_prefix(root: Path, *, conda: int, pip: int, files: int = 1) -> Path:
    """An environment of so many packages and distributions, with so many modules each."""
    builder = PrefixBuilder(root=root)
    for number in range(conda + pip):
        name = name_of(number)
        modules = {f"{name}/m{module}.py": f"x = {module}\n" for module in range(files)}
        requires = tuple(one.replace(" ", "") for one in needs_of(number))
        if number < conda:
            builder.conda_package(
                name, "2.0", modules, requires=requires, depends=["python", *needs_of(number)]
            )
        else:
            builder.pip_package(name, "2.0", modules, requires=requires)
    return root


def add_distributions(root: Path, *, count: int, files: int) -> None:
    """Install so many distributions of so many modules, as pip does, into a real environment."""
    builder = PrefixBuilder(root=root, conda=False)
    for number in range(count):
        name = name_of(number)
        modules = {f"{name}/m{module}.py": f"x = {module}\n" for module in range(files)}
        builder.pip_package(name, "2.0", modules)


def build_channel(folder: Path, projects: int) -> str:
    """A channel that has all projects; its URL."""
    records: dict[str, Mapping[str, object]] = {}
    (folder / "noarch").mkdir(parents=True)
    for number in range(projects):
        for version in VERSIONS:
            package = _build_package(number, version)
            records[f"{package.stem}.conda"] = write_package(package, folder / "noarch")
    return _write_repodata(folder, records)


def build_repodata(folder: Path, names: int) -> str:
    """A channel of so many names, one in four not in PyPI's normal form; no archives."""
    record = {"version": "1.0", "build": "0", "build_number": 0, "depends": [], "subdir": "noarch"}
    spelled = (f"py_p.{one}" if one % 4 == 0 else f"package{one}" for one in range(names))
    records = {f"{name}-1.0-0.conda": record | {"name": name} for name in spelled}
    return _write_repodata(folder, records)


def _write_repodata(folder: Path, records: Mapping[str, Mapping[str, object]]) -> str:
    for subdir, found in (("noarch", records), (native_subdir(), {})):
        content = {"info": {"subdir": subdir}, "packages": {}, "packages.conda": found}
        write_atomically(folder / subdir / "repodata.json", json.dumps(content))
    return folder.as_uri()


def _build_package(number: int, version: str) -> Package:
    name = name_of(number)
    folder = f"site-packages/{name.replace('-', '_')}-{version}.dist-info"
    lines = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"]
    lines += [f"Requires-Dist: {one.replace(' ', '')}\n" for one in needs_of(number)]
    return Package(
        name=name,
        version=version,
        build="pyhd_0",
        subdir="noarch",
        depends=("python", *needs_of(number)),
        files=[File(path=f"{folder}/METADATA", content="".join(lines).encode())],
    )


def build_index(folder: Path, projects: int) -> Path:
    """A folder of wheels, for `--find-links`, that has all projects."""
    folder.mkdir(parents=True)
    for number in range(projects):
        for version in VERSIONS:
            requires = tuple(one.replace(" ", "") for one in needs_of(number))
            build_wheel(folder, name_of(number), version, requires=requires)
    return folder
