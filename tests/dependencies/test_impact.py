"""What a transaction would break of pip's is foretold, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from conda_pip_interop.dependencies.impact import Change, forecast
from conda_pip_interop.environment.distributions import read_requirements
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


def told(prefix: Path, *changes: tuple[str, str | None, str | None]) -> list[tuple[str, str]]:
    snapshot = read_snapshot(prefix)
    given = [
        Change(name=name, before=before, after=after, projects=(canonicalize_name(name),))
        for name, before, after in changes
    ]
    found = forecast(snapshot, given, lambda one: read_requirements(snapshot.prefix, one))
    return [(one.kind, one.distribution) for one in found]


@pytest.mark.parametrize("after", ["2.0", None])
def test_a_requirement_that_would_no_longer_be_met_is_told(prefix: Path, after: str | None) -> None:
    assert told(prefix, ("lib", "1.5", after)) == [("unmet", "app")]


def test_what_stays_met_what_was_unmet_and_what_does_not_apply_is_not_told(prefix: Path) -> None:
    assert told(prefix, ("lib", "1.5", "1.9")) == []
    assert told(prefix, ("absent", None, "0.5"), ("other", "1.0", "9")) == []
    assert told(prefix) == []


def test_linking_a_name_that_pip_holds_is_told(prefix: Path) -> None:
    assert told(prefix, ("app", None, "2.1")) == [("overwritten", "app")]


@pytest.mark.parametrize("after", ["3.12.1", "3.10.2", None])
def test_another_python_strands_all_that_is_pips(prefix: Path, after: str | None) -> None:
    assert told(prefix, ("python", "3.11.7", after)) == [("stranded", "app")]


def test_another_patch_of_python_strands_nothing(prefix: Path) -> None:
    assert told(prefix, ("python", "3.11.7", "3.11.9")) == []


def test_a_python_that_comes_first_strands_nothing(prefix: Path) -> None:
    """A clone has pip's files before it has its Python."""
    assert told(prefix, ("python", None, "3.11.7")) == []


def test_what_conda_links_anew_for_another_python_is_overwritten_and_not_stranded(
    prefix: Path,
) -> None:
    changes = ("python", "3.11.7", "3.12.1"), ("app", "1.0", "1.0")
    assert told(prefix, *changes) == [("overwritten", "app")]


def test_it_is_what_lies_there_that_meets_a_requirement_not_condas_record(tmp_path: Path) -> None:
    """pip's lib 1.2 is in the place of conda's 3.0, and app wants it."""
    builder = PrefixBuilder(root=tmp_path / "env", python="3.11")
    builder.conda_package("lib", "3.0", files={"lib.py": "x = 3\n"})
    builder.pip_upgrade("lib", "3.0", "1.2", files={"lib.py": "x = 1\n"})
    builder.pip_package("app", "2.0", files={"app.py": ""}, requires=("lib<2",))
    assert ("unmet", "app") in told(tmp_path / "env", ("lib", "3.0", "3.1"))


def test_a_package_of_another_name_overwrites_what_it_carries(prefix: Path) -> None:
    snapshot = read_snapshot(prefix)

    def tell(*projects: str) -> list[str]:
        names = tuple(map(canonicalize_name, projects))
        change = Change(name="app-suite", before=None, after="1", projects=names)
        found = forecast(snapshot, [change], lambda one: read_requirements(snapshot.prefix, one))
        return [one.kind for one in found]

    assert tell("app") == ["overwritten"]
    assert tell() == []


def test_where_pip_has_installed_nothing_nothing_is_told(tmp_path: Path) -> None:
    builder = PrefixBuilder(root=tmp_path / "env", python="3.11")
    builder.conda_package("lib", "1.5", files={"lib.py": "x = 1\n"})
    assert told(tmp_path / "env", ("lib", "1.5", None), ("python", "3.11.7", "3.12.0")) == []
