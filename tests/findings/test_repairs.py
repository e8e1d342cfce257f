"""`conda pip repair` plans what each finding needs, and refuses what it cannot do."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from conda_pip_interop.changes.execute import execute
from conda_pip_interop.changes.originals import original_path
from conda_pip_interop.changes.plan import InstallPip, Plan
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.environment.target import Target
from conda_pip_interop.errors import InteropError
from conda_pip_interop.findings.base import Finding
from conda_pip_interop.findings.registry import find_all
from conda_pip_interop.findings.repairs import plan_repair
from tests.support.builders import PrefixBuilder, hash_of
from tests.support.extracted_packages import link, write_history
from tests.support.hosts import NoConda
from tests.support.plans import describe_files, describe_packages
from tests.support.reconciling import reconcile


@pytest.fixture
def built(tmp_path: Path) -> PrefixBuilder:
    return PrefixBuilder(root=tmp_path / "web")


def repair(
    built: PrefixBuilder, *names: str, clean_up: bool = False, package: Path | None = None
) -> Plan:
    return plan_repair(
        names,
        snapshot=read_snapshot(built.root),
        target=target_of(built),
        clean_up=clean_up,
        fetch=lambda _linked: package,
    )


def target_of(built: PrefixBuilder) -> Target:
    return Target(prefix=built.root, name="web", is_base=False)


def refusal(built: PrefixBuilder, *names: str, clean_up: bool = False) -> InteropError:
    with pytest.raises(InteropError) as refused:
        repair(built, *names, clean_up=clean_up)
    return refused.value


def find_one(built: PrefixBuilder) -> Finding:
    (finding,) = find_all(read_snapshot(built.root))
    return finding


def delete(built: PrefixBuilder, path: str) -> None:
    (built.root / built.place(path)).unlink()


def place_all(built: PrefixBuilder, *paths: str) -> list[str]:
    return sorted(map(built.place, paths))


def test_where_nothing_is_broken_nothing_is_planned(built: PrefixBuilder) -> None:
    built.conda_package("click", "8.1")
    built.pip_package("six", "1.16")
    assert repair(built).is_empty


def test_what_pip_installed_is_installed_again_from_where_it_came(built: PrefixBuilder) -> None:
    built.pip_package("six", "1.16", {"six.py": "2"})
    built.pip_package("other", "1", {"other.py": "2"})
    for path in ("six.py", "other.py"):
        delete(built, path)
    plan = repair(built, "Six")
    assert describe_packages(plan) == ["install six 1.16"]
    (step,) = plan.packages
    assert isinstance(step, InstallPip)
    assert step.distribution is not None
    assert step.distribution.metadata == built.dist_info("six", "1.16")
    assert describe_packages(repair(built)) == ["install other 1", "install six 1.16"]


def test_what_conda_linked_is_linked_again(built: PrefixBuilder) -> None:
    built.conda_package("tool", "1", {"/bin/tool": "x", "/share/tool": "y"}, dist_info=False)
    (built.root / "bin/tool").unlink()
    finding = find_one(built)
    assert finding.remedy == (("conda", "pip", "repair", "tool"),)
    assert finding.details == {"missing": 1, "overwritten": 0}
    plan = repair(built, "tool")
    assert describe_packages(plan) == ["link tool 1"]
    assert [record.name for record in plan.relinked] == ["tool"]


def test_a_file_on_which_two_packages_disagree_is_damaged_if_it_is_of_neither(
    built: PrefixBuilder,
) -> None:
    built.conda_package("one", "1", {"/share/x": "one"}, dist_info=False)
    built.conda_package("two", "1", {"/share/x": "two"}, dist_info=False)
    assert find_all(read_snapshot(built.root)) == ()
    built.write("share/x", "neither")
    found = find_all(read_snapshot(built.root))
    assert [(one.kind, one.conda_name, one.details["overwritten"]) for one in found] == [
        ("damaged", "one", 1),
        ("damaged", "two", 1),
    ]
    assert found[0].summary == "conda's one 1 is damaged: 1 of its files is overwritten."


def test_metadata_that_is_a_folder_has_to_be_moved_first(built: PrefixBuilder) -> None:
    built.pip_package("six", "1.16")
    metadata = built.root / built.dist_info("six", "1.16") / "METADATA"
    metadata.unlink()
    metadata.mkdir()
    finding = find_one(built)
    assert (finding.kind, finding.details) == ("damaged", {"blocked": [str(metadata)]})
    assert repair(built).steps == ()
    with pytest.raises(InteropError, match="Nothing was repaired") as refused:
        repair(built, "six")
    assert f"mv {metadata} {metadata}.moved && conda pip repair" in refused.value.hints[0]


def test_metadata_that_cannot_be_read_is_damage(built: PrefixBuilder) -> None:
    built.pip_package("six", "1.16")
    (built.root / built.dist_info("six", "1.16") / "METADATA").write_bytes(b"\xff")
    finding = find_one(built)
    assert (finding.kind, finding.details) == ("damaged", {"outside": []})
    assert "six 1.16 cannot be read: METADATA" in finding.summary
    assert describe_packages(repair(built)) == ["install six 1.16"]


def test_pips_vanished_package_of_condas_is_linked_again(built: PrefixBuilder) -> None:
    built.conda_package("click", "8.1")
    built.pip_uninstall("click", "8.1")
    finding = find_one(built)
    assert (finding.kind, finding.conda_name, finding.project) == ("vanished", "click", "click")
    assert finding.conda_version == "8.1"
    assert describe_packages(repair(built, "click")) == ["link click 8.1"]


@pytest.mark.parametrize(
    ("on_disk", "counted", "linked"),
    [
        ("pip", {"pip": 1}, ["link pytorch 2.0"]),
        ("conda", {"conda": 1}, []),
        ("edited", {"other": 1}, ["link pytorch 2.0"]),
        (None, {"absent": 1}, ["link pytorch 2.0"]),
        ("a folder", {"unknown": 1}, ["link pytorch 2.0"]),
    ],
)
def test_what_pip_put_over_condas_goes_and_condas_comes_back(
    built: PrefixBuilder, on_disk: str | None, counted: dict[str, int], linked: list[str]
) -> None:
    built.conda_package("pytorch", "2.0", {"torch/a.py": "conda"}, distribution="pytorch")
    built.pip_package("torch", "2.1", {"torch/a.py": "pip", "torch/b.py": "pip"})
    path = built.root / built.place("torch/a.py")
    path.unlink()
    if on_disk == "a folder":
        path.mkdir()
    elif on_disk is not None:
        path.write_text(on_disk)
    finding = next(one for one in find_all(read_snapshot(built.root)) if one.kind == "clobbered")
    assert finding.details == {"on_disk": counted}
    assert finding.remedy == (("conda", "pip", "uninstall", "torch"),)
    (evidence,) = finding.evidence
    assert evidence.claimed_by == ("conda:pytorch", "pip:torch")
    assert evidence.expected == hash_of(b"conda")
    plan = finding.repair(read_snapshot(built.root))
    assert plan is not None
    assert describe_packages(plan) == [*linked, "remove torch 2.1"]
    info = built.dist_info("torch", "2.1")
    metadata = [f"{info}/{name}" for name in ("INSTALLER", "METADATA", "RECORD", "REQUESTED")]
    removed = [one for one in describe_files(plan) if "torch/" not in one or "b.py" in one]
    assert removed == [f"remove {path}" for path in (*metadata, built.place("torch/b.py"))]
    assert f"remove {built.place('torch/a.py')}" not in describe_files(plan), "conda lists it"


@pytest.mark.parametrize("fault", ["METADATA", "a file", "a requirement"])
@pytest.mark.parametrize("named", [False, True])
def test_what_goes_is_not_installed_again_whatever_else_is_wrong_with_it(
    built: PrefixBuilder, fault: str, named: bool
) -> None:
    built.conda_package("pytorch", "2.0", {"torch/a.py": "conda"}, distribution="pytorch")
    requires = ("not-there",) if fault == "a requirement" else ()
    files = {"torch/a.py": "pip", "torch/b.py": "pip"}
    built.pip_package("torch", "2.1", files, requires=requires)
    if fault == "METADATA":
        (built.root / built.dist_info("torch", "2.1") / "METADATA").write_text("")
    elif fault == "a file":
        delete(built, "torch/b.py")
    found = {one.kind: one for one in find_all(read_snapshot(built.root))}
    assert len(found) == 2
    if fault != "a requirement":
        assert found["damaged"].remedy == (("conda", "pip", "uninstall", "torch"),)
    elif named:
        return
    plan = repair(built, *(["torch"] if named else []))
    assert describe_packages(plan) == ["link pytorch 2.0", "remove torch 2.1"]
    assert plan.requirements == ()


def test_the_files_of_a_newer_installation_stay_where_an_older_one_is_repaired(
    built: PrefixBuilder,
) -> None:
    built.conda_package("pytorch", "2.0", {"torch/a.py": "conda"}, distribution="pytorch")
    built.pip_package("torch", "2.1", {"torch/a.py": "pip", "torch/b.py": "pip"})
    built.pip_package("torch", "2.2", {"torch/b.py": "pip", "torch/c.py": "pip"})
    snapshot = read_snapshot(built.root)
    finding = next(one for one in find_all(snapshot) if one.kind == "clobbered")
    plan = finding.repair(snapshot)
    assert plan is not None
    assert "remove torch 2.1" in describe_packages(plan)
    older, newer = built.dist_info("torch", "2.1"), built.dist_info("torch", "2.2")
    assert f"remove {older}/RECORD" in describe_files(plan)
    kept = (f"{newer}/RECORD", built.place("torch/b.py"), built.place("torch/c.py"))
    assert not {f"remove {path}" for path in kept} & set(describe_files(plan))


@pytest.mark.parametrize("is_damaged", [False, True])
def test_what_pip_put_over_another_part_of_the_package_is_said_to_go(
    built: PrefixBuilder, is_damaged: bool
) -> None:
    files = {
        "one.py": "1",
        "two.py": "2",
        "two-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: two\nVersion: 1.0\n",
        "two-1.0.dist-info/RECORD": "two.py,,\ntwo-1.0.dist-info/RECORD,,\n",
    }
    built.conda_package("multi", "1.0", files, distribution="one")
    built.pip_upgrade("two", "1.0", "2.0", {"two.py": "new"})
    reconcile(built.root)
    if is_damaged:
        delete(built, "one.py")
    else:
        shutil.rmtree(built.root / built.dist_info("one", "1.0"))
    assert describe_packages(repair(built)) == ["link multi 1.0", "remove two 2.0"]


def test_namespace_modules_of_conda_come_back_with_its_package(built: PrefixBuilder) -> None:
    namespace = "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n"
    files = {"ns/__init__.py": namespace, "ns/a.py": "conda"}
    built.conda_package("ns-a", "1", files)
    built.pip_package("ns-b", "1", {"ns/__init__.py": "", "ns/a.py": "pip"})
    built.write(built.place("ns/a.py"), "conda")
    plan = repair(built)
    assert describe_packages(plan) == ["link ns-a 1", "remove ns-b 1"]


def test_pips_that_replaced_one_package_and_harms_another_is_restored(built: PrefixBuilder) -> None:
    built.conda_package("kit", "1.0", {"kit.py": "1"})
    built.conda_package("other", "1.0", {"other.py": "conda"}, dist_info=False)
    built.pip_upgrade("kit", "1.0", "2.0", {"kit.py": "2", "other.py": "pip"})
    found = {one.kind: one for one in find_all(read_snapshot(built.root))}
    assert found["clobbered"].remedy == (("conda", "pip", "restore", "kit"),)
    assert found["clobbered"].restores is found["overridden"].record
    plan = repair(built)
    assert describe_packages(plan) == ["link kit 1.0", "link other 1.0", "remove kit 2.0"]
    assert not [one for one in describe_files(plan) if one.startswith("write")], "no override"


def test_pips_of_another_python_are_installed_again_and_their_files_removed(
    built: PrefixBuilder,
) -> None:
    for name in ("six", "click"):
        built.pip_package(name, "1", {f"{name}.py": name, f"/bin/{name}": name})
    before = built.site_packages
    built.python_upgrade("3.12.1")
    plan = repair(built)
    assert describe_packages(plan) == ["install click 1", "install six 1"]
    files = describe_files(plan)
    assert f"remove {before}/six.py" in files
    assert all(one.startswith(f"remove {before}/") for one in files), "scripts are overwritten"
    assert plan.notes == (f"Removes {len(files)} files of another Python from lib/python3.11.",)
    stranded = [one.distribution for one in plan.packages if isinstance(one, InstallPip)]
    assert {one and one.site_packages for one in stranded} == {before}
    alone = repair(built, "six")
    assert (describe_packages(alone), describe_files(alone)) == (["install six 1"], [])


def test_what_this_python_has_already_is_only_removed_from_the_other(built: PrefixBuilder) -> None:
    built.pip_package("six", "1.16", {"six.py": "old"})
    before = built.site_packages
    built.python_upgrade("3.12.1")
    assert find_one(built).remedy == (("conda", "pip", "repair", "six"),)
    built.pip_package("six", "1.17", {"six.py": "new"})
    finding = find_one(built)
    assert finding.details == {"present_version": "1.17"}
    assert finding.remedy == (("conda", "pip", "repair"),)
    plan = repair(built)
    assert describe_packages(plan) == []
    execute(plan, target_of(built), NoConda())
    assert find_all(read_snapshot(built.root)) == ()
    assert not (built.root / before / "six.py").exists()
    assert (built.root / built.place("six.py")).read_text() == "new"


def test_without_python_what_pip_left_cannot_be_installed_again(built: PrefixBuilder) -> None:
    built.pip_package("six", "1.16")
    (built.root / "bin/python").unlink()
    next((built.root / "conda-meta").glob("python-*.json")).unlink()
    assert find_one(built).summary.endswith("Python is gone.")


def test_what_is_required_and_not_there_is_installed_once(built: PrefixBuilder) -> None:
    built.pip_package("app", "1", requires=("numpy[all]>=2; python_version > '3'",))
    finding = find_one(built)
    assert finding.details == {
        "requirement": 'numpy[all]>=2; python_version > "3"',
        "installed": None,
    }
    plan = repair(built, "app")
    assert (plan.steps, plan.requirements) == ((), ("numpy[all]>=2",))
    assert not plan.is_empty


def test_what_comes_back_is_not_required_besides(built: PrefixBuilder) -> None:
    built.conda_package("python-click", "8.1", distribution="click")
    built.conda_package("attrs", "23", {"attrs.py": "1"})
    for name, version in (("click", "8.1"), ("attrs", "23")):
        built.pip_uninstall(name, version)
    built.pip_package("six", "1", {"six.py": "x"})
    delete(built, "six.py")
    requires = ("attrs", "click", "python-click", "six>=2", "numpy")
    built.pip_package("app", "1", requires=requires)
    plan = repair(built)
    links = ["link attrs 23", "link python-click 8.1"]
    assert describe_packages(plan) == ["install six 1", *links]
    assert plan.requirements == ("numpy",)


def test_condas_package_comes_back_if_only_that_is_accepted(built: PrefixBuilder) -> None:
    built.conda_package("numpy", "1.26")
    built.conda_package("app", "1", {"/bin/app": ""}, dist_info=False, depends=["numpy <2"])
    built.pip_upgrade("numpy", "1.26", "2.0")
    reconcile(built.root)
    finding = find_one(built)
    assert (finding.kind, finding.conda_name) == ("unmet", "app")
    assert finding.summary == (
        "conda's app 1 requires numpy<2, but pip's numpy 2.0 replaced conda's."
    )
    assert finding.details == {"requirement": "numpy<2", "installed": "2.0"}
    assert finding.remedy == (("conda", "pip", "restore", "numpy"),)
    assert finding.key.endswith(":numpy<2")
    plan = repair(built, "app")
    assert describe_packages(plan) == ["link numpy 1.26", "remove numpy 2.0"]
    (numpy,) = plan.relinked
    assert f"remove {original_path(numpy)}" in describe_files(plan)


def test_where_condas_package_is_not_accepted_either_one_that_is_is_installed(
    built: PrefixBuilder,
) -> None:
    built.conda_package("numpy", "1.26")
    depends = ["numpy >=3,<4", "six", "numpy-base"]
    built.conda_package("app", "1", {"/bin/app": ""}, dist_info=False, depends=depends)
    built.pip_upgrade("numpy", "1.26", "2.0")
    reconcile(built.root)
    finding = find_one(built)
    assert finding.remedy == (("conda", "pip", "install", "numpy<4,>=3"),)
    assert finding.restores is None
    assert repair(built).requirements == ("numpy<4,>=3",)


def test_a_requirement_is_told_once_though_both_metadata_have_it(built: PrefixBuilder) -> None:
    built.conda_package("numpy", "1.26")
    built.conda_package("pandas", "2", requires=("numpy<2",), depends=["numpy <2"])
    built.pip_upgrade("numpy", "1.26", "2.0")
    reconcile(built.root)
    finding = find_one(built)
    assert finding.summary == "conda's pandas 2 requires numpy<2, but pip's numpy is 2.0."
    assert finding.remedy == (("conda", "pip", "restore", "numpy"),)
    assert describe_packages(repair(built)) == ["link numpy 1.26", "remove numpy 2.0"]


def test_older_metadata_of_pips_goes_and_what_the_newer_lists_stays(built: PrefixBuilder) -> None:
    built.pip_package("idna", "3.10", {"idna/a.py": "3.10", "idna/old.py": "x"})
    built.pip_package("idna", "3.11", {"idna/a.py": "3.11"})
    finding = find_one(built)
    assert finding.remedy == (("conda", "pip", "repair", "idna"),)
    assert finding.summary == (
        f"pip's idna is there twice: {built.dist_info('idna', '3.10')} is left over beside 3.11, "
        "whose files are installed."
    )
    execute(repair(built, "idna"), target_of(built), NoConda())
    assert find_all(read_snapshot(built.root)) == ()
    assert not (built.root / built.dist_info("idna", "3.10")).exists()
    assert not (built.root / built.place("idna/old.py")).exists()
    assert (built.root / built.place("idna/a.py")).read_text() == "3.11"


def test_what_may_be_somebodys_is_removed_only_if_asked_for(built: PrefixBuilder) -> None:
    built.write(built.place("~notes.txt"), "mine")
    finding = find_one(built)
    assert (finding.automatic, finding.remedy) == (False, (("conda", "pip", "repair"),))
    assert built.place("~notes.txt") in finding.summary
    reconcile(built.root)
    assert (built.root / built.place("~notes.txt")).read_text() == "mine"
    assert describe_files(repair(built)) == [f"remove {built.place('~notes.txt')}"]


def test_what_pip_replaced_is_said_to_stay_and_how_condas_comes_back(built: PrefixBuilder) -> None:
    for name in ("click", "six"):
        built.conda_package(name, "1.0")
        built.pip_upgrade(name, "1.0", "2.0")
    plan = repair(built)
    assert [(one.name, one.version, one.reason) for one in plan.packages] == [
        ("click", "2.0", "conda's record of click will list its files"),
        ("six", "2.0", "conda's record of six will list its files"),
    ]
    assert plan.notes == (
        "To go back to conda's version instead: conda pip restore -n web click six",
    )


def test_what_is_not_broken_is_refused_with_what_can_be_done(built: PrefixBuilder) -> None:
    built.conda_package("python-click", "8.1", distribution="click")
    built.conda_package("kit", "1.0")
    built.pip_upgrade("kit", "1.0", "2.0")
    reconcile(built.root)
    built.pip_package("six", "1.16")
    told = {name: refusal(built, name) for name in ("Click", "kit", "six", "other")}
    assert {one.code for one in told.values()} == {"not-broken"}
    assert {name: (one.message, *one.hints) for name, one in told.items()} == {
        "Click": (
            "click 8.1 in web is not damaged; its package is conda's.",
            "To link conda's package again: `conda pip restore -n web python-click`.",
        ),
        "kit": (
            "kit 2.0 in web is not damaged; its package is conda's.",
            "To link conda's package again: `conda pip restore -n web kit`.",
        ),
        "six": (
            "six 1.16 in web is not damaged.",
            "To install it again: `conda pip install -n web --force-reinstall six==1.16`.",
        ),
        "other": (
            "other is not installed in web.",
            "To list installed packages: `conda pip list -n web`.",
        ),
    }


def lose_click(built: PrefixBuilder, cache: Path, *, replaced: bool = False) -> None:
    """Delete the record of click 8.0, as conda does, and the package in the cache."""
    link(built, cache, "six", "1.16")
    link(built, cache, "click", "8.0", data=True)
    write_history(built)
    if replaced:
        built.pip_upgrade("click", "8.0", "8.1")
    shutil.move(cache / "click-8.0-0", cache.parent / "fetched")
    (built.root / "conda-meta/click-8.0-0.json").unlink()


def test_a_lost_record_is_written_again_from_the_package_that_is_fetched(
    built: PrefixBuilder, tmp_path: Path
) -> None:
    lose_click(built, tmp_path / "pkgs")
    error = refusal(built)
    assert error.code == "no-package"
    assert "The record of conda's click 8.0 in web cannot be written again" in error.message
    assert error.hints == (
        "To leave it to pip: `conda pip repair -n web --clean-up click`.",
        "To install another build: `conda install -n web click`.",
    )
    plan = repair(built, "click", package=tmp_path / "fetched")
    assert describe_packages(plan) == ["keep click 8.0"]
    assert describe_files(plan) == ["write conda-meta/click-8.0-0.json"]
    execute(plan, target_of(built), NoConda())
    assert find_all(read_snapshot(built.root)) == ()
    with pytest.raises(InteropError) as refused:
        repair(built, "six", package=tmp_path / "none")
    assert refused.value.code == "not-broken"


def test_a_lost_record_of_a_program_is_for_any_python(built: PrefixBuilder, tmp_path: Path) -> None:
    cache = tmp_path / "pkgs"
    link(built, cache, "click", "8.0")
    built.write("bin/ninja", "program")
    record = built.conda_record("ninja", "1.11", ("bin/ninja",))
    write_history(built)
    text = record.read_bytes()
    built.write(f"conda-meta/pip-interop/originals/{record.name}", text)
    record.unlink()
    plan = repair(built, "ninja")
    assert describe_packages(plan) == ["keep ninja 1.11"]
    execute(plan, target_of(built), NoConda())
    assert find_all(read_snapshot(built.root)) == ()


def test_a_lost_record_that_pip_replaced_lists_what_is_there(
    built: PrefixBuilder, tmp_path: Path
) -> None:
    lose_click(built, tmp_path / "pkgs", replaced=True)
    record = built.root / built.dist_info("click", "8.1") / "RECORD"
    content = record.read_bytes()
    record.unlink()
    with pytest.raises(InteropError) as refused:
        repair(built, package=tmp_path / "fetched")
    assert refused.value.code == "no-record"
    assert built.dist_info("click", "8.1") in refused.value.hints[0]
    record.write_bytes(content)
    plan = repair(built, package=tmp_path / "fetched")
    execute(plan, target_of(built), NoConda())
    assert find_all(read_snapshot(built.root)) == ()
    (click, *_) = read_snapshot(built.root).records
    assert click.overridden_by == {canonicalize_name("click"): "8.1"}


def test_cleaning_up_is_of_lost_records_alone(built: PrefixBuilder, tmp_path: Path) -> None:
    lose_click(built, tmp_path / "pkgs", replaced=True)
    error = refusal(built, "click", "six", clean_up=True)
    assert (error.code, error.message) == ("no-lost-record", "No record of six is missing in web.")
    assert error.hints == ("To list the findings: `conda pip check -n web`.",)
    shutil.move(tmp_path / "fetched", tmp_path / "pkgs/click-8.0-0")
    (built.root / "conda-meta/history").chmod(0o640)
    plan = repair(built, "Click", clean_up=True)
    assert plan.title == "repair --clean-up click"
    assert describe_files(plan) == ["remove share/click/data.txt", "write conda-meta/history"]
    execute(plan, target_of(built), NoConda())
    assert find_all(read_snapshot(built.root)) == ()
    assert (built.root / "conda-meta/history").stat().st_mode & 0o777 == 0o640


def test_what_conda_cannot_read_is_repaired_before_anything_is_installed(
    built: PrefixBuilder, tmp_path: Path
) -> None:
    link(built, tmp_path / "pkgs", "six", "1.16")
    link(built, tmp_path / "pkgs", "click", "8.0")
    write_history(built)
    built.pip_package("app", "1", {"app.py": "x"}, requires=("numpy>=2",))
    delete(built, "app.py")
    built.write("conda-meta/click-8.0-0.json", "{")
    plan = repair(built)
    assert describe_packages(plan) == ["keep click 8.0"]
    assert plan.requirements == ()
    assert plan.notes[-3:] == (
        "conda's records are repaired first.",
        "To repair app then: `conda pip repair -n web app`.",
        "To install numpy>=2 then: `conda pip repair -n web`.",
    )
    assert describe_files(plan) == ["write conda-meta/click-8.0-0.json"]
    cleaned = repair(built, "click", clean_up=True)
    assert "remove conda-meta/click-8.0-0.json" in describe_files(cleaned)


def test_a_file_that_is_the_record_of_nothing_is_removed(built: PrefixBuilder) -> None:
    built.write("conda-meta/notes.json", "{")
    finding = find_one(built)
    assert finding.remedy == (("conda", "pip", "repair", "notes"),)
    plan = repair(built, "notes")
    assert describe_files(plan) == ["remove conda-meta/notes.json"]
    assert plan.notes == (), "nothing is left for later"


def test_a_corrupt_record_of_files_that_are_gone_too_is_linked_again(
    built: PrefixBuilder, tmp_path: Path
) -> None:
    for name in ("six", "click"):
        link(built, tmp_path / "pkgs", name, "8.0")
    write_history(built)
    built.pip_uninstall("click", "8.0")
    built.write("conda-meta/click-8.0-0.json", "{")
    assert "its files are gone" in find_one(built).summary
    assert describe_packages(repair(built)) == ["link click 8.0"]


def test_what_is_left_of_pips_is_said_to_be_removed(built: PrefixBuilder) -> None:
    built.pip_package("click", "8.1.3")
    built.conda_package("click", "8.1.8")
    assert [one.kind for one in find_all(read_snapshot(built.root))] == ["stale-metadata"]
    assert repair(built).notes == (
        "Removes what is left of pip's click 8.1.3: conda's click 8.1.8 is in its place.",
    )
