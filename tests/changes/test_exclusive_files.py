"""The files of a distribution that nothing else lists."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from conda_pip_interop.changes.exclusive_files import exclusive_files
from conda_pip_interop.environment.snapshot import Snapshot, read_snapshot
from tests.support.builders import PrefixBuilder

SITE = "lib/python3.11/site-packages"


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    built = PrefixBuilder(root=tmp_path / "env")
    built.conda_package("base", "1.0", {"both/conda.py": "1"}, dist_info=False)
    built.pip_package("app", "1.0", {"app.py": "", "both/pip.py": "2", "both/conda.py": "1"})
    built.pip_package("other", "1.0", {"both/pip.py": "2"})
    return read_snapshot(built.root)


def find_modules(snapshot: Snapshot, *, records: bool = False, names: bool = False) -> set[str]:
    (app,) = (one for one in snapshot.distributions if one.name == "app")
    paths = exclusive_files(
        app,
        snapshot.ownership,
        snapshot.prefix.root,
        records=[one for one in snapshot.records if records and one.name == "base"],
        names=[canonicalize_name("other")] if names else (),
    )
    return {path.removeprefix(f"{SITE}/") for path in paths if "dist-info" not in path}


def test_a_file_that_a_record_or_another_distribution_lists_is_not_exclusive(
    snapshot: Snapshot,
) -> None:
    assert find_modules(snapshot) == {"app.py"}


def test_records_and_names_that_are_removed_too_do_not_count(snapshot: Snapshot) -> None:
    assert find_modules(snapshot, records=True) == {"app.py", "both/conda.py"}
    assert find_modules(snapshot, names=True) == {"app.py", "both/pip.py"}
