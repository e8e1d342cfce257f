"""Lock files of conda-lock and pixi: their packages, for one platform."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conda_pip_interop.dependency_files.locations import PYPI_FILES
from conda_pip_interop.dependency_files.locks import (
    LockEntry,
    LockFile,
    parse_conda_lock,
    parse_pixi_lock,
)
from conda_pip_interop.dependency_files.pyproject import ProjectParts
from conda_pip_interop.dependency_files.read import DependencyFiles, read_dependency_files
from conda_pip_interop.errors import UsageError

COMMIT = "0123456789" * 4
SHA256 = "ab" * 32
SIX = f"https://{PYPI_FILES}/six-1.0-py3-none-any.whl"


def package(name: str, manager: str, url: str, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"name": name, "version": "1.0", "manager": manager, "url": url}
    found |= {"platform": "linux-64", "dependencies": {}, "hash": {"sha256": SHA256}}
    return found | more


def conda_lock(*packages: dict[str, Any]) -> str:
    metadata = {"channels": [{"url": "conda-forge", "used_env_vars": []}], "content_hash": {}}
    return json.dumps({"version": 1, "metadata": metadata, "package": packages})


CONDA_LOCK = conda_lock(
    package("numpy", "conda", "https://e.org/c/linux-64/numpy-1.0-py_0.conda"),
    package("numpy", "conda", "https://e.org/c/osx-64/numpy-1.0-py_1.conda", platform="osx-64"),
    package("six", "pip", SIX),
    package("dev", "pip", f"https://{PYPI_FILES}/dev-1.0.tar.gz", category="dev"),
    package("own", "pip", f"git+https://e.org/own@{COMMIT}", source={"type": "url"}),
)
PIXI_LOCK = f"""\
version: 6
environments:
  default:
    channels:
    - url: https://e.org/c/
    packages:
      linux-64:
      - conda: https://e.org/c/linux-64/_x-y-0.1-h_0.tar.bz2
      - pypi: {SIX}
      - pypi: git+https://e.org/own?rev=v1#{COMMIT}
      - pypi: ./here
      osx-64: []
  test:
    packages: {{linux-64: []}}
packages:
- conda: https://e.org/c/linux-64/_x-y-0.1-h_0.tar.bz2
  sha256: {SHA256}
- pypi: {SIX}
  sha256: {SHA256}
- pypi: git+https://e.org/own?rev=v1#{COMMIT}
  name: own
  version: '1.0'
- pypi: ./here
  name: here
  editable: true
"""


def read(text: str, tmp_path: Path, *groups: str) -> DependencyFiles:
    file = tmp_path / "lock"
    file.write_text(text)
    return read_dependency_files(
        [file], ProjectParts(groups=groups), target=tmp_path, subdir="linux-64"
    )


def lines_of(found: DependencyFiles) -> tuple[list[str], list[str]]:
    assert found.environment is not None
    conda = [item.value for item in found.environment.conda]
    return conda, [f"{one.text} {one.tail}".strip() for one in found.dependencies[0].entries]


def test_a_lock_is_read_for_one_platform_with_its_builds_and_hashes(tmp_path: Path) -> None:
    direct = f"own @ git+https://e.org/own@{COMMIT}"
    six = f"six==1.0 --hash=sha256:{SHA256}"
    found = read(CONDA_LOCK, tmp_path)
    assert lines_of(found) == (["numpy=1.0=py_0"], [six, direct])
    assert found.environment is not None
    assert found.environment.channels == ("conda-forge",)
    assert found.environment.excludes_others
    assert lines_of(read(PIXI_LOCK, tmp_path)) == (["_x-y=0.1=h_0"], [six, direct, "-e ./here"])
    for text in (CONDA_LOCK, PIXI_LOCK):
        assert all(one.owned_by_pip for one in read(text, tmp_path).dependencies)


def test_a_file_of_another_index_is_not_looked_up_on_pypi(tmp_path: Path) -> None:
    url = f"https://me@{PYPI_FILES}.e.org/six-1.0-py3-none-any.whl"
    lock = CONDA_LOCK.replace(SIX, url)
    _, pip = lines_of(read(lock, tmp_path))
    assert pip[0] == f"six @ {url} --hash=sha256:{SHA256}"


def test_a_category_is_read_if_it_is_chosen(tmp_path: Path) -> None:
    _, pip = lines_of(read(CONDA_LOCK, tmp_path, "dev"))
    assert f"dev==1.0 --hash=sha256:{SHA256}" in pip
    with pytest.raises(UsageError, match="has no category nope"):
        read(CONDA_LOCK, tmp_path, "nope")


def test_version_7_names_the_platforms_of_a_pixi_lock() -> None:
    text = PIXI_LOCK.replace("version: 6", "version: 7").replace("linux-64:\n", "cuda:\n")
    text += "platforms:\n- name: cuda\n  subdir: linux-64\n- name: osx-64\n"
    found = parse_pixi_lock(text, origin="pixi.lock").choose("linux-64", (), origin="pixi.lock")
    assert [one.name for one in found.packages] == ["_x-y", "six", "own", "here"]


def test_older_versions_of_a_pixi_lock_name_the_kind_of_a_package() -> None:
    locked, packages = PIXI_LOCK.split("packages:\n- ")
    for kind in ("conda", "pypi"):
        packages = packages.replace(f"{kind}: ", f"kind: {kind}\n  url: ")
    text = f"{locked}packages:\n- {packages}".replace("version: 6", "version: 5")
    older = parse_pixi_lock(text, origin="pixi.lock")
    assert older == parse_pixi_lock(PIXI_LOCK, origin="pixi.lock")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (conda_lock(package("a", "conda", "a-1-0.conda", platform="win-64")), "it is for win-64"),
        (conda_lock(package("a", "conda", "a")), "it is not valid"),
        (conda_lock(package("a\nb", "pip", "https://e.org")), "it is not valid"),
        (conda_lock(package("a", "pip", "https://e.org", hash={"sha256": "x\ny"})), "not valid"),
        (conda_lock({"name": "a"}), "it is not valid"),
        (CONDA_LOCK.replace('"version": 1,', '"version": 2,', 1), "its version is 2"),
        (PIXI_LOCK.replace("version: 6", "version: 9"), "its version is 9"),
        (PIXI_LOCK.replace("- conda:", "- conda_source:"), "it is not valid"),
        (PIXI_LOCK.replace("default:", "other:"), "has no environment default"),
        (PIXI_LOCK + "- [", "expected the node content"),
    ],
)
def test_what_a_lock_does_not_say_is_an_error(text: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        read(text, tmp_path)
    assert reason in caught.value.message


@pytest.mark.parametrize("parse", [parse_conda_lock, parse_pixi_lock])
@given(cut=st.data())
def test_a_damaged_lock_is_read_or_an_error(
    parse: Callable[..., LockFile], cut: st.DataObject
) -> None:
    text = CONDA_LOCK if parse is parse_conda_lock else PIXI_LOCK
    start = cut.draw(st.integers(0, len(text)))
    end = cut.draw(st.integers(start, min(start + 40, len(text))))
    damaged = (
        text[:start] + cut.draw(st.sampled_from(["", "null", "[", "{}", "\n- 1\n"])) + text[end:]
    )
    with suppress(UsageError):
        assert isinstance(parse(damaged, origin="the lock"), LockFile)


def test_a_package_is_one_name_on_one_line() -> None:
    with pytest.raises(ValueError, match="a b"):
        LockEntry(manager="conda", name="a b", version="1", platform="linux-64", url="x")


def test_two_projects_at_the_root_of_one_repository_are_told_apart_or_refused() -> None:
    url = f"git+https://me:secret@h/r.git#{'c' * 40}"
    text = f"""\
version: 6
environments:
  default:
    channels: []
    packages:
      linux-64: [{{pypi: "{url}"}}]
packages:
- pypi: "{url}"
  name: first
  version: '1'
- pypi: "{url}"
  name: second
  version: '2'
"""
    with pytest.raises(UsageError, match="are both at") as caught:
        parse_pixi_lock(text, origin="pixi.lock")
    assert "secret" not in str(caught.value)
    assert parse_pixi_lock(text.replace("name: second", "name: first"), origin="pixi.lock").packages
