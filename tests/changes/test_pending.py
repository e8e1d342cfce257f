"""pending.json: an installation killed between conda's part and pip's is finished or taken back."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conda_pip_interop.changes.atomic.conda_changes import read_conda_before
from conda_pip_interop.changes.atomic.journal import PENDING_FILE, STATE_FOLDER
from conda_pip_interop.changes.atomic.rollback import read_journals
from conda_pip_interop.changes.execute import execute, execute_undo
from conda_pip_interop.changes.origins import read_origins
from conda_pip_interop.changes.pending import (
    finish_pending,
    has_pending,
    settle_interrupted,
)
from conda_pip_interop.changes.plan import LinkConda, Plan, RemoveFile
from conda_pip_interop.changes.state import read_state
from conda_pip_interop.changes.undoing.operations import list_operations
from conda_pip_interop.changes.undoing.undone import Undone
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.environment.target import Target
from conda_pip_interop.errors import InteropError, RecoveryError
from conda_pip_interop.findings.registry import find_all
from tests.support.builders import Files, PrefixBuilder
from tests.support.hosts import NoConda
from tests.support.parts import SECTION, BuiltConda, BuiltPip
from tests.support.trees import read_tree, run_in_child

NOTE = {
    "format": 1,
    "title": "install six",
    "staging": "conda-meta/pip-interop/staging-1",
    "links": ["six-1.17-"],
    "unlinks": [],
    "overwrite": [],
    "before": {"records": [], "leaving": {}, "history": ""},
    "created": ["bin/six"],
    "origins": "",
    "removals": ["bin/six"],
    "requests": {"six": "six"},
    "requested_packages": ["six"],
    "needed": ["six"],
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


@pytest.fixture
def built(tmp_path: Path) -> PrefixBuilder:
    built = PrefixBuilder(root=tmp_path / "env")
    built.pip_package("six", "1.17")
    return built


def test_the_note_of_a_newer_version_is_left_alone(built: PrefixBuilder) -> None:
    built.write(PENDING_FILE, json.dumps({**NOTE, "format": 2}))
    before = read_tree(built.root)
    with pytest.raises(RecoveryError) as refused:
        finish_pending(built.root)
    assert refused.value.code == "newer-state"
    assert {**read_tree(built.root), **before} == read_tree(built.root)
    assert has_pending(built.root)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(key=st.sampled_from(sorted({*NOTE} - {"format"})), value=JSON)
def test_a_malformed_note_is_forgotten(built: PrefixBuilder, key: str, value: object) -> None:
    before = read_tree(built.root / "lib")
    built.write(PENDING_FILE, json.dumps({**NOTE, key: value}))
    with contextlib.suppress(RecoveryError):
        finish_pending(built.root)
    assert not has_pending(built.root)
    assert read_tree(built.root / "lib") == before


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"format": "x"}', "[" * 10_000])
def test_a_file_that_is_no_note_is_forgotten(built: PrefixBuilder, text: str) -> None:
    built.write(PENDING_FILE, text)
    finish_pending(built.root)
    assert not has_pending(built.root)


@pytest.fixture
def numpy(tmp_path: Path) -> PrefixBuilder:
    """conda's numpy 1.0, which the installation that is killed replaces by 2.0."""
    built = PrefixBuilder(root=tmp_path / "numpy")
    built.conda_package("numpy", "1.0", {"numpy/__init__.py": "1.0"})
    built.write("conda-meta/history", f"{SECTION}+main/linux-64::numpy-1.0-0\n")
    return built


def install_and_die(
    built: PrefixBuilder, moment: str, files: Files | None = None, **more: object
) -> BuiltConda:
    """Kill the process that installs numpy 2.0 by conda and app by pip at a moment."""
    conda = BuiltConda(built=built, during={moment: lambda: os._exit(9)})
    conda.files = files or conda.files
    links = (LinkConda(name="numpy", version="2.0", reason="requested"),)
    plan = replace(
        Plan(title="install", steps=links, conda=conda, pip=BuiltPip(prefix=built.root)),
        **more,  # type: ignore[arg-type]
    )
    target = Target(prefix=built.root, name="web", is_base=False)
    assert run_in_child(lambda: execute(plan, target, NoConda())) == 9
    assert has_pending(built.root)
    return conda


def names(built: PrefixBuilder) -> set[str]:
    return {f"{one.name} {one.version}" for one in read_snapshot(built.root).distributions}


def is_clean(built: PrefixBuilder) -> bool:
    """Return whether nothing is left of what was staged, and nothing is found."""
    staged = [*(built.root / STATE_FOLDER).glob("staging-*")]
    return not staged and not has_pending(built.root) and not find_all(read_snapshot(built.root))


@pytest.mark.parametrize("automatic", ["", "ours"])
def test_killed_after_condas_part_the_rest_is_done_and_undone_as_one(
    numpy: PrefixBuilder, automatic: str
) -> None:
    install_and_die(numpy, "end", automatic=automatic)
    assert names(numpy) == {"numpy 2.0"}
    settle_interrupted(numpy.root)
    assert names(numpy) == {"numpy 2.0", "app 1.0"}
    assert is_clean(numpy)
    ((journal,),) = list_operations(numpy.root)
    assert (journal.title, journal.automatic) == ("install", automatic)
    before = read_tree(numpy.root)
    settle_interrupted(numpy.root)
    assert read_tree(numpy.root) == before

    class Reverter(NoConda):
        def revert(self, _change: object) -> None:
            numpy.conda_remove("numpy")

    execute_undo(numpy.root, journal.identifier, Reverter())
    assert names(numpy) == set()


def read_memory(built: PrefixBuilder) -> tuple[object, ...]:
    """What is remembered of an environment: where its files came from, and who requested what."""
    state = read_state(built.root)
    return read_origins(built.root), state.requests, state.needed


@pytest.mark.parametrize("moment", ["end", "committed"])
def test_what_is_finished_is_what_an_undisturbed_installation_leaves(
    numpy: PrefixBuilder, tmp_path: Path, moment: str
) -> None:
    """Killed after conda's part, or after all was placed: requests are remembered last."""
    numpy.pip_package("gone", "1.0")
    whole = PrefixBuilder(root=tmp_path / "whole")
    shutil.copytree(numpy.root, whole.root, symlinks=True, dirs_exist_ok=True)
    removals = tuple(
        RemoveFile(path=file.path, reason="test")
        for one in read_snapshot(numpy.root).distributions
        if one.name == "gone"
        for file in one.files or ()
    )
    plan = Plan(
        title="install",
        steps=(LinkConda(name="numpy", version="2.0", reason="requested"), *removals),
        requests={"app": "app<2"},
        requested_packages=frozenset(["app"]),
        needed=frozenset(["numpy"]),
    )

    def install(built: PrefixBuilder, *, killed: bool) -> None:
        conda = BuiltConda(
            built=built, during={"end": lambda: os._exit(9)} if killed and moment == "end" else {}
        )
        parts = replace(plan, conda=conda, pip=BuiltPip(prefix=built.root, requested="app<2"))
        if killed and moment == "committed":
            sys.addaudithook(die_at_state)
        execute(parts, Target(prefix=built.root, name="web", is_base=False), NoConda())

    def die_at_state(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open" and "state.json" in str(arguments[0]) and list_operations(numpy.root):
            os._exit(9)

    install(whole, killed=False)
    assert read_memory(whole) != read_memory(numpy)
    assert run_in_child(lambda: install(numpy, killed=True)) == 9
    assert has_pending(numpy.root)
    assert read_memory(numpy)[1:] == ({}, {})
    settle_interrupted(numpy.root)
    assert read_memory(numpy) == read_memory(whole)
    assert names(numpy) == names(whole) == {"numpy 2.0", "app 1.0"}
    assert is_clean(numpy)


def test_what_is_to_be_removed_goes_where_pip_installs_nothing(numpy: PrefixBuilder) -> None:
    numpy.pip_package("gone", "1.0")
    (gone,) = (one for one in read_snapshot(numpy.root).distributions if one.name == "gone")
    removals = tuple(RemoveFile(path=file.path, reason="test") for file in gone.files or ())
    links = (LinkConda(name="numpy", version="2.0", reason="requested"),)
    install_and_die(numpy, "end", pip=None, steps=(*links, *removals))
    assert names(numpy) == {"numpy 2.0", "gone 1.0"}
    settle_interrupted(numpy.root)
    assert names(numpy) == {"numpy 2.0"}
    assert is_clean(numpy)
    ((journal,),) = list_operations(numpy.root)
    assert journal.title == "install"


def test_a_note_of_an_earlier_version_is_finished_too(numpy: PrefixBuilder) -> None:
    install_and_die(numpy, "end", requests={"app": "app"})
    note = json.loads((numpy.root / PENDING_FILE).read_text())
    for key in ("origins", "removals", "requests", "requested_packages", "needed"):
        del note[key]
    numpy.write(PENDING_FILE, json.dumps(note))
    settle_interrupted(numpy.root)
    assert names(numpy) == {"numpy 2.0", "app 1.0"}
    assert read_memory(numpy) == ((), {}, {})


def test_killed_before_conda_changed_a_record_it_never_began(numpy: PrefixBuilder) -> None:
    before = read_tree(numpy.root)
    install_and_die(numpy, "begin")
    numpy.write("conda-meta/history", f"{SECTION}half a line")
    finish_pending(numpy.root)
    after = read_tree(numpy.root)
    history = "conda-meta/history"
    assert after.pop(history)[1] == before.pop(history)[1]
    assert after == before
    assert is_clean(numpy)
    assert read_journals(numpy.root) == ()


def test_killed_inside_condas_part_nothing_is_placed_and_somebody_is_told(
    numpy: PrefixBuilder,
) -> None:
    install_and_die(numpy, "linked")
    left = numpy.root / numpy.place("numpy/__init__.py")
    assert left.read_text() == "2.0"
    with pytest.raises(RecoveryError) as told:
        settle_interrupted(numpy.root)
    assert told.value.code == "recovery-incomplete"
    assert "(install)" in told.value.message
    assert "conda was interrupted in its part of it" in told.value.message
    assert not (numpy.root / numpy.place("app/__init__.py")).exists()
    assert not has_pending(numpy.root), "it is told once"
    settle_interrupted(numpy.root)
    assert [one.kind for one in find_all(read_snapshot(numpy.root))] == ["lost-record"]


def test_files_that_conda_had_created_and_no_record_lists_are_removed(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path / "new")
    built.write("conda-meta/history", SECTION)
    before = read_tree(built.root)
    install_and_die(built, "linked")
    assert (built.root / built.place("numpy/__init__.py")).exists()
    finish_pending(built.root)
    after = read_tree(built.root)
    assert after.keys() == before.keys()
    assert is_clean(built)


def test_files_that_were_there_before_conda_are_not_removed(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path / "new")
    built.write("conda-meta/history", SECTION)
    mine = built.write("share/mine", "mine")
    before = read_tree(built.root)
    conda = {"numpy/__init__.py": "2.0", "/share/mine": "mine"}
    install_and_die(built, "begin", files=conda)
    finish_pending(built.root)
    assert mine.exists()
    assert read_tree(built.root).keys() == before.keys()


def test_an_installation_that_was_committed_is_not_repeated(numpy: PrefixBuilder) -> None:
    install_and_die(numpy, "end")
    note = (numpy.root / PENDING_FILE).read_bytes()
    finish_pending(numpy.root)
    numpy.write(PENDING_FILE, note)
    before = read_tree(numpy.root)
    finish_pending(numpy.root)
    assert read_tree(numpy.root) == before
    assert len(read_journals(numpy.root)) == 1
    assert not has_pending(numpy.root)


def find_staging(built: PrefixBuilder) -> Path:
    (folder,) = (one for one in (built.root / STATE_FOLDER).glob("staging-*") if one.is_dir())
    return folder


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), OSError(errno.ENOSPC, "full"), OSError(errno.EIO, "broken")]
)
def test_what_is_not_finished_for_a_reason_that_passes_is_finished_by_the_next(
    numpy: PrefixBuilder, error: BaseException
) -> None:
    install_and_die(numpy, "end")
    before = read_tree(numpy.root)

    def work() -> None:
        def watch(event: str, arguments: tuple[object, ...]) -> None:
            if event == "os.mkdir" and "app" in str(arguments[0]):
                raise error

        sys.addaudithook(watch)
        with pytest.raises((KeyboardInterrupt, OSError, InteropError)):
            settle_interrupted(numpy.root)
        os._exit(7)

    assert run_in_child(work) == 7
    assert read_tree(numpy.root) == before
    settle_interrupted(numpy.root)
    assert names(numpy) == {"numpy 2.0", "app 1.0"}
    assert is_clean(numpy)


def test_what_is_not_staged_any_more_is_not_placed(numpy: PrefixBuilder) -> None:
    install_and_die(numpy, "end")
    before = read_tree(numpy.root)
    (find_staging(numpy) / numpy.place("app/__init__.py")).unlink()
    with pytest.raises(RecoveryError, match=r"app/__init__\.py is not staged any more"):
        finish_pending(numpy.root)
    assert read_tree(numpy.root) == before
    assert is_clean(numpy)


def test_without_its_staging_folder_nothing_is_placed(numpy: PrefixBuilder) -> None:
    install_and_die(numpy, "end")
    before = read_tree(numpy.root)
    shutil.rmtree(find_staging(numpy))
    with pytest.raises(RecoveryError, match="conda was interrupted"):
        finish_pending(numpy.root)
    assert read_tree(numpy.root) == before
    assert not has_pending(numpy.root)


def test_what_was_allowed_to_overwrite_becomes_an_override(numpy: PrefixBuilder) -> None:
    numpy.conda_package("other", "1", {"app/__init__.py": "conda"})
    install_and_die(numpy, "end", overwrite=frozenset(["app"]))
    finish_pending(numpy.root)
    other = next(one for one in read_snapshot(numpy.root).records if one.name == "other")
    assert other.overridden_by == {"app": "1.0"}
    assert is_clean(numpy)


def test_what_conda_has_meanwhile_is_not_overwritten(numpy: PrefixBuilder) -> None:
    install_and_die(numpy, "end")
    numpy.conda_package("other", "1", {"app/__init__.py": "conda"})
    before = read_tree(numpy.root)
    with pytest.raises(RecoveryError, match="would overwrite") as told:
        finish_pending(numpy.root)
    assert told.value.code == "recovery-incomplete"
    assert read_tree(numpy.root) == before


def test_a_noarch_package_that_conda_links_again_is_part_of_its_change(
    built: PrefixBuilder,
) -> None:
    """For another Python, its new record has the name of the old one."""
    built.conda_package("click", "8.1", files={"click.py": "x = 1\n"})
    built.conda_package("idna", "3.7", files={"idna.py": "x = 1\n"})
    built.write("conda-meta/history", "")
    names = {file.name for file in (built.root / "conda-meta").glob("*.json")}
    (click,) = (name for name in names if name.startswith("click-"))
    before = read_conda_before(built.root, frozenset(("click", "idna")))
    assert before.find_change(built.root).is_empty
    built.write(f"conda-meta/{click}", '{"name": "click", "files": []}')
    change = before.find_change(built.root)
    assert change.linked == (click,)
    assert change.unlinked == {click: before.leaving[click]}
    assert Undone(prefix=built.root).is_conda_as_left(change)
