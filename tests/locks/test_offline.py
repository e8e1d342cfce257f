"""The folder of `download --lock`: what is in it is found, and what is not valid is refused."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from conda_pip_interop.errors import InteropError
from conda_pip_interop.exports.sources import FromFolder, FromIndex, FromRepository, Source
from conda_pip_interop.locks.lock import LockedDistribution, build_package
from conda_pip_interop.locks.offline import LocalWheel, OfflineFolder, describe_source

SHA256 = "a" * 64
COMMIT = FromRepository(vcs="git", url="https://h/r.git", commit="c" * 40)


def build(name: str, source: Source) -> LockedDistribution:
    return LockedDistribution(name=canonicalize_name(name), source=source)


@pytest.fixture
def folder(tmp_path: Path) -> OfflineFolder:
    (tmp_path / "pip").mkdir()
    return OfflineFolder(root=tmp_path)


def put(folder: OfflineFolder, name: str) -> LocalWheel:
    (folder.wheels / name).write_bytes(b"wheel")
    return LocalWheel(file=name, sha256=hashlib.sha256(b"wheel").hexdigest())


def test_a_built_wheel_is_found_by_the_very_source_that_it_was_built_from(
    folder: OfflineFolder,
) -> None:
    wheel = put(folder, "repo-1.0-py3-none-any.whl")
    folder.note_built({describe_source(COMMIT): wheel})
    folder.note_built({describe_source(FromFolder(path="/x")): put(folder, "x-1-py3-none-any.whl")})
    assert folder.find_wheels([build("repo", COMMIT)]) == {"repo": wheel}
    other = FromRepository(vcs="git", url="https://h/r.git", commit="d" * 40)
    assert folder.find_wheels([build("repo", other)]) == {}
    folder.refuse_incomplete((), (build("repo", COMMIT),), "pylock.toml")


def test_all_that_is_missing_is_named_before_anything_else(folder: OfflineFolder) -> None:
    package = build_package("https://h/c/noarch/six-1%211.0-0.conda", "x", sha256=SHA256)
    wheel = FromIndex(url="https://h/app-1.0-py3-none-any.whl", sha256=SHA256)
    wanted = (build("repo", COMMIT), build("app", wheel))
    with pytest.raises(InteropError, match="lacks 3 packages of x: six, repo, app") as caught:
        folder.refuse_incomplete((package,), wanted, "x")
    assert caught.value.code == "not-downloaded"
    assert folder.locate(package) == folder.root / "conda/noarch/six-1!1.0-0.conda"
    put(folder, "app-1.0-py3-none-any.whl")
    with pytest.raises(InteropError, match="does not have the hash") as caught:
        folder.refuse_incomplete((), wanted[1:], "x")
    assert caught.value.code == "wrong-hash"


@pytest.mark.parametrize(
    "text",
    [
        *("", "[", "[]", "{}", "\udcff", '{"format": 2, "wheels": []}', "[" * 100_000),
        *(
            json.dumps({"format": 1, "wheels": [row]})
            for row in (
                None,
                {"source": "x"},
                {"source": 1, "file": "x-1-py3-none-any.whl", "sha256": SHA256},
                {"source": "x", "file": "../x-1-py3-none-any.whl", "sha256": SHA256},
                {"source": "x", "file": "/etc/x.whl", "sha256": SHA256},
                {"source": "x", "file": "x-1-py3-none-any.whl", "sha256": "1"},
            )
        ),
    ],
)
def test_a_list_of_built_wheels_that_is_not_valid_is_refused(
    text: str, folder: OfflineFolder
) -> None:
    (folder.root / "built.json").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(InteropError, match=r"built\.json cannot be read"):
        folder.read_built()
