"""Findings: each harm yields exactly its own, and a clean environment none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.findings.base import RECONCILE, Finding
from conda_pip_interop.findings.reconciliation import plan_reconcile
from conda_pip_interop.findings.registry import find_all
from tests.support.builders import Files, Layout, PrefixBuilder, hash_of
from tests.support.findings import describe
from tests.support.reconciling import reconcile
from tests.support.trees import read_tree


@pytest.fixture
def built(tmp_path: Path) -> PrefixBuilder:
    return PrefixBuilder(root=tmp_path / "env")


def find(built: PrefixBuilder) -> tuple[Finding, ...]:
    return find_all(read_snapshot(built.root))


def metadata_of(finding: Finding) -> str | None:
    return finding.distribution.metadata if finding.distribution else None


def find_one(built: PrefixBuilder) -> Finding:
    findings = find(built)
    assert len(findings) == 1, [f.summary for f in findings]
    return findings[0]


@pytest.mark.parametrize("layout", ["cpython", "free-threaded", "pypy", "windows"])
def test_a_clean_environment_has_none(tmp_path: Path, layout: Layout) -> None:
    python = {"free-threaded": "3.13.1", "pypy": "3.9.18"}.get(layout, "3.11.7")
    built = PrefixBuilder(root=tmp_path / "env", layout=layout, python=python)
    built.conda_package("click", "8.1", {"click.py": "1", "__pycache__/click.cpython-311.pyc": ""})
    built.conda_package("ninja", "1.11", {"/bin/ninja": "tool"}, dist_info=False)
    built.conda_package("numpy", "1.26", installer="pip")
    built.pip_package("six", "1.16", {"six.py": "2", "/bin/six": "script"})
    assert find(built) == ()


def test_pip_replacing_another_version_is_overridden(built: PrefixBuilder) -> None:
    built.conda_package("click", "8.1", {"click/a.py": "old", "click/gone.py": "x"})
    built.pip_upgrade("click", "8.1", "8.2", {"click/a.py": "new"})
    finding = find_one(built)
    assert finding.kind == "overridden"
    assert (finding.conda_name, finding.conda_version, finding.pip_version) == (
        "click",
        "8.1",
        "8.2",
    )
    assert metadata_of(finding) == built.dist_info("click", "8.2")
    assert finding.evidence[0].found == "absent"


def test_pip_reinstalling_the_same_version_is_overridden(built: PrefixBuilder) -> None:
    built.conda_package("click", "8.1", {"click/a.py": "built by conda"})
    built.pip_upgrade("click", "8.1", "8.1", {"click/a.py": "built by PyPI"})
    finding = find_one(built)
    assert finding.kind == "overridden"
    assert finding.conda_version == finding.pip_version == "8.1"


def test_the_same_version_is_seen_though_conda_says_its_installer_is_pip(
    built: PrefixBuilder,
) -> None:
    built.conda_package("click", "8.1", {"click/a.py": "built by conda"}, installer="pip")
    built.pip_upgrade("click", "8.1", "8.1", {"click/a.py": "built by PyPI"}, requested=False)
    assert find_one(built).kind == "overridden"


def test_a_changed_record_alone_proves_nothing(built: PrefixBuilder) -> None:
    built.conda_package("click", "8.1")
    record = f"{built.dist_info('click', '8.1')}/RECORD"
    built.write(record, (built.root / record).read_text() + "click/extra.py,,\n")
    assert find(built) == ()


def test_pip_ignoring_what_is_installed_is_overridden(built: PrefixBuilder) -> None:
    built.conda_package("click", "8.1")
    built.pip_package("click", "8.2")
    finding = find_one(built)
    assert finding.kind == "overridden"
    assert finding.details is not None
    assert finding.details["metadata_kept"] is True


def test_conda_installing_over_pip_leaves_stale_metadata(built: PrefixBuilder) -> None:
    built.pip_package("click", "8.2", {"click/__init__.py": "new", "click/only.py": "x"})
    built.conda_package("click", "8.1", {"click/__init__.py": "old"})
    finding = find_one(built)
    assert finding.kind == "stale-metadata"
    assert (finding.conda_version, finding.pip_version) == ("8.1", "8.2")


def test_conda_installing_the_same_version_over_pip_is_clean(built: PrefixBuilder) -> None:
    built.pip_package("click", "8.1")
    built.conda_package("click", "8.1")
    assert find(built) == ()


def test_pip_uninstalling_condas_package_makes_it_vanish(built: PrefixBuilder) -> None:
    built.conda_package("click", "8.1")
    built.pip_uninstall("click", "8.1")
    finding = find_one(built)
    assert finding.kind == "vanished"
    assert finding.remedy[0] == ("conda", "pip", "restore", "click")


def test_one_of_several_distributions_of_a_record_can_vanish(built: PrefixBuilder) -> None:
    files = {"cv2.py": "x"}
    for name in ("opencv-python", "opencv-python-headless"):
        built.pip_package(name, "4.9", files)
    paths = tuple(
        f"{built.dist_info(name, '4.9')}/{file}"
        for name in ("opencv-python", "opencv-python-headless")
        for file in ("METADATA", "RECORD", "INSTALLER")
    )
    built.conda_record("py-opencv", "4.9", (*paths, built.place("cv2.py")))
    assert find(built) == ()
    for path in paths[:3]:
        (built.root / path).unlink()
    (built.root / built.dist_info("opencv-python", "4.9") / "REQUESTED").unlink()
    finding = find_one(built)
    assert (finding.kind, finding.project) == ("vanished", "opencv-python")


def test_pips_file_that_is_gone_is_damage(built: PrefixBuilder) -> None:
    built.pip_package("six", "1.16", {"six.py": "2", "empty.py": ""})
    (built.root / built.place("six.py")).unlink()
    (built.root / built.place("empty.py")).unlink()
    finding = find_one(built)
    assert finding.kind == "damaged"
    assert [e.path for e in finding.evidence] == [built.place("six.py")]


@pytest.mark.parametrize(
    ("row", "content", "told"),
    [
        ("/etc/passwd,,", None, "RECORD lists /etc/passwd, outside of the environment"),
        ("../../../conda-meta/history,,", None, "RECORD lists ../../../conda-meta/history"),
        ("", b"\xff", "RECORD is not UTF-8"),
        ("six.py,,\n" * 200_001, None, "RECORD has more than 200000 rows"),
    ],
)
def test_a_record_that_cannot_be_relied_on_is_damage(
    built: PrefixBuilder, row: str, content: bytes | None, told: str
) -> None:
    built.pip_package("six", "1.16", {"six.py": "2"})
    record = built.root / built.dist_info("six", "1.16") / "RECORD"
    record.write_bytes(content or (record.read_text() + row + "\n").encode())
    finding = find_one(built)
    assert (finding.kind, finding.project) == ("damaged", "six")
    assert told in finding.summary
    assert finding.remedy == (("conda", "pip", "repair", "six"),)
    outside = [row.partition(",")[0]] if told.startswith("RECORD lists") else []
    assert finding.details == {"outside": outside}


def test_no_record_is_no_damage(built: PrefixBuilder) -> None:
    """An installer may leave it out where no other is to remove its files (PEP 627)."""
    built.pip_package("six", "1.16")
    built.write(f"{built.dist_info('six', '1.16')}/INSTALLER", "apt\n")
    (built.root / built.dist_info("six", "1.16") / "RECORD").unlink()
    assert find(built) == ()


def test_a_users_edit_is_no_damage(built: PrefixBuilder) -> None:
    built.pip_package("six", "1.16", {"six.py": "2"})
    built.write(built.place("six.py"), "edited")
    assert find(built) == ()


def test_an_emptied_namespace_module_is_damage(built: PrefixBuilder) -> None:
    built.pip_package("ns-a", "1", {"ns/__init__.py": "code"})
    built.conda_package("ns-b", "1", {"ns/__init__.py": ""})
    assert find_one(built).kind == "damaged"


def test_two_names_on_one_path_are_clobbered_and_told_once(built: PrefixBuilder) -> None:
    built.pip_package("torch", "2.1", {"torch/__init__.py": "pip"})
    built.conda_package("pytorch", "2.0", {"torch/__init__.py": "conda"}, distribution="pytorch")
    finding = find_one(built)
    assert finding.kind == "clobbered"
    assert (finding.conda_name, finding.project) == ("pytorch", "torch")
    assert finding.details == {"on_disk": {"conda": 1}}


@pytest.mark.parametrize("content", ["", "the same"])
def test_an_empty_or_equal_file_is_not_clobbered(built: PrefixBuilder, content: str) -> None:
    built.conda_package("ns-a", "1", {"ns/__init__.py": content})
    built.pip_package("ns-b", "1", {"ns/__init__.py": content})
    assert find(built) == ()


def test_a_minor_upgrade_of_python_strands_pips_packages(built: PrefixBuilder) -> None:
    built.pip_package("six", "1.16")
    old = built.dist_info("six", "1.16")
    built.python_upgrade("3.12.1")
    finding = find_one(built)
    assert finding.kind == "stranded"
    assert metadata_of(finding) == old


def test_pips_remains_are_leftovers(built: PrefixBuilder) -> None:
    built.write(built.place("~umpy/core.py"), "x")
    built.write(f"{built.dist_info('six', '1.0')}/REQUESTED", "")
    findings = find(built)
    assert [(f.kind, f.automatic) for f in findings] == [("leftover", True)] * 2
    assert [f.summary.partition(" is ")[2] for f in findings] == [
        "a metadata folder without METADATA and RECORD; nothing reads it.",
        "a folder that pip set aside while it replaced a package; nothing reads it.",
    ]
    assert {(e.claimed_by, e.expected, e.found) for f in findings for e in f.evidence} == {
        ((), "absent", "present")
    }
    assert {e.path for f in findings for e in f.evidence} == {
        built.place("~umpy"),
        built.dist_info("six", "1.0"),
    }


@pytest.mark.parametrize("name", ["notes.txt", "own/LICENSE", "METADATA.bak"])
def test_a_file_of_somebodys_in_remains_is_named_and_stays_unless_asked(
    built: PrefixBuilder, name: str
) -> None:
    folder = built.dist_info("six", "1.0")
    for own in ("REQUESTED", "licenses/a/LICENSE", "LICENSE.md", "uv_cache.json"):
        built.write(f"{folder}/{own}", "")
    assert find_one(built).automatic
    built.write(f"{folder}/{name}", "mine")
    finding = find_one(built)
    assert finding.automatic is False
    assert finding.summary.endswith(
        f"nothing reads it. It has files that no package wrote: {name}."
    )
    assert finding.remedy == (("conda", "pip", "repair"),)
    reconcile(built.root)
    assert (built.root / folder / name).read_text() == "mine"
    plan = finding.repair(read_snapshot(built.root))
    assert plan is not None
    assert f"{folder}/{name}" in {one.path for one in plan.files}
    assert plan.notes == (f"Removes {name} with {folder}.",)


def test_what_was_left_alone_is_found_anew_once_pip_or_conda_has_changed_it(
    built: PrefixBuilder,
) -> None:
    built.pip_package("click", "8.2", {"click/only.py": "x"})
    built.conda_package("click", "8.1", {"click/__init__.py": "old"})
    stale = built.root / built.dist_info("click", "8.2") / "METADATA"
    record = built.root / "conda-meta/click-8.1-0.json"

    def is_due(left_alone: frozenset[str]) -> bool:
        plan, _ = plan_reconcile(read_snapshot(built.root), left_alone=left_alone)
        return bool(plan.steps)

    for changed in (stale, record):
        left_alone = frozenset([find_one(built).build_leave_key(built.root)])
        assert not is_due(left_alone)
        changed.write_bytes(changed.read_bytes())
        os.utime(changed, ns=(1, 1))
        assert is_due(left_alone)


def test_a_distribution_without_metadata_is_damaged_as_long_as_it_has_a_record(
    built: PrefixBuilder,
) -> None:
    """Without its RECORD nobody would know whose its modules are."""
    built.pip_package("six", "1.16")
    (built.root / built.dist_info("six", "1.16") / "METADATA").unlink()
    finding = find_one(built)
    assert (finding.kind, finding.project, finding.automatic) == ("damaged", "six", False)
    assert finding.remedy == (("conda", "pip", "repair", "six"),)


def test_a_metadata_folder_that_a_record_claims_is_no_leftover(built: PrefixBuilder) -> None:
    path = f"{built.dist_info('six', '1.0')}/LICENSE"
    built.write(path, "text")
    built.conda_record("six-license", "1.0", (path,))
    assert find(built) == ()


def test_an_override_that_the_record_tells_is_no_finding(built: PrefixBuilder) -> None:
    built.pip_package("click", "8.2")
    folder = built.dist_info("click", "8.2")
    paths = tuple(f"{folder}/{n}" for n in ("METADATA", "RECORD", "INSTALLER", "REQUESTED"))
    built.conda_record(
        "click",
        "8.1",
        (*paths, built.place("click/__init__.py")),
        pip_interop={"overridden_by": {"click": "8.2"}},
    )
    assert find(built) == ()
    built.pip_upgrade("click", "8.2", "8.3")
    assert find_one(built).kind == "overridden"


def test_a_lost_file_of_one_of_two_packages_with_one_distribution_is_found(
    built: PrefixBuilder,
) -> None:
    built.conda_package("foo", "1", {"foo.py": "1"})
    built.conda_package("python-foo", "2", {"foo.py": "2"}, distribution="foo")
    assert find(built) == ()
    (built.root / built.dist_info("foo", "1") / "METADATA").unlink()
    found = find_one(built)
    assert (found.kind, found.conda_name, found.details["missing"]) == ("damaged", "foo", 1)


def test_finding_twice_finds_the_same(built: PrefixBuilder) -> None:
    built.conda_package("click", "8.1")
    built.pip_upgrade("click", "8.1", "8.2")
    built.write(built.place("~x/a"), "")
    snapshot = read_snapshot(built.root)
    assert find_all(snapshot) is find_all(snapshot)
    assert describe(find_all(snapshot)) == describe(find(built))


def link_by_half(built: PrefixBuilder, *names: str, files: Files | None = None) -> None:
    """What conda leaves of idna 3.10 that is killed before its record: `names` of the dist-info."""
    built.conda_package("idna", "3.10", files or {"idna/__init__.py": "3.10", "idna/old.py": "x"})
    (built.root / "conda-meta/idna-3.10-0.json").unlink()
    for file in (built.root / built.dist_info("idna", "3.10")).iterdir():
        if file.name not in names:
            file.unlink()


_PIPS: Files = {"idna/__init__.py": "3.11", "idna/same.py": "same"}


@pytest.mark.parametrize(
    "names", [("INSTALLER", "METADATA"), ("INSTALLER", "METADATA", "RECORD")], ids=len
)
def test_what_conda_has_linked_by_half_beside_pips_is_left_over(
    built: PrefixBuilder, names: tuple[str, ...]
) -> None:
    link_by_half(built, *names)
    built.pip_package("idna", "3.11", _PIPS)
    finding = find_one(built)
    assert (finding.kind, finding.project) == ("leftover", "idna")
    assert metadata_of(finding) == built.dist_info("idna", "3.10")
    assert finding.summary == (
        f"{metadata_of(finding)} is metadata that conda linked and no record lists, "
        "beside pip's idna 3.11."
    )


def test_it_is_not_where_condas_files_are_what_is_there(built: PrefixBuilder) -> None:
    built.pip_package("idna", "3.11", _PIPS)
    link_by_half(built, "INSTALLER", "METADATA", "RECORD")
    assert find(built) == ()


def test_it_is_not_where_there_is_no_other(built: PrefixBuilder) -> None:
    link_by_half(built, "INSTALLER", "METADATA", "RECORD")
    assert find(built) == ()


def test_of_two_of_pips_the_older_is_left_over_and_not_removed_unasked(
    built: PrefixBuilder,
) -> None:
    built.pip_package("idna", "3.10", _PIPS)
    built.pip_package("idna", "3.11", _PIPS)
    found = find_one(built)
    assert (found.kind, found.pip_version, found.automatic) == ("leftover", None, False)
    (evidence,) = found.evidence
    assert evidence.path.endswith("idna-3.10.dist-info/METADATA")
    assert (evidence.claimed_by, evidence.expected, evidence.found) == ((), "absent", "present")


PKGUTIL = "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n"
RESOURCES = "__import__('pkg_resources').declare_namespace(__name__)\n"


@pytest.mark.parametrize("by_pip_last", [True, False])
def test_namespace_modules_that_do_the_same_are_no_finding(
    built: PrefixBuilder, *, by_pip_last: bool
) -> None:
    """Of the one that is overwritten only the hash is known."""

    def link() -> None:
        built.conda_package("liba", "1", {"ns/__init__.py": PKGUTIL, "ns/a.py": "a"})

    def install() -> None:
        built.pip_package("libb", "1", {"ns/__init__.py": RESOURCES, "ns/b.py": "b"})

    for step in (link, install) if by_pip_last else (install, link):
        step()
    assert find(built) == ()


def test_an_empty_module_over_condas_code_is_clobbered(built: PrefixBuilder) -> None:
    built.conda_package("liba", "1", {"ns/__init__.py": "code"})
    built.pip_package("libb", "1", {"ns/__init__.py": ""})
    assert find_one(built).kind == "clobbered"


def test_condas_module_in_the_cache_tells_what_was_overwritten(
    built: PrefixBuilder, tmp_path: Path
) -> None:
    commented = f"# {'Copyright ' * 9}\n{PKGUTIL}"
    built.conda_package(
        "liba", "1", {"ns/__init__.py": commented}, extracted_package_dir=str(tmp_path / "liba")
    )
    built.pip_package("libb", "1", {"ns/__init__.py": ""})
    assert find_one(built).kind == "clobbered"
    file = tmp_path / "liba" / built.place("ns/__init__.py")
    file.parent.mkdir(parents=True)
    file.write_text(commented)
    assert find(built) == ()
    file.write_text("code")
    assert find_one(built).kind == "clobbered"


def test_without_a_record_of_pips_files_nothing_is_fixed_unasked(built: PrefixBuilder) -> None:
    built.conda_package("click", "8.0")
    built.pip_upgrade("click", "8.0", "8.1")
    (built.root / built.dist_info("click", "8.1") / "RECORD").unlink()
    overridden, damaged = find(built)
    assert (overridden.kind, damaged.kind) == ("overridden", "damaged")
    assert overridden.remedy == damaged.remedy == (("conda", "pip", "repair", "click"),)
    before = read_tree(built.root)
    assert reconcile(built.root).steps == ()
    assert read_tree(built.root) == before


def test_older_metadata_of_what_replaced_a_package_goes_with_the_fix(built: PrefixBuilder) -> None:
    built.conda_package("click", "8.0", {"click/a.py": "conda"})
    built.pip_package("click", "8.1", {"click/a.py": "8.1", "click/old.py": "8.1"})
    built.pip_package("click", "8.2", {"click/a.py": "8.2"})
    finding = next(one for one in find(built) if one.kind == "overridden")
    assert finding.details == {
        "metadata_kept": True,
        "others": [built.dist_info("click", "8.1")],
    }
    plan = reconcile(built.root)
    reasons = {one.path: one.reason for one in plan.files}
    assert reasons[PrefixPath(built.place("click/old.py"))] == "replaced by pip's click 8.2"
    assert find(built) == ()
    assert not (built.root / built.dist_info("click", "8.1")).exists()
    assert not (built.root / built.place("click/old.py")).exists()
    assert (built.root / built.place("click/a.py")).read_text() == "8.2"


def test_stale_metadata_is_removed_by_itself(built: PrefixBuilder) -> None:
    built.pip_package("click", "8.2", {"click/__init__.py": "new", "click/only.py": "x"})
    built.conda_package("click", "8.1", {"click/__init__.py": "old"})
    finding = find_one(built)
    assert (finding.remedy, finding.details) == (RECONCILE, {"others": []})
    reconcile(built.root)
    assert find(built) == ()
    assert not (built.root / built.place("click/only.py")).exists()
    assert (built.root / built.place("click/__init__.py")).read_text() == "old"


def test_what_conda_and_pip_may_have_set_aside_is_told_as_that(built: PrefixBuilder) -> None:
    built.write(built.place("~notes.txt"), "")
    built.write(built.place("b.so.conda_trash"), "")
    assert [one.summary.partition(" is ")[2] for one in find(built)] == [
        "a file that conda moved aside and could not delete; nothing reads it.",
        "a file as pip sets them aside while it replaces a package; nothing reads it.",
    ]


def test_a_remedy_that_would_write_through_a_link_removes_the_link_first(
    built: PrefixBuilder, tmp_path: Path
) -> None:
    built.pip_package("six", "1.16", {"six/a.py": "1", "six/b.py": "2"})
    (built.root / built.place("six")).rename(tmp_path / "elsewhere")
    (built.root / built.place("six")).symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere/a.py").unlink()
    (finding,) = find(built)
    assert [(one.folder, one.target) for one in finding.links] == [
        (built.root / built.place("six"), tmp_path / "elsewhere")
    ]
    (line,) = finding.render_commands(lambda *words: " ".join(words))
    assert line == f"rm {built.root / built.place('six')} && conda pip repair six"
    (document,) = describe([finding])
    assert document["commands"] == [line]
    assert document["paths"] == [
        {
            "path": built.place("six/a.py"),
            "claimed_by": ["pip:six"],
            "expected": hash_of(b"1"),
            "found": "absent",
        }
    ]
