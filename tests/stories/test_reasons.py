"""Who supplies what, and why: each reason in a plan of the real conda and the real pip."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.channels import build_carrying_package, write_channel
from tests.support.environments import MakeEnv
from tests.support.pip_worlds import build_project, build_wheel
from tests.support.plans import plan_of, reasons_of

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def channel(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What cannot stand beside each other, is on no index, or is something else than its name."""
    return write_channel(
        tmp_path_factory.mktemp("channel") / "conda-forge",
        build_carrying_package("left", "1.0", "click 8.1.7", carries="left"),
        build_carrying_package("right", "1.0", "click 8.1.8", carries="right"),
        build_carrying_package("calm", "1.0", "click", carries="calm"),
        build_carrying_package("nowhere", "9.9", carries="nowhere"),
        build_carrying_package("cmake", "4.0", carries="cmake"),
        build_carrying_package("lacking", "1.0", "not-anywhere >=2", carries="lacking"),
        build_carrying_package("deeply", "1.0", "lacking", carries="deeply"),
        build_carrying_package("lefter", "1.0", "left", carries="lefter"),
        build_carrying_package("righter", "1.0", "right", carries="righter"),
        build_carrying_package("gpu", "1.0", "__cuda >=99", carries="gpu"),
        build_carrying_package("old-click", "1.0", "click 8.1.7", carries="old_click"),
        *(build_carrying_package(f"free{number}", carries=f"free{number}") for number in range(30)),
    )


def test_every_reason_stands_in_one_plan(make_env: MakeEnv, channel: str, tmp_path: Path) -> None:
    for name, requires in {
        **dict.fromkeys(("left", "right", "calm", "cmake"), ()),
        "user": ("nowhere>=9", "left"),
    }.items():
        build_wheel(tmp_path / "wheels", name, requires=requires)
    build_project(tmp_path / "own", "own", requires=["itsdangerous"])
    env = make_env("python", "pip", "six")
    argv = [
        *("six", "cowsay", "idna>=3.11", "left", "right", "calm", "user", "cmake", "blinker"),
        *(str(tmp_path / "own"), "--from-pypi", "blinker", "--channel", channel),
        *("--find-links", str(tmp_path / "wheels")),
    ]
    done = env.json("pip install", "--yes", *argv)
    owners = {name: owner for name, (owner, _) in plan_of(done).items()}
    reasons = reasons_of(done)
    assert reasons["six"] == "already installed by conda"
    assert {one["name"]: one["source"] for one in done["plan"]}["itsdangerous"] == "channel"
    assert reasons["itsdangerous"] == "needed by own"
    assert reasons["cowsay"] == "not in the channels"
    assert reasons["idna"] == "the channels have 3.7 to 3.10, required >=3.11"
    assert reasons["blinker"] == "requested by --from-pypi"
    assert reasons["own"] == "from a path or URL"
    assert reasons["cmake"].startswith("the conda package of the same name is something else: ")
    # the smallest set moves, and what conda has and no index is held
    moved = next(name for name in ("left", "right") if owners[name] == "pip")
    other = {"left": "right", "right": "left"}[moved]
    assert reasons[moved] == f"conda cannot install it beside {other}"
    assert {owners[name] for name in (other, "calm", "nowhere", "six")} == {"conda"}
    assert owners["user"] == "pip"

    assert env.owners()["nowhere"] == ("9.9", "conda")
    assert {name: owner for name, (_, owner) in env.owners().items()} == owners | {"pip": "conda"}
    assert env.findings() == []


#: Run conda, and tell how often its solver was asked.
COUNT = """
import sys
import conda_pip_interop.conda_adapter.transactions.solver as adapter
asked = []
solve = adapter.CondaEnvironment._solve
adapter.CondaEnvironment._solve = lambda *a, **k: (asked.append(1), solve(*a, **k))[1]
from conda.cli.main import main
code = main(*sys.argv[1:])
print("asked", len(asked), file=sys.stderr)
sys.exit(code)
"""


def test_what_conda_cannot_install_is_told_truly_and_costs_few_solves(
    make_env: MakeEnv, channel: str, tmp_path: Path
) -> None:
    for name in ("lacking", "deeply", "old_click", "left", "right", "lefter", "righter", "gpu"):
        build_wheel(tmp_path / "wheels", name)
    env = make_env("python", "pip")

    def install(*words: str) -> tuple[dict[str, str], int]:
        argv = ["pip", "install", "-n", env.name, "--dry-run", "--json", "-c", channel]
        argv += ["--find-links", str(tmp_path / "wheels"), *words]
        done = env.base.run_in(env.base.prefix, "python", "-c", COUNT, *argv)
        return reasons_of(json.loads(done.stdout)), int(done.stderr.rpartition("asked ")[2])

    free = [f"free{number}" for number in range(30)]
    reasons, solves = install("lacking", "deeply", *free)
    absent = "conda's lacking 1.0 requires not-anywhere >=2, which no channel has"
    assert (reasons["lacking"], reasons["deeply"]) == (absent, absent)
    assert solves <= 4
    reasons, solves = install("left", "right", *free)
    assert "conda cannot install it beside" in reasons["left"] + reasons["right"]
    assert solves <= 5
    reasons, solves = install("lefter", "righter", "gpu", "lacking", *free)
    assert "conda cannot install it beside" in reasons["lefter"] + reasons["righter"]
    assert (
        reasons["gpu"] == "conda's gpu 1.0 requires __cuda >=99, which this machine does not have"
    )
    assert solves <= 6
    env.conda("install", "--yes", "click=8.1.8")
    (env.prefix / "conda-meta" / "pinned").write_text("click 8.1.8\n")
    reasons, _ = install("old-click", *free)
    assert reasons["old-click"] == "conda cannot install it beside click 8.1.8"


def test_a_hundred_requirements_of_a_file(make_env: MakeEnv, tmp_path: Path) -> None:
    for number in range(88):
        build_wheel(tmp_path / "wheels", f"project{number}", requires=["six", "click>=8"])
    ours = [f"project{number}>=1" for number in range(88)]
    condas = ["attrs", "blinker>=1", "certifi", "click<9", "colorama", "flask>=3", "idna", "six"]
    condas += ["jinja2 ; python_version >= '3'", "packaging", "requests", "pluggy"]
    (tmp_path / "more.txt").write_text("\n".join(ours))
    (tmp_path / "r.txt").write_text(f"-f {tmp_path}/wheels\n-r more.txt\n" + "\n".join(condas))
    env = make_env("python", "pip")
    plan = plan_of(env.json("pip install", "--yes", "-r", str(tmp_path / "r.txt")))
    assert sum(who == "pip" for who, _ in plan.values()) == 88
    assert {"flask", "werkzeug", "urllib3", "six", "jinja2"} <= {
        name for name, (who, _) in plan.items() if who == "conda"
    }
    owners = env.owners()
    assert owners["project87"] == ("1.0", "pip")
    assert owners["flask"][1] == "conda"
    assert env.pip("check").stdout.strip() == "No broken requirements found."


def test_what_pip_does_not_find_is_told_with_the_reason_why_it_was_asked(
    make_env: MakeEnv, channel: str, tmp_path: Path
) -> None:
    wheels = tmp_path / "wheels"
    build_wheel(wheels, "nowhere", "2.0")
    build_wheel(wheels, "older", requires=["nowhere<3"])
    env = make_env("python", "pip")
    argv = ("--yes", "--channel", channel, "--find-links", str(wheels))
    both = env.conda("pip install", *argv, "older", "nowhere>=3", check=False)
    assert both.returncode == 1
    assert "Left to pip: nowhere (the channels have 9.9, required <3,>=3)." in both.stderr
    assert "Did you mean" not in both.stderr
    env.conda("pip install", *argv, "nowhere<3")
    held = env.conda("pip install", *argv, "nowhere>=3", check=False)
    assert held.returncode == 1
    assert "pip has 2.0 of it, needed >=3" in held.stderr
    command = f"pip install -n {env.name} --from-conda=nowhere nowhere"
    assert f"`conda {command}`" in held.stderr
    neither = env.conda("pip install", *argv, "nowhere>=10", check=False)
    assert "--from-conda" not in neither.stderr
    env.conda(command, "--yes", "--channel", channel)
    assert env.owners()["nowhere"] == ("9.9", "conda")
    assert env.findings() == []
