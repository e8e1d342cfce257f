"""Records that a conda without the plugin has deleted: told, brought back, or cleaned up after."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from conda_pip_interop.changes.atomic.journal import STATE_FOLDER
from tests.stories.alone import ALONE
from tests.stories.tree import hash_tree
from tests.support.channels import build_conda_package, write_channel
from tests.support.environments import Env, MakeEnv
from tests.support.pip_worlds import build_wheel

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.e2e

_DATA = "share/kit/data.txt"


@pytest.fixture(scope="module")
def prepared(prepare_env: MakeEnv) -> Env:
    """conda's click, replaced by pip's, and forgotten by `conda list`."""
    env = prepare_env("python", "pip", "click=8.1.7")
    env.pip("install", "-q", "click==8.1.3")
    lose_records(env)
    assert "click" not in env.records()
    return env


@pytest.fixture
def env(make_env: MakeEnv, prepared: Env) -> Any:
    """conda's click, replaced by pip's, and forgotten by `conda list`."""
    return make_env(like=prepared)


def lose_records(env: Any) -> None:
    """What a conda without this plugin does (conda#14423)."""
    env.base.run("list", "-n", env.name, **ALONE)


@pytest.fixture
def channel(tmp_path: Path) -> str:
    """A channel with kit, which has a file of which pip knows nothing, and kin beside it."""
    return write_channel(
        tmp_path / "channel",
        build_conda_package(
            "kit", carries={"kit": "1.0"}, files={_DATA: "of conda's package alone\n"}
        ),
        build_conda_package("kin"),
    )


@pytest.fixture
def kit(make_env: MakeEnv, channel: str, tmp_path: Path) -> Any:
    """The channel's kit, extracted to a cache of its own, replaced by pip's, and forgotten."""
    env = make_env("python", "pip")
    cache: dict[str, Any] = {"CONDA_PKGS_DIRS": str(tmp_path / "pkgs")}
    env.conda("install", "-c", channel, "kit", "kin", **cache)
    env.pip("install", "-q", str(build_wheel(tmp_path, "kit", "2.0")))
    lose_records(env)
    assert "kit" not in env.records()
    return env


def test_it_is_told_and_comes_back_with_pips_payload_in_its_place(env: Any) -> None:
    assert env.findings() == [("lost-record", "click")]
    told = env.conda("pip check", check=False).stdout
    assert f"conda pip repair -n {env.name} click" in told
    assert f"conda pip repair -n {env.name} --clean-up click" in told
    before = hash_tree(env.prefix)
    assert "pip's click 8.1.3 replaced it" in env.conda("pip repair", "--dry-run").stdout
    assert hash_tree(env.prefix) == before

    (action,) = env.json("pip repair", "--yes", "click", "click")["plan"]
    assert (action["manager"], action["action"], action["version"]) == ("conda", "keep", "8.1.7")
    assert env.findings() == []
    assert env.records()["click"] == "8.1.7"
    assert env.owners()["click"] == ("8.1.3", "pip")
    (row,) = (one for one in env.json("list") if one["name"] == "click")
    assert (row["version"], row["channel"]) == ("8.1.3", "pypi")
    assert "conda-pip-interop" not in env.conda("install", "-y", "six").stderr
    env.conda("pip restore", "--yes", "click")
    assert env.owners()["click"] == ("8.1.7", "conda")
    assert env.findings() == []


def test_what_came_back_can_be_undone(env: Any) -> None:
    before = hash_tree(env.prefix, but=STATE_FOLDER)
    env.conda("pip repair", "--yes")
    (operation,) = env.json("pip undo", "--list")["operations"]
    assert operation["title"] == "repair click"
    env.conda("pip undo", "--yes")
    assert hash_tree(env.prefix, but=STATE_FOLDER) == before
    assert env.findings() == [("lost-record", "click")]


def test_it_can_be_left_to_pip_instead(env: Any) -> None:
    before = hash_tree(env.prefix, but=STATE_FOLDER)
    env.conda("pip repair", "--yes", "--clean-up", "click")
    assert env.findings() == []
    assert env.owners()["click"] == ("8.1.3", "pip")
    env.conda("pip undo", "--yes")
    assert hash_tree(env.prefix, but=STATE_FOLDER) == before
    env.conda("pip repair", "--yes", "--clean-up", "click")
    env.conda("install", "-y", "six")
    assert env.findings() == []
    assert "click" not in env.conda("list", "--revisions").stdout.rpartition("six")[2]


def test_what_is_gone_altogether_is_linked_anew(make_env: MakeEnv) -> None:
    env = make_env("python", "pip", "click=8.1.7")
    before = [hash_tree(env.prefix / one) for one in ("lib", "bin")]
    record = env.prefix / "conda-meta/click-8.1.7-pyhd_0.json"
    written = json.loads(record.read_text())
    env.pip("uninstall", "-q", "-y", "click")
    lose_records(env)
    assert not record.exists()
    assert env.findings() == [("lost-record", "click")]
    plan = env.json("pip repair", "--yes")["plan"]
    assert [(one["action"], one["name"]) for one in plan] == [("install", "click")]
    assert env.findings() == []
    assert [hash_tree(env.prefix / one) for one in ("lib", "bin")] == before
    assert json.loads(record.read_text())["files"] == written["files"]
    env.python("import click")


def test_a_record_that_is_written_again_lists_what_conda_compiled(
    make_env: MakeEnv, tmp_path: Path
) -> None:
    env = make_env("python", "pip")
    package = build_conda_package("compiled", carries={"compiled": "1.0"}, files={_DATA: "a"})
    channel = write_channel(tmp_path / "channel", package)
    env.conda("install", "-y", "-q", "-c", channel, "compiled")
    (record,) = (env.prefix / "conda-meta").glob("compiled-*.json")
    written = set(json.loads(record.read_text())["files"])
    assert any(one.endswith(".pyc") for one in written)
    record.unlink()
    env.conda("pip repair", "--yes")
    assert set(json.loads(record.read_text())["files"]) == written
    record.unlink()
    (env.prefix / _DATA).unlink()
    env.conda("pip repair", "--yes")
    assert env.findings() == []
    assert (env.prefix / _DATA).read_text() == "a"
    assert set(json.loads(record.read_text())["files"]) == written
    env.conda("remove", "-y", "compiled")
    assert not [*env.site_packages.rglob("compiled*"), *env.prefix.glob("share/kit*")]


def test_a_dry_run_downloads_what_tells_the_plan(kit: Any) -> None:
    before = hash_tree(kit.prefix)
    assert "pip's kit 2.0 replaced it" in kit.conda("pip repair", "--dry-run").stdout
    assert hash_tree(kit.prefix) == before


def test_once_conda_has_written_it_off_its_files_still_tell(kit: Any) -> None:
    kit.conda("install", "-y", "six", **ALONE)
    (finding,) = kit.json("pip check", check=False)["findings"]
    assert (finding["kind"], finding["conda"]) == ("lost-record", "kit")
    assert finding["details"]["written_off"] is True
    assert _DATA in {one["path"] for one in finding["paths"]}

    before = hash_tree(kit.prefix, but=STATE_FOLDER)
    kit.conda("pip repair", "--yes", "--clean-up")
    assert not (kit.prefix / "share/kit").exists()
    assert kit.owners()["kit"] == ("2.0", "pip")
    assert kit.findings() == []
    kit.conda("pip undo", "--yes")
    assert hash_tree(kit.prefix, but=STATE_FOLDER) == before

    kit.conda("pip repair", "--yes", "kit")
    assert kit.findings() == []
    assert _DATA in json.loads((kit.prefix / "conda-meta/kit-1.0-pyhd_0.json").read_text())["files"]
    kit.conda("remove", "-y", "kit")
    assert kit.findings() == []
    assert not [*kit.site_packages.glob("kit*"), *kit.prefix.glob("share/kit*")]


def test_a_package_that_is_at_hand_no_more_is_fetched_or_it_is_said(
    kit: Any, tmp_path: Path
) -> None:
    shutil.rmtree(tmp_path / "pkgs")
    cache: dict[str, Any] = {"CONDA_PKGS_DIRS": str(tmp_path / "pkgs")}
    assert kit.findings() == [("lost-record", "kit")]
    before = hash_tree(kit.prefix, but=STATE_FOLDER)
    shutil.move(tmp_path / "channel", tmp_path / "elsewhere")
    refused = kit.conda("pip repair", "--yes", check=False, **cache)
    assert refused.returncode == 1
    assert "cannot be written again" in refused.stderr
    assert f"conda pip repair -n {kit.name} --clean-up kit" in refused.stderr
    assert hash_tree(kit.prefix, but=STATE_FOLDER) == before
    shutil.move(tmp_path / "elsewhere", tmp_path / "channel")
    kit.conda("pip repair", "--yes", **cache)
    assert kit.findings() == []
    assert kit.records()["kit"] == "1.0"
    assert kit.owners()["kit"] == ("2.0", "pip")


def test_no_alarm_where_conda_itself_has_removed(make_env: MakeEnv, base: Any) -> None:
    env = make_env("python", "pip", "flask=3.0.3", "idna=3.7")
    env.pip("install", "-q", "cowsay")
    env.conda("install", "-y", "--force-reinstall", "six", **ALONE)
    env.conda("update", "-y", "idna", **ALONE)
    env.conda("remove", "-y", "flask", **ALONE)
    env.pip("install", "-q", "click==8.1.7")  # the very files that conda's had
    assert env.findings() == []
    clone = type(env)(base=base, name=f"{env.name}c")
    base.run("create", "-y", "-q", "-n", clone.name, "--clone", env.name)
    assert clone.findings() == []
    base.run("env", "remove", "-y", "-n", clone.name)
    refused = env.conda("pip repair", "--yes", "--clean-up", "flask", check=False)
    assert refused.returncode == 2
    assert f"No record of flask is missing in {env.name}." in refused.stderr


@pytest.mark.parametrize("alone", [{}, ALONE], ids=["plugin", "alone"])
def test_a_later_transaction_does_not_make_a_lost_record_forgotten(
    make_env: MakeEnv, alone: dict[str, Any]
) -> None:
    env = make_env("python", "pip", "click=8.1.7")
    env.pip("install", "-q", "click==8.1.8")
    lose_records(env)
    assert "click" not in env.conda("install", "-y", "-q", "colorama", **alone).stderr
    done = env.conda("install", "-y", "idna", "packaging", **alone)
    if not alone:
        assert "conda's record of click 8.1.7 is missing" in done.stderr
        assert "To fix: conda pip repair" in done.stderr
    env.conda("install", "-y", "six", **alone)
    assert env.findings() == [("lost-record", "click")]
    env.conda("pip repair", "--yes", "--clean-up", "click")
    assert env.findings() == []
    env.conda("pip undo", "--yes")
    assert env.findings() == [("lost-record", "click")]
    env.conda("pip repair", "--yes")
    assert env.findings() == []
    assert env.records()["click"] == "8.1.7"
    assert env.owners()["click"] == ("8.1.8", "pip")


@pytest.mark.parametrize("cached", [True, False])
def test_a_record_that_somebody_deletes_is_written_again(
    make_env: MakeEnv, channel: str, tmp_path: Path, cached: bool
) -> None:
    env = make_env("python", "pip")
    pkgs: dict[str, Any] = {"CONDA_PKGS_DIRS": str(tmp_path / "pkgs")}
    env.conda("install", "-c", channel, "kit", "kin", **pkgs)
    meta = env.prefix / "conda-meta"
    written = {name: (meta / f"{name}-1.0-pyhd_0.json").read_text() for name in ("kit", "kin")}
    for name in written:
        (meta / f"{name}-1.0-pyhd_0.json").unlink()
    if not cached:
        shutil.rmtree(tmp_path / "pkgs")
    assert env.findings() == [("lost-record", "kin"), ("lost-record", "kit")]
    env.conda("pip repair", "--yes", **pkgs)
    assert env.findings() == []
    assert env.records().keys() >= written.keys()
    assert env.owners()["kit"] == ("1.0", "conda")
    env.conda("remove", "-y", "kit")
    assert not [*env.site_packages.glob("kit*"), *env.prefix.glob("share/kit*")]


def test_a_record_that_somebody_deleted_before_a_transaction_is_written_again(
    make_env: MakeEnv,
) -> None:
    env = make_env("python", "pip", "attrs")
    (record,) = (env.prefix / "conda-meta").glob("attrs-*.json")
    record.unlink()
    env.conda("install", "-y", "six", **ALONE)
    assert env.findings() == [("lost-record", "attrs")]
    env.conda("pip repair", "--yes")
    assert env.findings() == []
    env.conda("install", "-y", "idna")
    assert env.owners()["attrs"][1] == "conda"
    env.conda("remove", "-y", "attrs")
    assert not [*env.site_packages.glob("attr*/*.py")]
    assert env.findings() == []


def test_a_package_without_its_record_is_not_called_pips(make_env: MakeEnv, channel: str) -> None:
    env = make_env("python", "pip")
    env.conda("install", "-c", channel, "kit")
    (record,) = (env.prefix / "conda-meta").glob("kit-*.json")
    record.unlink()
    installed = env.conda("install", "-c", channel, "kit")
    said = installed.stdout + installed.stderr
    assert "conda's kit 1.0 (its record is missing)" in said
    assert "pip's kit" not in said
    assert "that pip" not in said
