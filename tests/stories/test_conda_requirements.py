"""What conda's packages require by their metadata, extras and markers included, is installed."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.support.channels import build_conda_package, write_channel
from tests.support.environments import MakeEnv
from tests.support.pip_worlds import build_wheel
from tests.support.plans import plan_of, reasons_of
from tests.world.package import Package

if TYPE_CHECKING:
    from tests.support.environments import Env

pytestmark = pytest.mark.e2e

CSS = ("tinycss2<1.5,>=1.1; extra == 'css'", "nowhere; extra == 'never'")


#: In each build string, so that no cache has it of an earlier run.
RUN = uuid4().hex


def package(name: str, *depends: str, requires: tuple[str, ...] = ()) -> Package:
    """A conda package with a distribution of its name, which requires more than it depends on."""
    made = build_conda_package(name, "1.0", *depends, carries={name: "1.0"}, requires=requires)
    return replace(made, build=f"pyhd_{RUN}_0")


def build_packages(prefix: str) -> tuple[Package, ...]:
    """A converter that requires `bleach[css]` and depends on plain bleach, as nbconvert does."""
    bleach = f"{prefix}bleach"
    return (
        package(
            f"{prefix}convert",
            bleach,
            requires=(f"{bleach}[css]!=0.5", "nowhere; sys_platform == 'win32'"),
        ),
        package(bleach, requires=CSS),
    )


@pytest.fixture(scope="module")
def channel(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Each story has names of its own: what is downloaded once is known from then on."""
    packages = [one for letter in "abcdef" for one in build_packages(letter)]
    return write_channel(
        tmp_path_factory.mktemp("channel") / "conda-forge",
        *packages,
        package("plain", requires=("omitted",)),
        package("broken", requires=("on-no-index",)),
        package("whole", "bundle", requires=("bundle[All_Of]",)),
        package("bundle", requires=("tinycss2; extra == 'css'", "bundle[css]; extra == 'all-of'")),
    )


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What pip finds beside the index."""
    folder = tmp_path_factory.mktemp("wheels")
    for version in ("1.4", "1.5"):
        build_wheel(folder, "tinycss2", version, requires=["webencodings"])
    build_wheel(folder, "webencodings")
    build_wheel(folder, "omitted")
    for letter in "abcdef":
        build_wheel(folder, f"{letter}sphinx", requires=[f"{letter}convert"])
    return folder


def install(env: Env, channel: str, wheels: Path, *words: str) -> dict[str, tuple[str, str]]:
    """The plan of an installation that was executed."""
    argv = ("--yes", "-c", channel, "--find-links", str(wheels))
    return plan_of(env.json("pip install", *argv, *words))


def test_an_extra_of_what_conda_links_for_pip_comes_too(
    make_env: MakeEnv, channel: str, wheels: Path
) -> None:
    env = make_env("python", "pip")
    options = ("-c", channel, "--find-links", str(wheels))
    dry = env.conda("pip install", "--dry-run", *options, "asphinx")
    assert "2 packages of conda's are not downloaded yet" in dry.stdout
    plan = install(env, channel, wheels, "asphinx")
    assert plan["aconvert"] == plan["ableach"] == ("conda", "install")
    assert plan["tinycss2"] == plan["webencodings"] == ("pip", "install")
    assert env.owners()["tinycss2"] == ("1.4", "pip")
    env.python("import asphinx, aconvert, tinycss2")
    assert env.findings() == []
    assert {action for _, action in install(env, channel, wheels, "asphinx").values()} == {"keep"}


def test_where_conda_has_all_that_was_requested_pip_still_completes_it(
    make_env: MakeEnv, channel: str, wheels: Path
) -> None:
    env = make_env("python", "pip")
    document = env.json(
        *("pip install", "--yes", "-c", channel, "--find-links", str(wheels), "bconvert")
    )
    assert plan_of(document)["tinycss2"] == ("pip", "install")
    assert "bbleach" in document["plan"][0]["name"]
    assert env.findings() == []


def test_what_a_channel_has_for_the_extra_comes_from_conda(
    make_env: MakeEnv, channel: str, wheels: Path, tmp_path: Path
) -> None:
    more = write_channel(tmp_path / "more", package("tinycss2"), package("webencodings"))
    env = make_env("python", "pip")
    argv = ("--yes", "-c", channel, "-c", more, "--find-links", str(wheels), "csphinx")
    document = env.json("pip install", *argv)
    # tinycss2 1.0 is too old for the extra
    assert plan_of(document)["tinycss2"] == ("pip", "install")
    assert reasons_of(document)["tinycss2"] == "the channels have 1.0, required <1.5,>=1.1"
    assert plan_of(document)["webencodings"] == ("conda", "install")
    assert env.findings() == []


def test_check_sees_what_an_extra_of_condas_packages_lacks_and_how_to_get_it(
    make_env: MakeEnv, channel: str, wheels: Path
) -> None:
    env = make_env("python", "pip")
    env.conda("install", "--yes", "-c", channel, "dconvert")
    assert env.findings() == [("unmet", "dbleach")]
    (finding,) = env.json("pip check", check=False)["findings"]
    assert "dbleach[css] 1.0 requires tinycss2" in finding["summary"]
    env.pip("install", "-q", "--no-deps", str(wheels / "tinycss2-1.5-py3-none-any.whl"))
    assert ("unmet", "dbleach") in env.findings()  # the version is not right
    env.pip("uninstall", "-q", "-y", "tinycss2")
    _, *argv = shlex.split(finding["commands"][0])
    env.base.run(*argv, "--yes", "--find-links", str(wheels))
    assert env.findings() == []


def test_an_extra_of_what_conda_keeps_is_completed(
    make_env: MakeEnv, channel: str, wheels: Path
) -> None:
    env = make_env("python", "pip")
    env.conda("install", "--yes", "-c", channel, "econvert")
    plan = install(env, channel, wheels, "econvert")
    assert plan["econvert"] == ("conda", "keep")
    assert plan["tinycss2"] == ("pip", "install")
    assert env.findings() == []


def test_a_requirement_that_condas_depends_omits_is_completed_where_pip_can(
    make_env: MakeEnv, channel: str, wheels: Path
) -> None:
    env = make_env("python", "pip")
    assert install(env, channel, wheels, "plain")["omitted"] == ("pip", "install")
    assert install(env, channel, wheels, "broken") == {"broken": ("conda", "install")}


def test_without_dependencies_nothing_is_completed(
    make_env: MakeEnv, channel: str, wheels: Path
) -> None:
    env = make_env("python", "pip")
    assert install(env, channel, wheels, "--no-deps", "fconvert") == {
        "fconvert": ("conda", "install")
    }


def test_an_extra_that_consists_of_others_of_its_project_is_completed(
    make_env: MakeEnv, channel: str, wheels: Path
) -> None:
    env = make_env("python", "pip")
    argv = ("--yes", "--json", "-c", channel, "--find-links", str(wheels))
    done = env.conda("pip install", *argv, "whole")
    document = json.loads(done.stdout)
    assert plan_of(document)["tinycss2"] == ("pip", "install")
    assert reasons_of(document)["bundle"] == "needed by whole"
    assert "bundle requires bundle" not in done.stderr
    assert "bundle requires tinycss2" in done.stderr
    assert env.findings() == []
