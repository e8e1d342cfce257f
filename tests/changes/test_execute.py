"""A plan is executed whole or not at all, and what both managers did is undone together."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from conda_pip_interop.changes.atomic.journal import (
    ORIGINS_FILE,
    PENDING_FILE,
    STATE_FOLDER,
    CondaChange,
)
from conda_pip_interop.changes.atomic.rollback import read_journals
from conda_pip_interop.changes.execute import execute, execute_undo, execute_undo_several
from conda_pip_interop.changes.origins import plan_origins, read_origins
from conda_pip_interop.changes.plan import (
    LinkConda,
    Plan,
    RemoveFile,
    Staged,
    UnlinkConda,
    WriteFile,
)
from conda_pip_interop.changes.replacing import find_replacing
from conda_pip_interop.changes.state import State, read_state, write_state
from conda_pip_interop.changes.undoing.changed_since import refuse_changed
from conda_pip_interop.changes.undoing.operations import (
    find_later_operations,
    find_operation,
    list_operations,
)
from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.environment.site_packages.provenance import Provenance
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.environment.target import Target
from conda_pip_interop.errors import InteropError, StalePlanError
from conda_pip_interop.findings.registry import find_all
from conda_pip_interop.values import dataclass
from tests.support.builders import PrefixBuilder
from tests.support.hosts import NoConda
from tests.support.parts import SECTION, BuiltConda, BuiltPip
from tests.support.trees import Tree, read_tree

STEPS = (
    LinkConda(name="numpy", version="2.0", reason="requested", previous="1.0"),
    UnlinkConda(name="numpy", version="1.0", reason="replaced"),
)


@pytest.fixture
def built(tmp_path: Path) -> PrefixBuilder:
    """conda's numpy 1.0 is there, and its history says so."""
    built = PrefixBuilder(root=tmp_path / "web")
    built.conda_package("numpy", "1.0", {"numpy/__init__.py": "1.0", "numpy/old.py": "old"})
    built.write("conda-meta/history", f"{SECTION}+main/linux-64::numpy-1.0-0\n")
    return built


def target_of(built: PrefixBuilder) -> Target:
    return Target(prefix=built.root, name="web", is_base=False)


def run(built: PrefixBuilder, plan: Plan) -> None:
    execute(plan, target_of(built), NoConda())


def read_files(built: PrefixBuilder) -> Tree:
    """Read the environment without modes and times: what conda writes again has new ones."""
    return {path: (seen[0], *seen[1:2]) for path, seen in read_tree(built.root).items()}


def plan_both(built: PrefixBuilder) -> tuple[Plan, BuiltConda]:
    conda = BuiltConda(built=built)
    pip = BuiltPip(prefix=built.root)
    return Plan(title="install", steps=STEPS, conda=conda, pip=pip), conda


def fail() -> None:
    raise InteropError("no-network", "The index cannot be reached.", hints=("Try again.",))


def interrupt() -> None:
    raise KeyboardInterrupt


def test_both_parts_are_one_operation_that_is_undone_as_one(built: PrefixBuilder) -> None:
    before = read_files(built)
    plan, conda = plan_both(built)
    run(built, plan)
    assert conda.calls == ["download", "begin", "linked", "end"]
    names = {f"{one.name} {one.version}" for one in read_snapshot(built.root).distributions}
    assert names == {"numpy 2.0", "app 1.0"}
    assert find_all(read_snapshot(built.root)) == ()
    assert not (built.root / PENDING_FILE).exists()
    assert not [*(built.root / STATE_FOLDER).glob("staging-*")]
    ((journal,),) = list_operations(built.root)
    assert (journal.title, journal.automatic) == ("install", "")
    execute_undo(built.root, journal.identifier, conda)
    assert read_files(built) == before
    assert read_journals(built.root) == ()
    with pytest.raises(InteropError) as refused:
        execute_undo(built.root, journal.identifier, conda)
    assert refused.value.code == "no-such-operation"
    assert refused.value.hints == ()


@pytest.mark.parametrize("moment", ["download", "begin"])
@pytest.mark.parametrize("failure", [fail, interrupt])
def test_what_fails_before_condas_part_changes_nothing(
    built: PrefixBuilder, moment: str, failure: Callable[[], None]
) -> None:
    before = read_files(built)
    plan, conda = plan_both(built)
    conda.during = {moment: failure}
    with pytest.raises((InteropError, KeyboardInterrupt)):
        run(built, plan)
    assert "roll back" not in conda.calls, "conda takes its own failures back"
    assert read_files(built) == before
    assert not [*(built.root / STATE_FOLDER).glob("staging-*")]
    assert not (built.root / PENDING_FILE).exists()


def test_pips_part_is_staged_before_anything_changes(built: PrefixBuilder) -> None:
    before = read_files(built)
    plan, conda = plan_both(built)
    with pytest.raises(InteropError, match="index cannot be reached"):
        run(built, replace(plan, pip=BuiltPip(prefix=built.root, during=fail)))
    assert conda.calls == ["download"]
    assert read_files(built) == before


@pytest.mark.parametrize("failure", [fail, interrupt])
def test_what_fails_after_condas_part_takes_it_back(
    built: PrefixBuilder, failure: Callable[[], None]
) -> None:
    before = read_files(built)
    plan, conda = plan_both(built)
    pip = BuiltPip(prefix=built.root, needs_conda=True, during=failure)
    with pytest.raises((InteropError, KeyboardInterrupt)):
        run(built, replace(plan, pip=pip))
    assert conda.calls == ["download", "begin", "linked", "end", "roll back"]
    assert read_files(built) == before
    assert read_journals(built.root) == ()


def test_a_history_that_is_gone_after_condas_part_takes_it_back(built: PrefixBuilder) -> None:
    before = read_files(built)
    plan, conda = plan_both(built)
    conda.during = {"end": (built.root / "conda-meta/history").unlink}
    with pytest.raises(FileNotFoundError):
        run(built, plan)
    assert conda.calls[-1] == "roll back"
    assert read_files(built) == before


@pytest.mark.parametrize("late", [False, True])
def test_condas_part_stays_if_that_is_asked_for(built: PrefixBuilder, *, late: bool) -> None:
    plan, conda = plan_both(built)
    pip = BuiltPip(prefix=built.root, needs_conda=late, during=fail)
    with pytest.raises(InteropError) as failed:
        run(built, replace(plan, pip=pip, keep_going=True))
    assert failed.value.code == "no-network"
    assert failed.value.message == (
        "The index cannot be reached.\nconda's part of the plan was installed in web "
        "(--keep-going)."
    )
    assert failed.value.hints == ("Try again.",)
    assert "roll back" not in conda.calls
    (numpy,) = read_snapshot(built.root).distributions
    assert numpy.version == "2.0"
    assert not (built.root / PENDING_FILE).exists()


def test_an_interruption_takes_back_what_would_have_stayed(built: PrefixBuilder) -> None:
    before = read_files(built)
    plan, _ = plan_both(built)
    pip = BuiltPip(prefix=built.root, needs_conda=True, during=interrupt)
    with pytest.raises(KeyboardInterrupt):
        run(built, replace(plan, pip=pip, keep_going=True))
    assert read_files(built) == before


def test_without_a_part_of_condas_there_is_nothing_to_keep(built: PrefixBuilder) -> None:
    pip = BuiltPip(prefix=built.root, during=fail)
    with pytest.raises(InteropError) as failed:
        run(built, Plan(title="install", pip=pip, keep_going=True))
    assert failed.value.message == "The index cannot be reached."


def test_pip_may_need_what_conda_installs(built: PrefixBuilder) -> None:
    plan, conda = plan_both(built)
    seen: list[str] = []
    pip = BuiltPip(prefix=built.root, needs_conda=True, during=lambda: seen.append(conda.calls[-1]))
    run(built, replace(plan, pip=pip))
    assert seen == ["end"]
    assert {one.name for one in read_snapshot(built.root).distributions} == {"app", "numpy"}


def test_what_would_overwrite_condas_files_is_refused_before_conda_begins(
    built: PrefixBuilder,
) -> None:
    built.conda_package("other", "1", {"other.py": "conda"})
    before = read_files(built)
    plan, conda = plan_both(built)
    over = BuiltPip(prefix=built.root, files={"other.py": "pip"})
    with pytest.raises(InteropError) as refused:
        run(built, replace(plan, pip=over))
    assert refused.value.code == "would-overwrite"
    assert conda.calls == ["download"]
    assert read_files(built) == before
    old = BuiltPip(prefix=built.root, files={"numpy/old.py": "pip"})
    run(built, replace(plan, pip=old))  # what conda unlinks is not in the way


def test_what_may_overwrite_a_package_becomes_an_override_of_its_record(
    built: PrefixBuilder,
) -> None:
    built.conda_package("other", "1", {"other.py": "conda", "both.py": "same"})
    built.pip_package("bystander", "1", {"bystander.py": "x"})
    before = read_tree(built.root)
    app = canonicalize_name("app")
    pip = BuiltPip(prefix=built.root, files={"other.py": "pip", "both.py": "same"})
    run(built, Plan(title="install", pip=pip, overwrite=frozenset([app])))
    other = next(one for one in read_snapshot(built.root).records if one.name == "other")
    assert other.overridden_by == {app: "1.0"}
    assert find_all(read_snapshot(built.root)) == ()
    execute_undo(
        built.root, find_operation(built.root, None)[0].identifier, BuiltConda(built=built)
    )
    assert read_tree(built.root) == before


@pytest.mark.parametrize("existed", [False, True])
def test_a_failure_leaves_no_clone_of_an_editable_project(
    built: PrefixBuilder, *, existed: bool
) -> None:
    src = built.root / "src"
    if existed:
        built.write("src/mine/a.py", "mine")
    before = read_files(built)

    def clone() -> None:
        built.write("src/app/.git/config", "cloned")
        fail()

    for clones in (True, False):
        pip = BuiltPip(prefix=built.root, clones=clones, during=clone)
        with pytest.raises(InteropError):
            run(built, Plan(title="install", pip=pip))
        assert (src / "app").exists() is not clones
        if clones:
            assert read_files(built) == before


def test_a_clone_of_a_project_stays_if_all_went_well(built: PrefixBuilder) -> None:
    pip = BuiltPip(
        prefix=built.root, clones=True, during=lambda: built.write("src/app/a.py", "cloned")
    )
    run(built, Plan(title="install", pip=pip))
    assert (built.root / "src/app/a.py").read_text() == "cloned"


def test_a_file_that_is_condas_now_is_not_removed(built: PrefixBuilder) -> None:
    orphan, ours = built.place("numpy/__init__.py"), built.place("stale.py")
    built.write(ours, "stale")
    removals = tuple(RemoveFile(path=PrefixPath(one), reason="stale") for one in (orphan, ours))
    plan, _ = plan_both(built)
    run(built, replace(plan, steps=(*STEPS, *removals), pip=None))
    assert (built.root / orphan).read_text() == "2.0"
    assert not (built.root / ours).exists()


def test_a_plan_that_changes_no_file_leaves_no_operation(built: PrefixBuilder) -> None:
    before = read_files(built)
    run(built, Plan(title="nothing"))
    assert read_journals(built.root) == ()
    assert read_files(built) == before


def test_an_environment_that_has_changed_since_the_plan_is_left_alone(
    built: PrefixBuilder,
) -> None:
    plan, conda = plan_both(built)
    plan = replace(plan, fingerprint=read_snapshot(built.root).fingerprint)
    built.pip_package("meanwhile", "1")
    before = read_files(built)
    with pytest.raises(StalePlanError):
        run(built, plan)
    assert conda.calls == ["download"]
    assert read_files(built) == before


# -- conda's packages in the place of pip's -----------------------------------------------------


@pytest.fixture
def pips(tmp_path: Path) -> PrefixBuilder:
    """pip's numpy 1.5 is there, which conda's is to replace."""
    built = PrefixBuilder(root=tmp_path / "web")
    built.pip_package("numpy", "1.5", {"numpy/__init__.py": "1.5", "numpy/pips.py": "1.5"})
    built.write("conda-meta/history", SECTION)
    return built


def test_pips_files_move_aside_for_condas_and_both_are_undone(pips: PrefixBuilder) -> None:
    before = read_files(pips)
    plan, conda = plan_both(pips)
    run(pips, plan)
    assert find_all(read_snapshot(pips.root)) == ()
    assert not (pips.root / pips.place("numpy/pips.py")).exists()
    (operation,) = list_operations(pips.root)
    assert [one.automatic for one in operation] == ["", "ours"]
    execute_undo(pips.root, operation[0].identifier, conda)
    assert read_files(pips) == before
    assert read_journals(pips.root) == ()


@pytest.mark.parametrize("moment", ["begin", "linked", "after"])
def test_pips_files_come_back_if_condas_part_or_what_follows_fails(
    pips: PrefixBuilder, moment: str
) -> None:
    before = read_files(pips)
    plan, conda = plan_both(pips)
    if moment == "after":
        plan = replace(plan, pip=BuiltPip(prefix=pips.root, needs_conda=True, during=fail))
    else:

        def undo_and_fail() -> None:
            for path in conda.files:  # conda takes its own back
                (pips.root / pips.place(path)).unlink(missing_ok=True)
            fail()

        conda.during = {moment: undo_and_fail}
    with pytest.raises(InteropError):
        run(pips, plan)
    assert ("roll back" in conda.calls) is (moment == "after")
    assert read_files(pips) == before


@pytest.mark.parametrize("fails", [False, True])
def test_a_file_of_nobodys_in_condas_way_comes_back(pips: PrefixBuilder, *, fails: bool) -> None:
    plan, conda = plan_both(pips)
    conda.name, conda.files = "other", {"other.py": "2.0"}
    pips.write(pips.place("other.py"), "mine")
    before = read_files(pips)
    if fails:
        plan = replace(plan, pip=BuiltPip(prefix=pips.root, needs_conda=True, during=fail))
        with pytest.raises(InteropError):
            run(pips, plan)
    else:
        run(pips, plan)
        assert (pips.root / pips.place("other.py")).read_text() == "2.0"
        (operation,) = list_operations(pips.root)
        execute_undo(pips.root, operation[0].identifier, conda)
    assert read_files(pips) == before


@pytest.mark.parametrize("fails", [False, True])
def test_an_edit_of_what_conda_unlinks_comes_back(built: PrefixBuilder, *, fails: bool) -> None:
    plan, conda = plan_both(built)
    for path, text in (("numpy/__init__.py", "1.1"), ("numpy/old.py", "edited")):
        os.utime(built.write(built.place(path), text), (time.time() + 5, time.time() + 5))
    os.utime(built.root / built.place("numpy/old.py"), (0, 0))  # its size tells
    built.conda_package("other", "1", {"other.py": "1"})
    built.write(built.place("other.py"), "edited, and stays")
    before = read_files(built)
    if fails:
        with pytest.raises(InteropError):
            run(
                built,
                replace(plan, pip=BuiltPip(prefix=built.root, needs_conda=True, during=fail)),
            )
    else:
        run(built, plan)
        assert (built.root / built.place("numpy/__init__.py")).read_text() == "2.0"
        assert find_all(read_snapshot(built.root)) == ()
        (operation,) = list_operations(built.root)
        kept = {step.path for journal in operation for step in journal.steps if step.existed}
        assert kept == {built.place("numpy/__init__.py"), built.place("numpy/old.py")}
        execute_undo(built.root, operation[0].identifier, conda)
    assert read_files(built) == before


def test_what_was_edited_since_conda_linked_it_is_not_undone(built: PrefixBuilder) -> None:
    plan, conda = plan_both(built)
    run(built, plan)
    module = built.root / built.place("numpy/__init__.py")
    os.utime(module, (time.time() + 5, time.time() + 5))  # touched only
    built.conda_package("other", "1", {"other.py": "1"})
    others = built.write(built.place("other.py"), "edited, of another package")
    os.utime(others, (time.time() + 5, time.time() + 5))
    (operation,) = list_operations(built.root)
    refuse_changed(built.root, operation)
    module.write_text("edited")
    before = read_files(built)
    with pytest.raises(InteropError) as refused:
        execute_undo(built.root, operation[0].identifier, conda)
    assert refused.value.code == "changed-since"
    assert "numpy/__init__.py" in refused.value.message
    assert read_files(built) == before
    os.utime(module, (0, 0))  # conda had signed it
    execute_undo(built.root, operation[0].identifier, conda)
    assert "numpy 1.0" in {f"{e.name} {e.version}" for e in read_snapshot(built.root).records}


def test_what_a_later_operation_changed_is_undone_with_it(built: PrefixBuilder) -> None:
    before = read_files(built)
    plan, conda = plan_both(built)
    run(built, plan)
    path = PrefixPath(built.place("numpy/__init__.py"))
    run(built, Plan(title="later", steps=(WriteFile(path=path, content=b"3", reason="test"),)))
    os.utime(built.root / path, (time.time() + 5, time.time() + 5))
    first, second = list_operations(built.root)
    with pytest.raises(InteropError):
        execute_undo(built.root, first[0].identifier, conda)
    execute_undo_several(built.root, (second, first), conda)
    assert read_files(built) == before


def test_a_record_that_is_written_again_is_condas_own(tmp_path: Path) -> None:
    """A noarch package that follows another Python has its record in the same file."""
    built = PrefixBuilder(root=tmp_path / "web")
    built.conda_package("numpy", "2.0", {"numpy/__init__.py": "2.0"})
    conda = BuiltConda(built=built)
    assert "conda-meta/numpy-2.0-0.json" in conda.list_created()
    assert find_replacing(Plan(title="install"), conda, target_of(built)) is None


def test_what_conda_puts_beside_pips_moves_nothing_aside(pips: PrefixBuilder) -> None:
    conda = BuiltConda(built=pips, name="other", files={"other.py": "2.0"})
    run(pips, Plan(title="install", conda=conda))
    (operation,) = list_operations(pips.root)
    assert [one.automatic for one in operation] == [""]
    assert (pips.root / pips.place("numpy/pips.py")).read_text() == "1.5"


def test_an_override_of_a_package_that_conda_unlinks_comes_back(built: PrefixBuilder) -> None:
    built.pip_upgrade("numpy", "1.0", "1.5", {"numpy/__init__.py": "1.5"})
    (record,) = (built.root / "conda-meta").glob("numpy-*.json")
    pips = [one.relative_to(built.root).as_posix() for one in _files_of(built, "numpy")]
    record.unlink()
    own = {"overridden_by": {"numpy": "1.5"}}
    built.conda_record("numpy", "1.0", tuple(pips), pip_interop=own)
    before = read_files(built)
    plan, conda = plan_both(built)
    run(built, plan)
    assert not (built.root / built.dist_info("numpy", "1.5")).exists()
    (operation,) = list_operations(built.root)
    execute_undo(built.root, operation[0].identifier, conda)
    assert read_files(built) == before


def _files_of(built: PrefixBuilder, name: str) -> list[Path]:
    folder = built.root / built.site_packages
    return [one for one in sorted(folder.rglob("*")) if one.is_file() and name in str(one)]


# -- undoing ------------------------------------------------------------------------------------


def test_what_conda_changed_since_is_not_undone(built: PrefixBuilder) -> None:
    plan, conda = plan_both(built)
    run(built, plan)
    identifier = find_operation(built.root, None)[0].identifier
    history = (built.root / "conda-meta/history").read_text()
    for change in ("history", "record"):
        if change == "history":
            built.write("conda-meta/history", f"{history}{SECTION}+main/linux-64::more-1-0\n")
        else:
            built.write("conda-meta/history", history)
            (built.root / "conda-meta/numpy-2.0-0.json").rename(built.root / "numpy.json")
        before = read_files(built)
        with pytest.raises(InteropError) as refused:
            execute_undo(built.root, identifier, conda)
        assert refused.value.code == "changed-since"
        assert "conda has changed the environment since" in refused.value.message
        assert f"conda list -p {built.root} --revisions" in refused.value.hints[0]
        assert read_files(built) == before
    assert "revert" not in conda.calls
    (built.root / "conda-meta/history").unlink()
    with pytest.raises(InteropError, match="conda has changed"):
        execute_undo(built.root, identifier, conda)


def test_what_fails_while_conda_reverts_leaves_the_environment_as_it_was(
    built: PrefixBuilder,
) -> None:
    plan, conda = plan_both(built)
    run(built, plan)
    before = read_files(built)
    conda.during = {"revert": fail}
    identifier = find_operation(built.root, None)[0].identifier
    with pytest.raises(InteropError, match="index cannot be reached"):
        execute_undo(built.root, identifier, conda)
    assert read_files(built) == before
    conda.during = {}
    execute_undo(built.root, identifier, conda)
    assert not (built.root / "conda-meta/numpy-2.0-0.json").exists()


def write(built: PrefixBuilder, content: str) -> None:
    path = PrefixPath("share/a")
    step = WriteFile(path=path, content=content.encode(), reason="x")
    run(built, Plan(title=f"write {content}", steps=(step,)))


def test_several_operations_are_undone_newest_first(built: PrefixBuilder) -> None:
    write(built, "one")
    before = read_files(built)
    plan, conda = plan_both(built)
    run(built, plan)
    write(built, "two")
    first, *_ = list_operations(built.root)
    later = find_later_operations(built.root, first[0].identifier)
    execute_undo_several(built.root, later, conda)
    assert read_files(built) == before
    with pytest.raises(InteropError) as refused:
        find_later_operations(built.root, first[0].identifier)
    assert refused.value.hints == (
        f"To undo it: `conda pip undo -p {built.root} {first[0].identifier}`.",
    )


def test_two_operations_with_condas_part_are_undone_one_after_the_other(
    built: PrefixBuilder,
) -> None:
    write(built, "one")
    before = read_files(built)
    first = list_operations(built.root)[0][0].identifier
    parts = [BuiltConda(built=built), BuiltConda(built=built, name="other", files={"o.py": "o"})]
    for conda in parts:
        run(built, Plan(title=f"install {conda.name}", conda=conda))

    class Reverter(NoConda):
        def revert(self, change: CondaChange) -> None:
            (conda,) = (one for one in parts if f"{one.name}-2.0-0.json" in change.linked)
            conda.revert(change)

    execute_undo_several(built.root, find_later_operations(built.root, first), Reverter())
    assert read_files(built) == before


def test_what_conda_did_between_two_operations_keeps_the_earlier_from_being_undone(
    built: PrefixBuilder,
) -> None:
    write(built, "one")
    first = list_operations(built.root)[0][0].identifier
    run(built, Plan(title="install numpy", conda=BuiltConda(built=built)))
    history = (built.root / "conda-meta/history").read_text()
    built.write("conda-meta/history", f"{history}{SECTION}+main/linux-64::more-1-0\n")
    other = BuiltConda(built=built, name="other", files={"o.py": "o"})
    run(built, Plan(title="install other", conda=other))
    before = read_files(built)
    later = find_later_operations(built.root, first)
    with pytest.raises(InteropError) as refused:
        execute_undo_several(built.root, later, other)
    assert refused.value.code == "changed-since"
    assert "since revision-2 (conda)" in refused.value.message
    assert read_files(built) == before


def test_of_several_none_is_undone_if_one_cannot_be(built: PrefixBuilder) -> None:
    write(built, "one")
    first, *_ = list_operations(built.root)
    plan, conda = plan_both(built)
    run(built, plan)
    write(built, "two")
    built.write(built.place("app/__init__.py"), "edited")
    before = read_files(built)
    later = find_later_operations(built.root, first[0].identifier)
    with pytest.raises(InteropError) as refused:
        execute_undo_several(built.root, later, conda)
    assert refused.value.code == "changed-since"
    assert read_files(built) == before


def test_what_was_undone_before_a_failure_is_said(built: PrefixBuilder) -> None:
    write(built, "one")
    first, *_ = list_operations(built.root)
    plan, conda = plan_both(built)
    run(built, plan)
    write(built, "two")
    conda.during = {"revert": fail}
    later = find_later_operations(built.root, first[0].identifier)
    with pytest.raises(InteropError) as failed:
        execute_undo_several(built.root, later, conda)
    assert failed.value.code == "no-network"
    assert failed.value.message == (
        f"The index cannot be reached.\nUndone before: {later[0][0].identifier}."
    )
    assert failed.value.hints == ("Try again.",)
    assert (built.root / "share/a").read_text() == "one"
    with pytest.raises(InteropError) as alone:
        execute_undo_several(built.root, later[1:], conda)
    assert alone.value.message == "The index cannot be reached."


def test_origins_that_were_added_since_are_not_undone(built: PrefixBuilder) -> None:
    @dataclass(frozen=True, kw_only=True)
    class Originating(BuiltPip):
        def stage(self, into: Path) -> Staged:
            staged = BuiltPip.stage(self, into)
            origin = Provenance(
                name=canonicalize_name("app"), version="1.0", record_sha256="a" * 64
            )
            return replace(staged, origins=(origin,))

    conda = BuiltConda(built=built)
    pip = Originating(prefix=built.root)
    run(built, Plan(title="install", conda=conda, pip=pip))
    assert [one.name for one in read_origins(built.root)] == ["app"]
    other = Provenance(name=canonicalize_name("other"), version="1", record_sha256="b" * 64)
    (action,) = plan_origins(built.root, [other])
    built.write(ORIGINS_FILE, action.content)
    execute_undo(built.root, find_operation(built.root, None)[0].identifier, conda)
    assert [one.name for one in read_origins(built.root)] == ["app", "other"]
    assert not (built.root / built.dist_info("app", "1.0")).exists()


# -- requests -----------------------------------------------------------------------------------


def test_who_requested_what_is_remembered_while_it_is_installed(built: PrefixBuilder) -> None:
    write_state(built.root, State(requests={"gone": "gone<2"}, needed={"gone": "then"}))
    plan, _ = plan_both(built)
    requests = {"app": "app>=1", "never": "never"}
    needed = frozenset(["numpy", "absent"])
    run(built, replace(plan, requests=requests, needed=needed))
    when = SECTION.split("==> ")[1].split(" <==")[0]
    state = read_state(built.root)
    assert state.requests == {"app": "app>=1"}
    assert {name: text.startswith(when) for name, text in state.needed.items()} == {"numpy": True}
    before = read_tree(built.root / STATE_FOLDER)
    step = WriteFile(path=PrefixPath("share/a"), content=b"x", reason="x")
    asked = frozenset(["numpy"])
    run(built, Plan(title="x", steps=(step,), requests={"app": "app>=1"}))
    assert read_state(built.root) == state
    assert before.keys() <= read_tree(built.root / STATE_FOLDER).keys()
    run(built, Plan(title="x", requests={"app": "app"}, requested_packages=asked))
    assert read_state(built.root) == replace(state, requests={"app": "app"}, needed={})


def test_a_plan_without_requests_remembers_nothing(built: PrefixBuilder) -> None:
    plan, _ = plan_both(built)
    run(built, plan)
    assert not (built.root / STATE_FOLDER / "state.json").exists()
    state = State(requests={"gone": "gone<2"})  # it may come back by an undo
    write_state(built.root, state)
    run(built, Plan(title="x", steps=(RemoveFile(path=PrefixPath("none"), reason="x"),)))
    assert read_state(built.root) == state
    assert json.loads((built.root / "conda-meta/numpy-2.0-0.json").read_text())["version"] == "2.0"
