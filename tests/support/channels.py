"""Small conda channels of noarch packages, for stories that need what the world's has not."""

from __future__ import annotations

import hashlib
import io
import json
import re
import tarfile
from typing import TYPE_CHECKING

from tests.world.cache import write_atomically
from tests.world.channel import native_subdir
from tests.world.package import File, Package, write_package

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from tests.world.base import Base


def build_conda_package(
    name: str,
    version: str = "1.0",
    *depends: str,
    carries: Mapping[str, str] | None = None,
    files: Mapping[str, str] | None = None,
    requires: Collection[str] = (),
) -> Package:
    """A noarch package that depends on Python and carries distributions, name → version.

    Each has a module of its name, and `requires` in its metadata; `files` are further ones, by
    their path in the prefix.
    """
    found = [
        file for one in (carries or {}).items() for file in _build_distribution(*one, requires)
    ]
    found += [File(path=path, content=text.encode()) for path, text in (files or {}).items()]
    return Package(
        name=name,
        version=version,
        build="pyhd_0",
        subdir="noarch",
        depends=("python", *depends),
        files=found,
    )


def build_carrying_package(
    name: str, version: str = "1.0", *depends: str, carries: str | None
) -> Package:
    """A noarch package of one distribution, or of none."""
    found = {carries: version} if carries else {}
    return build_conda_package(name, version, *depends, carries=found)


def _build_distribution(name: str, version: str, requires: Collection[str]) -> Iterator[File]:
    extras = dict.fromkeys(re.findall(r"extra == ['\"]([^'\"]+)", "\n".join(requires)))
    metadata = [
        *("Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"),
        *(f"Provides-Extra: {extra}" for extra in extras),
        *(f"Requires-Dist: {line}" for line in requires),
    ]
    info = f"{name}-{version}.dist-info"
    listed = [f"{name}.py", *(f"{info}/{one}" for one in ("METADATA", "RECORD", "INSTALLER"))]
    content = {
        f"{name}.py": f"__version__ = {version!r}\n",
        f"{info}/METADATA": "\n".join([*metadata, ""]),
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


def build_broken_channel(folder: Path, fault: str) -> str:
    """A channel with one package that cannot be linked and brings idna along; its URL.

    `fault`: `script`, a post-link script that fails; `interrupt`, one that interrupts conda as
    Ctrl-C does; `file`, a listed file that the package lacks.
    """
    scripts = {"script": "exit 1\n", "interrupt": "kill -INT $PPID\nsleep 5\n"}
    script = "bin/.broken-post-link.sh"
    index = {"name": "broken", "version": "1", "build": "0", "build_number": 0, "depends": ["idna"]}
    listed = [script, *(["share/nowhere"] if fault == "file" else [])]
    paths = [{"_path": path, "path_type": "hardlink"} for path in listed]
    files = {
        "info/index.json": json.dumps({**index, "subdir": "noarch", "noarch": "generic"}),
        "info/paths.json": json.dumps({"paths": paths, "paths_version": 1}),
        "info/files": "\n".join(listed),
        script: scripts.get(fault, "exit 0\n"),
    }
    (folder / "noarch").mkdir()
    archive = folder / "noarch" / "broken-1-0.tar.bz2"
    with tarfile.open(archive, "w:bz2") as tar:
        for path, text in files.items():
            member = tarfile.TarInfo(path)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    md5 = hashlib.md5(archive.read_bytes(), usedforsecurity=False).hexdigest()
    entry = {**index, "subdir": "noarch", "md5": md5, "size": archive.stat().st_size}
    repodata = {"info": {"subdir": "noarch"}, "packages": {archive.name: entry}}
    (folder / "noarch" / "repodata.json").write_text(json.dumps(repodata))
    return folder.as_uri()


def split_channel(folder: Path, base: Base) -> None:
    """Write the shards of a channel (CEP 16) beside its repodata, with `base`'s own libraries."""
    base.run_in(base.prefix, "python", "-c", _SPLIT, folder)


_SPLIT = """
import json, sys
from hashlib import sha256
from pathlib import Path
import msgpack
from backports import zstd

for file in Path(sys.argv[1]).glob("*/repodata.json"):
    document = json.loads(file.read_text())
    shards = {}
    for name, record in document["packages.conda"].items():
        shard = shards.setdefault(record["name"], {"packages": {}, "packages.conda": {}})
        hashes = {key: bytes.fromhex(record[key]) for key in ("md5", "sha256")}
        shard["packages.conda"][name] = {**record, **hashes}
    for kind, records in document.get("v3", {}).items():
        for name, record in records.items():
            shard = shards.setdefault(record["name"], {"packages": {}, "packages.conda": {}})
            record["sha256"] = bytes.fromhex(record["sha256"])
            shard.setdefault("v3", {}).setdefault(kind, {})[name] = record
    index = {}
    for name, shard in shards.items():
        data = zstd.compress(msgpack.dumps(shard))
        index[name] = sha256(data).digest()
        place = file.parent / "shards" / f"{index[name].hex()}.msgpack.zst"
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(data)
    info = {**document["info"], "base_url": "", "shards_base_url": "./shards/"}
    data = zstd.compress(msgpack.dumps({"info": info, "version": 1, "shards": index}))
    file.with_name("repodata_shards.msgpack.zst").write_bytes(data)
"""
