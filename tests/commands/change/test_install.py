"""`conda pip install`: resolving again, the guard, and base."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

import pytest
from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.changes.plan import InstallPip, LinkConda, Plan
from conda_pip_interop.commands.change.install import refuse_protected_base, resolve_and_run
from conda_pip_interop.commands.output import Output
from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.environment.snapshot import Snapshot
from conda_pip_interop.environment.target import Target
from conda_pip_interop.errors import InteropError
from conda_pip_interop.names.package_contents import PackagedDistribution
from conda_pip_interop.resolve.parts import SolvedPart
from conda_pip_interop.resolve.solver import CondaPackage, ListReleases
from conda_pip_interop.values import dataclass
from tests.support.builders import PrefixBuilder
from tests.support.hosts import FakeHost


@dataclass(frozen=True, kw_only=True)
class OneSolution:
    """A solution that links one package; `wrong` is what it turns out not to contain."""

    package: CondaPackage
    wrong: tuple[str, ...] = ()
    done: list[str] = field(default_factory=list)

    @property
    def linked(self) -> tuple[CondaPackage, ...]:
        """See `Solution.linked`."""
        return (self.package,)

    @property
    def unlinked(self) -> tuple[CondaPackage, ...]:
        """See `Solution.unlinked`."""
        return ()

    def download(self) -> None:
        """See `Solution.download`."""
        self.done.append("download")

    def read_contents(self, _package: CondaPackage) -> tuple[PackagedDistribution, ...] | None:
        """See `Solution.read_contents`."""
        return None

    def note_specs(self, specs: Mapping[str, str]) -> None:
        """See `Solution.note_specs`."""
        raise AssertionError(specs)

    def find_wrong(self, _expected: Mapping[NormalizedName, str]) -> tuple[str, ...]:
        """See `Solution.find_wrong`."""
        return self.wrong

    def find_unreleased(
        self, expected: Mapping[NormalizedName, str], _list_releases: ListReleases
    ) -> tuple[str, ...]:
        """See `Solution.find_unreleased`."""
        raise AssertionError(expected)

    def find_versions(self) -> Mapping[NormalizedName, str]:
        """See `Solution.find_versions`."""
        return dict(self.package.contained or ())

    def find_goal(self) -> PrefixPath | None:
        """Nothing."""
        return None

    def execute(self) -> None:
        """See `Solution.execute`."""
        self.done.append("execute")

    def list_created(self) -> tuple[PrefixPath, ...]:
        """Nothing."""
        return ()

    def roll_back(self) -> None:
        """See `Solution.roll_back`."""
        self.done.append("roll back")


@dataclass(frozen=True, kw_only=True)
class GuardingHost(FakeHost):
    """A host with a guard that remembers what is replaced, and refuses if told."""

    refusal: InteropError | None = None
    replaced: list[Mapping[NormalizedName, str]] = field(default_factory=list)

    def guard(
        self,
        _unlinked: tuple[CondaPackage, ...],
        _linked: tuple[CondaPackage, ...],
        replaced: Mapping[NormalizedName, str],
        _snapshot: Snapshot | None,
    ) -> InteropError | None:
        """See `Host.guard`."""
        self.replaced.append(replaced)
        return self.refusal


@pytest.fixture
def target(tmp_path: Path) -> Target:
    root = PrefixBuilder(root=tmp_path / "web", python="3.11.7").root
    return Target(prefix=root, name="web", is_base=False)


def make_plan(name: str, *wrong: str) -> Plan:
    package = CondaPackage(name=name, version="1", build="0", channel="main", depends=())
    solution = OneSolution(package=package, wrong=wrong)
    return Plan(
        title="install",
        steps=(
            LinkConda(name=name, version="1", reason="requested"),
            InstallPip(name="cowsay", version="6.1", reason="requested"),
        ),
        conda=SolvedPart(solution=solution, expected={}),
    )


def list_done(plan: Plan) -> list[str]:
    assert isinstance(plan.conda, SolvedPart)
    assert isinstance(plan.conda.solution, OneSolution)
    return plan.conda.solution.done


def install(host: FakeHost, *plans: Plan, versions: dict[NormalizedName, str]) -> Output:
    left = list(plans)
    return resolve_and_run(
        lambda: left.pop(0),
        Namespace(json=False, quiet=True, yes=True, dry_run=False),
        host,
        versions=versions,
        from_conda=[canonicalize_name("six")],
        nothing_to_do="Nothing.",
    )


def test_a_conda_package_without_the_project_is_not_installed(
    target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    host, versions = GuardingHost(target=target), dict[NormalizedName, str]()
    first, second = make_plan("ninja", "conda's ninja 1 does not contain ninja"), make_plan("flask")
    output = install(host, first, second, versions=versions)
    assert output.text == "Installed 2 packages in web: cowsay 6.1 (pip), flask 1 (conda)"
    assert "ninja 1 does not contain ninja. Nothing was changed" in capsys.readouterr().err
    assert list_done(first) == ["download"]
    assert list_done(second) == ["download", "execute"]
    assert versions[canonicalize_name("flask")] == "1"
    assert host.calls == ["confirm", "confirm", "after"]


def test_the_guard_may_refuse_what_conda_would_break(target: Target) -> None:
    refusal = InteropError("would-break", "It breaks flask.")
    host, plan = GuardingHost(target=target, refusal=refusal), make_plan("six")
    with pytest.raises(InteropError, match="It breaks flask"):
        install(host, plan, versions={})
    assert host.replaced == [{"cowsay": "6.1", "six": ""}]
    assert host.calls == []


def test_a_protected_base_is_refused(target: Target) -> None:
    refuse_protected_base(FakeHost(target=target))
    base = Target(prefix=target.prefix, name="base", is_base=True)
    with pytest.raises(InteropError) as caught:
        refuse_protected_base(FakeHost(target=base))
    assert caught.value.code == "base-protected"
