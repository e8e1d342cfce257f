"""The impact of a conda transaction on pip's distributions."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from conda_pip_interop.dependencies.impact import PackageChange, forecast
from conda_pip_interop.environment.site_packages.distributions import read_requirements
from conda_pip_interop.environment.snapshot import read_snapshot
from tests.support.builders import PrefixBuilder


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    builder = PrefixBuilder(root=tmp_path / "env", python="3.11")
    builder.conda_package("lib", "1.5", files={"lib.py": "x = 1\n"})
    builder.conda_package("other", "1.0", files={"other.py": "x = 1\n"})
    builder.pip_package(
        "app",
        "2.0",
        files={"app.py": "import lib\n"},
        requires=("lib<2", "absent>1", 'other>5; sys_platform == "never"'),
    )
    return tmp_path / "env"


def breakages(prefix: Path, *changes: tuple[str, str | None, str | None]) -> list[tuple[str, str]]:
    snapshot = read_snapshot(prefix)
    given = [
        PackageChange(
            name=name, before=before, after=after, distributions=(canonicalize_name(name),)
        )
        for name, before, after in changes
    ]
    found = forecast(snapshot, given, lambda one: read_requirements(snapshot.prefix, one))
    return [(one.kind, one.distribution) for one in found]


@pytest.mark.parametrize("after", ["2.0", None])
def test_a_requirement_that_would_become_unmet_is_found(prefix: Path, after: str | None) -> None:
    assert breakages(prefix, ("lib", "1.5", after)) == [("unmet", "app")]


def test_requirements_that_stay_met_or_were_unmet_or_do_not_apply_are_omitted(prefix: Path) -> None:
    assert breakages(prefix, ("lib", "1.5", "1.9")) == []
    assert breakages(prefix, ("absent", None, "0.5"), ("other", "1.0", "9")) == []
    assert breakages(prefix) == []


def test_linking_a_distribution_that_pip_installed_overwrites_it(prefix: Path) -> None:
    assert breakages(prefix, ("app", None, "2.1")) == [("overwritten", "app")]


@pytest.mark.parametrize("after", ["3.12.1", "3.10.2", None])
def test_another_minor_version_of_python_strands_pips_distributions(
    prefix: Path, after: str | None
) -> None:
    assert breakages(prefix, ("python", "3.11.7", after)) == [("stranded", "app")]


@pytest.mark.parametrize(
    ("builds", "found"),
    [(("1_cp311", "1_cp311t"), [("stranded", "app")]), (("1_cp311t", "2_cp311t"), [])],
)
def test_a_free_threaded_build_of_the_same_version_strands_them_too(
    prefix: Path, builds: tuple[str, str], found: list[tuple[str, str]]
) -> None:
    change = PackageChange(
        name="python", before="3.11.7", after="3.11.7", distributions=(), builds=builds
    )
    snapshot = read_snapshot(prefix)
    breakages = forecast(snapshot, [change], lambda one: read_requirements(snapshot.prefix, one))
    assert [(one.kind, one.distribution) for one in breakages] == found


def test_another_patch_version_of_python_strands_nothing(prefix: Path) -> None:
    assert breakages(prefix, ("python", "3.11.7", "3.11.9")) == []


def test_the_first_python_of_a_prefix_strands_nothing(prefix: Path) -> None:
    """A clone has pip's files before it has its Python."""
    assert breakages(prefix, ("python", None, "3.11.7")) == []


def test_a_distribution_relinked_for_another_python_is_overwritten(
    prefix: Path,
) -> None:
    changes = ("python", "3.11.7", "3.12.1"), ("app", "1.0", "1.0")
    assert breakages(prefix, *changes) == [("overwritten", "app")]


def test_the_installed_version_decides_not_that_of_condas_record(tmp_path: Path) -> None:
    """pip's lib 1.2 replaced conda's 3.0, and app requires it."""
    builder = PrefixBuilder(root=tmp_path / "env", python="3.11")
    builder.conda_package("lib", "3.0", files={"lib.py": "x = 3\n"})
    builder.pip_upgrade("lib", "3.0", "1.2", files={"lib.py": "x = 1\n"})
    builder.pip_package("app", "2.0", files={"app.py": ""}, requires=("lib<2",))
    assert ("unmet", "app") in breakages(tmp_path / "env", ("lib", "3.0", "3.1"))


def test_a_package_of_another_name_overwrites_its_distributions(prefix: Path) -> None:
    snapshot = read_snapshot(prefix)

    def find_kinds(*names: str) -> list[str]:
        distributions = tuple(map(canonicalize_name, names))
        change = PackageChange(
            name="app-suite", before=None, after="1", distributions=distributions
        )
        found = forecast(snapshot, [change], lambda one: read_requirements(snapshot.prefix, one))
        return [one.kind for one in found]

    assert find_kinds("app") == ["overwritten"]
    assert find_kinds() == []


def test_an_environment_without_pip_distributions_has_no_breakages(tmp_path: Path) -> None:
    builder = PrefixBuilder(root=tmp_path / "env", python="3.11")
    builder.conda_package("lib", "1.5", files={"lib.py": "x = 1\n"})
    assert breakages(tmp_path / "env", ("lib", "1.5", None), ("python", "3.11.7", "3.12.0")) == []


def test_what_is_replaced_itself_cannot_lose_a_requirement(prefix: Path) -> None:
    changes = ("app", None, "2.1"), ("lib", "1.5", "2.0")
    assert breakages(prefix, *changes) == [("overwritten", "app")]


@pytest.mark.parametrize(
    ("version", "named", "expected"),
    [
        ("2.0", False, True),
        ("2", False, True),  # the same version by PEP 440
        ("2.0+local", False, False),
        ("2.1", False, False),
        ("2022a", False, False),
        ("2.1", True, True),
    ],
)
def test_overwriting_is_expected_if_named_or_of_the_same_version(
    prefix: Path, *, version: str, named: bool, expected: bool
) -> None:
    snapshot = read_snapshot(prefix)
    names = (canonicalize_name("app"),)
    change = PackageChange(name="app", before=None, after=version, distributions=names, named=named)
    found = forecast(snapshot, [change], lambda one: read_requirements(snapshot.prefix, one))
    assert [one.expected for one in found] == [expected]
