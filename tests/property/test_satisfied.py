"""What is planned from the requested names alone is what the planner plans from all of them."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, cast, get_args

from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement

from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.resolve.install import plan_install
from conda_pip_interop.resolve.request.request import build_request
from conda_pip_interop.resolve.satisfied import plan_satisfied
from tests.property.test_depth import Name, Verb, install, steps
from tests.support.builders import PrefixBuilder
from tests.support.graphs import TARGET
from tests.support.plans import describe_packages
from tests.support.trees import MEMORY

if TYPE_CHECKING:
    from collections.abc import Callable

    from conda_pip_interop.changes.plan import Plan
    from conda_pip_interop.installers.interface import Installer
    from conda_pip_interop.resolve.solver import Conda

wanted = st.lists(
    st.builds(
        "{}{}".format, st.sampled_from(get_args(Name)), st.sampled_from(["", ">=1", "==2.*", "[x]"])
    ),
    min_size=1,
    max_size=3,
)


class Nobody:
    """Whom nobody asks where all is satisfied."""

    def __getattr__(self, question: str) -> Callable[..., NoReturn]:
        """Each question fails."""

        def fail(*_: object, **__: object) -> NoReturn:
            raise LookupError(question)

        return fail


def plan_whole(root: Path, texts: list[str]) -> Plan | None:
    """Plan from a whole snapshot; None where that takes a channel or an index."""
    try:
        return plan_install(
            build_request(map(Requirement, texts)),
            snapshot=read_snapshot(root),
            target=TARGET,
            solver=cast("Conda", Nobody()),
            installer=cast("Installer", Nobody()),
        )
    except LookupError:
        return None


@settings(max_examples=150, deadline=None)
@given(st.lists(steps, max_size=6), wanted)
def test_a_short_plan_is_that_of_a_whole_look(
    given_steps: list[tuple[Verb, Name, str, tuple[str, ...]]], texts: list[str]
) -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        built = PrefixBuilder(root=Path(folder) / "env")
        for verb, name, version, requires in given_steps:
            install(built, verb, name, version, requires)
        plan = plan_satisfied(build_request(map(Requirement, texts)), built.root)
        if plan is not None:
            whole = plan_whole(built.root, texts)
            assert whole is not None
            assert plan == replace(whole, fingerprint=plan.fingerprint)
            assert plan.is_empty


def test_what_both_managers_have_is_planned_from_its_names(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    built.conda_package("alpha", "1.0", requires=("beta>=2", 'gone; python_version < "3"'))
    built.conda_package("beta", "2.0")
    built.pip_package("gamma", "3.0", requires=("alpha",))
    built.pip_package("delta", "1.0", requires=("epsilon",))

    plan = plan_satisfied(build_request([Requirement("gamma>=3")]), built.root)
    assert plan is not None
    assert describe_packages(plan) == ["keep alpha 1.0", "keep gamma 3.0"]
    assert plan.requests == {"gamma": "gamma>=3"}
    for text in ("gamma<3", "absent", "delta"):
        assert plan_satisfied(build_request([Requirement(text)]), built.root) is None


def test_what_conda_has_without_a_distribution_takes_a_whole_look(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    built.conda_package("openssl", "3.0", dist_info=False)
    assert plan_satisfied(build_request([Requirement("openssl")]), built.root) is None
