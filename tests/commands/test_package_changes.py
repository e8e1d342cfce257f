"""The last line of a changing command: what was installed, restored or removed, by manager."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from conda_pip_interop.commands.package_changes import (
    InstalledPackage,
    describe_difference,
    describe_packages,
    find_installed,
)
from conda_pip_interop.environment.snapshot import read_snapshot
from tests.support.builders import PrefixBuilder

PACKAGES = st.builds(
    InstalledPackage,
    name=st.sampled_from(["a", "b-c", "b.c", "d" * 60]),
    version=st.sampled_from(["1", "2"]),
    manager=st.sampled_from(["conda", "pip"]),
)


def one(name: str, version: str, manager: str = "pip") -> InstalledPackage:
    return InstalledPackage(name=name, version=version, manager=manager)  # type: ignore[arg-type]


@given(packages=st.lists(PACKAGES, unique=True))
def test_every_package_is_in_the_description_once(packages: list[InstalledPackage]) -> None:
    lines = describe_packages("Installed", "web", packages)
    assert len(lines) <= 2
    said = ", ".join(line.partition(": ")[2] for line in lines).split(", ") if lines else []
    assert len(said) == len(packages)
    for package in packages:
        assert any(text.startswith(f"{package.name} {package.version}") for text in said)
        assert sum(package.manager in line for line in lines) >= 1


@given(before=st.lists(PACKAGES, unique=True), after=st.lists(PACKAGES, unique=True))
def test_a_difference_names_what_is_new_and_what_is_gone_without_another(
    before: list[InstalledPackage], after: list[InstalledPackage]
) -> None:
    text = describe_difference("web", before, after)
    assert bool(text) or set(after) <= set(before)
    assert ("Restored" in text) is bool(set(after) - set(before))
    names = {package.name.replace(".", "-") for package in after}
    gone = {package.name for package in before if package.name.replace(".", "-") not in names}
    assert ("Removed" in text) is bool(gone)


def test_a_difference_is_told_by_manager() -> None:
    before = [one("click", "8.1.3"), one("cowsay", "6.1"), one("six", "1.16.0", "conda")]
    after = [one("click", "8.1.7", "conda")]
    assert describe_difference("web", before, after).splitlines() == [
        "Removed 2 packages in web: cowsay 6.1 (pip), six 1.16.0 (conda)",
        "Restored 1 package in web: click 8.1.7 (conda)",
    ]


def test_of_a_package_that_pip_has_replaced_only_pips_counts(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path / "env", python="3.11.7")
    built.conda_package("numpy", "1.0")
    built.conda_package("zlib", "1.3", dist_info=False)
    built.pip_upgrade("numpy", "1.0", "2.0")
    built.pip_package("Flask_Testing", "0.8")
    found = find_installed(read_snapshot(built.root, depth="names"))
    assert {(each.name, each.version, each.manager) for each in found} >= {
        ("numpy", "2.0", "pip"),
        ("zlib", "1.3", "conda"),
        ("flask-testing", "0.8", "pip"),
    }
    assert ("numpy", "1.0", "conda") not in {
        (each.name, each.version, each.manager) for each in found
    }
