"""Commands of conda's are operations, told by its history, where they stand among ours."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conda_pip_interop.changes.atomic.journal import ORIGINALS_FOLDER
from conda_pip_interop.changes.atomic.transaction import open_operation
from conda_pip_interop.changes.plan import Automatic, RemoveFile, WriteFile
from conda_pip_interop.changes.undoing.changed_since import (
    explain_command,
    refuse_after_conda,
    refuse_any_changed,
)
from conda_pip_interop.changes.undoing.conda_commands import complete_commands
from conda_pip_interop.changes.undoing.operations import (
    find_operation,
    list_operations,
    split_at_conda,
)
from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.environment.target import Target
from conda_pip_interop.errors import InteropError
from tests.support.builders import PrefixBuilder
from tests.support.extracted_packages import link, write_history

if TYPE_CHECKING:
    from conda_pip_interop.environment.conda_meta.history import Linked


class Cache:
    """A package cache in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fetch(self, linked: Linked) -> Path | None:
        """See `PackageCache.fetch`."""
        folder = self.folder / linked.stem
        return folder if folder.is_dir() else None


@pytest.fixture
def built(tmp_path: Path) -> PrefixBuilder:
    built = PrefixBuilder(root=tmp_path / "web")
    built.conda_python()
    link(built, tmp_path / "cache", "click", "8.1.7")
    built.write("conda-meta/history", "")
    write_history(built, "# update specs: ['click=8.1.7']")
    return built


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def run_conda(built: PrefixBuilder, cache: Cache, *packages: tuple[str, str]) -> None:
    """Link packages, and write the history; a version `""` unlinks."""
    for name, version in packages:
        if any((built.root / "conda-meta").glob(f"{name}-[0-9]*.json")):
            built.conda_remove(name)
        if version:
            link(built, cache.folder, name, version)
    write_history(built)


def write(built: PrefixBuilder, automatic: Automatic = "", path: str = "lib/mine") -> str:
    with open_operation(built.root, "write", automatic=automatic) as operation:
        operation.apply([WriteFile(path=PrefixPath(path), content=b"x", reason="")])
    return operation.folder.name


def test_the_commands_of_both_are_in_the_order_in_which_they_were_done(
    built: PrefixBuilder, cache: Cache
) -> None:
    assert list_operations(built.root) == ()
    with pytest.raises(InteropError, match="There is nothing to undo"):
        find_operation(built.root, None)
    first = write(built)
    before = write(built, "before")
    run_conda(built, cache, ("six", "1.16.0"))
    aside, after = write(built, "aside"), write(built, "after")
    second = write(built)
    ours = write(built, "ours")
    run_conda(built, cache, ("click", "8.1.8"), ("six", ""))
    listed = [[one.identifier for one in each] for each in list_operations(built.root)]
    assert listed == [
        *([first], [before], ["revision-1", aside, after], [second, ours], ["revision-2"])
    ]
    last = find_operation(built.root, None)
    assert [one.identifier for one in last] == ["revision-2"]
    (change,) = (one.conda for one in last)
    assert change is not None
    assert change.linked == ("click-8.1.8-0.json",)
    assert {*change.unlinked} == {"click-8.1.7-0.json", "six-1.16.0-0.json"}
    with_aside = find_operation(built.root, after)
    moved, rest = split_at_conda(built.root, with_aside)
    assert [one.identifier for one in (*moved, *rest)] == [aside, "revision-1", after]
    refuse_after_conda(Target.at(built.root), last)


def test_a_revision_of_ours_whose_journal_is_gone_is_no_command_of_condas(
    built: PrefixBuilder, cache: Cache
) -> None:
    first = write(built)
    run_conda(built, cache, ("six", "1.16.0"))
    history = built.root / "conda-meta/history"
    head, _, last = history.read_text().rpartition("# cmd: conda")
    history.write_text(f"{head}# cmd: /opt/bin/conda pip install cowsay six{last}")
    (operation,) = list_operations(built.root)
    assert operation[0].identifier == first
    with pytest.raises(InteropError) as refused:
        refuse_after_conda(Target.at(built.root), operation)
    assert refused.value.code == "conda-was-last"
    assert f"`conda install -p {built.root} --revision 0`" in refused.value.hints[0]
    assert first in refused.value.hints[1]


def test_a_revision_that_linked_again_is_the_last_change(
    built: PrefixBuilder, cache: Cache
) -> None:
    run_conda(built, cache, ("six", "1.16.0"))
    with (built.root / "conda-meta/history").open("a") as history:
        history.write("==> 2026-11-25 05:54:21 <==\n# cmd: conda install --force-reinstall six\n")
    with pytest.raises(InteropError) as refused:
        refuse_after_conda(Target.at(built.root), find_operation(built.root, None))
    assert "revision 2 (`conda install --force-reinstall six`)" in refused.value.message
    assert all("--revision" not in hint for hint in refused.value.hints)
    run_conda(built, cache, ("idna", "3.10"))
    assert (
        "+main/linux-64::python" in (built.root / "conda-meta/history").read_text().split("==>")[-1]
    )
    (command,) = find_operation(built.root, None)
    assert command.conda is not None
    assert command.conda.linked == ("idna-3.10-0.json",)


def test_what_comes_back_is_written_as_conda_would(built: PrefixBuilder, cache: Cache) -> None:
    record = built.root / "conda-meta/click-8.1.7-0.json"
    files = json.loads(record.read_text())["files"]
    run_conda(built, cache, ("click", "8.1.8"))
    operation = complete_commands(built.root, find_operation(built.root, None), cache)
    (change,) = (one.conda for one in operation)
    assert change is not None
    back = json.loads(change.unlinked["click-8.1.7-0.json"])
    assert back["files"] == files
    assert back["requested_spec"] == "click=8.1.7"
    refuse_any_changed(built.root, (operation,))


@pytest.mark.parametrize("place", ["click/extra.py", "click/__init__.py"])
def test_what_is_in_the_way_is_named(built: PrefixBuilder, cache: Cache, place: str) -> None:
    run_conda(built, cache, ("click", ""))
    operation = complete_commands(built.root, find_operation(built.root, None), cache)
    built.write(built.place(place), "mine")
    if place == "click/extra.py":  # which click does not have
        refuse_any_changed(built.root, (operation,))
        return
    with pytest.raises(InteropError, match=place) as refused:
        refuse_any_changed(built.root, (operation,))
    assert refused.value.code == "changed-since"
    told = explain_command(Target.at(built.root), operation, refused.value)
    assert told.code == "conda-was-last"
    assert f"`conda install -p {built.root} --revision 0`" in told.hints[-1]


def test_what_is_nowhere_any_more_is_named(built: PrefixBuilder, cache: Cache) -> None:
    first = write(built)
    run_conda(built, cache, ("click", ""))
    for damage in (lambda path: (path / "info/paths.json").unlink(), shutil.rmtree):
        damage(cache.folder / "click-8.1.7-0")
        operation = find_operation(built.root, None)
        with pytest.raises(InteropError, match=r"click-8\.1\.7") as refused:
            complete_commands(built.root, operation, cache)
        assert refused.value.code == "not-available"
        told = explain_command(Target.at(built.root), operation, refused.value)
        (hint,) = told.hints
        assert first in hint


def test_noarch_packages_come_back_to_the_python_before(built: PrefixBuilder, cache: Cache) -> None:
    for name in ("click", "python"):
        record = next((built.root / "conda-meta").glob(f"{name}-*.json"))
        raw = json.loads(record.read_text())
        noarch = {"noarch": "python"} if name == "click" else {}
        record.write_text(json.dumps({**raw, **noarch}))
        info = cache.folder / record.stem / "info"
        info.mkdir(parents=True, exist_ok=True)
        (info / "repodata_record.json").write_text(json.dumps({**raw, **noarch, "files": []}))
        paths = json.dumps(raw["paths_data"]).replace(built.site_packages, "site-packages")
        (info / "paths.json").write_text(paths)
    built.python_upgrade("3.12.1")
    write_history(built)
    operation = complete_commands(built.root, find_operation(built.root, None), cache)
    (change,) = (one.conda for one in operation)
    assert change is not None
    assert {*change.linked} == {"python-3.12.1-h0_0.json", "click-8.1.7-0.json"}
    files = json.loads(change.unlinked["click-8.1.7-0.json"])["files"]
    assert {one.partition("/site-packages")[0] for one in files} == {"lib/python3.11"}


@pytest.mark.parametrize("kept", [False, True])
def test_pips_files_in_the_place_of_condas_come_back_only_where_they_were_kept(
    built: PrefixBuilder, cache: Cache, *, kept: bool
) -> None:
    record = built.root / "conda-meta/click-8.1.7-0.json"
    name = record.name
    replaced = record.read_bytes().replace(b'"name"', b'"pip_interop": {}, "name"')
    with open_operation(built.root, "reconcile", automatic="before") as operation:
        for path in (f"{ORIGINALS_FOLDER}/{name}", f"conda-meta/{name}"):
            operation.apply([WriteFile(path=PrefixPath(path), content=replaced, reason="")])
    if kept:
        with open_operation(built.root, "replaced by conda", automatic="aside") as operation:
            path = PrefixPath(f"conda-meta/{name}")
            operation.apply([WriteFile(path=path, content=replaced, reason="")])
            gone = PrefixPath(built.place("click/__init__.py"))
            operation.apply([RemoveFile(path=gone, reason="")])
            run_conda(built, cache, ("click", "8.1.8"))
    else:
        run_conda(built, cache, ("click", "8.1.8"))
    found = find_operation(built.root, None)
    if kept:
        change = complete_commands(built.root, found, cache)[0].conda
        assert change is not None
        assert change.unlinked[name].encode() == replaced
    else:
        with pytest.raises(InteropError, match=r"in the place of click-8\.1\.7-0") as refused:
            complete_commands(built.root, found, cache)
        assert refused.value.code == "not-kept"
