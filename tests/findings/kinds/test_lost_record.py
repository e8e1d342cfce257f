"""Lost records: proven by the history, or by files; nothing else is taken for one."""

from __future__ import annotations

import json
import os
import shutil
import time
from typing import TYPE_CHECKING

import pytest

from conda_pip_interop.changes.atomic.lock import recover_interrupted
from conda_pip_interop.changes.atomic.transaction import Operation
from conda_pip_interop.changes.execute import execute
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.environment.target import Target
from conda_pip_interop.errors import InteropError
from conda_pip_interop.findings.kinds.lost_record import LostRecordFinding
from conda_pip_interop.findings.kinds.lost_record import find as find_lost_records
from conda_pip_interop.findings.repairs import plan_repair
from tests.support.builders import PrefixBuilder, hash_of
from tests.support.extracted_packages import extract, link, write_history
from tests.support.reconciling import reconcile
from tests.support.trees import read_tree

if TYPE_CHECKING:
    from pathlib import Path

    from conda_pip_interop.environment.conda_meta.records import CondaRecord


@pytest.fixture
def built(tmp_path: Path) -> PrefixBuilder:
    return PrefixBuilder(root=tmp_path / "env")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "pkgs"


def fetch_nothing(_linked: object) -> None:
    """No cache and no channel has the package."""


def lose(built: PrefixBuilder, name: str) -> None:
    (record,) = (built.root / "conda-meta").glob(f"{name}-[0-9]*.json")
    record.unlink()


def find(built: PrefixBuilder) -> tuple[LostRecordFinding, ...]:
    return tuple(find_lost_records(read_snapshot(built.root), ()))


def test_pips_payload_in_place_of_a_record_that_the_history_names(
    built: PrefixBuilder, cache: Path
) -> None:
    link(built, cache, "six", "1.16")
    link(built, cache, "click", "8.0", data=True)
    write_history(built)
    built.pip_upgrade("click", "8.0", "8.1")
    assert find(built) == ()
    lose(built, "click")
    (finding,) = find(built)
    assert finding.kind == "lost-record"
    assert (finding.conda_name, finding.conda_version, finding.pip_version) == (
        "click",
        "8.0",
        "8.1",
    )
    assert [one.path for one in finding.evidence] == [
        "conda-meta/click-8.0-0.json",
        f"{built.dist_info('click', '8.1')}/METADATA",
        "share/click/data.txt",
    ]
    assert [words[:3] for words in finding.remedy] == [("conda", "pip", "repair")] * 2
    assert finding.details == {"package_available": True, "written_off": False}
    (lost,) = find(built)
    assert lost.names == {"click"}
    assert not lost.gone


def test_once_written_off_only_files_of_it_that_nobody_lists_prove_it(
    built: PrefixBuilder, cache: Path
) -> None:
    link(built, cache, "six", "1.16")
    for name in ("click", "flask"):
        link(built, cache, name, "8.0", data=name == "click")
    write_history(built)
    for name in ("click", "flask"):
        built.pip_upgrade(name, "8.0", "8.1")
        lose(built, name)
    write_history(built)
    (finding,) = find(built)
    assert finding.conda_name == "click"
    assert "1 orphaned file is left" in finding.summary
    assert finding.details == {"package_available": True, "written_off": True}
    built.write("share/click/data.txt", "edited\n")
    assert find(built) == ()


def test_once_written_off_an_empty_file_proves_nothing(built: PrefixBuilder, cache: Path) -> None:
    link(built, cache, "six", "1.16")
    link(built, cache, "click", "8.0", data=True)
    write_history(built)
    built.pip_upgrade("click", "8.0", "8.1")
    lose(built, "click")
    write_history(built)
    paths = cache / "click-8.0-0/info/paths.json"
    document = json.loads(paths.read_text())
    for entry in document["paths"]:
        if entry["_path"].startswith("share/"):
            empty = hash_of(b"")
            entry |= {"sha256": empty, "sha256_in_prefix": empty, "size_in_bytes": 0}
    paths.write_text(json.dumps(document))
    built.write("share/click/data.txt", "")
    assert find(built) == ()


@pytest.mark.parametrize("is_cached", [True, False])
def test_once_written_off_its_own_metadata_proves_it(
    built: PrefixBuilder, cache: Path, is_cached: bool
) -> None:
    link(built, cache, "six", "1.16")
    link(built, cache, "click", "8.0")
    write_history(built)
    lose(built, "click")
    write_history(built)
    if not is_cached:
        shutil.rmtree(cache)
    (finding,) = find(built)
    assert finding.conda_name == "click"
    assert finding.details == {"package_available": is_cached, "written_off": True}
    built.pip_uninstall("click", "8.0")
    assert find(built) == ()
    built.pip_package("click", "8.0")
    assert find(built) == ()


@pytest.mark.parametrize(
    ("after", "history", "found"),
    [
        (-0.5, 9.0, 0),  # before conda linked it
        (0.5, 9.0, 1),  # conda has written later transactions, too
        (1.0, 9.0, 0),
        (0.5, 0.7, 1),
        (0.5, 0.3, 0),
    ],
)
def test_what_was_written_in_the_second_of_the_removal_was_there_before(
    built: PrefixBuilder, cache: Path, after: float, history: float, found: int
) -> None:
    """The history has full seconds; pip may run at once before a transaction, or after it."""
    link(built, cache, "click", "8.0")
    write_history(built)
    built.pip_upgrade("click", "8.0", "8.1")
    lose(built, "click")
    write_history(built)
    removed = time.mktime(time.strptime("2026-11-24 05:54:21", "%Y-%m-%d %H:%M:%S"))
    for path, when in (
        (f"{built.dist_info('click', '8.1')}/RECORD", after),
        ("conda-meta/history", history),
    ):
        os.utime(built.root / path, times=(removed + when,) * 2)
    assert len(find(built)) == found


def test_a_package_in_no_cache_is_lost_until_a_transaction_counts_it_as_removed(
    built: PrefixBuilder, cache: Path
) -> None:
    for name in ("click", "flask"):
        link(built, cache, name, "8.0")
    write_history(built)
    shutil.rmtree(cache)
    built.pip_upgrade("click", "8.0", "8.1")
    built.pip_uninstall("flask", "8.0")
    lose(built, "click")
    lose(built, "flask")
    click, flask = find(built)
    assert (click.conda_name, click.details["package_available"]) == ("click", False)
    assert (flask.conda_name, flask.gone) == ("flask", False)
    assert flask.summary.endswith("; the package is in no package cache.")
    write_history(built)
    assert find(built) == ()


def test_what_is_gone_and_what_is_all_there_is_told_apart(
    built: PrefixBuilder, cache: Path
) -> None:
    for name in ("six", "click", "flask"):
        link(built, cache, name, "8.0")
    write_history(built)
    built.pip_uninstall("click", "8.0")
    lose(built, "click")
    lose(built, "flask")
    click, flask = find(built)
    assert (click.gone, flask.gone) == (True, False)
    assert click.by == flask.by == ()
    assert [one.summary.rpartition("; ")[2] for one in find(built)] == [
        "its files are gone.",
        "its files are there.",
    ]


@pytest.mark.parametrize("build", ["py3_none_any_0", "0"])
def test_the_cached_wheel_of_a_channel_is_found_by_the_name_of_its_file(
    built: PrefixBuilder, cache: Path, build: str
) -> None:
    link(built, cache, "six", "1.16")
    link(built, cache, "web-app", "8.0")
    folder = cache / "web-app-8.0-0"
    known = json.loads((folder / "info/repodata_record.json").read_text())
    (folder / "info/repodata_record.json").write_text(json.dumps({**known, "build": build}))
    folder.rename(cache / "web_app-8.0-py2.py3-none-any")
    write_history(built)
    history = built.root / "conda-meta/history"
    history.write_text(history.read_text().replace("web-app-8.0-0", f"web-app-8.0-{build}"))
    lose(built, "web-app")
    (lost,) = find(built)
    is_wheel = build != "0"
    assert lost.details["package_available"] is is_wheel
    assert (lost.record is not None) is is_wheel
    assert lost.record is None or lost.record.path == f"conda-meta/web-app-8.0-{build}.json"


@pytest.mark.parametrize(
    ("url", "is_it"),
    [
        ("https://one.example/main/linux-64/click-8.0-0.conda", True),
        ("https://user:secret@one.example/t/tk-123/main/linux-64/click-8.0-0.conda", True),
        ("https://two.example/main/linux-64/click-8.0-0.conda", False),
        ("https://one.example/main/noarch/click-8.0-0.conda", False),
    ],
)
def test_a_cached_package_of_another_channel_is_not_the_lost_one(
    built: PrefixBuilder, cache: Path, url: str, is_it: bool
) -> None:
    link(built, cache, "six", "1.16")
    link(built, cache, "click", "8.0")
    write_history(built)
    history = built.root / "conda-meta/history"
    history.write_text(history.read_text().replace("+main/", "+https://one.example/main/"))
    lose(built, "click")
    known = cache / "click-8.0-0/info/repodata_record.json"
    channel = url.rpartition("/")[0]
    known.write_text(json.dumps({**json.loads(known.read_text()), "url": url, "channel": channel}))
    (click,) = find(built)
    assert click.details["package_available"] is is_it


def test_a_cached_package_of_another_platform_says_nothing_about_this_one(
    built: PrefixBuilder, cache: Path
) -> None:
    link(built, cache, "six", "1.16")
    link(built, cache, "click", "8.0")
    built.write("bin/tool", "tool")
    folder = str(cache / "tool-1.0-0")
    record = built.conda_record("tool", "1.0", ("bin/tool",), extracted_package_dir=folder)
    extract(json.loads(record.read_text()), cache / "tool-1.0-0")
    write_history(built)
    lose(built, "click")
    lose(built, "tool")
    click, tool = find(built)
    assert (click.gone, tool.gone) == (False, False)
    assert tool.summary.endswith("its files are there.")
    known = cache / "click-8.0-0/info/repodata_record.json"
    known.write_text(known.read_text().replace('"linux-64"', '"osx-64"'))
    click, _ = find(built)
    assert click.record is None


def test_a_record_that_cannot_be_read_is_not_lost(built: PrefixBuilder, cache: Path) -> None:
    link(built, cache, "six", "1.16")
    link(built, cache, "click", "8.0")
    write_history(built)
    built.write("conda-meta/click-8.0-0.json", "{")
    assert find(built) == ()


def test_the_original_that_we_have_kept_says_what_it_was(built: PrefixBuilder, cache: Path) -> None:
    link(built, cache, "six", "1.16")
    link(built, cache, "click", "8.0", data=True)
    write_history(built)
    built.pip_upgrade("click", "8.0", "8.1")
    reconcile(built.root)
    shutil.rmtree(cache)
    lose(built, "click")
    (lost,) = find(built)
    assert lost.record is not None
    assert lost.orphans == ("share/click/data.txt",)
    assert [one.version for one in lost.by] == ["8.1"]


def test_a_package_for_another_python_does_not_come_back(built: PrefixBuilder, cache: Path) -> None:
    link(built, cache, "six", "1.16")
    link(built, cache, "click", "8.0", data=True)
    write_history(built)
    built.pip_uninstall("click", "8.0")
    lose(built, "click")
    built.python_upgrade("3.12.1")
    write_history(built)
    assert [one.conda_name for one in find(built)] == ["click"]
    snapshot = read_snapshot(built.root)
    target = Target(prefix=built.root, name=None, is_base=False)
    with pytest.raises(InteropError, match="not for the Python") as refused:
        plan_repair((), snapshot=snapshot, target=target, clean_up=False, fetch=fetch_nothing)
    assert refused.value.hints == (
        f"To remove its orphaned files: `conda pip repair -p {built.root} --clean-up click`.",
        f"To install one that is: `conda install -p {built.root} click`.",
    )
    plan = plan_repair((), snapshot=snapshot, target=target, clean_up=True, fetch=fetch_nothing)
    assert [one.name for one in plan.packages] == ["click"]


class KilledError(BaseException):
    """Stands for the death of the process."""


def test_a_package_that_is_linked_again_is_taken_back_whole_if_the_process_dies_then(
    built: PrefixBuilder, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("six", "click"):
        link(built, cache, name, "8.0")
    write_history(built)
    (record,) = [one for one in read_snapshot(built.root).records if one.name == "click"]
    payload = {file.path: (built.root / file.path).read_text() for file in record.files}
    built.pip_uninstall("click", "8.0")
    lose(built, "click")
    before = read_tree(built.root)
    target = Target(prefix=built.root, name="env", is_base=False)
    plan = plan_repair(
        (), snapshot=read_snapshot(built.root), target=target, clean_up=False, fetch=fetch_nothing
    )

    class Linker:
        def relink(self, records: tuple[CondaRecord, ...]) -> None:
            assert [one.name for one in records] == ["click"]
            for path, text in payload.items():
                built.write(path, text)
            raise KilledError

        def report_waiting(self) -> None:
            raise AssertionError

    monkeypatch.setattr(Operation, "roll_back", lambda _: None)
    with pytest.raises(KilledError):
        execute(plan, target, Linker())
    monkeypatch.undo()
    assert read_tree(built.root) != before
    recover_interrupted(built.root)
    assert read_tree(built.root) == before
    assert [one.conda_name for one in find(built)] == ["click"]


def test_the_same_version_of_pips_has_replaced_it_if_its_record_is_another(
    built: PrefixBuilder, cache: Path
) -> None:
    for name in ("six", "click"):
        link(built, cache, name, "8.0")
    write_history(built)
    lose(built, "click")
    (finding,) = find(built)
    assert (finding.by, finding.describe_rest()) == ((), "its files are there")
    same = (built.root / built.place("click/__init__.py")).read_text()
    files = {"click/__init__.py": same, "click/more.py": "of PyPI"}
    built.pip_upgrade("click", "8.0", "8.0", files)
    (finding,) = find(built)
    assert [one.version for one in finding.by] == ["8.0"]
    assert finding.describe_rest() == "pip's click 8.0 replaced it"


@pytest.mark.parametrize(
    ("version", "installer", "replaced"),
    [
        ("8.0", "conda", False),
        ("8.1", "conda", False),  # a package has the version of its record, see `choose_version`
        ("8.0", "pip", True),
        ("0.0.0", "conda", False),
    ],
)
def test_without_the_package_it_is_what_conda_says_it_installed(
    built: PrefixBuilder, cache: Path, version: str, installer: str, *, replaced: bool
) -> None:
    for name in ("six", "click"):
        link(built, cache, name, "8.0")
    write_history(built)
    lose(built, "click")
    shutil.rmtree(cache / "click-8.0-0")
    info = built.root / built.dist_info("click", "8.0")
    (info / "METADATA").write_text(f"Name: click\nVersion: {version}\n")
    (info / "INSTALLER").write_text(installer)
    (finding,) = find(built)
    assert bool(finding.by) is replaced
    assert finding.details == {"package_available": False, "written_off": False}
