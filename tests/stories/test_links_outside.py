"""A folder that is a symbolic link out of the environment: nothing is changed through it."""

from __future__ import annotations

import shlex
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.stories.tree import hash_tree
from tests.support.channels import build_conda_package, write_channel
from tests.support.environments import MakeEnv
from tests.support.pip_worlds import build_wheel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.environments import Env

pytestmark = pytest.mark.e2e

ERROR: dict[str, Any] = {"CONDA_PLUGINS_PIP_INTEROP_GUARD": "error"}
FILES = ("virt/__init__.py", "virt/core.py", "virt/sub/__init__.py")


@pytest.fixture(scope="module")
def channel(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Two versions of a package with a folder, in packages that no cache has."""
    return write_channel(
        tmp_path_factory.mktemp("channel"),
        *(
            build_conda_package(
                "virt",
                version,
                carries={"virt": version},
                files={f"site-packages/{one}": f"conda = {version!r}\n" for one in FILES},
            )
            for version in ("1.0", "2.0")
        ),
    )


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A person's own files, of the names that the packages have."""
    folder = tmp_path / "sources"
    for one in FILES:
        file = folder / one
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("mine = 1\n")
    return folder / "virt"


@pytest.fixture
def link_folder(sources: Path) -> Callable[[Env], Path]:
    """Replace the package's folder in an environment by a link to the sources."""

    def link(env: Env) -> Path:
        folder = env.site_packages / "virt"
        if folder.is_dir():
            folder.rename(sources.parent / "before")
        folder.symlink_to(sources)
        return folder

    return link


def install_wheel(env: Env, folder: Path, version: str = "1.1") -> None:
    site = env.site_packages.relative_to(env.prefix).as_posix()
    data = {f"{site}/{one}": f"pip = {version!r}\n" for one in FILES}
    env.pip("install", "-q", str(build_wheel(folder, "virt", version, data=data)))


def unlink_as_told(stderr: str, folder: Path) -> None:
    """Run the command that a message names."""
    command = f"rm {shlex.quote(str(folder))}"
    assert f"`{command}`" in stderr
    subprocess.run(["sh", "-c", command], check=True)


@pytest.fixture(scope="module")
def prepared(prepare_env: MakeEnv, channel: str) -> Env:
    """An environment with conda's virt 1.0."""
    env = prepare_env("python", "pip")
    env.conda("install", "-y", "-q", "-c", channel, "virt=1.0")
    return env


@pytest.fixture
def virt(make_env: MakeEnv, prepared: Env) -> Any:
    """An environment with conda's virt 1.0."""
    return make_env(like=prepared)


@pytest.fixture
def linked(virt: Env, link_folder: Callable[[Env], Path]) -> Env:
    """The environment with the folder of virt replaced by a link."""
    link_folder(virt)
    return virt


@pytest.mark.parametrize("recorded", [True, False])
def test_restore_writes_nothing_through_the_link_and_works_without_it(
    virt: Env, tmp_path: Path, sources: Path, link_folder: Callable[[Env], Path], recorded: bool
) -> None:
    """pip's 1.1 is over conda's 1.0; the record lists pip's files or conda's."""
    env = virt
    install_wheel(env, tmp_path)
    if recorded:
        env.conda("pip reconcile", "--yes")
    folder = link_folder(env)
    before, mine = hash_tree(env.prefix / "lib"), hash_tree(sources)
    for option in ("--dry-run", "--yes"):
        refused = env.conda("pip restore virt", option, check=False)
        assert refused.returncode == 1
        assert f"{folder} is a symbolic link to {sources}" in refused.stderr
        assert "Nothing was changed" in refused.stderr
    assert hash_tree(env.prefix / "lib") == before
    unlink_as_told(refused.stderr, folder)
    env.conda("pip restore virt", "--yes")
    assert env.findings() == []
    assert hash_tree(sources) == mine
    assert (folder / "core.py").read_text() == "conda = '1.0'\n"


@pytest.mark.parametrize("command", ["pip restore virt", "pip repair", "pip repair virt"])
def test_missing_files_are_not_put_back_through_the_link(
    linked: Env, sources: Path, command: str
) -> None:
    (sources / "core.py").unlink()
    mine = hash_tree(sources)
    told = linked.conda("pip check", check=False).stdout
    removal = f"rm {shlex.quote(str(linked.site_packages / 'virt'))}"
    assert f"To fix: {removal} && conda pip repair -n {linked.name} virt" in told
    refused = linked.conda(command, "--yes", check=False)
    assert refused.returncode == 1
    assert hash_tree(sources) == mine
    unlink_as_told(refused.stderr, linked.site_packages / "virt")
    linked.conda(command, "--yes")
    assert linked.findings() == []
    assert hash_tree(sources) == mine


COMMANDS = {
    "update": ("install", "virt=2.0"),
    "reinstall": ("install", "--force-reinstall", "virt=1.0"),
    "remove": ("remove", "virt"),
    "force": ("remove", "--force", "virt"),
    "all": ("remove", "--all", "--keep-env"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_condas_own_commands_are_warned_of_before_and_refused_by_policy(
    linked: Env, channel: str, sources: Path, name: str
) -> None:
    folder = linked.site_packages / "virt"
    before, mine = hash_tree(linked.prefix), hash_tree(sources)
    words = (*COMMANDS[name], *(("-c", channel) if COMMANDS[name][0] == "install" else ()))
    told = f"{folder} is a symbolic link to {sources} (virt "
    dry = linked.conda(*words, "--dry-run", check=False)
    assert told in dry.stderr
    removes = COMMANDS[name][0] == "remove"
    assert (f"then fails at {folder} (NotADirectoryError)" in dry.stderr) is removes
    refused = linked.conda(*words, "-y", check=False, **ERROR)
    assert refused.returncode == 1
    assert "Nothing was changed" in refused.stderr
    assert told in refused.stderr
    assert "Traceback" not in refused.stderr
    assert hash_tree(linked.prefix) == before
    assert hash_tree(sources) == mine
    unlink_as_told(refused.stderr, folder)
    done = linked.conda(*words, "-y", **ERROR)
    assert "symbolic link" not in done.stderr
    assert hash_tree(sources) == mine


def test_conda_fails_at_the_link_as_it_was_told(linked: Env, sources: Path) -> None:
    own = sources / "mine.py"
    own.write_text("mine")
    folder = linked.site_packages / "virt"
    dry = linked.conda("remove", "virt", "--dry-run", check=False)
    assert "is a symbolic link" in dry.stderr
    assert "NotADirectoryError" not in dry.stderr, "a file of the person's stays there"
    own.unlink()
    failed = linked.conda("remove", "-y", "virt", check=False)
    told, _, report = failed.stderr.partition(f"then fails at {folder} (NotADirectoryError)")
    assert "ERROR REPORT" not in told
    assert "NotADirectoryError" in report
    assert "virt" not in linked.records()


def test_the_warning_comes_before_the_prompt(linked: Env, channel: str, sources: Path) -> None:
    before = hash_tree(sources)
    asked = subprocess.run(
        [linked.base.conda, "install", "-n", linked.name, "-c", channel, "virt=2.0"],
        env=linked.base.env(CONDA_ALWAYS_YES="false"),
        input="n\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"is a symbolic link to {sources} (virt 1.0" in asked.stderr
    assert hash_tree(sources) == before
    quiet = linked.conda("install", "-q", "-c", channel, "virt=2.0", "--dry-run")
    assert f"is a symbolic link to {sources} (virt 1.0" in quiet.stderr
    off = linked.conda(
        *("install", "-c", channel, "virt=2.0", "--dry-run"), CONDA_PLUGINS_PIP_INTEROP_GUARD="off"
    )
    assert "symbolic link" not in off.stderr


def test_a_new_package_is_not_linked_into_a_link_that_no_package_owns(
    make_env: MakeEnv, tmp_path: Path, sources: Path, link_folder: Callable[[Env], Path]
) -> None:
    files = {f"site-packages/{one}": "conda = 1\n" for one in FILES}
    package = build_conda_package("virt-new", carries={"virt_new": "1.0"}, files=files)
    channel = write_channel(tmp_path / "channel", package)
    env = make_env("python", "pip")
    folder = link_folder(env)
    before, mine = hash_tree(env.prefix / "lib"), hash_tree(sources)
    assert "symbolic" not in env.conda("install", "-y", "--dry-run", "six", **ERROR).stderr
    refused = env.conda("install", "-y", "-c", channel, "virt-new", check=False, **ERROR)
    assert refused.returncode == 1
    assert f"{folder} is a symbolic link to {sources} (virt-new 1.0)" in refused.stderr
    ours = env.conda("pip install", "-y", "-c", channel, "virt-new", check=False)
    assert ours.returncode == 1
    assert f"{folder} is a symbolic link to {sources}" in ours.stderr
    assert hash_tree(env.prefix / "lib") == before
    assert hash_tree(sources) == mine
    unlink_as_told(ours.stderr, folder)
    env.conda("pip install", "-y", "-c", channel, "virt-new")
    assert env.findings() == []
    assert hash_tree(sources) == mine


def test_pips_half_is_not_placed_through_the_link(
    make_env: MakeEnv, tmp_path: Path, sources: Path, link_folder: Callable[[Env], Path]
) -> None:
    env = make_env("python", "pip")
    site = env.site_packages.relative_to(env.prefix).as_posix()
    data = {f"{site}/{one}": "pip = 1\n" for one in FILES}
    wheel = str(build_wheel(tmp_path, "virt", "1.1", data=data))
    folder = link_folder(env)
    before, mine = hash_tree(env.prefix / "lib"), hash_tree(sources)
    refused = env.conda("pip install", "-y", wheel, "six", check=False)
    assert refused.returncode == 1
    assert "six" not in env.records()
    assert hash_tree(env.prefix / "lib") == before
    unlink_as_told(refused.stderr, folder)
    env.conda("pip install", "-y", wheel)
    assert hash_tree(sources) == mine
    (folder / "core.py").unlink()
    link_folder(env)
    for words in (
        ("pip uninstall", "virt"),
        ("pip install", "--upgrade", "--force-reinstall", wheel),
    ):
        refused = env.conda(*words, "--yes", check=False)
        assert refused.returncode == 1
        assert f"`rm {shlex.quote(str(folder))}`" in refused.stderr
    assert hash_tree(sources) == mine
    unlink_as_told(refused.stderr, folder)
    env.conda("pip uninstall", "--yes", "virt")
    assert "virt" not in env.owners()
    assert hash_tree(sources) == mine


def test_undo_is_refused_where_a_folder_has_become_a_link(
    make_env: MakeEnv, channel: str, sources: Path, link_folder: Callable[[Env], Path]
) -> None:
    env = make_env("python", "pip")
    clean = hash_tree(env.prefix / "lib")
    env.conda("pip install", "-y", "-c", channel, "virt==1.0", "cowsay")
    folder = link_folder(env)
    before, mine = hash_tree(env.prefix), hash_tree(sources)
    refused = env.conda("pip undo", "--yes", check=False)
    assert refused.returncode == 1
    assert hash_tree(env.prefix) == before
    assert hash_tree(sources) == mine
    unlink_as_told(refused.stderr, folder)
    env.conda("pip undo", "--yes")
    assert hash_tree(env.prefix / "lib") == clean
    assert hash_tree(sources) == mine
