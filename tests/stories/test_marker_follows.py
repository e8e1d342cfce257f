"""Whatever conda does to an environment, its marker is what the policy says, and ours alone."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.stories.alone import ALONE
from tests.stories.markers import (
    FOREIGN,
    has_marker,
    marker_of,
    nothing,
    own_copy,
    prefix_of,
    protect,
    source_of,
)
from tests.world.package import File, Package, write_package

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.world.base import Base

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def lab(shared_base: Base) -> Iterator[Base]:
    """A base whose user has everything protected, with an environment `web`."""
    with own_copy(shared_base, "follows") as own:
        own.env()
        user = own.scratch / "home" / ".condarc"
        user.write_text("plugins:\n  pip_interop_protect: all\n")
        own.run("create", "-q", "-n", "web", python(own))
        yield own


@pytest.fixture
def new(lab: Base) -> Iterator[Path]:
    """Where a new environment goes that a story makes; afterwards it is gone."""
    yield lab.envs / "new"
    shutil.rmtree(lab.envs / "new", ignore_errors=True)


def python(lab: Base, number: int = 0) -> str:
    """The specification of a Python of the channel: the first, or the other one."""
    major, minor, _ = lab.channel.pythons[number].split(".")
    return f"python={major}.{minor}"


def web(lab: Base) -> Path:
    """The environment `web` with its marker."""
    prefix = lab.envs / "web"
    if not has_marker(prefix):
        lab.run("pip", "protect", "-n", "web")
    return prefix


def folders(prefix: Path) -> list[str]:
    return sorted(path.name for path in (prefix / "lib").glob("python*") if path.is_dir())


@pytest.mark.parametrize(
    "command",
    [
        ("install", "six=1.16.0"),
        ("install", "--freeze-installed", "six=1.16.0"),  # nothing to do
        ("update", "six"),
        ("remove", "six"),
        ("install", "--revision", "0"),
        ("env", "update", "-f", "named.yml"),
    ],
    ids=" ".join,
)
def test_a_command_in_an_environment_brings_its_marker_back(
    lab: Base, command: tuple[str, ...]
) -> None:
    prefix = web(lab)
    if command[-1] == "six":  # whatever ran before
        lab.run("install", "-y", "-q", "-n", "web", "six=1.16.0")
    marker_of(prefix).unlink(missing_ok=True)
    file = lab.scratch / "named.yml"
    file.write_text("name: web\ndependencies: [idna]\n")
    words = [str(file) if word == "named.yml" else word for word in command]
    lab.run(*words, *(() if str(file) in words else ("-n", "web")))
    assert has_marker(prefix)


def test_a_dry_run_writes_nothing(lab: Base) -> None:
    prefix = web(lab)
    marker_of(prefix).unlink()
    lab.run("install", "-n", "web", "--dry-run", "six", check=False)
    assert not has_marker(prefix)


def test_a_command_that_fails_has_its_marker_too(lab: Base) -> None:
    """conda runs no post-commands then, but what it has changed stays changed."""
    prefix = web(lab)
    marker_of(prefix).unlink()
    failed = lab.run("install", "-n", "web", "no-such-thing", check=False)
    assert failed.returncode == 1
    assert "conda-pip-interop" not in failed.stderr
    assert has_marker(prefix)


def test_an_environment_that_another_process_changes_is_left_alone(lab: Base, new: Path) -> None:
    lab.run("create", "-q", "-n", "new", python(lab), check=True, **ALONE)
    lab.run("install", "-q", "-n", "web", "six")
    assert not has_marker(new)


def test_it_follows_python_up_and_down_and_away_and_back(lab: Base, new: Path) -> None:
    if len(lab.channel.pythons) == 1:
        pytest.skip(f"no second minor version beside Python {lab.channel.pythons[0]} here")
    lab.run("create", "-q", "-n", "new", python(lab))
    assert has_marker(new)
    for number in (1, 0):
        lab.run("install", "-q", "-n", "new", python(lab, number))
        assert has_marker(new)
        assert folders(new) == [python(lab, number).replace("=", "")]
    lab.run("remove", "-q", "-n", "new", "python")
    assert not (new / "lib").exists()
    lab.run("install", "-q", "-n", "new", python(lab))
    assert has_marker(new)


def test_environments_made_from_files_have_one(lab: Base, new: Path, tmp_path: Path) -> None:
    named = tmp_path / "environment.yml"
    named.write_text(f"name: new\ndependencies: ['{python(lab)}']\n")
    lab.run("env", "create", "-q", "-f", named)
    assert has_marker(new)
    explicit = tmp_path / "explicit.txt"
    explicit.write_text(lab.run("list", "-n", "new", "--explicit").stdout)
    shutil.rmtree(new)
    lab.run("create", "-q", "-n", "new", "--file", explicit)
    assert has_marker(new)
    marker_of(new).unlink()
    (url,) = (line for line in explicit.read_text().splitlines() if "/python-" in line)
    lab.run("install", "-q", "-n", "new", url)
    assert has_marker(new)


@pytest.mark.needs_conda("26.7", "`create --file` for environment files")
def test_create_by_an_environment_file_has_one(
    base: Base, lab: Base, new: Path, tmp_path: Path
) -> None:
    assert base.version == lab.version
    named = tmp_path / "environment.yml"
    named.write_text(f"name: new\ndependencies: ['{python(lab)}']\n")
    lab.run("create", "-q", "--file", named)
    assert has_marker(new)


def test_a_clone_has_its_own_or_none(lab: Base, new: Path) -> None:
    prefix = web(lab)
    lab.run("create", "-q", "-n", "new", "--clone", "web")
    assert prefix_of(new) == new
    shutil.rmtree(new)
    lab.run("create", "-q", "-n", "new", "--clone", "web", **protect("web"))
    assert not has_marker(new)
    assert has_marker(prefix)


def test_a_renamed_environment_has_its_own_or_none(lab: Base, new: Path, tmp_path: Path) -> None:
    lab.run("create", "-q", "-n", "old", python(lab))
    lab.run("rename", "-n", "old", "new")
    assert prefix_of(new) == new
    elsewhere = tmp_path / "elsewhere"
    lab.run("rename", "-n", "new", str(elsewhere))
    assert prefix_of(elsewhere) == elsewhere
    lab.run("rename", "-p", elsewhere, "new", **protect(f"web, {tmp_path}/*"))
    assert not has_marker(new)


def test_a_copy_made_by_hand_is_caught_at_the_next_command_there(lab: Base, new: Path) -> None:
    subprocess.run(["cp", "-a", web(lab), new], check=True)
    assert has_marker(new)
    lab.run(*nothing(lab, "new"), **protect("web"))
    assert not has_marker(new)


def test_an_environment_made_without_plugins_is_caught_at_the_next_command_there(
    lab: Base, new: Path
) -> None:
    """As those of mamba and micromamba, which run none."""
    lab.run("create", "-q", "-n", "new", python(lab), check=True, **ALONE)
    assert not has_marker(new)
    lab.run(*nothing(lab, "new"))
    assert has_marker(new)
    marker_of(new).unlink()
    lab.run_in(lab.prefix, "python", "-m", "conda_pip_interop", "protect", "-p", new)
    assert has_marker(new)


def test_removed_environments_stay_removed(lab: Base, new: Path) -> None:
    for command in (("remove", "-q", "-n", "new", "--all"), ("env", "remove", "-q", "-n", "new")):
        lab.run("create", "-q", "-n", "new", python(lab))
        lab.run(*command, "-y")
        assert not new.exists()


def test_what_a_person_asks_for_stays_through_everything_but_a_copy(lab: Base, new: Path) -> None:
    policy = protect("base")
    other = python(lab, min(1, len(lab.channel.pythons) - 1))
    lab.run("create", "-q", "-n", "new", python(lab), "six", **policy)
    assert not has_marker(new)
    lab.run("pip", "protect", "-n", "new", **policy)
    for command in (("remove", "six"), ("install", other)):
        lab.run(command[0], "-q", "-n", "new", *command[1:], **policy)
        assert source_of(new) == "request"
    assert "yes, requested" in lab.run("pip", "status", "-n", "new", **policy).stdout
    lab.run("create", "-q", "-n", "copy", "--clone", "new", **policy)
    assert not has_marker(lab.envs / "copy")
    lab.run("pip", "unprotect", "-n", "new", **policy)
    lab.run(*nothing(lab, "new"), **policy)
    assert not has_marker(new)
    shutil.rmtree(lab.envs / "copy")


def test_asking_where_a_policy_has_just_ended_is_a_persons_own_request(
    lab: Base, new: Path
) -> None:
    policy = protect("base")
    subprocess.run(["cp", "-a", web(lab), new], check=True)
    for name in ("web", "new"):  # one of a policy that is over, one copied
        lab.run("pip", "protect", "-n", name, **policy)
        lab.run(*nothing(lab, name), **policy)
        assert source_of(lab.envs / name) == "request"
    lab.run("pip", "unprotect", "-n", "web", **policy)


def edited(lab: Base) -> str:
    return marker_of(web(lab)).read_text().replace("PACKAGE", "PACKAGE (ask Ann first)")


@pytest.mark.parametrize("text", [FOREIGN, None], ids=["admin's", "edited"])
def test_a_marker_that_is_not_ours_is_never_touched(lab: Base, text: str | None) -> None:
    marker = marker_of(web(lab))
    theirs = edited(lab) if text is None else text
    marker.write_text(theirs)
    for policy in ("all", "none"):
        lab.run(*nothing(lab, "web"), **protect(policy))
        assert marker.read_text() == theirs
        refused = lab.run("pip", "unprotect", "-n", "web", check=False, **protect(policy))
        assert refused.returncode == 1
    told = lab.run("pip", "protect", "-n", "web")
    assert "is already protected" in told.stdout
    assert marker.read_text() == theirs
    marker.unlink()


@pytest.fixture
def managed(lab: Base, tmp_path: Path) -> str:
    """A channel with a package that ships a marker, as conda-managed-env does; its URL."""
    subdir = next(path.parent.name for path in lab.channel.folder.glob("*-*/repodata.json"))
    (tmp_path / subdir).mkdir()
    (tmp_path / "noarch").mkdir()
    path = marker_of(lab.envs / "web").relative_to(lab.envs / "web").as_posix()
    package = Package(
        name="managed",
        version="1.0",
        build="h0_0",
        subdir=subdir,
        depends=(),
        files=[File(path=path, content=FOREIGN.encode())],
    )
    record = write_package(package, tmp_path / subdir)
    for folder, packages in ((subdir, {f"{package.stem}.conda": record}), ("noarch", {})):
        document = {"info": {"subdir": folder}, "packages": {}, "packages.conda": packages}
        (tmp_path / folder / "repodata.json").write_text(json.dumps(document))
    return tmp_path.as_uri()


def test_a_marker_that_a_conda_package_ships_is_condas(lab: Base, managed: str) -> None:
    prefix = web(lab)
    lab.run("install", "-q", "-n", "web", "-c", managed, "managed")
    assert marker_of(prefix).read_text() == FOREIGN
    lab.run(*nothing(lab, "web"), **protect("none"))
    assert marker_of(prefix).read_text() == FOREIGN
    lab.run("remove", "-q", "-n", "web", "managed")
    assert source_of(prefix).endswith(".condarc")
