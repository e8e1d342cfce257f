"""What is known while a plan is made: what is installed, and what depends on it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from packaging.utils import canonicalize_name

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


def test_what_pip_removed_of_condas_is_linked_again_where_it_is_needed(tmp_path: Path) -> None:
    prefix = PrefixBuilder(root=tmp_path)
    prefix.conda_package("web", "1", depends=["py-click >=1", "python"])
    prefix.conda_package("py-click", "2", distribution="click", depends=["colour"])
    prefix.conda_package("colour", "3")
    prefix.conda_package("alone", "4")
    for name, version in (("click", "2"), ("colour", "3"), ("alone", "4")):
        prefix.pip_uninstall(name, version)
    known = KnownPackages(read_snapshot(tmp_path), cast("Conda", None))
    assert known.installed[canonicalize_name("click")].manager == "conda"

    def find(*kept: str, with_deps: bool = True) -> list[str]:
        names = [canonicalize_name(one) for one in kept]
        return [one.name for one in known.find_relinked(names, None, with_deps=with_deps)]

    assert find("web") == ["colour", "py-click"]
    assert find("click") == ["colour", "py-click"]
    assert find("click", with_deps=False) == ["py-click"]
    assert find("alone") == ["alone"]
    assert find() == []
