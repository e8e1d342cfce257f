"""Build prefixes on disk with the files that conda and pip would have written."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Layout = Literal["cpython", "free-threaded", "pypy", "windows"]
Files = Mapping[str, str]


def hash_of(content: bytes) -> str:
    """Return the hex sha256, as in conda's records."""
    return hashlib.sha256(content).hexdigest()


def record_line(path: str, content: bytes) -> str:
    """Return a RECORD row, as pip writes it."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow((path, f"sha256={digest}", len(content)))
    return out.getvalue()


@dataclass(kw_only=True)
class PrefixBuilder:
    """Builds an environment; paths in ``files`` are relative to site-packages.

    A path that begins with ``/`` is relative to the prefix (``/bin/tool``).
    """

    root: Path
    python: str = "3.11.7"
    layout: Layout = "cpython"
    conda: bool = True
    _pip_files: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.write(f"{self.site_packages}/README.txt", "")
        executable = "python.exe" if self.layout == "windows" else "bin/python"
        for path in (f"{self.stdlib}/os.py", executable):
            if not (self.root / path).exists():
                self.write(path, "")
        if self.conda:
            self.write("conda-meta/history", "")
            self.conda_python()

    @property
    def minor(self) -> str:
        """``3.11`` of ``3.11.7``."""
        return ".".join(self.python.split(".")[:2])

    @property
    def stdlib(self) -> str:
        """The folder of the marker."""
        return {
            "cpython": f"lib/python{self.minor}",
            "free-threaded": f"lib/python{self.minor}t",
            "pypy": f"lib/pypy{self.minor}",
            "windows": "Lib",
        }[self.layout]

    @property
    def site_packages(self) -> str:
        """Relative to the prefix."""
        return f"{self.stdlib}/site-packages"

    # -- plain files ------------------------------------------------------------------------

    def write(self, path: str, content: str | bytes) -> Path:
        """Write a file, as a replacement and not in place."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        return target

    def place(self, path: str) -> str:
        """Turn a path of ``files`` into one relative to the prefix."""
        return path[1:] if path.startswith("/") else f"{self.site_packages}/{path}"

    def dist_info(self, name: str, version: str) -> str:
        """Return the dist-info folder, relative to the prefix."""
        return f"{self.site_packages}/{name.replace('-', '_')}-{version}.dist-info"

    # -- conda ------------------------------------------------------------------------------

    def conda_python(self) -> None:
        """Write Python's record."""
        build = {"free-threaded": "h0_cp313t", "pypy": "0_73_pypy"}.get(self.layout, "h0_0")
        self.conda_record(
            "python", self.python, (), build=build, python_site_packages_path=self.site_packages
        )

    def conda_record(
        self, name: str, version: str, paths: tuple[str, ...], *, build: str = "0", **more: object
    ) -> Path:
        """Write the record of existing files; pycs have no hash, as in noarch packages."""
        entries: list[dict[str, object]] = []
        for path in paths:
            entry: dict[str, object] = {"_path": path, "path_type": "hardlink"}
            if path.endswith(".pyc"):
                entry["path_type"] = "pyc_file"
            else:
                content = (self.root / path).read_bytes()
                entry |= {"sha256": hash_of(content), "size_in_bytes": len(content)}
                entry["sha256_in_prefix"] = entry["sha256"]
            entries.append(entry)
        subdir = "win-64" if self.layout == "windows" else "linux-64"
        raw = {
            "build": build,
            "build_number": 0,
            "channel": f"https://example.org/main/{subdir}",
            "constrains": [],
            "depends": [],
            "files": list(paths),
            "name": name,
            "paths_data": {"paths": entries, "paths_version": 1},
            "subdir": subdir,
            "url": f"https://example.org/main/{subdir}/{name}-{version}-{build}.conda",
            "version": version,
            **more,
        }
        return self.write(f"conda-meta/{name}-{version}-{build}.json", json.dumps(raw, indent=2))

    def conda_package(
        self,
        name: str,
        version: str,
        files: Files | None = None,
        *,
        distribution: str | None = None,
        distribution_version: str | None = None,
        dist_info: bool = True,
        installer: str = "conda",
        requires: tuple[str, ...] = (),
        build: str = "0",
        **more: object,
    ) -> None:
        """Link a package over existing files, as conda does.

        ``distribution`` and its version are those of the dist-info if not the package's.
        """
        payload = self._payload(name, version, files)
        paths = [self.place(path) for path in payload]
        for path, content in payload.items():
            self.write(self.place(path), content)
        if dist_info:
            python_name, stated = distribution or name, distribution_version or version
            metadata = {
                "METADATA": self._metadata(python_name, stated, requires),
                "INSTALLER": f"{installer}\n",
            }
            paths += self._write_dist_info(python_name, stated, payload, metadata)
        self.conda_record(name, version, tuple(paths), build=build, **more)

    def conda_remove(self, name: str) -> None:
        """Unlink what the record lists, and the record."""
        (path,) = (self.root / "conda-meta").glob(f"{name}-[0-9]*.json")
        for file in json.loads(path.read_text())["files"]:
            (self.root / file).unlink(missing_ok=True)
        path.unlink()
        for folder in sorted((self.root / self.site_packages).rglob("*"), reverse=True):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()

    # -- pip --------------------------------------------------------------------------------

    def pip_package(
        self,
        name: str,
        version: str,
        files: Files | None = None,
        *,
        requires: tuple[str, ...] = (),
        requested: bool = True,
        direct_url: Mapping[str, object] | None = None,
    ) -> None:
        """Install as pip does a new distribution, or one with ``--ignore-installed``."""
        payload = self._payload(name, version, files)
        for path, content in payload.items():
            self.write(self.place(path), content)
        metadata = {"METADATA": self._metadata(name, version, requires), "INSTALLER": "pip\n"}
        if requested:
            metadata["REQUESTED"] = ""
        if direct_url is not None:
            metadata["direct_url.json"] = json.dumps(direct_url)
        self._write_dist_info(name, version, payload, metadata)

    def pip_upgrade(
        self,
        name: str,
        old: str,
        new: str,
        files: Files | None = None,
        *,
        requires: tuple[str, ...] = (),
        requested: bool = True,
    ) -> None:
        """Uninstall a distribution, whoever owns it, and install another version."""
        self.pip_uninstall(name, old)
        self.pip_package(name, new, files, requires=requires, requested=requested)

    def pip_uninstall(self, name: str, version: str) -> None:
        """Remove the files in RECORD, as pip does, conda's included."""
        folder = self.root / self.dist_info(name, version)
        for path, *_ in csv.reader((folder / "RECORD").read_text().splitlines()):
            row = self.root / self.site_packages / path
            row.resolve().unlink(missing_ok=True)
            shutil.rmtree(row.parent / "__pycache__", ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)

    # -- both -------------------------------------------------------------------------------

    def python_upgrade(self, python: str) -> None:
        """Change the minor version; pip's distributions stay in the old folder."""
        for path in (self.root / "conda-meta").glob("python-[0-9]*.json"):
            path.unlink()
        (self.root / self.stdlib / "os.py").unlink()
        self.python = python
        self.write(f"{self.stdlib}/os.py", "")
        self.write(f"{self.site_packages}/README.txt", "")
        self.conda_python()

    def _payload(self, name: str, version: str, files: Files | None) -> Files:
        if files is not None:
            return files
        module = name.replace("-", "_")
        return {f"{module}/__init__.py": f"__version__ = {version!r}\n"}

    def _metadata(self, name: str, version: str, requires: tuple[str, ...]) -> str:
        lines = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"]
        lines += [f"Requires-Dist: {line}\n" for line in requires]
        return "".join(lines) + f"\nThe {name} project.\n"

    def _write_dist_info(
        self, name: str, version: str, payload: Files, metadata: Files
    ) -> list[str]:
        folder = self.dist_info(name, version)
        up = "../" * len(self.site_packages.split("/"))
        rows = [
            record_line(path if path[0] != "/" else up + path[1:], content.encode())
            for path, content in payload.items()
        ]
        local = folder.rpartition("/")[2]
        for path, content in metadata.items():
            self.write(f"{folder}/{path}", content)
            rows.append(record_line(f"{local}/{path}", content.encode()))
        self.write(f"{folder}/RECORD", "".join(rows) + f"{local}/RECORD,,\n")
        return [f"{folder}/{path}" for path in (*metadata, "RECORD")]
