"""`conda pip uninstall`: what is removed, what is kept, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from conda_pip_interop.changes.atomic.rollback import read_journals
from conda_pip_interop.changes.execute import execute
from conda_pip_interop.changes.plan import Plan
from conda_pip_interop.changes.undoing.undo import undo
from conda_pip_interop.commands.plan_text import render_plan
from conda_pip_interop.dependencies.read_graph import read_graph
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.environment.target import Target
from conda_pip_interop.errors import InteropError
from conda_pip_interop.findings.registry import find_all
from conda_pip_interop.resolve.uninstall import find_required, plan_uninstall, refuse_required
from tests.stories.tree import hash_tree
from tests.support.builders import PrefixBuilder
from tests.support.hosts import NoConda


@pytest.fixture
def built(tmp_path: Path) -> PrefixBuilder:
    built = PrefixBuilder(root=tmp_path / "env", python="3.11.7")
    built.conda_package("click", "8.1.7")
    return built


def target_of(built: PrefixBuilder) -> Target:
    return Target(prefix=built.root, name="web", is_base=False)


def plan(built: PrefixBuilder, *names: str, keep_deps: bool = False) -> Plan:
    snapshot = read_snapshot(built.root)
    return plan_uninstall(
        names,
        snapshot=snapshot,
        graph=read_graph(snapshot),
        target=target_of(built),
        keep_deps=keep_deps,
    )


def remove(built: PrefixBuilder, *names: str, keep_deps: bool = False) -> None:
    execute(plan(built, *names, keep_deps=keep_deps), target_of(built), NoConda())


def refuse(built: PrefixBuilder, *names: str) -> InteropError:
    before = hash_tree(built.root)
    with pytest.raises(InteropError) as caught:
        plan(built, *names)
    assert hash_tree(built.root) == before
    return caught.value


def hash_lib(built: PrefixBuilder) -> str:
    return hash_tree(built.root / "lib") + hash_tree(built.root / "bin")


def test_nothing_is_left_and_undo_restores_everything(built: PrefixBuilder) -> None:
    before = hash_lib(built)
    built.pip_package("Flask_Testing", "1", {"ft/__init__.py": "1", "/bin/ft": "x", "/etc/ft": ""})
    built.write(f"{built.site_packages}/ft/__pycache__/__init__.cpython-311.pyc", "c")
    there = hash_lib(built)
    remove(built, "flask.testing")
    assert hash_lib(built) == before
    assert not (built.root / "etc").exists()
    assert not (built.root / built.site_packages / "ft").exists()
    assert find_all(read_snapshot(built.root)) == ()
    (journal,) = read_journals(built.root)
    assert journal.title == "uninstall flask-testing"
    undo(built.root, journal.identifier)
    assert hash_lib(built) == there


def test_files_that_the_user_added_are_kept(built: PrefixBuilder) -> None:
    built.pip_package("tool", "1", {"tool/__init__.py": ""})
    notes = built.write(f"{built.site_packages}/tool/notes.txt", "mine")
    remove(built, "tool")
    assert notes.read_text() == "mine"


def test_what_only_the_removed_require_is_removed_unless_kept(
    built: PrefixBuilder,
) -> None:
    built.pip_package("app", "1", requires=("lib>=1", "click", "pip", "kept"))
    built.pip_package("lib", "1", requires=("deep",), requested=False)
    built.pip_package("deep", "1", requested=False)
    built.pip_package("pip", "1", requested=False)
    built.pip_package("kept", "1", requested=False)
    built.pip_package("other", "1", requires=("kept",))
    found = plan(built, "app")
    assert [(one.name, one.reason) for one in found.packages] == [
        ("app", "requested"),
        ("deep", "only required by lib"),
        ("lib", "only required by app"),
    ]
    assert [one.name for one in plan(built, "app", keep_deps=True).packages] == ["app"]
    assert render_plan("web", found) == (
        "## Plan for web\n\npip removes:\n"
        "  app   1  requested\n"
        "  deep  1  only required by lib\n"
        "  lib   1  only required by app\n"
        "\n"
        "Nothing else requires conda's click. To remove: `conda remove -n web click`."
    )


def test_an_override_is_not_removed_along(built: PrefixBuilder) -> None:
    built.pip_upgrade("click", "8.1.7", "8.2", requested=False)
    built.pip_package("app", "1", requires=("click",))
    assert [one.name for one in plan(built, "app").packages] == ["app"]


def test_dependents_that_stay_are_noted(built: PrefixBuilder) -> None:
    built.pip_package("six", "1")
    built.pip_package("app", "2", requires=("six>=1",))
    assert plan(built, "six").notes == ("Still required: pip's app 2 requires six >=1.",)
    assert plan(built, "six", "app").notes == ()


def test_what_stays_and_requires_it_is_named_in_a_refusal(built: PrefixBuilder) -> None:
    built.pip_package("six", "1")
    built.pip_package("app", "2", requires=("six>=1",))
    built.conda_package("tool", "3", requires=("six",))
    built.pip_package("idle", "1", requires=('six; extra == "x"',))
    graph = read_graph(read_snapshot(built.root))
    assert find_required(plan(built, "app"), graph) == {}
    required = find_required(plan(built, "six", "app"), graph)
    assert {name: [one.name for one in nodes] for name, nodes in required.items()} == {
        "six": ["tool"]
    }
    with pytest.raises(InteropError) as refused:
        refuse_required(required, graph, target_of(built))
    assert refused.value.code == "still-required"
    assert refused.value.message == (
        "six is still required by conda's tool 3 in web. Nothing was removed."
    )
    assert refused.value.hints == (
        "To remove it anyway: `conda pip uninstall -n web --force six`.",
    )
    refuse_required({}, graph, target_of(built))


def test_a_refusal_names_all_that_requires_it_so_that_its_command_works(
    built: PrefixBuilder,
) -> None:
    built.pip_package("six", "1")
    built.pip_package("lib", "2", requires=("six",))
    built.pip_package("app", "2", requires=("lib",))
    graph = read_graph(read_snapshot(built.root))
    with pytest.raises(InteropError) as refused:
        refuse_required(find_required(plan(built, "six"), graph), graph, target_of(built))
    assert "by pip's lib 2 in web" in refused.value.message
    hint = "To remove what requires it, too: `conda pip uninstall -n web six app lib`."
    assert refused.value.hints[1] == hint
    assert find_required(plan(built, "six", "app", "lib"), graph) == {}


def test_the_source_of_an_editable_install_is_kept(built: PrefixBuilder) -> None:
    url = {"url": "file:///src/app", "dir_info": {"editable": True}}
    built.pip_package("app", "1", {"__editable__.app-1.pth": "/src/app\n"}, direct_url=url)
    assert plan(built, "app").notes == ("app is editable: its source in /src/app is kept.",)
    before = hash_lib(built)
    remove(built, "app")
    assert hash_lib(built) != before
    assert not list((built.root / built.site_packages).glob("__editable__*"))


def test_files_that_others_list_are_kept(built: PrefixBuilder) -> None:
    built.conda_package("pytorch", "2", {"torch/__init__.py": "conda"}, dist_info=False)
    built.pip_package("torch", "2", {"torch/__init__.py": "pip", "torch/own.py": ""})
    built.pip_package("twin", "1", {"shared.py": "", "twin.py": ""})
    built.pip_package("other", "1", {"shared.py": "", "other.py": ""})
    found = plan(built, "torch", "twin")
    assert {one.path.rpartition("site-packages/")[2] for one in found.files} >= {
        "torch/own.py",
        "twin.py",
    }
    place = built.site_packages
    assert found.notes == (
        f"1 file is kept because conda's pytorch lists it too: {place}/torch/__init__.py.",
        f"1 file is kept because pip's other lists it too: {place}/shared.py.",
    )
    remove(built, "twin")
    assert (built.root / place / "shared.py").exists()


def test_what_pip_overwrote_of_conda_is_linked_again(built: PrefixBuilder) -> None:
    built.conda_package("pytorch", "2", {"torch/__init__.py": "conda"}, dist_info=False)
    built.conda_package("same", "1", {"ns/__init__.py": "same"}, dist_info=False)
    built.pip_package("torch", "2", {"torch/__init__.py": "pip", "ns/__init__.py": "same"})
    found = plan(built, "torch")
    assert [record.name for record in found.relinked] == ["pytorch"]
    assert "torch/__init__.py" not in " ".join(one.path for one in found.files)


def test_files_shared_by_removed_packages_are_removed(built: PrefixBuilder) -> None:
    before = hash_lib(built)
    built.pip_package("twin", "1", {"shared.py": "", "twin.py": ""})
    built.pip_package("other", "1", {"shared.py": "", "other.py": ""})
    remove(built, "twin", "other")
    assert hash_lib(built) == before


def test_all_distributions_of_a_name_are_removed(built: PrefixBuilder) -> None:
    before = hash_lib(built)
    built.pip_package("six", "1", {"six.py": "1"})
    built.pip_package("six", "2", {"six.py": "2"})
    remove(built, "six")
    assert hash_lib(built) == before


def test_conda_packages_are_refused_with_the_command_of_conda(built: PrefixBuilder) -> None:
    built.pip_package("six", "1")
    built.conda_package("py-opencv", "4", distribution="opencv-python")
    built.conda_package("ninja", "1", {"/bin/ninja": "x"}, dist_info=False)
    error = refuse(built, "click", "six", "opencv-python", "ninja")
    assert error.code == "condas"
    assert "click, opencv-python, ninja are installed by conda in web" in error.message
    assert error.hints == (
        "To remove with conda: `conda remove -n web click py-opencv ninja`.",
        "To remove only pip's: `conda pip uninstall -n web six`.",
    )


def test_missing_packages_are_refused_by_name(built: PrefixBuilder) -> None:
    error = refuse(built, "nope", "click", "nada")
    assert error.code == "not-installed"
    assert "nope, nada are not" in error.message


def test_an_override_is_refused_with_both_ways_to_fix_it(built: PrefixBuilder) -> None:
    built.pip_upgrade("click", "8.1.7", "8.2")
    error = refuse(built, "click")
    assert error.code == "overridden"
    assert "conda pip restore -n web click" in error.hints[0]
    assert "conda remove -n web click" in error.hints[1]


def test_packages_of_another_python_are_refused(built: PrefixBuilder) -> None:
    built.pip_package("six", "1")
    built.python_upgrade("3.12.1")
    error = refuse(built, "six")
    assert error.code == "stranded"
    assert "lib/python3.11/site-packages" in error.message


def test_without_a_record_nothing_is_removed(built: PrefixBuilder) -> None:
    built.pip_package("six", "1")
    (built.root / built.dist_info("six", "1") / "RECORD").unlink()
    error = refuse(built, "six")
    assert error.code == "no-record"
    install = "conda pip install -n web --force-reinstall six==1"
    assert error.hints[0] == f"To install it again first: `{install}`."
    built.write(f"{built.site_packages}/dev.egg-link", "/src/dev\n.\n")
    error = refuse(built, "dev")
    assert error.code == "no-record"
    assert error.hints[0].endswith("-m pip uninstall -y dev`."), "conda run has no terminal"


def test_a_record_that_leaves_the_environment_is_refused(built: PrefixBuilder) -> None:
    built.pip_package("six", "1")
    record = built.root / built.dist_info("six", "1") / "RECORD"
    with record.open("a") as file:
        file.write("../../../../../etc/passwd,,\n")
    error = refuse(built, "six")
    assert error.code == "outside"
    assert "etc/passwd" in error.message
    assert "outside of web" in error.message


def test_files_behind_a_link_are_not_called_outside(built: PrefixBuilder) -> None:
    built.pip_package("kit", "1", {"pk/a.py": ""})
    folder = built.root / built.place("pk")
    folder.rename(folder.with_name("real"))
    folder.symlink_to("real")
    error = refuse(built, "kit")
    assert error.code == "outside"
    assert "behind a symbolic link in web" in error.message


def test_a_stale_plan_is_not_executed(built: PrefixBuilder) -> None:
    built.pip_package("six", "1")
    found = plan(built, "six")
    built.pip_package("other", "1")
    before = hash_lib(built)
    with pytest.raises(InteropError) as caught:
        execute(found, target_of(built), NoConda())
    assert caught.value.code == "stale-plan"
    assert hash_lib(built) == before
