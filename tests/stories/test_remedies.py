"""Each remedy that check names works as it is printed, and ends its finding."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.channels import build_conda_package, write_channel
from tests.support.pip_worlds import build_wheel

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.e2e

KINDS = {
    "clobbered",
    "corrupt-record",
    "damaged",
    "duplicate-record",
    "leftover",
    "lost-record",
    "overridden",
    "vanished",
}

#: What reconciling after a command settles.
BY_ITSELF = {"leftover", "overridden"}


@pytest.fixture
def broken(make_env: Any, tmp_path: Path) -> Any:
    """An environment with a finding of most kinds."""
    names = ("taken", "gone", "lost", "twice", "holey", "replaced", "unread")
    files = {"site-packages/extra.py": "extra = 'conda'\n"}
    packages = [build_conda_package(one, carries={one: "1.0"}) for one in names[1:]]
    packages.append(build_conda_package("taken", carries={"taken": "1.0"}, files=files))
    env = make_env("python", "pip")
    channel = write_channel(tmp_path / "channel", *packages)
    env.conda("install", "-y", "-q", "-c", channel, *names)
    site = env.site_packages.relative_to(env.prefix).as_posix()
    data = {f"{site}/extra.py": "extra = 'pip'\n"}
    env.pip("install", "-q", str(build_wheel(tmp_path, "bundler", data=data)))
    env.pip("install", "-q", str(build_wheel(tmp_path, "solo")))
    env.pip("install", "-q", str(build_wheel(tmp_path, "replaced", "2.0")))
    env.pip("uninstall", "-q", "-y", "gone")
    for name in ("solo.py", "holey.py"):
        (env.site_packages / name).unlink()
    (env.site_packages / "~olo").mkdir()
    meta = env.prefix / "conda-meta"
    (meta / "lost-1.0-pyhd_0.json").unlink()
    (meta / "unread-1.0-pyhd_0.json").write_text("{")
    twice = (meta / "twice-1.0-pyhd_0.json").read_text()
    (meta / "twice-0.9-pyhd_0.json").write_text(twice.replace('"1.0"', '"0.9"'))
    return env


def find(env: Any) -> list[Any]:
    return list(env.json("pip check", check=False)["findings"])


def identify(finding: Any) -> tuple[Any, ...]:
    return (finding["kind"], finding["conda"], finding["distribution"])


@pytest.mark.parametrize("order", [1, -1])
def test_each_remedy_ends_its_finding(broken: Any, order: int) -> None:
    broken.conda("pip repair", "--yes", "unread")  # without which nothing else is changed
    assert {one["kind"] for one in find(broken)} >= KINDS - {"corrupt-record"} - BY_ITSELF
    while findings := find(broken)[::order]:
        before = {identify(one) for one in findings}
        command = findings[0]["commands"][0]
        done = broken.base.run(*shlex.split(command)[1:], "--yes", check=False)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        after = {identify(one) for one in find(broken)}
        assert after <= before - {identify(findings[0])}, command


def test_one_repair_ends_every_finding(broken: Any) -> None:
    assert {one["kind"] for one in find(broken)} >= KINDS - {"leftover"}  # not known before
    broken.conda("pip repair", "--yes")
    broken.conda("pip repair", "--yes")  # what conda is needed for, once it can read its records
    assert find(broken) == []
