"""A snapshot is read once, and only contested files are hashed."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest

from conda_pip_interop.environment.file_facts import FactReader
from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.environment.prefix import read_prefix
from conda_pip_interop.environment.quick_check import read_fingerprint
from conda_pip_interop.environment.snapshot import build_empty_snapshot, read_snapshot
from conda_pip_interop.errors import InteropError
from conda_pip_interop.findings.registry import find_all
from conda_pip_interop.protection.markers import Foreign, read_snapshot_marker
from tests.support.builders import PrefixBuilder, hash_of
from tests.support.findings import describe
from tests.support.reconciling import reconcile


@pytest.fixture
def built(tmp_path: Path) -> PrefixBuilder:
    return PrefixBuilder(root=tmp_path / "env")


def test_a_snapshot_has_records_distributions_and_unreadable_files(built: PrefixBuilder) -> None:
    built.conda_package("click", "8.1")
    built.pip_package("six", "1.16")
    built.write("conda-meta/broken.json", "{")
    snapshot = read_snapshot(built.root)
    assert [record.name for record in snapshot.records] == ["click", "python"]
    assert [d.name for d in snapshot.distributions] == ["click", "six"]
    assert [item.path for item in snapshot.unreadable] == ["conda-meta/broken.json"]


def test_files_of_a_clean_conda_package_are_not_hashed(built: PrefixBuilder) -> None:
    built.conda_package("click", "8.1", {"click/core.py": "x"})
    built.pip_package("six", "1.16", {"six.py": "x"})
    snapshot = read_snapshot(built.root)
    assert not {built.place("click/core.py"), built.place("six.py")} & snapshot.facts.keys()
    assert {f"{built.site_packages}/click", built.site_packages} <= snapshot.folders


def test_files_of_a_replaced_package_are_hashed(built: PrefixBuilder) -> None:
    built.conda_package("click", "8.1", {"click/a.py": "old", "/share/orphan": "kept"})
    built.pip_upgrade("click", "8.1", "8.2", {"click/a.py": "new"})
    built.write("share/orphan", "kept")
    facts = read_snapshot(built.root).facts
    assert facts[PrefixPath(built.place("click/a.py"))].sha256 == hash_of(b"new")
    assert facts[PrefixPath("share/orphan")].sha256 == hash_of(b"kept")


def test_of_an_override_only_the_files_of_another_record_are_hashed(built: PrefixBuilder) -> None:
    built.conda_package("click", "8.1", {"click/a.py": "old", "click/b.py": "old"})
    built.pip_upgrade("click", "8.1", "8.2", {"click/a.py": "new", "click/b.py": "new"})
    reconcile(built.root)
    built.conda_package("other", "1", {"click/b.py": "other's"}, dist_info=False)
    facts = read_snapshot(built.root).facts
    assert PrefixPath(built.place("click/a.py")) not in facts
    assert facts[PrefixPath(built.place("click/b.py"))].sha256 == hash_of(b"other's")


def test_a_marker_in_a_conda_package_is_foreign(built: PrefixBuilder) -> None:
    path = f"{built.stdlib}/EXTERNALLY-MANAGED"
    built.write(path, "[externally-managed]\n")
    for name in ("conda-managed-env", "other-env"):
        built.conda_record(name, "1", (path,))
    marker = read_snapshot_marker(read_snapshot(built.root))
    assert marker == Foreign(path=PrefixPath(path), owner="conda-managed-env")


def test_the_fingerprint_changes_with_records_and_metadata(built: PrefixBuilder) -> None:
    built.pip_package("six", "1.16")
    prefix = read_prefix(built.root)
    seen = {read_fingerprint(prefix.root).digest}
    assert read_fingerprint(prefix.root).digest in seen
    for path in (f"{built.dist_info('six', '1.16')}/RECORD", "conda-meta/new.json"):
        built.write(path, "{}")
        os.utime(built.root / path, ns=(1, 1))
        seen.add(read_fingerprint(prefix.root).digest)
    built.pip_package("other", "1")
    seen.add(read_fingerprint(prefix.root).digest)
    assert len(seen) == 4


def test_the_fingerprint_ignores_that_others_link_a_link(
    built: PrefixBuilder, tmp_path: Path
) -> None:
    """Environments may share the very link `bin/python`, as they share files."""
    python = built.root / "bin/python"
    python.unlink()
    python.symlink_to("python3.11")
    os.link(python, tmp_path / "one", follow_symlinks=False)
    before = read_fingerprint(built.root).digest
    time.sleep(0.02)  # the file system's clock goes on
    os.link(python, tmp_path / "other", follow_symlinks=False)
    assert read_fingerprint(built.root).digest == before


def test_the_fingerprint_ignores_our_own_state(built: PrefixBuilder) -> None:
    prefix = read_prefix(built.root)
    before = read_fingerprint(prefix.root).digest
    built.write("conda-meta/pip-interop/state.json", "{}")
    assert read_fingerprint(prefix.root).digest == before


def test_a_symlinked_prefix_has_the_same_findings(built: PrefixBuilder, tmp_path: Path) -> None:
    built.conda_package("click", "8.1")
    built.pip_upgrade("click", "8.1", "8.2")
    link = tmp_path / "link"
    link.symlink_to(built.root)
    assert describe(find_all(read_snapshot(link))) == describe(find_all(read_snapshot(built.root)))


def test_files_in_an_unreadable_folder_are_not_absent(built: PrefixBuilder) -> None:
    loop = built.root / "loop"
    loop.symlink_to("loop")
    reader = FactReader(read_prefix(built.root))
    assert reader.read_kind(PrefixPath("loop/file")).kind == "unreadable"
    assert reader.read_kind(PrefixPath("none/file")).kind == "absent"
    assert reader.read_kind(PrefixPath("bin/python/file")).kind == "absent"
    assert reader.read_hash(PrefixPath("loop")).kind == "dangling"


def test_a_link_to_a_name_that_is_too_long_has_no_content(built: PrefixBuilder) -> None:
    (built.root / "long").symlink_to("a" * 300)
    reader = FactReader(read_prefix(built.root))
    fact = reader.read_hash(PrefixPath("long"))
    assert fact.kind in {"unreadable", "dangling"}  # by the version of Python
    assert fact.sha256 is None


def test_where_case_does_not_count_a_file_is_found_in_any_spelling(built: PrefixBuilder) -> None:
    built.write("lib/Stra\u00dfe.py", "x")
    prefix = read_prefix(built.root)
    for folds_case, kind in ((True, "file"), (False, "absent")):
        reader = FactReader(replace(prefix, folds_case=folds_case))
        assert reader.read_kind(PrefixPath("lib/STRASSE.PY")).kind == kind
        assert reader.read_kind(PrefixPath("lib/Stra\u00dfe.py")).kind == "file"
        assert reader.read_kind(PrefixPath("lib/other.py")).kind == "absent"


def test_an_environment_without_python_has_records_and_no_distributions(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    built.pip_package("six", "1.16")
    (built.root / "bin/python").unlink()
    next((built.root / "conda-meta").glob("python-*.json")).unlink()
    built.conda_record("tool", "1", ())
    snapshot = read_snapshot(built.root)
    assert [one.name for one in snapshot.records] == ["tool"]
    assert (snapshot.distributions, snapshot.leftovers) == ((), ())
    assert [one.name for one in snapshot.stranded] == ["six"]


def test_an_environment_that_does_not_exist_yet_has_nothing(tmp_path: Path) -> None:
    snapshot = build_empty_snapshot(tmp_path / "new")
    assert snapshot.prefix.root == tmp_path / "new"
    assert (snapshot.records, snapshot.distributions, snapshot.stranded) == ((), (), ())
    assert not snapshot.claims.of(PrefixPath("bin/python"))
    assert not (tmp_path / "new").exists()


def test_by_names_alone_a_folder_that_is_gone_has_none(built: PrefixBuilder) -> None:
    shutil.rmtree(built.root / built.site_packages)
    assert read_snapshot(built.root, depth="names").distributions == ()


def test_the_metadata_of_a_distribution_is_read_once(built: PrefixBuilder) -> None:
    built.pip_package("six", "1.16", requires=("click",))
    snapshot = read_snapshot(built.root)
    (six,) = snapshot.distributions
    first = snapshot.read_metadata(six)
    (built.root / six.metadata_file).unlink()
    assert snapshot.read_metadata(six) is first
    assert first.requires_dist == ("click",)


def test_by_names_alone_the_record_of_rivals_and_editables_is_read(built: PrefixBuilder) -> None:
    built.conda_package("click", "8.1")
    built.pip_package("click", "8.2")
    built.pip_package("six", "1.15")
    built.pip_package("six", "1.16")
    built.pip_package("alone", "1")
    built.pip_package("dev-pkg", "1", {"__editable__.dev_pkg-1.pth": "/src\n"})
    snapshot = read_snapshot(built.root, depth="names")
    read = {f"{one.name} {one.version}" for one in snapshot.distributions if one.files is not None}
    assert read == {"click 8.2", "six 1.15", "six 1.16", "dev-pkg 1"}
    assert {one.editable for one in snapshot.distributions} == {None, "/src"}


def test_a_pipe_is_never_read(built: PrefixBuilder) -> None:
    os.mkfifo(built.root / "pipe")
    assert FactReader(read_prefix(built.root)).read_hash(PrefixPath("pipe")).sha256 is None


def test_a_folder_that_is_not_an_environment_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InteropError):
        read_snapshot(tmp_path / "none")
