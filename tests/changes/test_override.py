"""An override: the record of conda's lists what pip put there, and conda can unlink it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conda_pip_interop.changes.override import is_unchanged
from conda_pip_interop.environment.claims import Claim
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.findings.registry import find_all
from tests.support.builders import PrefixBuilder, hash_of
from tests.support.reconciling import reconcile


@pytest.fixture
def built(tmp_path: Path) -> PrefixBuilder:
    return PrefixBuilder(root=tmp_path / "env")


def read_entries(built: PrefixBuilder, name: str) -> dict[str, Any]:
    (record,) = (built.root / "conda-meta").glob(f"{name}-[0-9]*.json")
    raw = json.loads(record.read_text())
    entries = {entry.pop("_path"): entry for entry in raw["paths_data"]["paths"]}
    assert [*entries] == raw["files"]
    return entries


def test_every_file_of_pips_is_listed_by_its_kind(built: PrefixBuilder) -> None:
    built.conda_package("click", "8.0", {"click/a.py": "conda"})
    built.pip_upgrade("click", "8.0", "8.1", {"click/a.py": "pip", "/bin/click": "#!"})
    built.write(built.place("click/__pycache__/a.cpython-311.pyc"), "")
    (built.root / "bin/click").unlink()
    (built.root / "bin/click").symlink_to("../click")
    built.write("click", "#!")
    reconcile(built.root)
    entries = read_entries(built, "click")
    assert entries[built.place("click/a.py")] == {
        "path_type": "hardlink",
        "sha256": hash_of(b"pip"),
        "sha256_in_prefix": hash_of(b"pip"),
        "size_in_bytes": 3,
    }
    assert entries[built.place("click/__pycache__/a.cpython-311.pyc")] == {"path_type": "pyc_file"}
    assert entries["bin/click"] == {"path_type": "softlink"}
    assert find_all(read_snapshot(built.root)) == ()


def test_only_unchanged_files_of_condas_own_in_site_packages_go(built: PrefixBuilder) -> None:
    files = {
        "click/a.py": "conda",
        "click/old.py": "conda",
        "click/edited.py": "conda",
        "click/__pycache__/old.cpython-311.pyc": "",
        "/share/click": "conda",
    }
    built.conda_package("click", "8.0", files)
    built.pip_package("other", "1", {"click/shared.py": "x"})
    built.pip_package("click", "8.1", {"click/a.py": "pip"})
    built.write(built.place("click/edited.py"), "mine")
    old = built.root / built.dist_info("click", "8.0")
    (old / "unlisted.txt").write_text("an earlier pip wrote it")
    (old / "folder").mkdir()
    reconcile(built.root)
    there = {path for path in files if (built.root / built.place(path)).exists()}
    assert there == {"click/a.py", "click/edited.py", "/share/click"}
    assert not (old / "unlisted.txt").exists()
    assert not (old / "METADATA").exists()
    entries = read_entries(built, "click")
    assert {"share/click", built.place("click/edited.py")} <= entries.keys()
    assert built.place("click/old.py") not in entries
    assert "sha256" in entries["share/click"], "what conda knew of it stays"


def test_of_a_package_with_several_distributions_only_the_metadata_of_one_goes(
    built: PrefixBuilder,
) -> None:
    for name in ("opencv-python", "opencv-contrib"):
        built.pip_package(name, "4.9", {f"{name[7:]}.py": "conda"})
    paths = [
        f"{built.dist_info(name, '4.9')}/{file}"
        for name in ("opencv-python", "opencv-contrib")
        for file in ("METADATA", "RECORD", "INSTALLER", "REQUESTED")
    ]
    paths += map(built.place, ("python.py", "contrib.py"))
    built.conda_record("py-opencv", "4.9", tuple(paths))
    built.pip_package("opencv-python", "4.10", {"new.py": "pip", "python.py": "pip"})
    reconcile(built.root)
    assert not (built.root / built.dist_info("opencv-python", "4.9")).exists()
    assert (built.root / built.dist_info("opencv-contrib", "4.9") / "METADATA").exists()
    entries = read_entries(built, "py-opencv")
    for path in ("python.py", "contrib.py", "new.py"):
        assert built.place(path) in entries
    (record,) = (one for one in read_snapshot(built.root).records if one.name == "py-opencv")
    assert record.overridden_by == {"opencv-python": "4.10"}
    assert find_all(read_snapshot(built.root)) == ()


def test_beside_another_distribution_metadata_that_is_a_file_has_no_folder(
    built: PrefixBuilder,
) -> None:
    """What else the package has in site-packages stays: it may be of the other one."""
    built.pip_package("opencv-contrib", "4.9", {"contrib.py": "conda"})
    egg = built.place("opencv_python-4.9.egg-info")
    built.write(egg, "Metadata-Version: 1.0\nName: opencv-python\nVersion: 4.9\n")
    info = built.dist_info("opencv-contrib", "4.9")
    paths = [f"{info}/{file}" for file in ("METADATA", "RECORD", "INSTALLER", "REQUESTED")]
    shared = built.write(built.place("shared.py"), "conda")
    modules = map(built.place, ("contrib.py", "shared.py"))
    built.conda_record("py-opencv", "4.9", (*paths, egg, *modules))
    (built.root / egg).unlink()
    built.pip_package("opencv-python", "4.10", {"new.py": "pip"})
    reconcile(built.root)
    (record, _) = read_snapshot(built.root).records
    assert record.overridden_by == {"opencv-python": "4.10"}
    assert shared.exists()
    assert (built.root / built.place("contrib.py")).exists()
    assert (built.root / info / "METADATA").exists()


def test_a_file_whose_hash_is_not_known_counts_as_changed(built: PrefixBuilder) -> None:
    built.conda_package(
        "kit", "1", {"kit/a.py": "a", "kit/b.py": "b", "kit/c.pyc": "c"}, dist_info=False
    )
    (built.root / built.place("kit/b.py")).unlink()
    (kit, _) = read_snapshot(built.root).records
    judged = {
        file.path.rpartition("/")[2]: is_unchanged(Claim(record=kit, file=file), built.root)
        for file in kit.files
    }
    assert judged == {"a.py": True, "b.py": False, "c.pyc": True}
    built.write(built.place("kit/a.py"), "edited")
    (file, *_) = kit.files
    assert not is_unchanged(Claim(record=kit, file=file), built.root)
