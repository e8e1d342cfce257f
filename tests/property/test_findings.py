"""What holds for every environment that conda and pip can make of it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from conda_pip_interop.environment.ownership import ByConda
from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.findings.registry import find_all
from tests.support.builders import Layout, PrefixBuilder
from tests.support.findings import describe


@dataclass(frozen=True, kw_only=True, slots=True)
class Package:
    """One package of a generated environment; its files lie in a folder of its own."""

    name: str
    by_pip: bool
    dist_info: bool
    installer: str
    files: tuple[str, ...]
    namespace: bool


layouts: st.SearchStrategy[tuple[Layout, str]] = st.sampled_from(
    [
        ("cpython", "3.8.20"),
        ("cpython", "3.14.0"),
        ("free-threaded", "3.13.1"),
        ("pypy", "3.9.18"),
        ("windows", "3.12.1"),
    ]
)
packages = st.builds(
    Package,
    name=st.sampled_from(["alpha", "beta", "gamma", "my-delta", "zope.eps"]),
    by_pip=st.booleans(),
    dist_info=st.booleans(),
    installer=st.sampled_from(["conda", "pip", ""]),
    files=st.lists(
        st.sampled_from(["__init__.py", "a.py", "sub/b.py", "data, with comma.txt", "é.py"]),
        min_size=1,
        unique=True,
    ).map(tuple),
    namespace=st.booleans(),
)
environments = st.lists(packages, max_size=5, unique_by=lambda package: package.name)


@contextmanager
def build(layout: tuple[Layout, str], wanted: list[Package]) -> Iterator[PrefixBuilder]:
    with tempfile.TemporaryDirectory() as folder:
        built = PrefixBuilder(root=Path(folder), layout=layout[0], python=layout[1])
        for package in wanted:
            install(built, package)
        yield built


def install(built: PrefixBuilder, package: Package, *, by_pip: bool | None = None) -> None:
    files = {f"{package.name}/{path}": f"{package.name} {path}" for path in package.files}
    if package.namespace:
        files["shared/__init__.py"] = ""
    if package.by_pip if by_pip is None else by_pip:
        built.pip_package(package.name, "1.0", files)
    else:
        built.conda_package(
            package.name,
            "1.0",
            {**files, "__pycache__/x.cpython-3.pyc": ""},
            dist_info=package.dist_info,
            installer=package.installer,
        )


@settings(max_examples=40, deadline=None)
@given(layouts, environments)
def test_a_clean_environment_has_no_findings(
    layout: tuple[Layout, str], wanted: list[Package]
) -> None:
    with build(layout, wanted) as built:
        snapshot = read_snapshot(built.root)
        assert find_all(snapshot) == ()


@settings(max_examples=30, deadline=None)
@given(layouts, environments)
def test_every_path_has_one_owner_class(layout: tuple[Layout, str], wanted: list[Package]) -> None:
    with build(layout, wanted) as built:
        snapshot = read_snapshot(built.root)
        ownership = snapshot.ownership
        listed = {file.path for record in snapshot.records for file in record.files}
        for path in built.root.rglob("*"):
            key = PrefixPath(path.relative_to(built.root).as_posix())
            owner = next(iter(ownership.claimants(key)), None)
            assert isinstance(owner, ByConda) or key not in listed


def upgrade(built: PrefixBuilder) -> None:
    built.conda_package("victim", "1.0", {"victim/a.py": "1", "victim/b.py": "1"})
    built.pip_upgrade("victim", "1.0", "2.0", {"victim/a.py": "2"})


def reinstall(built: PrefixBuilder) -> None:
    built.conda_package("victim", "1.0", {"victim/a.py": "1"})
    built.pip_upgrade("victim", "1.0", "1.0", {"victim/a.py": "1 from PyPI"})


def install_over(built: PrefixBuilder) -> None:
    built.pip_package("victim", "2.0", {"victim/a.py": "2"})
    built.conda_package("victim", "1.0", {"victim/a.py": "1"})


def uninstall(built: PrefixBuilder) -> None:
    built.conda_package("victim", "1.0")
    built.pip_uninstall("victim", "1.0")


def take_file(built: PrefixBuilder) -> None:
    built.pip_package("victim", "1.0", {"victim/a.py": "1"})
    (built.root / built.place("victim/a.py")).unlink()


def collide(built: PrefixBuilder) -> None:
    built.pip_package("victim", "1.0", {"victim/a.py": "1"})
    built.conda_package("py-victim", "1.0", {"victim/a.py": "2"})


def leave(built: PrefixBuilder) -> None:
    built.write(built.place("~ictim/a.py"), "1")


HARMS: dict[str, tuple[Callable[[PrefixBuilder], None], ...]] = {
    "overridden": (upgrade, reinstall),
    "stale-metadata": (install_over,),
    "vanished": (uninstall,),
    "damaged": (take_file,),
    "clobbered": (collide,),
    "leftover": (leave,),
}
harms = st.sampled_from([(kind, harm) for kind, found in HARMS.items() for harm in found])


@settings(max_examples=60, deadline=None)
@given(layouts, environments, harms)
def test_each_harm_yields_exactly_its_finding_and_twice_the_same(
    layout: tuple[Layout, str],
    wanted: list[Package],
    harm: tuple[str, Callable[[PrefixBuilder], None]],
) -> None:
    with build(layout, wanted) as built:
        harm[1](built)
        snapshot = read_snapshot(built.root)
        findings = find_all(snapshot)
        assert [finding.kind for finding in findings] == [harm[0]]
        assert describe(findings) == describe(find_all(read_snapshot(built.root)))
        assert all(finding.evidence for finding in findings)
