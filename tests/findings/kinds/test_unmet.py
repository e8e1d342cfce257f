"""Requirements across the managers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from conda_pip_interop.dependencies.requirements import marker_environment
from conda_pip_interop.environment.prefix import read_prefix
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.findings.base import Finding
from conda_pip_interop.findings.kinds.unmet import UnmetFinding
from conda_pip_interop.findings.kinds.unmet import find as find_unmet
from tests.support.builders import Layout, PrefixBuilder


@pytest.fixture
def built(tmp_path: Path) -> PrefixBuilder:
    return PrefixBuilder(root=tmp_path / "env")


def find(built: PrefixBuilder) -> tuple[Finding, ...]:
    return tuple(find_unmet(read_snapshot(built.root), ()))


def test_pips_package_that_conda_has_too_old_a_dependency_for(built: PrefixBuilder) -> None:
    built.conda_package("numpy", "1.26")
    built.pip_package("scipy", "2.0", requires=("numpy>=2",))
    (finding,) = find(built)
    assert (finding.project, finding.conda_name) == ("scipy", None)
    assert finding.summary == "pip's scipy 2.0 requires numpy>=2, but conda's numpy is 1.26."
    assert finding.remedy == (
        ("conda", "pip", "install", "numpy>=2"),
        ("conda", "pip", "uninstall", "scipy"),
    )


def test_condas_package_whose_dependency_pip_replaced(built: PrefixBuilder) -> None:
    built.conda_package("numpy", "1.26")
    built.conda_package("pandas", "2.1", requires=("numpy<2",))
    built.pip_upgrade("numpy", "1.26", "2.0")
    (finding,) = find(built)
    assert (finding.conda_name, finding.conda_version) == ("pandas", "2.1")
    assert "pip's numpy is 2.0" in finding.summary


def test_what_replaced_condas_package_is_dropped_by_restoring_it(built: PrefixBuilder) -> None:
    built.conda_package("scipy", "1.0")
    built.pip_upgrade("scipy", "1.0", "2.0", requires=("numpy>=2",))
    (finding,) = find(built)
    assert finding.remedy == (
        ("conda", "pip", "install", "numpy>=2"),
        ("conda", "pip", "restore", "scipy"),
    )


def test_what_pip_removed_of_condas_is_restored_if_it_satisfies(built: PrefixBuilder) -> None:
    built.conda_package("numpy", "1.26")
    built.pip_uninstall("numpy", "1.26")
    built.pip_package("scipy", "2.0", requires=("numpy>=1", "numpy>=2"))
    kept, newer = find(built)
    assert kept.remedy == (("conda", "pip", "restore", "numpy"),)
    assert newer.remedy[0] == ("conda", "pip", "install", "numpy>=2")


def test_what_requires_it_is_dropped_too(built: PrefixBuilder) -> None:
    """`conda pip uninstall` alone would be refused."""
    built.conda_package("numpy", "1.26")
    built.pip_package("scipy", "2.0", requires=("numpy>=2",))
    built.pip_package("app", "1.0", requires=("library",))
    built.pip_package("library", "1.0", requires=("scipy",))
    (finding,) = find(built)
    assert finding.remedy[1] == ("conda", "pip", "uninstall", "scipy", "app", "library")
    built.conda_package("tool", "1.0", requires=("library",))
    (finding,) = find(built)
    assert finding.remedy == (("conda", "pip", "install", "numpy>=2"),)


@pytest.mark.parametrize("fault", ["no RECORD", "outside", "none"])
def test_what_pip_cannot_remove_is_not_dropped(built: PrefixBuilder, fault: str) -> None:
    built.pip_package("app", "1", requires=("numpy",))
    record = built.root / built.dist_info("app", "1") / "RECORD"
    if fault == "no RECORD":
        record.unlink()
    elif fault == "outside":
        record.write_text(record.read_text() + "/etc/passwd,,\n")
    (finding,) = find(built)
    drops = (("conda", "pip", "uninstall", "app"),) if fault == "none" else ()
    assert finding.remedy == (("conda", "pip", "install", "numpy"), *drops)


def test_pips_package_whose_dependency_is_nowhere(built: PrefixBuilder) -> None:
    built.pip_package("scipy", "2.0", requires=("numpy",))
    (finding,) = find(built)
    assert finding.summary.endswith("numpy is not installed.")


@pytest.mark.parametrize(
    "requirement",
    [
        "colorama; sys_platform == 'win32'",
        "tomli; python_version < '3.11'",
        "pytest; extra == 'test'",
        "six",
        "six==1.17rc1",
        "six @ https://example.org/six.whl",
        "!!! not a requirement",
        "six; python_version <",
        "typing-extensions>=4",
    ],
)
def test_what_does_not_apply_or_is_there_is_met(built: PrefixBuilder, requirement: str) -> None:
    built.conda_package("six", "1.17rc1")
    built.conda_package("typing_extensions", "4.9", dist_info=False)
    built.pip_package("mine", "1", requires=(requirement,))
    assert find(built) == ()


def test_condas_own_inconsistencies_are_not_ours(built: PrefixBuilder) -> None:
    built.conda_package("numpy", "1.26")
    built.conda_package("pandas", "2.1", requires=("numpy<1", "nowhere"))
    built.pip_package("six", "1")
    assert find(built) == ()


def test_what_an_extra_that_condas_package_wants_lacks(built: PrefixBuilder) -> None:
    built.conda_package("nbconvert", "7", requires=("bleach[CSS]!=5", "nowhere[css]"))
    built.conda_package("bleach", "6", requires=("tinycss2<1.5; extra == 'css'", "x; extra=='y'"))
    (finding,) = find(built)
    assert (finding.conda_name, finding.project) == ("bleach", "bleach")
    assert finding.summary == (
        "conda's bleach[css] 6 requires tinycss2<1.5, but tinycss2 is not installed."
    )
    assert finding.remedy == (("conda", "pip", "install", "tinycss2<1.5"),)
    built.conda_package("tinycss2", "1.5")
    (finding,) = find(built)
    assert finding.summary.endswith("requires tinycss2<1.5, but conda's tinycss2 is 1.5.")
    built.pip_upgrade("tinycss2", "1.5", "1.4")
    assert find(built) == ()


@pytest.mark.parametrize(
    "requirement", ["bleach[css]; sys_platform == 'win32'", "bleach[other]", "bleach; extra=='x'"]
)
def test_an_extra_that_is_not_wanted_here_lacks_nothing(
    built: PrefixBuilder, requirement: str
) -> None:
    built.conda_package("nbconvert", "7", requires=(requirement,))
    built.conda_package("bleach", "6", requires=("tinycss2; extra == 'css'",))
    assert find(built) == ()


def test_stale_metadata_does_not_count(built: PrefixBuilder) -> None:
    built.pip_package("numpy", "2.0", {"numpy.py": "pip"})
    built.conda_package("numpy", "1.26", {"numpy.py": "conda"})
    built.pip_package("mine", "1", requires=("numpy<2",))
    assert find(built) == ()


def test_an_unreadable_version_is_not_judged(built: PrefixBuilder) -> None:
    built.conda_package("odd", "unknown")
    built.pip_package("mine", "1", requires=("odd>=1",))
    assert find(built) == ()


@pytest.mark.parametrize(
    ("layout", "python", "subdir", "expected"),
    [
        ("cpython", "3.11.7", "osx-arm64", ("darwin", "Darwin", "arm64", "posix", "CPython")),
        ("cpython", "3.11.7", "linux-64", ("linux", "Linux", "x86_64", "posix", "CPython")),
        ("cpython", "3.11.7", "win-64", ("win32", "Windows", "AMD64", "nt", "CPython")),
        ("windows", "3.12.1", "win-64", ("win32", "Windows", "AMD64", "nt", "CPython")),
        ("pypy", "3.9.18", "linux-aarch64", ("linux", "Linux", "aarch64", "posix", "PyPy")),
    ],
)
def test_the_markers_are_those_of_the_prefix_not_of_this_python(
    tmp_path: Path, layout: Layout, python: str, subdir: str, expected: tuple[str, ...]
) -> None:
    PrefixBuilder(root=tmp_path, layout=layout, python=python)
    found = marker_environment(read_prefix(tmp_path), subdir=subdir)
    keys = (
        "sys_platform",
        "platform_system",
        "platform_machine",
        "os_name",
        "platform_python_implementation",
    )
    assert tuple(found[key] for key in keys) == expected
    assert found["python_full_version"] == python
    assert found["python_version"] == python.rpartition(".")[0]


def test_what_the_channels_do_not_have_is_not_named_as_a_remedy(built: PrefixBuilder) -> None:
    built.conda_package("numpy", "1.26")
    built.pip_package("scipy", "2.0", requires=("numpy>=2",))
    (finding,) = find(built)
    assert isinstance(finding, UnmetFinding)
    uninstall = ("conda", "pip", "uninstall", "scipy")
    assert finding.needs_channels
    assert replace(finding, in_channels=False).remedy == (uninstall,)
    asked = replace(finding, in_channels=True)
    assert asked.remedy == (("conda", "pip", "install", "numpy>=2"), uninstall)
    assert not asked.needs_channels


def test_condas_version_is_restored_if_it_satisfies(built: PrefixBuilder) -> None:
    built.conda_package("numpy", "1.26")
    built.pip_package("scipy", "2.0", requires=("numpy<2",))
    built.pip_upgrade("numpy", "1.26", "2.0")
    (finding,) = find(built)
    assert finding.remedy == (("conda", "pip", "restore", "numpy"),)
    assert not finding.needs_channels


def test_a_remedy_keeps_extras_and_url_and_drops_the_marker(built: PrefixBuilder) -> None:
    built.pip_package(
        "mine", "1", requires=("gone[x]>1; python_version > '3'", "far @ https://h/far.whl")
    )
    far, gone = (one.remedy[0][-1] for one in sorted(find(built), key=lambda one: one.summary))
    assert (far.replace(" ", ""), gone) == ("far@https://h/far.whl", "gone[x]>1")
