"""pip's payload in the place of a record's: the record tells it, and conda can live with it."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.stories.tree import compare_records, hash_tree
from tests.support.channels import build_conda_package, write_channel
from tests.support.environments import MakeEnv
from tests.support.pip_worlds import build_wheel

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.e2e


@pytest.fixture
def env(make_env: MakeEnv) -> Any:
    """conda's click, replaced by pip's, and a transaction since."""
    env = make_env("python", "pip", "click=8.1.7")
    env.pip("install", "-q", "click==8.1.3")
    done = env.conda("install", "-y", "idna")
    assert "pip's click 8.1.3 replaced the files of conda's click 8.1.7" in done.stderr
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


CASES = {
    # what of: conda's package and version, pip's version
    "compiled, with programs": ("numpy", "2.1.3", "2.2.6"),
    "noarch, with a program": ("flask", "3.0.3", "3.1.0"),
    "pip's has programs and data": ("idna", "3.7", "9.9"),
    "conda's has programs": ("jsonpatch", "1.33", "9.9"),
    "same version": ("idna", "3.7", "3.7"),
    "editable": ("idna", "3.7", "9.9"),
}


def override(env: Any, case: str, folder: Path) -> None:
    """pip's distribution over conda's."""
    name, _, new = CASES[case]
    command = ["install", "-q", "--no-deps", "--force-reinstall"]
    match case:
        case "pip's has programs and data":
            wheel = build_wheel(folder, name, new, scripts=True, data={f"share/{name}/x": "x"})
            env.pip(*command, str(wheel))
        case "compiled, with programs":  # 400 files; compiled ones are in the other cases
            env.pip(*command, "--no-compile", f"{name}=={new}")
        case "conda's has programs":
            env.pip(*command, str(build_wheel(folder, name, new)))
        case "editable":
            (folder / "pyproject.toml").write_text(
                f'[project]\nname = "{name}"\nversion = "{new}"\n[build-system]\n'
                'requires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
            )
            (folder / f"{name}.py").write_text("")
            env.pip(*command, "--no-build-isolation", "-e", str(folder))
        case _:
            env.pip(*command, f"{name}=={new}")
    assert env.findings() == [("overridden", name)]


SOLVERS = [
    "classic",
    pytest.param("rattler", marks=pytest.mark.needs_conda("26.7", "rattler solver")),
]


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("case", CASES)
def test_conda_can_do_all_it_does_with_what_pip_has_replaced(
    make_env: MakeEnv, base: Any, tmp_path: Path, case: str, solver: str
) -> None:
    name, old, new = CASES[case]
    env = make_env("python", "pip", "setuptools", f"{name}={old}")
    clean = compare_records(env)
    before = [hash_tree(env.prefix / one) for one in ("lib", "bin")]
    (record,) = (env.prefix / "conda-meta").glob(f"{name}-[0-9]*.json")
    as_linked = record.read_bytes()
    override(env, case, tmp_path)

    done = env.json("install", "six", CONDA_SOLVER=solver)["actions"]
    assert [one["name"] for one in done["LINK"]] == ["six"]
    assert not done.get("UNLINK")
    assert env.findings() == []
    assert env.owners()[name] == (new, "pip")
    assert compare_records(env) == clean
    (row,) = (one for one in env.json("list") if one["name"] == name)
    assert (row["version"], row["channel"]) == (new, "pypi")
    exported = [line.strip(" -") for line in env.conda("env export").stdout.splitlines()]
    assert f"{name}=={new}" in exported
    assert not any(line.startswith(f"{name}={old}") for line in exported)
    assert f"/{name}-{old}-" in env.conda("list", "--explicit").stdout

    clone = type(env)(base=base, name=f"{env.name}c")
    base.run("create", "-y", "-q", "-n", clone.name, "--clone", env.name)
    assert clone.owners()[name] == (new, "pip")
    assert clone.findings() == []
    assert compare_records(clone) == clean
    shutil.rmtree(clone.prefix)

    env.conda("remove", "-y", "six", CONDA_SOLVER=solver)
    env.conda("pip restore", "-y", name)
    assert env.findings() == []
    assert [hash_tree(env.prefix / one) for one in ("lib", "bin")] == before
    assert record.read_bytes() == as_linked
    assert compare_records(env) == clean

    override(env, case, tmp_path)
    command = "update" if case in ("noarch, with a program", "same version") else "remove"
    env.conda(command, "-y", name, CONDA_SOLVER=solver)
    assert env.findings() == []
    assert (name in env.records()) is (command == "update")
    assert compare_records(env) == clean


@pytest.mark.parametrize("mode", ["report", "off"])
def test_only_auto_rewrites_a_record(make_env: MakeEnv, mode: str) -> None:
    env = make_env("python", "pip", "click=8.1.7")
    env.pip("install", "-q", "click==8.1.3")
    before = list_files(env, "click")
    done = env.conda("install", "-y", "six", CONDA_PLUGINS_PIP_INTEROP_RECONCILE=mode)
    assert list_files(env, "click") == before
    assert env.findings() == [("overridden", "click")]
    assert ("pip's click 8.1.3 replaced" in done.stderr) is (mode == "report")
    assert ("conda pip restore" in done.stderr) is (mode == "report")
    assert (env.prefix / "conda-meta" / "pip-interop").exists() is (mode == "report")


def test_undo_takes_the_rewriting_back(env: Any) -> None:
    operations = env.json("pip undo", "--list")["operations"]
    (operation,) = [each for each in operations if each["automatic"]]
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


def test_another_build_of_the_same_version_goes_with_condas_package_too(
    make_env: MakeEnv, tmp_path: Path
) -> None:
    kit = build_conda_package("kit", carries={"kit": "1.0"})
    env = make_env("python", "pip")
    env.conda("install", "-y", "-c", write_channel(tmp_path / "channel", kit), "kit")
    for module in ("kit_old.py", "kit_new.py"):
        wheel = build_wheel(tmp_path, "kit", "2.0", more={module: "x = 1\n"})
        env.pip("install", "-q", "--force-reinstall", str(wheel))
        env.conda("pip reconcile", "--yes")
        assert find_files(env, "kit") <= list_files(env, "kit"), module
        assert env.findings() == []
        assert "match its files" in env.conda("pip reconcile", "--yes").stdout
    env.conda("remove", "-y", "kit")
    assert find_files(env, "kit") == set()
    assert env.findings() == []


def test_what_a_pip_section_replaces_is_reconciled_after_it(
    make_env: MakeEnv, tmp_path: Path
) -> None:
    env = make_env("python", "pip", "click=8.1.7")
    file = tmp_path / "environment.yml"
    section = ["click=8.1.7", "six", {"pip": ["click==8.1.3"]}]
    file.write_text(json.dumps({"dependencies": section}))  # JSON is YAML
    done = env.conda("env update", "-f", str(file))
    assert "pip's click 8.1.3 replaced the files of conda's click 8.1.7" in done.stderr
    assert env.owners()["click"] == ("8.1.3", "pip")


def test_one_of_two_distributions_of_a_package_is_restored(
    make_env: MakeEnv, tmp_path: Path
) -> None:
    """The other one's RECORD is not read, which is not the same as having none."""
    package = build_conda_package("py-twin", carries={"twin": "1.0", "twin_headless": "1.0"})
    channel = write_channel(tmp_path / "channel", package)
    env = make_env("python", "pip")
    env.conda("install", "-y", "-c", channel, "py-twin")
    env.pip("install", "-q", str(build_wheel(tmp_path, "twin", "2.0")))
    env.conda("install", "-y", "-q", "six")
    assert env.findings() == []
    assert env.owners()["twin"] == ("2.0", "pip")
    assert env.owners()["twin-headless"] == ("1.0", "conda")
    env.conda("pip restore", "--yes", "py-twin")
    assert env.owners()["twin"] == ("1.0", "conda")
    assert env.owners()["twin-headless"] == ("1.0", "conda")
    assert env.findings() == []
    assert not list(env.site_packages.glob("twin-2.0*"))
    env.python("import twin, twin_headless")


def test_a_restore_leaves_no_revision_without_packages(env: Any) -> None:
    history = env.prefix / "conda-meta" / "history"
    before = history.read_text()
    env.conda("pip restore", "--yes", "click")
    assert history.read_text() == before
    last = len(env.json("list", "--revisions")) - 1
    env.conda("install", "-y", "--revision", str(last))
    env.python("import click, idna")


def test_the_line_of_a_development_install_goes_when_condas_is_restored(
    make_env: MakeEnv, tmp_path: Path
) -> None:
    env = make_env("python", "pip", "idna=3.10")
    info = tmp_path / "src" / "idna.egg-info" / "PKG-INFO"
    info.parent.mkdir(parents=True)
    info.write_text("Metadata-Version: 2.1\nName: idna\nVersion: 9.0\n")
    link, paths = env.site_packages / "idna.egg-link", env.site_packages / "easy-install.pth"
    env.pip("uninstall", "-q", "-y", "idna")
    link.write_text(f"{tmp_path / 'src'}\n.")
    paths.write_text(f"{tmp_path / 'src'}\n")
    assert env.findings() == [("overridden", "idna")]
    env.conda("pip reconcile", "--yes")
    assert env.owners()["idna"] == ("9.0", "pip")
    env.conda("pip restore", "--yes", "idna")
    assert env.owners()["idna"] == ("3.10", "conda")
    assert not link.exists()
    assert not paths.exists()
    assert env.findings() == []
    env.conda("pip undo", "--yes")
    assert paths.read_text() == f"{tmp_path / 'src'}\n"
