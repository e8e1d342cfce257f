"""No hook of ours breaks conda, whatever happens to us."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from packaging.version import Version

from tests.stories.markers import marker_of
from tests.support.environments import MakeEnv
from tests.world.cache import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.world.base import Base

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("age", ["oldest", "newest"])
def test_every_package_of_the_channel_is_clean(make_env: MakeEnv, base: Base, age: str) -> None:
    """As it is, through a link, and with its site-packages elsewhere."""
    versions = find_versions(base)
    choose = min if age == "oldest" else max
    specs = [f"{name}={choose(found)}" for name, found in versions.items()]
    env = make_env("python", *(one for one in specs if not one.startswith("python=")))
    assert env.findings() == []
    assert {owner for _, owner in env.owners().values()} == {"conda"}
    assert set(env.records()) >= set(versions)

    link = env.prefix.parent / f"{env.name}-link"
    link.symlink_to(env.prefix)
    checked = base.run("pip", "check", "-p", link, "--json", check=False)
    assert json.loads(checked.stdout)["findings"] == []

    site_packages, moved = env.site_packages, env.prefix / "elsewhere"
    site_packages.rename(moved)
    site_packages.symlink_to(moved)
    assert env.findings() == []
    assert {owner for _, owner in env.owners().values()} == {"conda"}
    link.unlink()


def find_versions(base: Base) -> dict[str, list[Version]]:
    """What the channel has, but for conda and this plugin, which only base can have."""
    versions: dict[str, list[Version]] = {}
    for file in base.channel.folder.glob("*/repodata.json"):
        document = json.loads(file.read_text())
        for entry in (document["packages"] | document.get("packages.conda", {})).values():
            versions.setdefault(entry["name"], []).append(Version(entry["version"]))
    return {
        name: found
        for name, found in versions.items()
        if name not in ("conda", "conda-pip-interop", "python")
    }


def test_an_environment_without_pips_packages_gets_no_folder_of_ours(make_env: MakeEnv) -> None:
    env = make_env("python", "pip")
    env.conda("install", "-y", "-q", "six")
    assert not (env.prefix / "conda-meta" / "pip-interop").exists()


def test_records_that_cannot_be_read_do_not_stop_conda(make_env: MakeEnv) -> None:
    env = make_env("python", "pip", "click=8.1.7")
    dist_info = env.site_packages / "cowsay-6.1.dist-info"
    env.pip("install", "-q", "cowsay")
    (dist_info / "RECORD").write_bytes(b"\xff\xfe\0not a record\n")
    (dist_info / "METADATA").write_bytes(b"\xff\xff\xff")
    done = env.conda("install", "-y", "six", "--json")
    assert json.loads(done.stdout)["success"] is True
    checked = env.conda("pip check", check=False)
    assert "Traceback" not in checked.stderr


def test_a_state_file_that_is_no_json_does_not_stop_conda(make_env: MakeEnv) -> None:
    env = make_env("python", "pip", "click=8.1.7")
    env.pip("install", "-q", "click==8.1.3")
    folder = env.prefix / "conda-meta" / "pip-interop"
    folder.mkdir()
    (folder / "state.json").write_text("{")
    done = env.conda("install", "-y", "six")
    assert "click" in done.stderr


def test_a_plugin_that_lacks_a_module_does_not_stop_conda(own_base: Base) -> None:
    """A base in the middle of its own update may lack any module but the boundary."""
    (site,) = (own_base.prefix / "lib").glob("python3.*/site-packages")
    package = site / "conda_pip_interop"
    source = own_base.run_in(
        own_base.prefix, "python", "-c", "import conda_pip_interop as p; print(p.__path__[0])"
    ).stdout.strip()
    own_base.run_in(
        *(own_base.prefix, "python", "-c"),
        f"import shutil; shutil.copytree({source!r}, {str(package)!r})",
    )
    adapter = package / "conda_adapter"
    (adapter / "session.py").unlink()
    (adapter / "settings.py").unlink()
    made = own_base.run("create", "-y", "-q", "-n", "one", "six")
    assert made.stderr == ""
    told = own_base.run("create", "-y", "-v", "-n", "two", "six")
    assert "conda-pip-interop: skipped" in told.stderr
    own_base.run("list", "-n", "one")
    own_base.run("list", "-n", "one", "--json")


def test_a_plugin_that_is_removed_takes_all_its_markers_along(
    own_base: Base, make_env: MakeEnv, tmp_path: Path
) -> None:
    """The package of the tests is an editable one: it is given its modules first."""
    (site,) = (own_base.prefix / "lib").glob("python3.*/site-packages")
    source = own_base.run_in(
        own_base.prefix, "python", "-c", "import conda_pip_interop as p; print(p.__path__[0])"
    ).stdout.strip()
    shutil.copytree(
        source, site / "conda_pip_interop", ignore=shutil.ignore_patterns("__pycache__")
    )
    (record,) = (own_base.prefix / "conda-meta").glob("conda-pip-interop-*.json")
    document = json.loads(record.read_text())
    document["files"] += [
        path.relative_to(own_base.prefix).as_posix()
        for path in (site / "conda_pip_interop").rglob("*.py")
    ]
    record.write_text(json.dumps(document))
    own_base.run("create", "-y", "-q", "-n", "one")
    env = make_env("python", "pip", "click", base=own_base)
    env.pip("install", "-q", "--no-deps", "click==8.1.3")
    own_base.run("pip", "reconcile", "-y", "-n", env.name)
    own_base.run("pip", "protect", "-n", env.name)
    marker = marker_of(env.prefix)
    assert str(marker) in marker.read_text()
    assert (site.parent / "EXTERNALLY-MANAGED").is_file()
    remove = ("remove", "-y", "-n", "base", "conda-pip-interop")
    told = f"The protection is removed too, from base, {env.name}:"
    said = own_base.run(*remove, "--dry-run", check=False).stderr
    assert told in said
    assert f"{env.name}: pip has replaced or removed conda's click, which" in said
    assert f"To bring back conda's first: conda pip restore -n {env.name} click\n" in said
    assert marker.is_file()
    assert told in own_base.run(*remove).stderr
    assert not marker.exists()
    assert not (site / "conda_pip_interop" / "plugin.py").exists()
    assert not (site.parent / "EXTERNALLY-MANAGED").exists()
    own_base.run_in(own_base.prefix, "pip", "install", "-q", "cowsay")

    wheel = build_plugin_wheel(tmp_path)
    own_base.run_in(own_base.prefix, "pip", "install", "-q", "--no-deps", wheel)
    own_base.run("pip", "protect", "-n", "base")
    own_base.run("pip", "protect", "-n", env.name)
    removed = own_base.run("pip", "uninstall", "-y", "-n", "base", "conda-pip-interop")
    assert told in removed.stdout
    assert removed.stderr == ""
    assert not (site / "conda_pip_interop" / "plugin.py").exists()
    assert not marker.exists()
    assert not (site.parent / "EXTERNALLY-MANAGED").exists()


def build_plugin_wheel(folder: Path) -> Path:
    """Build the plugin as a release does, not as an editable wheel."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@pytest.mark.parametrize(("version", "ours"), [("0.2.0", False), ("0.3.0", True), ("0.10.1", True)])
def test_an_old_conda_pypi_keeps_its_pip_and_a_newer_one_leaves_it_to_us(
    own_base: Base, version: str, ours: bool
) -> None:
    """A stand-in with the name, version and entry point of conda-pypi, and its early subcommand."""
    (site,) = (own_base.prefix / "lib").glob("python3.*/site-packages")
    (site / "conda_pypi").mkdir()
    (site / "conda_pypi" / "__init__.py").write_text("")
    subcommand = (
        'yield CondaSubcommand(name="pip", summary="x", action=lambda args: print("theirs") or 0)'
    )
    (site / "conda_pypi" / "plugin.py").write_text(
        "from conda.plugins.hookspec import hookimpl\n"
        "from conda.plugins.types import CondaSubcommand\n"
        "@hookimpl\n"
        "def conda_subcommands():\n"
        f"    {'yield from ()' if ours else subcommand}\n"
    )
    dist_info = site / f"conda_pypi-{version}.dist-info"
    dist_info.mkdir()
    (dist_info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: conda-pypi\nVersion: {version}\n"
    )
    (dist_info / "entry_points.txt").write_text("[conda]\nconda-pypi = conda_pypi.plugin\n")
    own_base.run("info", "--base")
    shown = own_base.run("pip").stdout
    assert ("usage: conda pip COMMAND" in shown) is ours
    assert ("theirs" in shown) is not ours


@pytest.mark.parametrize(
    ("words", "exit_code", "said"),
    [
        (("pip",), 0, "usage: conda pip COMMAND"),
        (("pip", "isntall", "x"), 2, "no command 'isntall'"),
        (("pip", "install"), 2, "nothing to install"),
        (("pip", "install", "-n", "base", "a b"), 2, "'a b' cannot be installed"),
        (("pip", "install", "-n", "base", "./x"), 2, "'./x' cannot be installed"),
        (("pip", "list", "-n", "nope"), 1, "no environment named nope"),
        (("pip", "check", "-p", "/nowhere/at/all"), 1, "/nowhere/at/all"),
        (("pip", "restore", "-n", "base"), 2, "NAME"),
        (("pip", "list", "-n", "a", "-p", "b"), 2, "not allowed with"),
    ],
)
def test_wrong_usage_is_told_in_words(
    base: Base, words: tuple[str, ...], exit_code: int, said: str
) -> None:
    done = base.run(*words, check=False)
    assert done.returncode == exit_code
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
