"""Markers follow the policy and the user's request; another tool's are not changed."""

from __future__ import annotations

import importlib.readers  # noqa: F401 - a child of another user may not be able to read it
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from conda_pip_interop import __version__
from conda_pip_interop.changes.state import State, read_state, state_file, write_state
from conda_pip_interop.environment.prefix import read_prefix
from conda_pip_interop.environment.target import Target
from conda_pip_interop.errors import InteropError
from conda_pip_interop.protection.markers import Ours, read_marker
from conda_pip_interop.protection.policy import Policy
from conda_pip_interop.protection.protect import (
    REQUESTED,
    Protection,
    explain_leaving,
    has_our_marker,
    is_wanted,
    protect,
    remove_our_markers,
    settle_marker,
    unprotect,
)
from tests.support.builders import PrefixBuilder
from tests.support.reconciling import reconcile
from tests.support.trees import NOBODY, read_tree, run_in_child

MARKER = "lib/python3.11/EXTERNALLY-MANAGED"
FOREIGN = "[externally-managed]\nError=by an administrator\n"
WEB = Policy(protect=("web",), protect_source="/home/me/.condarc")


@pytest.fixture
def built(tmp_path: Path) -> PrefixBuilder:
    return PrefixBuilder(root=tmp_path / "web")


@pytest.fixture
def web(built: PrefixBuilder) -> Target:
    return target_of(built.root)


def target_of(prefix: Path, *, is_base: bool = False) -> Target:
    return Target(prefix=prefix, name=prefix.name, is_base=is_base)


def source_of(target: Target) -> str | None:
    """Return why the environment has a marker of ours; None if it has none."""
    marker = read_marker(read_prefix(target.prefix))
    return marker.policy if isinstance(marker, Ours) else None


@pytest.mark.parametrize("command", [protect, unprotect])
def test_an_environment_of_somebody_else_is_not_writable(
    shared_folder: Path, command: Callable[[Target, Policy], Protection]
) -> None:
    built = PrefixBuilder(root=shared_folder / "web", python="3.11.7")
    target = Target(prefix=built.root, name="web", is_base=False)
    if command is unprotect:
        protect(target, Policy())
    (built.root / "lib/python3.11").chmod(0o555)

    def work() -> None:
        with pytest.raises(InteropError) as caught:
            command(target, Policy())
        assert caught.value.code == "not-writable"
        assert str(built.root) in caught.value.message

    tree = read_tree(built.root)
    assert run_in_child(work, user=NOBODY) == 0
    assert read_tree(built.root) == tree


def test_the_policy_writes_a_marker_and_takes_it_back(web: Target) -> None:
    clean = read_tree(web.prefix)
    assert settle_marker(web, Policy()) == "none"
    assert read_tree(web.prefix) == clean
    assert settle_marker(web, WEB) == "written"
    marker = read_marker(read_prefix(web.prefix))
    assert isinstance(marker, Ours)
    assert (marker.policy, marker.version) == ("/home/me/.condarc", __version__)
    settled = read_tree(web.prefix)
    assert settle_marker(web, WEB) == "none"
    assert read_tree(web.prefix) == settled
    assert settle_marker(web, Policy()) == "removed"
    assert read_tree(web.prefix) == clean


def test_the_marker_has_the_environment_and_the_message_of_the_policy(tmp_path: Path) -> None:
    for folder, is_base, told in (("web", False, "%conda"), ("base", True, "conda create -n NEW")):
        target = target_of(PrefixBuilder(root=tmp_path / folder).root, is_base=is_base)
        settle_marker(target, Policy(protect=("all",), message="Ask the data team."))
        text = (target.prefix / MARKER).read_text()
        assert told in text
        assert f"conda pip unprotect -n {folder}" in text
        assert text.endswith("Ask the data team.\n")
        assert ("%conda" in text) is not is_base


def test_a_marker_with_an_older_message_is_written_again(web: Target) -> None:
    settle_marker(web, WEB)
    other = Policy(protect=("web",), protect_source="/home/me/.condarc", message="Ask first.")
    assert settle_marker(web, other) == "written"
    assert "Ask first." in (web.prefix / MARKER).read_text()


def test_another_tools_marker_is_never_changed(built: PrefixBuilder, web: Target) -> None:
    built.write(MARKER, FOREIGN)
    before = read_tree(built.root)
    assert settle_marker(web, WEB) == settle_marker(web, Policy()) == "none"
    remove_our_markers(built.root)
    found = protect(web, WEB)
    assert (found.change, found.message) == (
        "none",
        f"web is already protected: another tool created the marker {MARKER}.",
    )
    with pytest.raises(InteropError) as refused:
        unprotect(web, Policy())
    assert refused.value.code == "foreign-marker"
    assert "another tool" in refused.value.message
    assert read_tree(built.root) == before


def test_a_marker_that_packages_of_condas_list_is_theirs_whoever_wrote_it(
    built: PrefixBuilder, web: Target
) -> None:
    protect(web, Policy())
    for name in ("managed-env", "other-env"):
        built.conda_record(name, "1", (MARKER,))
    before = read_tree(built.root)
    assert protect(web, WEB).message == (
        f"web is already protected: conda's managed-env created the marker {MARKER}."
    )
    with pytest.raises(InteropError, match="conda's managed-env"):
        unprotect(web, Policy())
    assert read_tree(built.root) == before


def test_an_environment_without_python_has_nothing_to_protect(tmp_path: Path) -> None:
    (tmp_path / "tools/conda-meta").mkdir(parents=True)
    target = target_of(tmp_path / "tools")
    assert settle_marker(target, Policy(protect=("all",))) == "none"
    with pytest.raises(InteropError) as refused:
        protect(target, Policy())
    assert refused.value.code == "no-python"
    assert "`conda install -n tools python`" in refused.value.hints[0]
    assert unprotect(target, Policy()).message == "tools is not protected."
    assert [*(tmp_path / "tools").rglob("*")] == [tmp_path / "tools/conda-meta"]


def test_after_an_upgrade_of_python_its_marker_moves_and_empty_folders_go(
    built: PrefixBuilder, web: Target
) -> None:
    settle_marker(web, WEB)
    built.python_upgrade("3.12.1")
    (built.root / "lib/python3.11/site-packages/README.txt").unlink()
    (built.root / "lib/python3.11/site-packages").rmdir()
    assert settle_marker(web, WEB) == "written"
    assert source_of(web) == "/home/me/.condarc"
    assert not (built.root / "lib/python3.11").exists()
    assert (built.root / "lib/python3.12/site-packages").is_dir()


def test_where_python_is_gone_so_are_the_folders_that_only_had_its_marker(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path / "web")
    web = target_of(built.root)
    settle_marker(web, WEB)
    for path in ("bin/python", "lib/python3.11/os.py", f"{built.site_packages}/README.txt"):
        (built.root / path).unlink()
    next((built.root / "conda-meta").glob("python-*.json")).unlink()
    (built.root / built.site_packages).rmdir()
    assert settle_marker(web, WEB) == "removed"
    assert not (built.root / "lib").exists()


def test_the_base_environment_is_told_by_what_it_is_not_by_its_name(tmp_path: Path) -> None:
    root = PrefixBuilder(root=tmp_path / "conda").root
    for is_base in (True, False):
        target = Target(prefix=root, name=None, is_base=is_base)
        assert is_wanted(target, Policy()) is is_base


def test_a_former_pythons_marker_goes_and_what_is_beside_it_stays(
    built: PrefixBuilder, web: Target
) -> None:
    settle_marker(web, WEB)
    built.python_upgrade("3.12.1")
    former = built.write("lib/python3.10/EXTERNALLY-MANAGED", FOREIGN)
    assert settle_marker(web, Policy()) == "removed"
    assert not (built.root / MARKER).exists()
    assert (built.root / "lib/python3.11/site-packages/README.txt").is_file()
    assert former.read_text() == FOREIGN


def test_a_requested_marker_outlives_the_policy_and_python_but_is_not_cloned(
    built: PrefixBuilder, web: Target, tmp_path: Path
) -> None:
    assert protect(web, Policy()).change == "written"
    assert source_of(web) == REQUESTED
    shutil.copytree(built.root, tmp_path / "copy")
    assert settle_marker(web, Policy()) == "none"
    built.python_upgrade("3.12.1")
    assert settle_marker(web, Policy()) == "written"
    assert source_of(web) == REQUESTED
    copy = target_of(tmp_path / "copy")
    assert source_of(copy) == REQUESTED
    assert settle_marker(copy, Policy()) == "removed"
    assert source_of(copy) is None


def test_who_asks_twice_is_told_and_nothing_is_written(web: Target) -> None:
    first = protect(web, Policy())
    assert first.message == "web is now protected: pip refuses to install into it."
    assert not state_file(web.prefix).exists(), "there is nothing to remember"
    before = read_tree(web.prefix)
    assert protect(web, Policy()) == Protection(message="web is already protected.", change="none")
    assert read_tree(web.prefix) == before
    assert protect(web, WEB).change == "written", "it is the policy's from now on"
    assert source_of(web) == "/home/me/.condarc"


def test_unprotecting_is_kept_until_somebody_protects_again(tmp_path: Path) -> None:
    base = target_of(PrefixBuilder(root=tmp_path / "base").root, is_base=True)
    settle_marker(base, Policy())
    write_state(base.prefix, State(announced=True))
    gone = unprotect(base, Policy())
    assert gone == Protection(
        message="base is no longer protected: pip can install into it.", change="removed"
    )
    assert read_state(base.prefix) == State(announced=True, unprotected=True)
    assert not is_wanted(base, Policy())
    assert is_wanted(base, Policy(protect_source="/etc/conda/.condarc")), "somebody's own policy"
    assert settle_marker(base, Policy()) == "none"
    assert unprotect(base, Policy()).change == "none"
    assert protect(base, Policy()).change == "written"
    assert source_of(base) == "default"
    assert read_state(base.prefix) == State(announced=True)
    assert is_wanted(base, Policy())


def test_what_no_policy_wants_is_unprotected_without_a_note(web: Target) -> None:
    protect(web, Policy())
    assert unprotect(web, Policy()).change == "removed"
    assert source_of(web) is None
    assert not read_state(web.prefix).unprotected


def test_where_somebody_set_the_policy_unprotecting_is_refused(web: Target) -> None:
    policy = Policy(protect=("prod-*", "web"), protect_source="/etc/conda/.condarc")
    settle_marker(web, policy)
    before = read_tree(web.prefix)
    with pytest.raises(InteropError) as refused:
        unprotect(web, policy)
    assert refused.value.code == "policy-forbids"
    assert "is set to prod-*, web by /etc/conda/.condarc" in refused.value.message
    assert read_tree(web.prefix) == before
    elsewhere = Policy(protect=("prod-*",), protect_source="/etc/conda/.condarc")
    assert unprotect(web, elsewhere).change == "removed"


def test_leaving_names_the_environments_that_lose_their_marker(tmp_path: Path) -> None:
    assert explain_leaving([]) == ()
    targets = [target_of(PrefixBuilder(root=tmp_path / f"e{n}").root) for n in range(7)]
    targets += [target_of(tmp_path / "missing")]
    assert explain_leaving(targets) == ()
    for number, target in enumerate(targets[:7]):
        protect(target, Policy())
        (told,) = explain_leaving(targets)
        names = ", ".join(f"e{n}" for n in range(min(number, 4) + 1))
        more = {5: " and 1 more", 6: " and 2 more"}.get(number, "")
        assert told == (
            f"The protection is removed too, from {names}{more}: plain pip can install there again."
        )


def test_leaving_names_what_pip_has_replaced(built: PrefixBuilder, web: Target) -> None:
    built.conda_package("click", "8.1")
    built.pip_upgrade("click", "8.1", "8.2")
    assert explain_leaving([web]) == ()  # conda's record is still as conda wrote it
    reconcile(built.root)
    (told,) = explain_leaving([web])
    assert told == (
        "web: pip has replaced or removed conda's click, which conda does not see without this "
        "plugin. To bring back conda's first: conda pip restore -n web click"
    )


def test_leaving_removes_every_marker_of_ours(built: PrefixBuilder, web: Target) -> None:
    protect(web, Policy())
    built.python_upgrade("3.12.1")
    protect(web, Policy())
    assert (built.root / MARKER).is_file()
    assert has_our_marker(built.root)
    remove_our_markers(built.root)
    assert not [*built.root.rglob("EXTERNALLY-MANAGED")]
    assert not has_our_marker(built.root)
