"""Whatever the versions: plan, check, list and graph compare the same one."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, cast

from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from conda_pip_interop.commands.inspect.list import build_rows
from conda_pip_interop.dependencies.read_graph import read_graph
from conda_pip_interop.dependencies.requirements import satisfies
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.findings.registry import find_all
from conda_pip_interop.resolve.agreement.known_packages import KnownPackages
from tests.support.builders import PrefixBuilder
from tests.support.version_strategies import any_versions, releases, specifier_sets

if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet

    from conda_pip_interop.resolve.solver import Conda

KIT = canonicalize_name("kit")


@given(
    stated=st.one_of(st.sampled_from(["0.0.0", "0+unknown"]), any_versions()),
    recorded=any_versions(),
    package=st.sampled_from(["kit", "py-kit"]),
    by_pip=st.booleans(),
    wanted=specifier_sets(releases(1, 3)),
)
def test_plan_check_list_and_graph_agree_on_the_version(
    stated: str, recorded: str, package: str, *, by_pip: bool, wanted: SpecifierSet
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        built = PrefixBuilder(root=Path(folder, "env"))
        built.conda_package(package, recorded, distribution="kit", distribution_version=stated)
        if by_pip:
            built.pip_upgrade("kit", stated, "3.1")
        built.pip_package("app", "1.0", requires=(f"kit{wanted}",))
        snapshot = read_snapshot(built.root)
        planned = KnownPackages(snapshot, cast("Conda", None)).installed[KIT].version
        (listed,) = (one.version for one in build_rows(snapshot) if one.distribution.name == KIT)
        app = read_graph(snapshot).packages["pip:app"]
        unmet = [one for one in find_all(snapshot) if one.kind == "unmet"]
    assert planned == listed
    assert planned == "3.1" or not by_pip
    is_met = satisfies(wanted, planned) is not False
    assert [one.satisfied for one in app.dependencies] == [is_met]
    assert bool(unmet) is not is_met
