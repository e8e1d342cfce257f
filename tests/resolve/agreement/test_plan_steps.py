"""The steps of an installation say one thing of each package."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from packaging.utils import canonicalize_name

from conda_pip_interop.changes.plan import Keep, LinkConda
from conda_pip_interop.resolve.agreement.assignment import AlreadyInstalled, InstalledPackage
from conda_pip_interop.resolve.agreement.plan_steps import build_steps
from conda_pip_interop.resolve.solver import CondaPackage

if TYPE_CHECKING:
    from conda_pip_interop.resolve.solver import Solution


def build_package(version: str) -> CondaPackage:
    return CondaPackage(name="flask", version=version, build="0", channel="c", depends=())


def test_what_conda_changes_on_its_own_is_not_kept() -> None:
    """It was installed in a version that serves, but not beside what is installed now."""
    kept = {
        canonicalize_name(name): AlreadyInstalled(
            installed=InstalledPackage(version="3.1", manager="conda"), reason="installed"
        )
        for name in ("flask", "six")
    }
    solution = SimpleNamespace(linked=(build_package("3.0"),), unlinked=(build_package("3.1"),))
    steps = build_steps(kept, cast("Solution", solution), (), {})
    assert [(type(one), one.name, one.version) for one in steps] == [
        (Keep, "six", "3.1"),
        (LinkConda, "flask", "3.0"),
    ]
