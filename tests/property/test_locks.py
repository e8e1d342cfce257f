"""Locks: what we write is read back as the same lock, and nothing is lost without a word."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from conda_pip_interop.dependency_files.locks import (
    LockEntry,
    LockFile,
    parse_conda_lock,
    parse_pixi_lock,
)
from conda_pip_interop.dependency_files.pylock import parse_pylock
from conda_pip_interop.errors import InteropError, UsageError
from conda_pip_interop.exports.as_pylock import render_toml
from conda_pip_interop.exports.contents import Contents
from conda_pip_interop.exports.formats import FORMATS
from conda_pip_interop.locks.compare import compare
from conda_pip_interop.locks.read import read_lock
from tests.support.builders import PrefixBuilder
from tests.support.exports import build_env, layout, note_provenance, read

SHA256, COMMIT = "e" * 64, "c" * 40
_VERSIONS = st.sampled_from(["1.0", "1!2.0", "2.0rc1", "1.0+cpu.1", "2024.1.post1"])
_PLACES = st.sampled_from(["", "sub", "a b", "ü/x"])


@dataclass(frozen=True, kw_only=True)
class Given:
    """A distribution of pip's. `source`: wheel, sdist, repository, archive, folder or editable."""

    version: str
    source: str
    place: str
    revision: str
    requested: str


_GIVEN = st.builds(
    Given,
    version=_VERSIONS,
    source=st.sampled_from(["wheel", "sdist", "repository", "archive", "folder", "editable"]),
    place=_PLACES,
    revision=st.sampled_from(["", "main", "feature/x", "v1.0"]),
    requested=st.sampled_from(["", "NAME", "NAME[b,a]>=0.1; python_version > '3'"]),
)


def install(built: PrefixBuilder, name: str, one: Given, folder: Path) -> None:
    """Install a distribution from its source, as pip does."""
    within = {"subdirectory": one.place} if one.place else {}
    project = folder / "own projects" / name
    project.mkdir(parents=True)
    direct: dict[str, dict[str, Any]] = {
        "repository": {
            "url": f"https://h/{name}.git",
            "vcs_info": {"vcs": "git", "commit_id": COMMIT, "requested_revision": one.revision},
            **within,
        },
        "archive": {
            "url": f"https://h/{name}.zip",
            "archive_info": {"hashes": {"sha256": SHA256}},
            **within,
        },
        "folder": {"url": project.as_uri(), "dir_info": {}},
        "editable": {"url": project.as_uri(), "dir_info": {"editable": True}},
    }
    built.pip_package(
        name, one.version, requested=bool(one.requested), direct_url=direct.get(one.source)
    )
    asked = {"requested": one.requested.replace("NAME", name)} if one.requested else {}
    if one.source in direct:
        note_provenance(built, name, **asked)
        return
    tail = "-py3-none-any.whl" if one.source == "wheel" else ".tar.gz"
    file = f"{name}-{one.version}{tail}"
    note_provenance(built, name, url=f"https://h/{quote(file)}", sha256=SHA256, **asked)


def build(folder: Path, conda: dict[str, str], pip: dict[str, Given]) -> Contents:
    """Build an environment and read it."""
    built = build_env(folder / "env")
    for name, version in conda.items():
        built.conda_package(name, version)
    for number, file in enumerate(sorted((built.root / "conda-meta").glob("*.json"))):
        record = json.loads(file.read_text())
        hashes = {"md5": f"{number:032x}", "sha256": f"{number:064x}"}
        file.write_text(json.dumps({**record, **hashes}))
    for name, one in pip.items():
        install(built, name, one, folder)
    return read(built)


@settings(max_examples=25, deadline=None)
@given(
    conda=st.dictionaries(st.sampled_from(["click", "c.d", "_d", "e-f"]), _VERSIONS, max_size=3),
    pip=st.dictionaries(st.sampled_from(["app", "b-c", "x1"]), _GIVEN, max_size=3),
)
def test_what_is_written_is_read_back_as_the_same_environment(
    conda: dict[str, str], pip: dict[str, Given]
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        contents = build(folder, conda, pip)
        for format_, file in (
            ("pylock", "pylock.toml"),
            ("explicit", "explicit.txt"),
            ("conda-lock", "conda-lock.yml"),
            ("pixi-lock", "pixi.lock"),
        ):
            try:
                text = FORMATS[format_].render(contents, layout(folder))
            except InteropError as refused:
                assert refused.code == "not-lockable"  # noqa: PT017 - most are not refused
                assert [one for one in pip if f" {one} {pip[one].version}:" in str(refused)]  # noqa: PT017
                continue
            (folder / file).write_text(text)
            pylock = [folder / "pylock.toml"] if format_ == "explicit" else []
            names = (file, *(one.name for one in pylock if one.exists()))
            if pylock and len(names) == 1 and "# Not in this file" in text:
                continue
            lock = read_lock(names, folder=folder, subdir="linux-64")
            assert lock is not None
            assert compare(lock, contents).is_empty
            assert {one.name for one in lock.conda} == {"python", "six", *conda}
            assert {str(one.name) for one in lock.pip} == {*pip}
            if file == "pylock.toml":
                assert [(one.name, one.source) for one in lock.pip] == [
                    (one.key, one.source) for one in contents.pip
                ]


def dump_yaml(document: Any) -> str:
    stream = io.StringIO()
    YAML(typ="safe", pure=True).dump(document, stream)
    return stream.getvalue()


URL = "https://h/c/linux-64/six-1.16.0-0.conda"
WHEEL = "https://h/app-1.0-py3-none-any.whl"
CONDA_LOCK: dict[str, Any] = {
    "version": 1,
    "metadata": {"channels": [{"url": "https://h/c"}], "platforms": ["linux-64"]},
    "package": [
        {
            "name": "six",
            "version": "1.16.0",
            "manager": "conda",
            "platform": "linux-64",
            "dependencies": {},
            "url": URL,
            "hash": {"md5": "d" * 32},
            "category": "main",
            "optional": False,
        },
        {
            "name": "app",
            "version": "1.0",
            "manager": "pip",
            "platform": "linux-64",
            "url": WHEEL,
            "hash": {"sha256": SHA256},
            "category": "main",
            "optional": False,
        },
    ],
}
PIXI_LOCK: dict[str, Any] = {
    "version": 6,
    "environments": {
        "default": {
            "channels": [{"url": "https://h/c/"}],
            "packages": {"linux-64": [{"conda": URL}, {"pypi": WHEEL}]},
        }
    },
    "packages": [
        {"conda": URL, "sha256": SHA256},
        {"pypi": WHEEL, "name": "app", "version": "1.0", "sha256": SHA256},
    ],
}
PYLOCK: dict[str, Any] = {
    "lock-version": "1.0",
    "created-by": "other",
    "packages": [
        {"name": "a", "version": "1.0", "wheels": [{"url": WHEEL, "hashes": {"sha256": SHA256}}]},
        {"name": "b", "vcs": {"type": "git", "url": "https://h/r", "commit-id": COMMIT}},
        {"name": "c", "directory": {"path": "c", "editable": True}},
        {"name": "d", "archive": {"url": "https://h/d.zip", "hashes": {"sha256": SHA256}}},
        {"name": "e", "version": "1", "sdist": {"url": "https://h/e-1.tar.gz", "hashes": {}}},
    ],
}


def read_packages(text: str, parse: Callable[..., LockFile]) -> list[object]:
    found = parse(text, origin="lock")
    return [*found.packages, found.others]


def read_entries(text: str) -> list[object]:
    found = parse_pylock(text, origin="lock")
    return [*((one.text, one.tail) for one in found.entries), *found.links, *found.notes]


LOCKS: dict[str, tuple[dict[str, Any], Callable[[Any], str], Callable[[str], list[object]]]] = {
    "conda-lock": (CONDA_LOCK, dump_yaml, lambda text: read_packages(text, parse_conda_lock)),
    "pixi-lock": (PIXI_LOCK, dump_yaml, lambda text: read_packages(text, parse_pixi_lock)),
    "pylock": (PYLOCK, render_toml, read_entries),
}


def find_tables(document: Any) -> list[dict[str, Any]]:
    """Find each table in a document."""
    inner = document.values() if isinstance(document, dict) else document
    found = [document] if isinstance(document, dict) else []
    nested = (one for one in inner if isinstance(one, dict | list))
    return [*found, *(table for one in nested for table in find_tables(one))]


@pytest.mark.parametrize("name", LOCKS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_key_that_is_not_known_changes_nothing_of_what_is_read(
    name: str, data: st.DataObject
) -> None:
    document, dump, parse = LOCKS[name]
    known = parse(dump(document))
    changed = json.loads(json.dumps(document))
    tables = [one for one in find_tables(changed) if not {"linux-64", "default"} & {*one}]
    table = data.draw(st.sampled_from([one for one in tables if "sha256" not in one]))
    table["x-of-another-tool"] = data.draw(st.sampled_from(["text", 1, True, ["a"], {"a": "b"}]))
    assert parse(dump(changed)) == known


@pytest.mark.parametrize("name", LOCKS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_package_of_which_something_is_missing_is_read_the_same_or_refused(
    name: str, data: st.DataObject
) -> None:
    """Its hash, build or category may be missing; the package, its version and its file are not."""
    document, dump, parse = LOCKS[name]
    known = parse(dump(document))
    changed = json.loads(json.dumps(document))
    key = "package" if name == "conda-lock" else "packages"
    package = data.draw(st.sampled_from(changed[key]))
    del package[data.draw(st.sampled_from([*package]))]
    try:
        found = parse(dump(changed))
    except UsageError as refused:
        assert refused.code == "unreadable-file"  # noqa: PT017 - not all are refused
    else:
        assert identify(found) == identify(known)


def identify(found: list[object]) -> list[object]:
    """Return the names, versions and places of packages, without hashes and files."""
    entries: list[object] = [one[0] for one in found if isinstance(one, tuple) and one]
    packages = [one for one in found if isinstance(one, LockEntry)]
    return [*entries, *((one.name, one.version, one.url) for one in packages)]


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("conda-lock", "manager: pip", "manager: npm"),
        ("pylock", "vcs", "future"),
        ("pylock", 'lock-version = "1.0"', 'lock-version = "2.0"'),
    ],
)
def test_what_only_a_newer_tool_knows_is_refused(name: str, old: str, new: str) -> None:
    document, dump, parse = LOCKS[name]
    text = dump(document)
    assert old in text
    with pytest.raises(UsageError, match="lock cannot be read"):
        parse(text.replace(old, new))


def test_what_is_left_out_of_a_lock_is_said(tmp_path: Path) -> None:
    newer = render_toml({**PYLOCK, "lock-version": "1.1"})
    assert "what is new since 1.0 is not read" in str(read_entries(newer)[-1])
    environments = {**PIXI_LOCK["environments"], "test": PIXI_LOCK["environments"]["default"]}
    (tmp_path / "pixi.lock").write_text(dump_yaml({**PIXI_LOCK, "environments": environments}))
    lock = read_lock(("pixi.lock",), folder=tmp_path, subdir="linux-64")
    assert lock is not None
    assert lock.notes == ("Not installed: the environments test of pixi.lock.",)
