"""What pip has staged comes into place whole, and nothing of what it replaces stays."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from conda_pip_interop.changes.atomic.journal import ORIGINALS_FOLDER, STATE_FOLDER
from conda_pip_interop.changes.atomic.lock import recover_interrupted
from conda_pip_interop.changes.atomic.staging_folders import find_abandoned, open_staging
from conda_pip_interop.changes.atomic.transaction import open_operation
from conda_pip_interop.changes.origins import note_origins
from conda_pip_interop.changes.plan import Staged
from conda_pip_interop.changes.staging import plan_placing, read_staged
from conda_pip_interop.changes.undoing.operations import find_operation
from conda_pip_interop.changes.undoing.undo import undo
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.errors import InteropError
from conda_pip_interop.findings.registry import find_all
from tests.support.builders import Files, PrefixBuilder
from tests.support.reconciling import reconcile
from tests.support.trees import read_tree, run_in_child

SITE = "lib/python3.11/site-packages"


@pytest.fixture
def built(tmp_path: Path) -> PrefixBuilder:
    return PrefixBuilder(root=tmp_path / "env")


def stage(
    built: PrefixBuilder, name: str, version: str = "2.0", files: Files | None = None
) -> Staged:
    folder = built.root / "conda-meta/pip-interop/staging-x"
    shutil.rmtree(folder, ignore_errors=True)
    builder = PrefixBuilder(root=folder, conda=False)
    builder.pip_package(name, version, files)
    for extra in (f"{SITE}/README.txt", "lib/python3.11/os.py", "bin/python"):
        (folder / extra).unlink()
    return read_staged(folder, read_snapshot(built.root).prefix)


def place(built: PrefixBuilder, staged: Staged, *over: str) -> None:
    with open_operation(built.root, "install") as operation:
        operation.apply(
            plan_placing(
                staged,
                read_snapshot(built.root),
                overwrite=[canonicalize_name(one) for one in over],
            )
        )


def names(built: PrefixBuilder) -> list[str]:
    return [f"{one.name} {one.version}" for one in read_snapshot(built.root).distributions]


def test_what_is_staged_is_installed_and_can_be_taken_back(built: PrefixBuilder) -> None:
    before = read_tree(built.root)
    place(built, stage(built, "x", files={"x.py": "x", "/bin/x": "#!", "/share/x/data": "1"}))
    assert names(built) == ["x 2.0"]
    assert (built.root / "bin/x").read_text() == "#!"
    assert find_all(read_snapshot(built.root)) == ()
    undo(built.root, find_operation(built.root, None)[0].identifier)
    assert read_tree(built.root) == before


def test_an_older_version_of_pips_goes_and_comes_back(built: PrefixBuilder) -> None:
    built.pip_package("x", "1.0", {"x/__init__.py": "old", "x/gone.py": "old"})
    built.write(f"{SITE}/x/__pycache__/gone.cpython-311.pyc", "compiled")
    before = read_tree(built.root)
    place(built, stage(built, "x", files={"x/__init__.py": "new"}))
    assert names(built) == ["x 2.0"]
    assert sorted(path.name for path in (built.root / SITE / "x").iterdir()) == ["__init__.py"]
    assert not list((built.root / SITE).glob("x-1.0*"))
    undo(built.root, find_operation(built.root, None)[0].identifier)
    assert read_tree(built.root) == before


def test_the_same_version_again_replaces_it(built: PrefixBuilder) -> None:
    built.pip_package("x", "2.0", {"x.py": "damaged"})
    place(built, stage(built, "x", files={"x.py": "whole"}))
    assert names(built) == ["x 2.0"]
    assert (built.root / SITE / "x.py").read_text() == "whole"


def test_what_another_distribution_lists_too_stays(built: PrefixBuilder) -> None:
    built.pip_package("y", "1", {"shared/__init__.py": "", "shared/y.py": ""})
    built.pip_package("x", "1", {"shared/__init__.py": "", "shared/x.py": ""})
    place(built, stage(built, "x", files={"other.py": ""}))
    assert sorted(path.name for path in (built.root / SITE / "shared").iterdir()) == [
        "__init__.py",
        "y.py",
    ]


def test_condas_is_refused_unless_it_was_named(built: PrefixBuilder) -> None:
    built.conda_package("x", "1.0", {"x/__init__.py": "conda", "x/old.py": "conda"})
    before = read_tree(built.root)
    staged = stage(built, "x", files={"x/__init__.py": "pip"})
    with pytest.raises(InteropError) as caught:
        plan_placing(staged, read_snapshot(built.root))
    assert caught.value.code == "would-overwrite"
    assert read_tree(built.root).keys() == before.keys()
    place(built, staged, "x")
    assert names(built) == ["x 2.0"]
    assert not (built.root / SITE / "x/old.py").exists()
    assert [one.kind for one in find_all(read_snapshot(built.root))] == ["overridden"]
    undo(built.root, find_operation(built.root, None)[0].identifier)
    assert read_tree(built.root) == before


def test_what_has_no_record_of_its_files_cannot_be_replaced(built: PrefixBuilder) -> None:
    built.pip_package("x", "1.0")
    (built.root / SITE / "x-1.0.dist-info/RECORD").unlink()
    with pytest.raises(InteropError) as caught:
        plan_placing(stage(built, "x"), read_snapshot(built.root))
    assert caught.value.code == "no-record"
    assert "x 1.0" in caught.value.message


def test_the_metadata_says_what_was_requested_and_its_source(built: PrefixBuilder) -> None:
    staged = stage(built, "x")
    url = {"url": "https://example.org/x", "vcs_info": {"vcs": "git", "commit_id": "0" * 40}}
    note_origins(staged, requested=set(), direct_urls={staged.distributions[0].name: url})
    place(built, read_staged(staged.folder, read_snapshot(built.root).prefix))
    (one,) = read_snapshot(built.root).distributions
    assert (one.requested, one.direct_url) == (False, url)
    assert find_all(read_snapshot(built.root)) == ()
    rows = (built.root / SITE / "x-2.0.dist-info/RECORD").read_text()
    assert "REQUESTED" not in rows
    assert json.loads((built.root / SITE / "x-2.0.dist-info/direct_url.json").read_text()) == url


def test_what_was_asked_for_stays_so(built: PrefixBuilder) -> None:
    staged = stage(built, "x")
    note_origins(staged, requested={staged.distributions[0].name}, direct_urls={})
    place(built, staged)
    assert read_snapshot(built.root).distributions[0].requested


@pytest.mark.parametrize("content", [b"\xff", None], ids=["not UTF-8", "missing"])
def test_the_same_version_again_needs_no_record_of_the_old(
    built: PrefixBuilder, content: bytes | None
) -> None:
    """Its files are the same; of another version's nobody would know."""
    built.pip_package("x", "2.0", {"x.py": "damaged"})
    built.write(f"{built.dist_info('x', '2.0')}/licenses/OLD", "")
    record = built.root / built.dist_info("x", "2.0") / "RECORD"
    record.unlink()
    if content is not None:
        record.write_bytes(content)
    before = read_tree(built.root)
    with pytest.raises(InteropError) as refused:
        place(built, stage(built, "x", "3.0"))
    assert refused.value.code == "no-record"
    assert read_tree(built.root) == before
    place(built, stage(built, "x", "2.0", files={"x.py": "whole"}))
    assert find_all(read_snapshot(built.root)) == ()
    assert (built.root / SITE / "x.py").read_text() == "whole"
    assert not (record.parent / "licenses").exists()


def test_what_a_killed_process_has_staged_goes_at_the_next_run(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    state = built.root / STATE_FOLDER

    def stage_and_die() -> None:
        with open_staging(built.root) as folder:
            (folder / "lib").mkdir()
            (folder / "lib/x.py").write_text("x")
            os.kill(os.getpid(), signal.SIGKILL)

    assert run_in_child(stage_and_die) == -signal.SIGKILL
    found = find_abandoned(built.root)
    assert len(found) == 1
    assert find_abandoned(built.root) == found, "looking holds no lock"
    with open_staging(built.root) as living:
        recover_interrupted(built.root)
        left = {path.name for path in state.glob("staging-*")}
        assert left == {living.name, f"{living.name}.lock"}
    assert [*state.glob("staging-*")] == []


@pytest.mark.parametrize("folder", ["conda-meta", STATE_FOLDER, ORIGINALS_FOLDER])
def test_a_file_that_a_killed_process_has_written_by_half_goes_after_a_day(
    built: PrefixBuilder, folder: str
) -> None:
    old, fresh, other = (
        built.write(f"{folder}/{name}", "")
        for name in (".state.json.77.pip-interop", ".history.78.pip-interop", ".mine.pip-interop")
    )
    for path in (old, other):
        os.utime(path, (1, 1))
    recover_interrupted(built.root)
    assert [path.exists() for path in (old, fresh, other)] == [False, True, True]


def test_what_pip_had_put_in_the_place_of_condas_is_replaced_with_it(built: PrefixBuilder) -> None:
    built.conda_package("x", "1.0", {"x/__init__.py": "conda", "x/data": "conda"})
    built.pip_upgrade("x", "1.0", "1.5", {"x/__init__.py": "pip", "x/old.py": "pip"})
    place(built, stage(built, "x", files={"x/__init__.py": "new"}), "x")
    assert names(built) == ["x 2.0"]
    assert not (built.root / SITE / "x/old.py").exists()


def test_what_a_record_lists_of_pips_old_version_is_replaced_too(built: PrefixBuilder) -> None:
    built.conda_package("x", "1.0", {"x/__init__.py": "conda", "x/data": "conda"})
    built.pip_upgrade("x", "1.0", "1.5", {"x/__init__.py": "pip", "x/old.py": "pip"})
    reconcile(built.root)
    place(built, stage(built, "x", files={"x/__init__.py": "new"}), "x")
    assert names(built) == ["x 2.0"]
    assert not (built.root / SITE / "x/old.py").exists()


def test_what_condas_package_has_beside_its_distribution_is_replaced_too(
    built: PrefixBuilder,
) -> None:
    built.conda_package("x", "1.0", {"x/__init__.py": "conda", "x/data": "", "/share/x": "d"})
    built.pip_package("a", "1.0", {"a.py": "another's"})
    record = built.root / built.dist_info("x", "1.0") / "RECORD"
    lines = record.read_text().splitlines(keepends=True)
    record.write_text("".join(line for line in lines if not line.startswith(("x/data", "../"))))
    place(built, stage(built, "x", files={"x/__init__.py": "new"}), "x")
    assert not (built.root / SITE / "x/data").exists()
    assert (built.root / "share/x").exists()
    assert (built.root / SITE / "a.py").exists()


def test_without_python_nothing_is_staged(tmp_path: Path) -> None:
    (tmp_path / "conda-meta").mkdir()
    (tmp_path / "staging").mkdir()
    staged = read_staged(tmp_path / "staging", read_snapshot(tmp_path).prefix)
    assert staged == Staged(folder=tmp_path / "staging", distributions=())


def test_a_lock_that_is_a_link_keeps_a_staging_folder(built: PrefixBuilder) -> None:
    assert find_abandoned(built.root) == ()
    state = built.root / STATE_FOLDER
    (state / "staging-1").mkdir(parents=True)
    os.utime(state / "staging-1", (0, 0))
    assert find_abandoned(built.root) == (f"{STATE_FOLDER}/staging-1",)
    (state / "staging-1.lock").symlink_to("elsewhere")
    assert find_abandoned(built.root) == ()
    (state / "staging-1.lock").unlink()
    (state / "staging-1.lock").mkdir()
    assert find_abandoned(built.root) == ()


def test_a_staging_folder_leaves_nothing_behind(built: PrefixBuilder) -> None:
    before = read_tree(built.root)
    with open_staging(built.root) as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        assert folder.with_suffix(".lock").stat().st_mode & 0o777 == 0o600
        (folder / "x").write_text("x")
    assert read_tree(built.root) == before
    assert not (built.root / STATE_FOLDER).exists()


def test_a_link_that_is_staged_is_placed_as_one_and_undone(built: PrefixBuilder) -> None:
    staged = stage(built, "x", files={"x.py": "x"})
    (staged.folder / "lib/x.so").symlink_to("x.so.1")
    (staged.folder / "lib/x.so.1").write_text("x")
    before = read_tree(built.root)
    with pytest.raises(KeyboardInterrupt), open_operation(built.root, "install") as operation:  # noqa: PT012 - both
        operation.apply(plan_placing(staged, read_snapshot(built.root)))
        raise KeyboardInterrupt
    assert read_tree(built.root) == before
    staged = stage(built, "x", files={"x.py": "x"})
    (staged.folder / "lib/x.so").symlink_to("x.so.1")
    (staged.folder / "lib/x.so.1").write_text("x")
    place(built, staged)
    assert (built.root / "lib/x.so").readlink() == Path("x.so.1")
    undo(built.root, find_operation(built.root, None)[0].identifier)
    assert read_tree(built.root) == before
