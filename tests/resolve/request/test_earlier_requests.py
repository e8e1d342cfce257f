"""Earlier requests limit later installations, until they are named again."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.requirements import Requirement

from conda_pip_interop.changes.plan import InstallPip, Keep, Plan
from conda_pip_interop.environment.snapshot import Snapshot, read_snapshot
from conda_pip_interop.environment.target import Target
from conda_pip_interop.errors import InteropError, UsageError
from conda_pip_interop.resolve.request.earlier_requests import find_pins, plan_within
from conda_pip_interop.resolve.request.install_options import InstallOptions
from conda_pip_interop.resolve.request.request import NamedRequirement, Request
from tests.support.builders import PrefixBuilder

TARGET = Target(prefix=Path("web"), name="web", is_base=False)


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    built = PrefixBuilder(root=tmp_path)
    built.pip_package("six", "1.16")
    built.conda_package("numpy", "1.26")
    return read_snapshot(built.root)


def request(*texts: str, options: InstallOptions | None = None) -> Request:
    requirements = tuple(NamedRequirement(requirement=Requirement(one)) for one in texts)
    return Request(requirements=requirements, options=options or InstallOptions())


def pins(snapshot: Snapshot, requests: dict[str, str], asked: Request) -> list[str]:
    return [str(one.requirement) for one in find_pins(requests, snapshot, asked)]


@pytest.mark.parametrize(
    ("requests", "expected"),
    [
        ({"six": "six==1.16", "numpy": "numpy[x]<2"}, ["six==1.16", "numpy<2"]),
        ({"six": "six"}, []),
        ({"six": "six==1.15"}, []),
        ({"gone": "gone==1"}, []),
        ({"six": "six ==", "": ""}, []),
    ],
)
def test_what_is_installed_as_it_was_requested_is_pinned(
    snapshot: Snapshot, requests: dict[str, str], expected: list[str]
) -> None:
    assert pins(snapshot, requests, request("flask")) == expected


def test_the_version_that_counts_is_conda_s_where_metadata_has_none(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path)
    built.conda_package("formulae", "0.5.3", distribution_version="0.0.0")
    found = pins(read_snapshot(built.root), {"formulae": "formulae>=0.5"}, request("flask"))
    assert found == ["formulae>=0.5"]


@pytest.mark.parametrize(
    "asked",
    [
        request("Six"),
        request("flask", options=InstallOptions(upgrade=True)),
        request("flask", options=InstallOptions(from_conda=("six",))),
        request("flask", options=InstallOptions(break_other_managers=("six",))),
    ],
)
def test_naming_it_again_or_upgrading_releases_it(snapshot: Snapshot, asked: Request) -> None:
    assert pins(snapshot, {"six": "six==1.16"}, asked) == []


def test_a_plan_that_only_pins_prevent_is_refused_with_both_sides(snapshot: Snapshot) -> None:
    asked = request("app")
    found = find_pins({"six": "six<1.17"}, snapshot, asked)

    def plan(one: Request) -> Plan:
        if one.constraints:
            raise InteropError("pip-failed", "no")
        return Plan(
            title="install", steps=(InstallPip(name="six", version="1.17", reason="needed by app"),)
        )

    with pytest.raises(InteropError) as caught:
        plan_within(found, asked, plan, TARGET)
    assert caught.value.code == "pinned"
    assert "six would become 1.17 (needed by app), but you requested six<1.17" in (
        caught.value.message
    )


def test_other_failures_stay_as_they_are(snapshot: Snapshot) -> None:
    asked = request("app")
    found = find_pins({"six": "six<1.17"}, snapshot, asked)
    tried: list[bool] = []

    def fail(one: Request) -> Plan:
        tried.append(bool(one.constraints))
        raise InteropError("pip-failed", "without pins" if not one.constraints else "with pins")

    with pytest.raises(InteropError, match="without pins"):
        plan_within(found, asked, fail, TARGET)
    assert tried == [True, False]

    def refuse(_: Request) -> Plan:
        raise UsageError("usage", "wrong")

    with pytest.raises(UsageError):
        plan_within(found, asked, refuse, TARGET)
    kept = Plan(title="", steps=(Keep(manager="pip", name="six", version="1.16", reason=""),))
    assert plan_within(found, asked, lambda _: kept, TARGET) is kept
