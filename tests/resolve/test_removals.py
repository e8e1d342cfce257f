"""What a sync removes: all that its plan does not need, and nothing that it does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conda_pip_interop.changes.plan import (
    InstallPip,
    Keep,
    Plan,
    RemoveFile,
    RemovePip,
    UnlinkConda,
)
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.environment.target import Target
from conda_pip_interop.errors import InteropError
from conda_pip_interop.resolve.parts import SolvedPart
from conda_pip_interop.resolve.removals import add_removals
from tests.support.builders import PrefixBuilder
from tests.support.exports import build_env


class UnlinkingConda:
    """A conda that is only asked to unlink packages by their names."""

    def unlink(
        self, names: tuple[str, ...], *, needed: tuple[str, ...], beside: object
    ) -> tuple[str, ...]:
        """Return what is unlinked."""
        assert (needed, beside) == ((), None)
        return names


@pytest.fixture
def built(tmp_path: Path) -> PrefixBuilder:
    built = build_env(tmp_path / "env")
    built.conda_package("pip", "25.3")
    built.conda_package("lib", "1.0")
    built.conda_package("user", "1.0", depends=("lib >=1",))
    built.pip_package("app", "1.0", requires=("helper",))
    built.pip_package("helper", "1.0")
    built.pip_package("other", "1.0")
    return built


def remove(built: PrefixBuilder, plan: Plan, *kept: str) -> Plan:
    conda: Any = UnlinkingConda()
    return add_removals(
        plan,
        kept,
        read_snapshot(built.root),
        target=Target(prefix=built.root, name="web", is_base=False),
        conda=conda,
        label="web.yml",
    )


def list_removed(plan: Plan) -> list[tuple[str, str]]:
    return [
        ("conda" if isinstance(one, UnlinkConda) else "pip", one.name)
        for one in plan.packages
        if isinstance(one, UnlinkConda | RemovePip)
    ]


def test_what_nothing_needs_goes_with_its_files(built: PrefixBuilder) -> None:
    keep = Keep(manager="pip", name="app", version="1.0", reason="installed")
    plan = remove(built, Plan(title="install", steps=(keep,)), "six")
    assert list_removed(plan) == [("conda", "lib"), ("conda", "user"), ("pip", "other")]
    assert isinstance(plan.conda, SolvedPart)
    unlinked: object = plan.conda.solution
    assert unlinked == ("lib", "user")
    assert {one.path.split("/")[-2] for one in plan.files if isinstance(one, RemoveFile)} >= {
        "other-1.0.dist-info"
    }
    assert plan.title == "sync web.yml"
    assert {one.reason for one in plan.packages[1:]} == {"not needed by web.yml"}


def test_what_the_plan_installs_or_states_keeps_what_it_needs(built: PrefixBuilder) -> None:
    install = InstallPip(name="other", version="2.0", previous="1.0", reason="requested")
    plan = remove(built, Plan(title="install", steps=(install,)), "user")
    assert list_removed(plan) == [("conda", "six"), ("pip", "app"), ("pip", "helper")]
    nothing = Plan(title="install", steps=(install,))
    assert remove(built, nothing, "user", "six", "app") is nothing


def test_what_cannot_be_removed_is_refused(built: PrefixBuilder) -> None:
    record = built.root / built.dist_info("other", "1.0") / "RECORD"
    record.unlink()
    with pytest.raises(InteropError, match=r"other 1\.0 in web: it has no RECORD"):
        remove(built, Plan(title="install"), "six", "user", "app")
