"""Locks: what the three formats state is the same, and what is not valid is refused by name."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from conda_pip_interop.errors import InteropError, UsageError
from conda_pip_interop.exports.contents import digest_contents
from conda_pip_interop.exports.formats import FORMATS
from conda_pip_interop.exports.sources import (
    FromArchive,
    FromFolder,
    FromIndex,
    FromRepository,
    Source,
    build_direct_url,
    build_reference,
    build_source,
    parse_reference,
)
from conda_pip_interop.locks.compare import compare
from conda_pip_interop.locks.lock import Lock
from conda_pip_interop.locks.read import read_lock
from tests.support.builders import PrefixBuilder
from tests.support.exports import build_env, layout, note_wheel, read

GIT = {"vcs": "git", "commit_id": "c" * 40, "requested_revision": "main"}
URL = "https://h/c/linux-64"
SHA256 = "e" * 64


@pytest.fixture
def built(tmp_path: Path) -> PrefixBuilder:
    """An environment of which every package can be in every format."""
    built = build_env(tmp_path / "env")
    built.conda_package("click", "8.1.7")
    for number, file in enumerate(sorted((built.root / "conda-meta").glob("*.json"))):
        record = json.loads(file.read_text())
        name = f"{record['name']}-{record['version']}-{record['build']}.conda"
        hashes = {"url": f"{URL}/{name}", "md5": f"{number:x}" * 32, "sha256": f"{number:x}" * 64}
        file.write_text(json.dumps({**record, **hashes}))
    built.pip_package("app", "1.0")
    note_wheel(built, "app", "1.0", requested="app>=1")
    built.pip_upgrade("click", "8.1.7", "8.1.3")
    note_wheel(built, "click", "8.1.3")
    repo = {"url": "https://h/r.git", "vcs_info": GIT, "subdirectory": "sub"}
    built.pip_package("repo", "2.0", direct_url=repo)
    (tmp_path / "a b").mkdir()
    folder = {"url": (tmp_path / "a b").as_uri(), "dir_info": {}}
    built.pip_package("plain", "1.0", direct_url=folder)
    return built


def write(built: PrefixBuilder, folder: Path, file: str, name: str) -> str:
    """Write the environment in a format; return the file's name."""
    path = folder / file
    path.write_text(FORMATS[name].render(read(built), layout(folder)))
    return str(path)


def read_one(folder: Path, *names: str, subdir: str = "linux-64") -> Lock:
    found = read_lock(names, folder=folder, subdir=subdir)
    assert found is not None
    return found


def test_every_lock_states_the_same_packages(built: PrefixBuilder, tmp_path: Path) -> None:
    pylock = write(built, tmp_path, "pylock.toml", "pylock")
    explicit = write(built, tmp_path, "explicit.txt", "explicit")
    conda_lock = write(built, tmp_path, "conda-lock.yml", "conda-lock")
    pixi_lock = write(built, tmp_path, "pixi.lock", "pixi-lock")
    pair = read_one(tmp_path, explicit, pylock)
    assert pair.origin == "explicit.txt and pylock.toml"
    locks = [pair, *(read_one(tmp_path, one) for one in (pylock, explicit, conda_lock, pixi_lock))]
    for lock in locks:
        assert lock.platform == "linux-64"
        assert [one.name for one in lock.conda] == ["click", "python", "six"]
        assert {one.in_place_of for one in lock.pip if one.name == "click"} == {"click"}
        assert compare(lock, read(built)).is_empty
    requested = {str(one.name): one.requested for one in locks[0].pip}
    assert requested == {"app": "app>=1", "click": "click", "plain": "plain", "repo": "repo"}


def test_a_difference_is_named_package_by_package(built: PrefixBuilder, tmp_path: Path) -> None:
    lock = read_one(tmp_path, write(built, tmp_path, "pylock.toml", "pylock"))
    built.conda_package("more", "1.0")
    built.pip_package("extra", "1.0")
    built.pip_package("app", "2.0")
    shutil.rmtree(built.root / built.dist_info("app", "1.0"))
    six = built.root / "conda-meta/six-1.16.0-0.json"
    six.write_text(six.read_text().replace('"md5": "2', '"md5": "3'))
    found = compare(lock, read(built))
    assert [one.name for one in found.link] == ["six"]
    assert [one.record.name for one in found.unlink] == ["more"]
    assert [one.key for one in found.remove] == ["extra"]
    assert [one.name for one in found.install] == ["app"]
    assert not found.moves_python


def test_conda_gets_back_what_pip_replaced_if_the_lock_does_not_have_it(
    built: PrefixBuilder, tmp_path: Path
) -> None:
    text = Path(write(built, tmp_path, "conda-lock.yml", "conda-lock")).read_text()
    before, mark, after = text.partition("- name: click\n  version: 8.1.3")
    (tmp_path / "less.yml").write_text(before + after[after.index("- name:") :] if mark else "")
    found = compare(read_one(tmp_path, str(tmp_path / "less.yml")), read(built))
    assert [one.name for one in found.link] == ["click"]
    assert [one.key for one in found.remove] == ["click"]


def test_a_fingerprint_is_equal_for_equal_packages(built: PrefixBuilder, tmp_path: Path) -> None:
    before = digest_contents(read(built))
    copy = replace(built, root=tmp_path / "copy")
    shutil.copytree(built.root, copy.root, symlinks=True, dirs_exist_ok=True)
    assert digest_contents(read(copy)) == before
    note_wheel(copy, "app", "1.0", requested="app")
    assert digest_contents(read(copy)) == before
    copy.pip_package("extra", "1.0")
    assert digest_contents(read(copy)) != before
    six = built.root / "conda-meta/six-1.16.0-0.json"
    six.write_text(six.read_text().replace('"md5": "2', '"md5": "3'))
    assert digest_contents(read(built)) != before


def test_a_lock_of_another_platform_is_refused_with_what_to_do(
    built: PrefixBuilder, tmp_path: Path
) -> None:
    for file, name in (("conda-lock.yml", "conda-lock"), ("pylock.toml", "pylock")):
        path = write(built, tmp_path, file, name)
        with pytest.raises(InteropError, match=f"{file} is a lock for linux-64") as caught:
            read_one(tmp_path, path, subdir="osx-arm64")
        assert caught.value.code == "wrong-platform"
        assert f"conda pip export -n ENV -o {file}" in caught.value.hints[0]


def test_what_is_no_lock_of_a_whole_environment_is_none(tmp_path: Path) -> None:
    (tmp_path / "pylock.toml").write_text('lock-version = "1.0"\npackages = []\n')
    (tmp_path / "requirements.txt").write_text("six\n")
    names = ("pylock.toml", "requirements.txt")
    assert read_lock(names, folder=tmp_path, subdir="linux-64") is None


def test_two_files_that_do_not_belong_together_are_refused(
    built: PrefixBuilder, tmp_path: Path
) -> None:
    pylock = write(built, tmp_path, "pylock.toml", "pylock")
    explicit = Path(write(built, tmp_path, "explicit.txt", "explicit"))
    (tmp_path / "requirements.txt").write_text("six\n")
    with pytest.raises(UsageError, match="do not go together"):
        read_one(tmp_path, pylock, str(tmp_path / "requirements.txt"))
    explicit.write_text(explicit.read_text().replace("six-1.16.0", "six-1.17.0"))
    with pytest.raises(UsageError, match="list other packages of conda"):
        read_one(tmp_path, pylock, str(explicit))


def test_an_explicit_list_without_all_of_pips_part_needs_its_pylock(
    built: PrefixBuilder, tmp_path: Path
) -> None:
    folder = {"url": (tmp_path / "x").as_uri(), "dir_info": {"editable": True}}
    built.pip_package("local", "1.0", direct_url=folder)
    explicit = write(built, tmp_path, "explicit.txt", "explicit")
    with pytest.raises(UsageError, match="lacks local of pip's part") as caught:
        read_one(tmp_path, explicit)
    assert "pylock.toml" in caught.value.hints[0]
    pylock = write(built, tmp_path, "pylock.toml", "pylock")
    assert "local" in {one.name for one in read_one(tmp_path, explicit, pylock).pip}


PIXI = f"""\
version: 6
environments:
  default:
    channels:
    - url: https://h/c/
    indexes:
    - https://index.example/simple
    packages:
      linux-64:
      - conda: {URL}/six-1.16.0-0.conda
      - pypi: https://h/app-1.0-py3-none-any.whl
      - pypi: git+https://h/r.git?rev=main#{"c" * 40}
      - pypi: ./local
packages:
- conda: {URL}/six-1.16.0-0.conda
  sha256: {SHA256}
- pypi: https://h/app-1.0-py3-none-any.whl
  name: app
  version: '1.0'
  sha256: {SHA256}
- pypi: git+https://h/r.git?rev=main#{"c" * 40}
  name: repo
  version: '2.0'
- pypi: ./local
  name: local
  version: '1.0'
  editable: true
"""


def test_a_lock_of_pixi_states_both_parts(tmp_path: Path) -> None:
    (tmp_path / "pixi.lock").write_text(PIXI)
    with pytest.raises(UsageError, match="local is not in"):
        read_one(tmp_path, "pixi.lock")
    (tmp_path / "local").mkdir()
    lock = read_one(tmp_path, "pixi.lock")
    assert [(one.url, one.sha256) for one in lock.conda] == [(f"{URL}/six-1.16.0-0.conda", SHA256)]
    assert [one.source for one in lock.pip] == [
        FromIndex(url="https://h/app-1.0-py3-none-any.whl", sha256=SHA256),
        FromRepository(vcs="git", url="https://h/r.git", commit="c" * 40),
        FromFolder(path=str(tmp_path / "local"), editable=True),
    ]
    with pytest.raises(InteropError, match="is a lock for linux-64, and this is win-64"):
        read_one(tmp_path, "pixi.lock", subdir="win-64")


@pytest.mark.parametrize(
    "line",
    [
        f"{URL}/six-1.16.0-0.conda",
        f"{URL}/six-1.16.0-0.conda#{'g' * 32}",
        f"{URL}/six.conda#{'a' * 32}",
        f"six-1.16.0-0.conda#{'a' * 32}",
        f"{URL}/six-1.16.0-0.zip#{'a' * 32}",
        f"https://h/channel/../six-1.16.0-0.conda#{'a' * 32}",
        f"{URL}/six-1.16.0-%2e%2e%2f0.conda#{'a' * 32}",
        f"# pip bad/name @ https://h/x-1-py3-none-any.whl#sha256={SHA256}",
        "# pip x @ https://h/x-1-py3-none-any.whl",
        "# pip x @ --index-url",
    ],
)
def test_a_line_without_a_valid_url_and_hash_is_refused(line: str, tmp_path: Path) -> None:
    (tmp_path / "explicit.txt").write_text(f"@EXPLICIT\n{line}\n")
    with pytest.raises(UsageError, match=r"explicit\.txt cannot be read"):
        read_one(tmp_path, "explicit.txt")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('name = "app"', 'name = "--app"'),
        ('requested = "app>=1"', 'requested = "other"'),
        ('requested = "app>=1"', 'requested = "app>=1\\n-e /tmp"'),
        (f'sha256 = "{"a" * 64}"', 'sha256 = "1"'),
        ("commit-id = ", "commit = "),
        (f'commit-id = "{"c" * 40}"', 'commit-id = "--upload-pack=x"'),
        ('url = "https://h/r.git"', 'url = "https://h/r.git -x"'),
        ("[[tool.conda-pip-interop.conda]]\nurl", "[[tool.conda-pip-interop.conda]]\npath"),
        ('platform = "linux-64"', "platform = 1"),
        ('version = "1.0"\nwheels', 'version = "1.0"\nmarker = "x"\nwheels'),
    ],
)
def test_a_lock_that_was_changed_by_hand_is_refused(
    old: str, new: str, built: PrefixBuilder, tmp_path: Path
) -> None:
    path = Path(write(built, tmp_path, "pylock.toml", "pylock"))
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(UsageError, match=r"pylock\.toml cannot be read"):
        read_one(tmp_path, str(path))


def test_the_version_of_a_package_is_as_conda_writes_it(tmp_path: Path) -> None:
    url = f"{URL}/a-b-1%212.0-h1_0.tar.bz2"
    (tmp_path / "explicit.txt").write_text(f"@EXPLICIT\n{url}#sha256:{SHA256}\n")
    (one,) = read_one(tmp_path, "explicit.txt").conda
    assert (one.name, one.version, one.build) == ("a-b", "1!2.0", "h1_0")
    assert (one.url, one.md5, one.sha256, one.requested) == (url, "", SHA256, None)


def test_other_categories_of_a_conda_lock_are_said_to_be_left_out(
    built: PrefixBuilder, tmp_path: Path
) -> None:
    path = Path(write(built, tmp_path, "conda-lock.yml", "conda-lock"))
    path.write_text(path.read_text().replace("category: main", "category: dev", 1))
    lock = read_one(tmp_path, str(path))
    assert lock.notes == ("Not installed: 1 package of dev.",)
    assert len(lock.conda) == 2
    chosen = read_lock([str(path)], folder=tmp_path, subdir="linux-64", categories=["dev"])
    assert chosen is not None
    assert (len(chosen.conda), chosen.notes) == (3, ())
    with pytest.raises(UsageError, match="has no category docs"):
        read_lock([str(path)], folder=tmp_path, subdir="linux-64", categories=["docs"])
    pixi = write(built, tmp_path, "pixi.lock", "pixi-lock")
    with pytest.raises(UsageError, match="has no extras or groups"):
        read_lock([pixi], folder=tmp_path, subdir="linux-64", categories=["dev"])


@pytest.mark.parametrize(
    "source",
    [
        FromRepository(vcs="git", url="https://h/r.git", commit="abc", subdirectory="a b"),
        FromArchive(url="https://h/x.zip", algorithm="sha256", digest=SHA256, subdirectory="s"),
        FromFolder(path="/a b/c"),
    ],
)
def test_a_reference_and_a_direct_url_are_read_as_they_were_written(source: Source) -> None:
    assert isinstance(source, FromRepository | FromArchive | FromFolder)
    assert parse_reference(build_reference(source)) == source
    assert build_source(build_direct_url(source) or {}) == source
    assert build_direct_url(FromIndex()) is None


def test_an_explicit_list_without_hashes_names_what_reads_it(tmp_path: Path) -> None:
    url = "https://e.org/main/linux-64/six-1.16-py_0.conda"
    (tmp_path / "my list.txt").write_text(f"@EXPLICIT\n{url}\n")
    with pytest.raises(UsageError, match=f"{url} has no hash") as caught:
        read_lock(["my list.txt"], folder=tmp_path, subdir="linux-64")
    assert "`conda create -n NAME --file 'my list.txt'`" in caught.value.hints[0]
