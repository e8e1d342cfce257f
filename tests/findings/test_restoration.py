"""Plans that fix findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conda_pip_interop.changes.originals import original_path
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.environment.target import Target
from conda_pip_interop.errors import InteropError
from conda_pip_interop.findings.restoration import plan_restore
from tests.support.builders import PrefixBuilder
from tests.support.plans import describe_files, describe_packages
from tests.support.reconciling import reconcile

if TYPE_CHECKING:
    from pathlib import Path

    from conda_pip_interop.changes.plan import Plan


def restore(built: PrefixBuilder, *names: str) -> Plan:
    target = Target(prefix=built.root, name="web", is_base=False)
    return plan_restore(names, snapshot=read_snapshot(built.root), target=target)


def test_a_restore_knows_the_names_of_conda_and_of_pypi(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    built.conda_package("py-victim", "1.0", {"victim/a.py": "1"}, distribution="victim")
    snapshot = read_snapshot(built.root)
    target = Target(prefix=built.root, name=None, is_base=False)
    built.conda_package("only_condas", "1.0", {"bin/tool": "1"}, dist_info=False)
    snapshot = read_snapshot(built.root)
    for name in ("py-victim", "victim", "Victim", "only_condas", "only-condas"):
        assert not plan_restore([name], snapshot=snapshot, target=target).steps
    with pytest.raises(InteropError) as refused:
        plan_restore(["other"], snapshot=snapshot, target=target)
    assert refused.value.code == "not-conda"
    assert refused.value.hints == (f"To install it: `conda pip install -p {built.root} other`.",)
    with pytest.raises(InteropError) as mistyped:
        plan_restore(["pyvictim"], snapshot=snapshot, target=target)
    assert mistyped.value.hints == ("Did you mean py-victim?",)


def replace_click(built: PrefixBuilder) -> None:
    built.conda_package("click", "8.0", {"click/a.py": "8.0"})
    built.pip_upgrade("click", "8.0", "8.1", {"click/a.py": "8.1", "click/b.py": "8.1"})


@pytest.mark.parametrize("settled", [False, True])
def test_what_pip_put_in_the_place_of_a_package_goes_and_the_package_comes(
    tmp_path: Path, *, settled: bool
) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    replace_click(built)
    built.conda_package("other", "1")
    if settled:
        reconcile(built.root)
    plan = restore(built, "click")
    assert plan.title == "restore click"
    reasons = {type(one).__name__: one.reason for one in plan.packages}
    assert reasons == {
        "LinkConda": "the package of conda's record",
        "RemovePip": "replaced by conda's click",
    }
    assert describe_packages(plan) == ["link click 8.0", "remove click 8.1"]
    removed = set(describe_files(plan))
    assert {f"remove {built.place(path)}" for path in ("click/a.py", "click/b.py")} <= removed
    (click,) = plan.relinked
    assert (f"remove {original_path(click)}" in removed) is settled


def test_a_damaged_package_is_linked_again(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    built.conda_package("tool", "1", {"/bin/tool": "x"}, dist_info=False)
    assert restore(built, "tool").is_empty
    (built.root / "bin/tool").unlink()
    plan = restore(built, "tool")
    assert (describe_packages(plan), describe_files(plan)) == (["link tool 1"], [])


def test_pips_without_a_list_of_its_files_is_not_taken_away(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    replace_click(built)
    record = built.root / built.dist_info("click", "8.1") / "RECORD"
    record.unlink()
    for fault in ("it has no RECORD", "RECORD lists no files"):
        with pytest.raises(InteropError) as refused:
            restore(built, "click")
        assert refused.value.code == "no-record"
        assert f"pip's click 8.1 in web: {fault}, so its files" in refused.value.message
        assert "`conda pip repair -n web click`" in refused.value.hints[0]
        record.write_text("")


@pytest.mark.parametrize("settled", [False, True])
@pytest.mark.parametrize("name", ["kit", "other"])
def test_a_restore_gives_back_what_pips_package_overwrote_of_others(
    tmp_path: Path, name: str, *, settled: bool
) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    built.conda_package("kit", "1.0", {"kit.py": "1"})
    built.conda_package("other", "1.0", {"other.py": "conda"}, dist_info=False)
    built.pip_upgrade("kit", "1.0", "2.0", {"kit.py": "2", "other.py": "pip"})
    if settled:
        reconcile(built.root)
    plan = restore(built, name)
    assert sorted(describe_packages(plan)) == ["link kit 1.0", "link other 1.0", "remove kit 2.0"]
    assert f"remove {built.place('kit.py')}" in describe_files(plan)


def test_a_restore_removes_the_package_of_another_name_that_overwrote_files(
    tmp_path: Path,
) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    built.conda_package("tool", "1", {"/bin/frob": "conda"}, dist_info=False)
    built.pip_package("frob", "2", {"/bin/frob": "pip", "frob.py": "pip"})
    plan = restore(built, "tool")
    assert describe_packages(plan) == ["link tool 1", "remove frob 2"]
    (removal,) = (one for one in plan.packages if one.name == "frob")
    assert removal.reason == "overwrites tool"
    assert f"remove {built.place('frob.py')}" in describe_files(plan)
