"""`conda pip uninstall`: what goes, what stays, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from conda_pip_interop.changes.rollback import read_journals
from conda_pip_interop.changes.undo import undo
from conda_pip_interop.commands.change.uninstall import (
    UninstallPlan,
    carry_out,
    plan_uninstall,
    render_uninstall,
)
from conda_pip_interop.dependencies.read_graph import read_graph
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.environment.target import Target
from conda_pip_interop.errors import InteropError
from conda_pip_interop.findings.registry import find_findings
from tests.stories.tree import hash_tree
from tests.support.builders import PrefixBuilder


@pytest.fixture
def built(tmp_path: Path) -> PrefixBuilder:
    built = PrefixBuilder(root=tmp_path / "env", python="3.11.7")
    built.conda_package("click", "8.1.7")
    return built


def target_of(built: PrefixBuilder) -> Target:
    return Target(prefix=built.root, name="web", is_base=False)


def plan(built: PrefixBuilder, *names: str, keep_deps: bool = False) -> UninstallPlan:
    snapshot = read_snapshot(built.root)
    return plan_uninstall(
        names,
        snapshot=snapshot,
        graph=read_graph(snapshot),
        target=target_of(built),
        keep_deps=keep_deps,
    )


def remove(built: PrefixBuilder, *names: str, keep_deps: bool = False) -> None:
    carry_out(
        plan(built, *names, keep_deps=keep_deps),
        snapshot=read_snapshot(built.root),
        target=target_of(built),
    )


def refuse(built: PrefixBuilder, *names: str) -> InteropError:
    before = hash_tree(built.root)
    with pytest.raises(InteropError) as caught:
        plan(built, *names)
    assert hash_tree(built.root) == before
    return caught.value


def hash_lib(built: PrefixBuilder) -> str:
    return hash_tree(built.root / "lib") + hash_tree(built.root / "bin")


def test_nothing_is_left_and_undo_brings_all_back(built: PrefixBuilder) -> None:
    before = hash_lib(built)
    built.pip_package("Flask_Testing", "1", {"ft/__init__.py": "1", "/bin/ft": "x", "/etc/ft": ""})
    built.write(f"{built.site_packages}/ft/__pycache__/__init__.cpython-311.pyc", "c")
    there = hash_lib(built)
    remove(built, "flask.testing")
    assert hash_lib(built) == before
    assert not (built.root / "etc").exists()
    assert not (built.root / built.site_packages / "ft").exists()
    assert find_findings(read_snapshot(built.root)) == ()
    (journal,) = read_journals(built.root)
    assert journal.title == "uninstall flask-testing"
    undo(built.root, journal.identifier)
    assert hash_lib(built) == there


def test_what_a_user_has_put_beside_it_stays(built: PrefixBuilder) -> None:
    built.pip_package("tool", "1", {"tool/__init__.py": ""})
    notes = built.write(f"{built.site_packages}/tool/notes.txt", "mine")
    remove(built, "tool")
    assert notes.read_text() == "mine"


def test_what_nothing_needs_any_more_goes_along_unless_it_is_to_be_kept(
    built: PrefixBuilder,
) -> None:
    built.pip_package("app", "1", requires=("lib>=1", "click", "pip", "kept"))
    built.pip_package("lib", "1", requires=("deep",), requested=False)
    built.pip_package("deep", "1", requested=False)
    built.pip_package("pip", "1", requested=False)
    built.pip_package("kept", "1", requested=False)
    built.pip_package("other", "1", requires=("kept",))
    found = plan(built, "app")
    assert [(one.name, one.reason) for one in found.actions] == [
        ("app", "asked for"),
        ("deep", "only lib needed it"),
        ("lib", "only app needed it"),
    ]
    assert [one.name for one in plan(built, "app", keep_deps=True).actions] == ["app"]
    assert render_uninstall(found, target_of(built)) == (
        "## Plan for web\n\npip removes:\n"
        "  app   1  asked for\n"
        "  deep  1  only lib needed it\n"
        "  lib   1  only app needed it\n"
        "\n"
        "Nothing else needs conda's click; to remove: `conda remove -n web click`."
    )


def test_what_is_in_condas_place_does_not_go_along(built: PrefixBuilder) -> None:
    built.pip_upgrade("click", "8.1.7", "8.2", requested=False)
    built.pip_package("app", "1", requires=("click",))
    assert [one.name for one in plan(built, "app").actions] == ["app"]


def test_what_will_lack_it_is_told(built: PrefixBuilder) -> None:
    built.pip_package("six", "1")
    built.pip_package("app", "2", requires=("six>=1",))
    assert plan(built, "six").notes == ("Still needed: pip's app 2 requires six >=1.",)
    assert plan(built, "six", "app").notes == ()


def test_an_editable_one_says_where_its_source_stays(built: PrefixBuilder) -> None:
    url = {"url": "file:///src/app", "dir_info": {"editable": True}}
    built.pip_package("app", "1", {"__editable__.app-1.pth": "/src/app\n"}, direct_url=url)
    assert plan(built, "app").notes == ("app is editable: its source stays in /src/app.",)
    before = hash_lib(built)
    remove(built, "app")
    assert hash_lib(built) != before
    assert not list((built.root / built.site_packages).glob("__editable__*"))


def test_files_that_others_list_stay(built: PrefixBuilder) -> None:
    built.conda_package("pytorch", "2", {"torch/__init__.py": "conda"}, dist_info=False)
    built.pip_package("torch", "2", {"torch/__init__.py": "pip", "torch/own.py": ""})
    built.pip_package("twin", "1", {"shared.py": "", "twin.py": ""})
    built.pip_package("other", "1", {"shared.py": "", "other.py": ""})
    found = plan(built, "torch", "twin")
    assert {one.path.rpartition("site-packages/")[2] for one in found.removals} >= {
        "torch/own.py",
        "twin.py",
    }
    place = built.site_packages
    assert found.notes == (
        f"1 file stays, {place}/torch/__init__.py for one: conda's pytorch lists it too.",
        f"1 file stays, {place}/shared.py for one: pip's other lists it too.",
    )
    remove(built, "torch", "twin")
    assert (built.root / place / "torch/__init__.py").read_text() == "pip"
    assert (built.root / place / "shared.py").exists()
    assert not (built.root / place / "torch/own.py").exists()


def test_files_that_only_those_that_go_list_go(built: PrefixBuilder) -> None:
    before = hash_lib(built)
    built.pip_package("twin", "1", {"shared.py": "", "twin.py": ""})
    built.pip_package("other", "1", {"shared.py": "", "other.py": ""})
    remove(built, "twin", "other")
    assert hash_lib(built) == before


def test_of_several_of_a_name_all_go(built: PrefixBuilder) -> None:
    before = hash_lib(built)
    built.pip_package("six", "1", {"six.py": "1"})
    built.pip_package("six", "2", {"six.py": "2"})
    remove(built, "six")
    assert hash_lib(built) == before


def test_condas_is_refused_with_condas_command(built: PrefixBuilder) -> None:
    built.pip_package("six", "1")
    built.conda_package("py-opencv", "4", distribution="opencv-python")
    built.conda_package("ninja", "1", {"/bin/ninja": "x"}, dist_info=False)
    error = refuse(built, "click", "six", "opencv-python", "ninja")
    assert error.code == "condas"
    assert "click, opencv-python, ninja are conda's in web" in error.message
    assert error.hints == (
        "conda removes it: `conda remove -n web click py-opencv ninja`.",
        "pip's alone: `conda pip uninstall -n web six`.",
    )


def test_what_is_not_there_is_refused_by_name(built: PrefixBuilder) -> None:
    error = refuse(built, "nope", "click", "nada")
    assert error.code == "not-installed"
    assert "nope, nada are not" in error.message


def test_what_is_in_condas_place_is_refused_with_both_ways(built: PrefixBuilder) -> None:
    built.pip_upgrade("click", "8.1.7", "8.2")
    error = refuse(built, "click")
    assert error.code == "overridden"
    assert "conda pip restore -n web click" in error.hints[0]
    assert "conda remove -n web click" in error.hints[1]


def test_what_another_python_has_is_refused(built: PrefixBuilder) -> None:
    built.pip_package("six", "1")
    built.python_upgrade("3.12.1")
    error = refuse(built, "six")
    assert error.code == "stranded"
    assert "lib/python3.11/site-packages" in error.message


def test_without_a_record_nothing_is_removed(built: PrefixBuilder) -> None:
    built.pip_package("six", "1")
    (built.root / built.dist_info("six", "1") / "RECORD").unlink()
    assert refuse(built, "six").code == "no-record"
    built.write(f"{built.site_packages}/dev.egg-link", "/src/dev\n.\n")
    assert refuse(built, "dev").code == "no-record"


def test_a_record_that_leaves_the_environment_is_refused(built: PrefixBuilder) -> None:
    built.pip_package("six", "1")
    record = built.root / built.dist_info("six", "1") / "RECORD"
    with record.open("a") as file:
        file.write("../../../../../etc/passwd,,\n")
    error = refuse(built, "six")
    assert error.code == "outside"
    assert "etc/passwd" in error.message


def test_a_plan_that_is_no_longer_true_is_not_carried_out(built: PrefixBuilder) -> None:
    built.pip_package("six", "1")
    found, snapshot = plan(built, "six"), read_snapshot(built.root)
    built.pip_package("other", "1")
    before = hash_lib(built)
    with pytest.raises(InteropError) as caught:
        carry_out(found, snapshot=snapshot, target=target_of(built))
    assert caught.value.code == "stale-plan"
    assert hash_lib(built) == before
