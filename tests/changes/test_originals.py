"""Originals: kept as long as somebody may want them back, and no longer."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from conda_pip_interop.changes.atomic.journal import ORIGINALS_FOLDER
from conda_pip_interop.changes.atomic.rollback import KEPT_DAYS
from conda_pip_interop.changes.originals import (
    count_originals,
    is_lost_remembered,
    keep_original,
    original_path,
    prune_originals,
    remember_lost,
)
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.findings.registry import find_all
from tests.support.builders import PrefixBuilder
from tests.support.reconciling import reconcile


@pytest.fixture
def built(tmp_path: Path) -> PrefixBuilder:
    """pip's click in the place of conda's, and the record rewritten to it."""
    built = PrefixBuilder(root=tmp_path / "env")
    built.conda_package("click", "8.0", {"click/a.py": "conda's"})
    built.pip_upgrade("click", "8.0", "8.1", {"click/a.py": "pip's"})
    reconcile(built.root)
    assert count_originals(built.root) == 1
    return built


def prune(built: PrefixBuilder, *, days: int = 0) -> int:
    """How many are left of originals that are so old."""
    then = time.time() - days * 86_400
    for kept in (built.root / ORIGINALS_FOLDER).glob("*.json"):
        os.utime(kept, (then, then))
    snapshot = read_snapshot(built.root)
    altered = {one.record.name for one in find_all(snapshot) if one.record}
    prune_originals(snapshot, altered)
    return count_originals(built.root)


def test_the_record_of_an_override_is_not_taken_for_the_original(built: PrefixBuilder) -> None:
    (record,) = (one for one in read_snapshot(built.root).records if one.name == "click")
    assert [*keep_original(record, built.root)] == []
    (built.root / original_path(record)).unlink()
    assert [*keep_original(record, built.root)] == []


def test_an_original_that_is_kept_is_not_written_again(built: PrefixBuilder) -> None:
    built.conda_package("idna", "3.7")
    record = next(one for one in read_snapshot(built.root).records if one.name == "idna")
    (action,) = keep_original(record, built.root)
    assert action.content == (built.root / record.path).read_bytes()
    built.write(action.path, "the first one")
    assert [*keep_original(record, built.root)] == []


def test_that_of_an_override_stays_however_old_it_is(built: PrefixBuilder) -> None:
    assert prune(built, days=KEPT_DAYS + 1) == 1


def test_that_of_a_record_which_is_gone_stays_for_its_days(built: PrefixBuilder) -> None:
    (built.root / "conda-meta/click-8.0-0.json").unlink()
    assert prune(built, days=KEPT_DAYS - 1) == 1
    assert prune(built, days=KEPT_DAYS + 1) == 0


def test_that_of_what_conda_has_linked_again_goes_at_once(built: PrefixBuilder) -> None:
    built.pip_uninstall("click", "8.1")
    (built.root / "conda-meta/click-8.0-0.json").unlink()
    built.conda_package("click", "8.0", {"click/a.py": "conda's"})
    assert prune(built) == 0


def test_which_records_are_lost_is_remembered_until_they_are_not(built: PrefixBuilder) -> None:
    stems = ("click-8.0-0", "six-1.16-0")

    def remembered() -> set[str]:
        return {stem for stem in stems if is_lost_remembered(stem, built.root)}

    assert remembered() == set()
    remember_lost(stems, built.root)
    assert remembered() == {*stems}
    remember_lost(stems[1:], built.root)
    assert remembered() == {"six-1.16-0"}
    remember_lost((), built.root)
    assert remembered() == set()
    assert count_originals(built.root) == 1, "originals are another matter"


def test_in_a_state_folder_that_is_not_ours_nothing_is_pruned(
    built: PrefixBuilder, tmp_path: Path
) -> None:
    folder = built.root / ORIGINALS_FOLDER
    folder.parent.rename(tmp_path / "elsewhere")
    folder.parent.symlink_to(tmp_path / "elsewhere")
    (built.root / "conda-meta/click-8.0-0.json").unlink()
    assert prune(built, days=KEPT_DAYS + 1) == 1
    remember_lost(["click-8.0-0"], built.root)
    assert not is_lost_remembered("click-8.0-0", built.root)
