"""The plan for a lock: exact files for conda, exact lines for pip, and what goes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import canonicalize_name

from conda_pip_interop.changes.plan import (
    InstallPip,
    LinkConda,
    Plan,
    RemoveFile,
    RemovePip,
    UnlinkConda,
)
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.environment.target import Target
from conda_pip_interop.errors import InteropError
from conda_pip_interop.exports.contents import read_contents
from conda_pip_interop.exports.sources import FromArchive, FromFolder, FromIndex, FromRepository
from conda_pip_interop.locks.lock import Lock, LockedDistribution, build_package
from conda_pip_interop.resolve.locked import build_pin, plan_lock
from conda_pip_interop.resolve.parts import ResolvedPart
from tests.support.builders import PrefixBuilder
from tests.support.exports import build_env

SHA256 = "e" * 64
URL = "https://u:secret@h/c/linux-64"
WHEEL = FromIndex(url="https://h/app-1.0-py3-none-any.whl", sha256=SHA256)


class ExactConda:
    """A conda that is asked for exact packages only; the answer is the question."""

    def prepare_exact(
        self, link: tuple[Any, ...], unlink: tuple[str, ...], *, offline: object = None
    ) -> Any:
        """Return the names."""
        assert offline is None
        return ([one.name for one in link], unlink)


def build_lock(*pip: LockedDistribution, python: str = "3.11.7") -> Lock:
    conda = (f"{URL}/python-{python}-h0_0.conda", f"{URL}/six-1.16.0-0.conda")
    packages = tuple(build_package(one, "lock", sha256=SHA256) for one in conda)
    return Lock(origin="pylock.toml", platform="linux-64", conda=packages, pip=pip)


def plan(built: PrefixBuilder, lock: Lock) -> Plan:
    conda: Any = ExactConda()
    installer: Any = object()
    return plan_lock(
        lock,
        read_contents(read_snapshot(built.root), name="web"),
        target=Target(prefix=built.root, name="web", is_base=False),
        conda=conda,
        open_installer=lambda _: installer,
    )


def distribution(name: str, source: Any, **known: str) -> LockedDistribution:
    return LockedDistribution(name=canonicalize_name(name), source=source, **known)


@pytest.fixture
def built(tmp_path: Path) -> PrefixBuilder:
    built = build_env(tmp_path / "env")
    built.conda_package("more", "1.0")
    built.pip_package("app", "0.9")
    built.pip_package("other", "1.0")
    return built


def test_what_differs_is_installed_and_the_rest_goes(built: PrefixBuilder) -> None:
    wanted = distribution("app", WHEEL, version="1.0", requested="app>=1")
    found = plan(built, build_lock(wanted))
    links = [one for one in found.packages if isinstance(one, LinkConda)]
    assert {(one.name, one.channel) for one in links} >= {("python", "https://h/c")}
    assert [one.name for one in found.packages if isinstance(one, UnlinkConda)] == ["more"]
    assert [one.name for one in found.packages if isinstance(one, RemovePip)] == ["other"]
    (install,) = (one for one in found.packages if isinstance(one, InstallPip))
    assert (install.previous, install.version, install.reason) == ("0.9", "1.0", "in pylock.toml")
    removed = {one.path for one in found.files if isinstance(one, RemoveFile)}
    assert f"{built.dist_info('other', '1.0')}/METADATA" in removed
    assert not any("app" in path for path in removed)
    assert isinstance(found.pip, ResolvedPart)
    assert found.pip.needs_conda
    assert found.requests == {"app": "app>=1"}


def test_another_python_takes_all_of_pips_part_along(built: PrefixBuilder) -> None:
    lock = build_lock(distribution("app", WHEEL, version="1.0"), python="3.12.1")
    found = plan(built, lock)
    removed = {one.path for one in found.files if isinstance(one, RemoveFile)}
    assert {f"{built.dist_info(*one)}/RECORD" for one in (("app", "0.9"), ("other", "1.0"))} <= (
        removed
    )
    assert isinstance(found.pip, ResolvedPart)
    python = found.pip.snapshot.prefix.python
    assert python is not None
    assert python.site_packages == "lib/python3.12/site-packages"


def test_nothing_is_planned_for_what_is_there(built: PrefixBuilder) -> None:
    lock = build_lock(distribution("app", WHEEL, version="0.9"), distribution("other", WHEEL))
    lock = replace(lock, pip=(lock.pip[0], replace(lock.pip[1], version="1.0")))
    urls = (f"{URL}/more-1.0-0.conda",)
    conda = (*lock.conda, *(build_package(one, "lock", sha256=SHA256) for one in urls))
    found = plan(built, replace(lock, conda=conda))
    assert [one for one in found.packages if not isinstance(one, LinkConda)] == []
    assert found.pip is None


def test_what_has_no_record_cannot_be_removed(built: PrefixBuilder) -> None:
    (built.root / built.dist_info("other", "1.0") / "RECORD").unlink()
    with pytest.raises(InteropError, match="it has no RECORD"):
        plan(built, build_lock(distribution("app", WHEEL)))


@pytest.mark.parametrize(
    ("source", "line", "hashes"),
    [
        (WHEEL, "app @ https://h/app-1.0-py3-none-any.whl", (f"sha256:{SHA256}",)),
        (
            FromRepository(vcs="git", url="https://h/r.git", commit="abc", subdirectory="s"),
            "app @ git+https://h/r.git@abc#subdirectory=s",
            (),
        ),
        (
            FromArchive(url="https://h/x.zip", algorithm="sha512", digest="f" * 128),
            "app @ https://h/x.zip",
            (f"sha512:{'f' * 128}",),
        ),
        (FromFolder(path="/a b", editable=True, subdirectory="s"), "/a b/s", ()),
    ],
)
def test_each_source_is_one_line_for_pip(source: Any, line: str, hashes: tuple[str, ...]) -> None:
    pin = build_pin(distribution("app", source, requested=""))
    assert (pin.line.text, pin.line.hashes, pin.requested) == (line, hashes, False)
    assert pin.is_located == isinstance(source, FromIndex)
    assert (pin.origin is None) == isinstance(source, FromIndex)
    assert pin.editable == isinstance(source, FromFolder)
    assert build_pin(distribution("app", source)).request == "app"
