"""Clones, renamed and unpacked environments: nothing is lost, and nothing names the old place."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conda_pip_interop.changes.state import read_state
from conda_pip_interop.environment.conda_meta.history import find_section, read_history_text
from tests.stories.tree import hash_tree
from tests.support.environments import Env, MakeEnv
from tests.support.pip_worlds import build_project, build_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.e2e

#: setuptools writes a finder with paths for such a project, which Python compiles.
_FLAT = """
[project]
name = "flat"
version = "1.0"
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[tool.setuptools]
packages = ["flat"]
package-dir = {flat = "flat"}
"""


def write_flat(folder: Path) -> Path:
    """Write the project `flat`."""
    (folder / "flat").mkdir(parents=True)
    (folder / "flat/__init__.py").touch()
    (folder / "pyproject.toml").write_text(_FLAT)
    return folder


@pytest.fixture
def env(make_env: MakeEnv, tmp_path: Path) -> Env:
    """An environment with one of everything, months old so to speak."""
    env = make_env("python", "pip", "setuptools", "click=8.1.7")
    env.pip("install", "-q", "cowsay", "click==8.1.3")
    env.conda("install", "-y", "idna=3.7")
    inside = write_flat(env.prefix / "src/flat")
    outside = build_project(tmp_path / "mine", "mine", "1.0")
    env.pip("install", "-q", "--no-build-isolation", "-e", str(inside), "-e", str(outside))
    wheel = build_wheel(tmp_path, "tool", "2.0", scripts=True, requires=["six"])
    env.conda("pip install", "--yes", "attrs<25.2", str(wheel))  # conda has six
    env.conda("update", "-y", "idna")
    env.conda("remove", "-y", "idna", "--force")
    env.python("import flat, mine, click, cowsay")
    return env


@pytest.fixture
def other(env: Env) -> Iterator[Env]:
    """An environment that is not there yet; its path is as long as that of `env`."""
    name = f"x{env.name[1:]}"
    yield Env(base=env.base, name=name)
    shutil.rmtree(env.base.envs / name, ignore_errors=True)


def find_old(env: Env, old: Path) -> list[str]:
    """The text files that name another place."""
    found = []
    for path in env.prefix.rglob("*"):
        if path.is_file() and not path.is_symlink() and path.suffix != ".pyc":
            content = path.read_bytes()
            if b"\0" not in content and f"{old}/".encode() in content:
                found.append(path.relative_to(env.prefix).as_posix())
    return found


def list_programs(env: Env) -> dict[str, str]:
    """The first line of each program of pip's packages."""
    names = ("tool", "cowsay")
    return {name: (env.prefix / "bin" / name).read_text().splitlines()[0] for name in names}


@pytest.mark.parametrize("command", ["clone", "rename"])
def test_a_clone_and_a_renamed_environment_have_all_that_pip_has_installed(
    env: Env, other: Env, command: str
) -> None:
    owners, state = env.owners(), read_state(env.prefix)
    # in a git checkout with a remote, an editable folder is frozen with its path from there
    frozen = env.conda("pip freeze").stdout.replace(f"/{env.name}/", f"/{other.name}/")
    words = ["create", "-y", "-n", other.name, "--clone", env.name]
    done = env.base.run(*(words if command == "clone" else ["rename", "-n", env.name, other.name]))
    told = f"{other.name} has pip's click 8.1.3 of {env.name} in place of conda's click 8.1.7."
    assert told in done.stderr
    assert env.prefix.exists() == (command == "clone")

    assert other.findings() == []
    assert other.owners() == owners
    assert other.conda("pip freeze").stdout == frozen
    assert other.python("import flat; print(flat.__file__)").startswith(str(other.prefix))
    assert other.python("import click; print(click.__version__)") == "8.1.3"
    python = f"#!{other.prefix}/bin/python"
    assert {one.rstrip("0123456789.") for one in list_programs(other).values()} == {python}
    assert find_old(other, env.prefix) == []
    folders = {one.name for one in other.prefix.iterdir()}
    assert folders - {".nonadmin"} == {"bin", "conda-meta", "include", "lib", "src"}
    copied = read_state(other.prefix)
    assert copied.requests == state.requests
    history = read_history_text(other.prefix)
    assert state.needed.keys() == copied.needed.keys() != set()
    assert all(find_section(history, name) == text for name, text in copied.needed.items())
    if command == "rename":
        refuse_to_lose_what_was_moved(other)


def refuse_to_lose_what_was_moved(other: Env) -> None:
    """Nothing but the renamed environment has pip's click any more: undo does not remove it."""
    before = hash_tree(other.prefix)
    assert "nothing to undo" in other.conda("pip undo", "--yes", check=False).stderr
    for operation in other.json("pip undo", "--list")["operations"]:
        refused = other.conda("pip undo", "--yes", operation["id"], check=False)
        assert "belongs to the command that made the environment" in refused.stderr
    assert "pip undo" not in other.conda("pip history").stdout
    assert hash_tree(other.prefix) == before


def test_what_was_copied_into_a_clone_is_undone_and_its_source_stays(env: Env, other: Env) -> None:
    before = env.owners()
    env.base.run("create", "-y", "-q", "-n", other.name, "--clone", env.name)
    (row,) = other.json("pip undo", "--list")["operations"]
    assert row["title"] == f"copy click from {env.name}"
    other.conda("pip undo", "--yes")
    assert other.owners()["click"] == ("8.1.7", "conda")
    assert other.python("import click; print(click.__version__)") == "8.1.7"
    assert other.findings() == []
    assert env.owners() == before
    assert env.findings() == []


def test_conda_takes_over_what_was_cloned_with_its_programs(make_env: MakeEnv) -> None:
    """The programs name another place than RECORD has hashed; that is no edit of a person's."""
    env = make_env("python", "pip")
    env.pip("install", "-q", "charset-normalizer==3.4.1")
    assert (env.prefix / "bin/normalizer").exists()
    other = Env(base=env.base, name=f"{env.name}-copy")
    env.base.run("create", "-y", "-q", "-n", other.name, "--clone", env.name)
    other.conda("pip adopt", "--yes", "charset-normalizer")
    assert other.owners()["charset-normalizer"] == ("3.4.1", "conda")
    assert other.findings() == []
    shutil.rmtree(other.prefix)


def pack(env: Env, folder: Path, *options: str) -> Path:
    """What conda-pack packs."""
    archive = folder / "packed.tar"
    program = str(Path(sys.executable).parent / "conda-pack")
    words = ("-p", str(env.prefix), "-o", str(archive), "--format", "tar", *options)
    subprocess.run([program, "--quiet", *words], env=env.base.env(), check=True)
    return archive


def unpack(archive: Path, env: Env) -> None:
    """Unpack it as conda-pack's documentation says."""
    with tarfile.open(archive) as packed:
        packed.extractall(env.prefix, filter="fully_trusted")  # noqa: S202 - our own
    env.base.run_in(env.prefix, "conda-unpack")


def test_what_conda_pack_packs_is_whole_elsewhere(make_env: MakeEnv, tmp_path: Path) -> None:
    env = make_env("python", "pip", "click=8.1.7")
    env.pip("install", "-q", str(build_wheel(tmp_path, "tool", "2.0", scripts=True)))
    env.conda("pip install", "--yes", "cowsay", "attrs<25.2")
    owners, requests = env.owners(), read_state(env.prefix).requests
    assert env.json("pip undo", "--list")["operations"]
    archive = pack(env, tmp_path)
    elsewhere = Env(base=env.base, name=f"{env.name}-elsewhere")
    unpack(archive, elsewhere)
    shutil.rmtree(env.prefix)  # another machine has no such place

    assert elsewhere.findings() == []
    assert elsewhere.owners() == owners
    assert read_state(elsewhere.prefix).requests == requests
    assert elsewhere.base.run_in(elsewhere.prefix, "cowsay", "-t", "moo").stdout
    assert elsewhere.json("pip undo", "--list")["operations"] == []
    told = elsewhere.conda("pip undo", check=False)
    assert "What was done before the environment was moved here cannot be undone." in told.stderr
    elsewhere.conda("pip install", "--yes", "flask")
    elsewhere.conda("pip undo", "--yes")
    assert elsewhere.owners() == owners
    shutil.rmtree(elsewhere.prefix)


def test_conda_pack_puts_condas_content_over_pips_and_one_repair_brings_pips_back(
    env: Env, other: Env, tmp_path: Path
) -> None:
    """conda-pack takes what conda's package lists from the package cache."""
    owners = env.owners()
    unpack(
        pack(env, tmp_path, "--ignore-missing-files", "--ignore-editable-packages"),
        other,
    )
    shutil.rmtree(env.prefix)
    shutil.rmtree(tmp_path / "mine")
    assert other.findings() == [("damaged", "click"), ("damaged", "mine")]
    found = other.json("pip check", check=False)["findings"]
    assert f"editable install of {tmp_path / 'mine'}, which does not exist" in found[1]["summary"]
    other.conda("pip repair", "--yes")
    assert other.python("import click; print(click.__version__)") == "8.1.3"
    assert other.findings() == [("damaged", "mine")]
    (command,) = found[1]["commands"]
    env.base.run(*command.split()[1:], "--yes")
    assert other.findings() == []
    assert other.owners() == {name: one for name, one in owners.items() if name != "mine"}
