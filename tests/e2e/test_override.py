"""pip's payload in the place of a record's: the record tells it, and conda can live with it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.tree import hash_tree
from tests.pip.worlds import build_wheel

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.e2e


@pytest.fixture
def env(make_env: Any) -> Any:
    """conda's click, replaced by pip's, and a transaction since."""
    env = make_env("python", "pip", "click=8.1.7")
    env.pip("install", "-q", "click==8.1.3")
    done = env.conda("install", "-y", "idna")
    assert "pip's click 8.1.3 has replaced the files of conda's click 8.1.7" in done.stderr
    assert f"conda pip restore -n {env.name} click" in done.stderr
    return env


def list_files(env: Any, name: str) -> set[str]:
    """What the record of `name` lists."""
    (record,) = (env.prefix / "conda-meta").glob(f"{name}-[0-9]*.json")
    return set(json.loads(record.read_text())["files"])


def find_files(env: Any, name: str) -> set[str]:
    """What lies in site-packages under `name`, and the program of that name."""
    found = [*env.site_packages.glob(f"{name}*"), *(env.prefix / "bin").glob(name)]
    files = {file for path in found for file in [path, *path.rglob("*")] if not file.is_dir()}
    return {file.relative_to(env.prefix).as_posix() for file in files}


def test_every_reader_of_condas_tells_the_truth(env: Any) -> None:
    assert env.findings() == []
    assert env.owners()["click"] == ("8.1.3", "pip")
    assert env.records()["click"] == "8.1.7"
    assert list_files(env, "click") == find_files(env, "click")
    before = hash_tree(env.prefix / "conda-meta")
    (row,) = (one for one in env.json("list") if one["name"] == "click")
    assert (row["version"], row["channel"]) == ("8.1.3", "pypi")
    exported = env.conda("env export").stdout
    assert "click==8.1.3" in exported
    assert "click=8.1.7" not in exported
    assert "/click-8.1.7-" in env.conda("list", "--explicit").stdout
    env.conda("doctor", check=False)
    assert hash_tree(env.prefix / "conda-meta") == before


def test_conda_leaves_it_alone_until_it_is_meant_and_then_takes_all_of_it_away(env: Any) -> None:
    planned = env.json("install", "-y", "--dry-run", "six")["actions"]
    assert [one["name"] for one in planned["LINK"]] == ["six"]
    assert not planned.get("UNLINK")
    listed = env.conda("install", "-y", "six").stderr
    assert "conda-pip-interop" not in listed
    env.conda("update", "-y", "click")
    assert env.owners()["click"] == ("8.1.8", "conda")
    assert list_files(env, "click") == find_files(env, "click")
    assert env.findings() == []
    assert not list((env.prefix / "conda-meta/pip-interop/originals").iterdir())


def test_removing_what_pip_replaced_leaves_no_file(make_env: Any) -> None:
    """Also where no transaction came between: the record is right before conda reads it."""
    env = make_env("python", "pip", "click=8.1.7", "numpy=2.1.3")
    env.pip("install", "-q", "click==8.1.3", "numpy==2.2.6")
    env.conda("remove", "-y", "click", "numpy")
    assert find_files(env, "click") == find_files(env, "numpy") == set()
    assert not list(env.site_packages.glob("numpy*"))
    assert "f2py" not in {one.name for one in (env.prefix / "bin").iterdir()}
    assert env.findings() == []


def test_a_clone_is_condas_own_again(env: Any, base: Any) -> None:
    clone = type(env)(base=base, name=f"{env.name}c")
    base.run("create", "-y", "-q", "-n", clone.name, "--clone", env.name)
    assert clone.owners()["click"] == ("8.1.7", "conda")
    assert clone.findings() == []
    clone.python("import click")
    base.run("env", "remove", "-y", "-n", clone.name)


@pytest.mark.parametrize("case", ["compiled", "program and data", "same version", "editable"])
def test_restore_gives_conda_back_byte_for_byte(make_env: Any, tmp_path: Path, case: str) -> None:
    name, new = {"compiled": ("numpy", "2.2.6")}.get(case, ("idna", "9.9"))
    env = make_env("python", "pip", "setuptools", name)
    before = [hash_tree(env.prefix / one) for one in ("lib", "bin")]
    record = next((env.prefix / "conda-meta").glob(f"{name}-[0-9]*.json")).read_bytes()
    match case:
        case "compiled":
            env.pip("install", "-q", f"numpy=={new}")
        case "program and data":
            wheel = build_wheel(tmp_path, name, new, scripts=True, data={"share/idna/x": "x"})
            env.pip("install", "-q", str(wheel))
        case "same version":
            new = env.owners()["idna"][0]
            env.pip("install", "-q", "--force-reinstall", f"idna=={new}")
        case "editable":
            (tmp_path / "pyproject.toml").write_text(
                f'[project]\nname = "{name}"\nversion = "{new}"\n[build-system]\n'
                'requires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
            )
            (tmp_path / f"{name}.py").write_text("")
            env.pip("install", "-q", "--no-build-isolation", "-e", str(tmp_path))
    assert env.findings() == [("overridden", name)]
    env.conda("install", "-y", "six")
    assert env.findings() == []
    assert env.owners()[name] == (new, "pip")
    env.conda("remove", "-y", "six")
    env.conda("pip restore", "-y", name)
    assert env.findings() == []
    assert [hash_tree(env.prefix / one) for one in ("lib", "bin")] == before
    assert next((env.prefix / "conda-meta").glob(f"{name}-[0-9]*.json")).read_bytes() == record
    assert not (env.prefix / "share" / "idna").exists()


def test_undo_takes_the_rewriting_back(env: Any) -> None:
    (operation,) = env.json("pip undo", "--list")["operations"]
    env.conda("pip undo", "-y", operation["id"])
    assert env.findings() == [("overridden", "click")]
    assert any("click-8.1.7" in path for path in list_files(env, "click"))
    env.conda("install", "-y", "six")
    assert env.findings() == [("overridden", "click")]
    env.conda("pip reconcile", "-y")
    assert env.findings() == []


def test_pip_goes_on_over_its_own(env: Any) -> None:
    env.pip("install", "-q", "click==8.2.1")
    assert env.findings() == [("overridden", "click")]
    env.conda("install", "-y", "six")
    assert env.owners()["click"] == ("8.2.1", "pip")
    assert list_files(env, "click") == find_files(env, "click")
    env.pip("uninstall", "-q", "-y", "click")
    assert env.findings() == [("vanished", "click")]
    env.conda("pip restore", "-y", "click")
    assert env.owners()["click"] == ("8.1.7", "conda")
    assert env.findings() == []
