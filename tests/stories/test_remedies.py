"""Each remedy that check names works as it is printed, and ends its finding."""

from __future__ import annotations

import json
import shlex
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.channels import build_conda_package, write_channel
from tests.support.environments import MakeEnv
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
    "stranded",
    "unmet",
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
    requires = ["idna>=3", "six==1.16.0"]
    env.pip("install", "-q", "--no-deps", str(build_wheel(tmp_path, "wanting", requires=requires)))
    env.pip("install", "-q", str(build_wheel(tmp_path, "stayed")))
    (env.site_packages / "~olo").mkdir()
    meta = env.prefix / "conda-meta"
    (meta / "lost-1.0-pyhd_0.json").unlink()
    (meta / "unread-1.0-pyhd_0.json").write_text("{")
    twice = (meta / "twice-1.0-pyhd_0.json").read_text()
    (meta / "twice-0.9-pyhd_0.json").write_text(twice.replace('"1.0"', '"0.9"'))
    stayed = [env.site_packages / one for one in ("stayed.py", "stayed-1.0.dist-info")]
    other = env.prefix / "lib/python3.9/site-packages"
    other.mkdir(parents=True)
    for one in stayed:
        shutil.move(one, other)
    return env


def find(env: Any) -> list[Any]:
    return list(env.json("pip check", check=False)["findings"])


def identify(finding: Any) -> tuple[Any, ...]:
    requirement = finding["details"].get("requirement")
    return (finding["kind"], finding["conda"], finding["distribution"], requirement)


# The other order takes twelve seconds and proves the same.
@pytest.mark.parametrize("order", [1, pytest.param(-1, marks=pytest.mark.faults)])
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
    assert broken.owners()["idna"][1] == "conda"
    assert broken.owners()["six"] == ("1.16.0", "conda")


def test_repair_says_what_it_cannot_install_and_repairs_the_rest(
    make_env: MakeEnv, tmp_path: Path
) -> None:
    env = make_env("python", "pip")
    requires = ["on-no-index>=1"]
    wheel = build_wheel(tmp_path, "wanting", requires=requires)
    env.pip("install", "-q", "--no-deps", str(wheel))
    done = env.conda("pip repair", "--yes", check=False)
    assert done.returncode == 1
    assert "on-no-index" in done.stderr

    env.pip("install", "-q", str(build_wheel(tmp_path, "solo")))
    (env.site_packages / "solo.py").unlink()
    done = env.conda("pip repair", "--yes")
    assert "Not installed: on-no-index>=1" in done.stdout
    assert f"conda pip install -n {env.name}" in done.stdout
    assert [kind for kind, _ in env.findings()] == ["unmet"]
    done = env.conda("pip repair", "--yes", "wanting", check=False)
    assert done.returncode == 1
    assert "on-no-index" in done.stderr


def test_repair_restores_what_a_package_of_condas_requires(
    make_env: MakeEnv, tmp_path: Path
) -> None:
    tool = build_conda_package("tool", "1.0", "click <8.1.8")
    env = make_env("python", "pip", "click=8.1.7")
    env.conda("install", "-y", "-q", "-c", write_channel(tmp_path / "channel", tool), "tool")
    env.pip("install", "-q", "click==8.1.8")
    assert [kind for kind, _ in env.findings()] == ["overridden", "unmet"]
    env.conda("pip repair", "--yes")
    assert env.owners()["click"] == ("8.1.7", "conda")
    assert env.findings() == []


def test_a_distribution_of_a_corrupt_record_is_not_pips(make_env: MakeEnv) -> None:
    env = make_env("python", "click=8.1.7")
    (record,) = (env.prefix / "conda-meta").glob("click-*.json")
    record.write_text("{")
    (row,) = [one for one in env.json("pip list")["distributions"] if one["name"] == "click"]
    assert (row["owner"], row["package"]) == ("conda", None)
    assert "cannot be read" in row["source"]


@pytest.fixture
def torch(make_env: Any, tmp_path: Path) -> Any:
    """conda's pytorch carries torch 2.0; pip's wheel of torch is 2.1."""
    channel = write_channel(
        tmp_path / "channel",
        build_conda_package("pytorch", "2.0", carries={"torch": "2.0"}),
        build_conda_package("torchvision", "0.15", "pytorch 2.0", carries={"torchvision": "0.15"}),
    )
    env = make_env("python", "pip")
    env.conda("install", "-y", "-c", channel, "pytorch", "torchvision")
    return env


def run_all(env: Any, commands: list[str]) -> None:
    for command in commands:
        done = env.base.run(*shlex.split(command)[1:], "--dry-run", check=False)
        assert done.returncode == 0, (command, done.stdout, done.stderr)


def test_only_what_the_channels_have_is_named_for_an_unmet_requirement(
    torch: Any, tmp_path: Path
) -> None:
    torch.pip(
        "install", "-q", "--no-deps", str(build_wheel(tmp_path, "audio", requires=["torch==2.1"]))
    )
    told = torch.conda("install", "-y", "six").stderr
    assert f"To see how to fix it: conda pip check -n {torch.name}" in told
    (finding,) = find(torch)
    assert finding["commands"] == [f"conda pip uninstall -n {torch.name} audio"]
    run_all(torch, finding["commands"])
    flask = build_wheel(tmp_path, "mine", requires=["flask>=3.1"])
    torch.conda("install", "-y", "flask=3.0")
    torch.pip("install", "-q", "--no-deps", str(flask))
    (commands,) = (one["commands"] for one in find(torch) if one["distribution"] == "mine")
    assert commands[0] == f"conda pip install -n {torch.name} 'flask>=3.1'"
    run_all(torch, commands)
    both = torch.base.run("pip", "check", "-n", "base", "-n", torch.name, "--json", check=False)
    (found,) = [one for one in json.loads(both.stdout)["environments"] if one["findings"]]
    assert found["findings"] == find(torch)


def test_condas_version_is_restored_where_the_index_has_none(torch: Any, tmp_path: Path) -> None:
    torch.pip("install", "-q", "--no-deps", str(build_wheel(tmp_path, "torch", "2.1")))
    torch.conda("pip reconcile", "-y")
    findings = find(torch)
    assert [one["kind"] for one in findings] == ["mixed", "unmet"]
    restore = f"conda pip restore -n {torch.name} pytorch"
    assert [one["commands"] for one in findings] == [[restore]] * 2
    torch.base.run(*shlex.split(restore)[1:], "--yes")
    assert find(torch) == []
