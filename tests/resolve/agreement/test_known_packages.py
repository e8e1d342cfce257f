"""What is known while a plan is made: what is installed, and what depends on it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.resolve.agreement.known_packages import KnownPackages
from tests.support.builders import PrefixBuilder

if TYPE_CHECKING:
    from conda_pip_interop.resolve.solver import Conda


def test_dependencies_are_followed_through_packages_to_what_pip_has(tmp_path: Path) -> None:
    prefix = PrefixBuilder(root=tmp_path)
    prefix.conda_package("web", "1", depends=["py-click >=1", "zlib", "python"])
    prefix.conda_package("py-click", "2", distribution="click", depends=["colour", "web"])
    prefix.conda_package("other", "3")
    prefix.pip_package("colour", "4")
    known = KnownPackages(read_snapshot(tmp_path), cast("Conda", None))
    assert known.find_dependencies(["web"], None) == {"click": "web", "colour": "py-click"}
    assert known.find_dependencies(["missing"], None) == {}
    names = [one.name for one in read_snapshot(tmp_path).distributions]
    assert sorted(known.find_packages(names)) == ["other", "py-click", "web"]
