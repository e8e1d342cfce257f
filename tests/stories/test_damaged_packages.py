"""Files and metadata that pip, conda or a person took away or broke: found and put back."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conda_pip_interop.changes.atomic.journal import STATE_FOLDER
from tests.stories.tree import hash_tree
from tests.support.channels import build_conda_package, write_channel
from tests.support.environments import Env, MakeEnv
from tests.support.pip_worlds import build_wheel

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def channel(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Two packages that share a file, and one whose files a wheel has, too."""
    shared = {"site-packages/common_mod.py": "common = 1\n"}
    return write_channel(
        tmp_path_factory.mktemp("channel"),
        build_conda_package(
            "typingx",
            carries={"typingx": "1.0"},
            files={
                "site-packages/tests/__init__.py": "",
                "site-packages/extra.py": "extra = 'conda'\n",
                "bin/typingx-tool": "#!/bin/sh\necho conda\n",
            },
        ),
        build_conda_package("pyone", carries={"pyone": "1.0"}, files=shared),
        build_conda_package("pytwo", carries={"pytwo": "1.0"}, files=shared),
    )


def install_all(env: Env, channel: str) -> Env:
    env.conda("install", "-y", "-q", "-c", channel, "typingx", "pyone", "pytwo")
    return env


@pytest.fixture(scope="module")
def prepared(prepare_env: MakeEnv, channel: str) -> Env:
    """What `env` is a copy of; its files are not those of the package cache, which tests spoil."""
    env = install_all(prepare_env("python", "pip"), channel)
    for name in ("typingx", "pyone", "pytwo"):
        for path in json.loads(find_record(env, name).read_text())["files"]:
            separate(env.prefix / path)
    return env


def separate(path: Path) -> None:
    """Write a file anew, as it was, beside what it was hard linked to."""
    copied = path.with_name(f"{path.name}.copied")
    shutil.copy2(path, copied)
    copied.replace(path)


@pytest.fixture
def env(make_env: MakeEnv, prepared: Env) -> Any:
    """An environment with all three."""
    return make_env(like=prepared)


@pytest.fixture
def linked(make_env: MakeEnv, channel: str) -> Any:
    """One whose files are those of the package cache, as conda leaves it."""
    return install_all(make_env("python", "pip"), channel)


@pytest.fixture
def bundler(env: Any, tmp_path: Path) -> str:
    """A wheel that installs its own version of some of typingx's files."""
    site = env.site_packages.relative_to(env.prefix).as_posix()
    files = {"extra.py": "extra = 'pip'\n", "tests/__init__.py": ""}
    data = {f"{site}/{path}": text for path, text in files.items()}
    wheel = build_wheel(tmp_path, "bundler", data={**data, "bin/typingx-tool": "pip's\n"})
    return str(wheel)


def hash_package(env: Any) -> str:
    return hash_tree(env.prefix / "lib") + hash_tree(env.prefix / "bin")


def test_the_remedy_of_overwritten_files_gives_condas_content_back(env: Any, bundler: str) -> None:
    before = hash_package(env)
    env.pip("install", "-q", "--no-compile", bundler)
    assert env.findings() == [("clobbered", "typingx")]
    checked = env.conda("pip check", check=False).stdout
    assert f"conda pip uninstall -n {env.name} bundler" in checked
    env.conda("pip uninstall", "--yes", "bundler")
    assert hash_package(env) == before
    assert env.findings() == []


@pytest.mark.parametrize("command", ["pip repair", "pip repair typingx", "pip restore typingx"])
def test_what_pip_uninstall_took_along_is_found_and_put_back(
    env: Any, bundler: str, command: str
) -> None:
    before = hash_package(env)
    env.pip("install", "-q", "--no-compile", bundler)
    env.pip("uninstall", "-q", "-y", "bundler")
    (finding,) = env.json("pip check", check=False)["findings"]
    assert (finding["kind"], finding["conda"]) == ("damaged", "typingx")
    assert finding["details"] == {"missing": 3, "overwritten": 0}
    env.conda(command, "--yes")
    assert hash_package(env) == before
    assert env.findings() == []


def test_a_file_that_a_person_deleted_is_found_and_put_back(env: Any) -> None:
    before = hash_package(env)
    (env.site_packages / "extra.py").unlink()
    assert env.findings() == [("damaged", "typingx")]
    env.conda("pip repair", "--yes")
    assert hash_package(env) == before
    assert env.findings() == []


@pytest.mark.parametrize("command", ["pip repair", "pip repair typingx", "pip restore typingx"])
def test_a_folder_in_the_place_of_a_file_stays_until_it_is_moved_away(
    env: Any, command: str
) -> None:
    before = hash_package(env)
    module = env.site_packages / "extra.py"
    module.unlink()
    module.mkdir()
    (module / "mine.txt").write_text("mine\n")
    assert env.findings() == [("damaged", "typingx")]
    refused = env.conda(f"{command} --yes", check=False)
    said = refused.stdout + refused.stderr
    assert f"{module} is a folder" in said
    assert f"mv {module} {module}.moved" in said
    assert (module / "mine.txt").read_text() == "mine\n"
    module.rename(f"{module}.moved")
    env.conda("pip repair", "--yes", "typingx")
    assert env.findings() == []
    shutil.rmtree(f"{module}.moved")
    assert hash_package(env) == before


def edit_in_place(path: Path) -> None:
    """As `sed -i` does not, and many editors do: through the hard link into the package cache."""
    with path.open("r+") as file:
        file.write("# edited")


def find_cached(env: Any, name: str) -> Path:
    """Return the folder of a package in the cache."""
    return Path(json.loads(find_record(env, name).read_text())["extracted_package_dir"])


def find_record(env: Env, name: str) -> Path:
    """Return conda's record of a package."""
    (record,) = (env.prefix / "conda-meta").glob(f"{name}-*.json")
    return record


@pytest.mark.parametrize("has_archive", [True, False])
@pytest.mark.parametrize("command", ["pip repair", "pip restore typingx"])
def test_an_edit_that_spoilt_the_package_cache_is_not_linked_again(
    linked: Any, command: str, *, has_archive: bool
) -> None:
    before = hash_package(linked)
    module, cached = linked.site_packages / "extra.py", find_cached(linked, "typingx")
    assert module.samefile(cached / "site-packages/extra.py")
    edit_in_place(module)
    edit_in_place(cached / "bin/typingx-tool")
    edited = hash_package(linked)
    (linked.site_packages / "typingx.py").unlink()
    if not has_archive:
        Path(f"{cached}.conda").unlink()
    done = linked.conda(command, "--yes")
    assert "Replaces 2 changed files of typingx, such as bin/" in done.stdout
    assert "typingx 1.0 was extracted again" in done.stderr
    assert hash_package(linked) == before
    assert linked.findings() == []
    assert "# edit" not in (cached / "site-packages/extra.py").read_text()
    linked.conda("pip undo", "--yes")
    assert module.read_text().startswith("# edit")
    (linked.site_packages / "typingx.py").write_text("__version__ = '1.0'\n")
    assert hash_package(linked) == edited


def test_restore_brings_back_what_a_person_has_edited(linked: Any) -> None:
    before = hash_package(linked)
    edit_in_place(linked.site_packages / "extra.py")
    edited = hash_package(linked)
    assert linked.findings() == []
    advised = linked.conda("pip repair", "--yes", "typingx", check=False).stderr
    assert f"conda pip restore -n {linked.name} typingx" in advised
    done = linked.conda("pip restore", "--yes", "typingx")
    assert "Replaces 1 changed file of typingx, such as lib/" in done.stdout
    assert hash_package(linked) == before
    again = linked.conda("pip restore", "--yes", "typingx")
    assert "installed and unchanged" in again.stdout
    linked.conda("pip undo", "--yes")
    assert hash_package(linked) == edited


def test_an_installation_does_not_link_what_was_edited_elsewhere(
    linked: Any, make_env: MakeEnv, channel: str
) -> None:
    edit_in_place(linked.site_packages / "extra.py")
    other = make_env("python", "pip")
    done = other.conda("pip install", "--yes", "--channel", channel, "typingx")
    assert "typingx 1.0 was extracted again" in done.stderr
    assert other.python("import extra; print(extra.extra)") == "conda"
    assert (linked.site_packages / "extra.py").read_text().startswith("# edit")


def test_without_a_sound_archive_nothing_is_linked_again(make_env: MakeEnv, tmp_path: Path) -> None:
    package = build_conda_package("spoilable", carries={"spoilable": "1.0"})
    channel = write_channel(tmp_path / "channel", package)
    env = make_env("python", "pip")
    env.conda("install", "-y", "-q", "-c", channel, "spoilable")
    cached, module = find_cached(env, "spoilable"), env.site_packages / "spoilable.py"
    (tmp_path / "channel/noarch" / f"{cached.name}.conda").unlink()
    edit_in_place(module)
    Path(f"{cached}.conda").unlink()
    Path(f"{cached}.conda").write_bytes(b"no archive")
    (env.site_packages / "spoilable-1.0.dist-info/INSTALLER").unlink()
    broken = hash_package(env)
    refused = env.conda("pip repair", "--yes", check=False)
    assert refused.returncode == 1
    assert f"{cached / 'site-packages/spoilable.py'} is in conda's package cache" in refused.stderr
    assert hash_package(env) == broken
    assert find_cached(env, "spoilable").is_dir()


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_socket(path: Path) -> None:
    near = Path(tempfile.mkdtemp(), "s")  # the path of a socket is short
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(near))
    near.rename(path)


def make_dead_link(path: Path) -> None:
    path.symlink_to("/nowhere")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
@pytest.mark.parametrize("make", [make_pipe, make_socket, make_dead_link])
def test_what_is_no_file_in_the_place_of_one_is_replaced(
    env: Any, tmp_path: Path, make: Callable[[Path], None]
) -> None:
    wheel = build_wheel(tmp_path, "bundler")
    env.pip("install", "-q", "--no-compile", str(wheel))
    modules = [env.site_packages / f"{name}.py" for name in ("extra", "bundler")]
    before = [module.read_text() for module in modules]
    for module in modules:
        module.unlink()
        make(module)
    broken = hash_package(env)
    assert env.findings() == [("damaged", "bundler"), ("damaged", "typingx")]
    env.conda("pip repair", "--yes")
    assert env.findings() == []
    assert [module.read_text() for module in modules] == before
    assert not any(module.is_symlink() for module in modules)
    env.conda("pip undo", "--yes")
    assert hash_package(env) == broken


def test_a_folder_in_the_place_of_pips_file_stays_until_it_is_moved_away(
    env: Any, tmp_path: Path
) -> None:
    wheel = build_wheel(tmp_path, "bundler")
    env.pip("install", "-q", "--no-compile", str(wheel))
    module = env.site_packages / "bundler.py"
    before = module.read_text()
    module.unlink()
    module.mkdir()
    assert env.findings() == [("damaged", "bundler")]
    for command in ("repair", "repair bundler", f"install --force-reinstall {wheel}"):
        refused = env.conda(f"pip {command} --yes", check=False)
        assert f"mv {module} {module}.moved" in refused.stdout + refused.stderr
        assert module.is_dir()
    module.rename(f"{module}.moved")
    env.conda("pip repair", "--yes", "bundler")
    assert env.findings() == []
    assert module.read_text() == before


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
@pytest.mark.parametrize("to", ["a folder", "a file"])
@pytest.mark.parametrize("inside", [True, False])
def test_a_link_in_the_place_of_a_file_is_replaced_and_not_followed(
    env: Any, tmp_path: Path, to: str, *, inside: bool
) -> None:
    wheel = build_wheel(tmp_path, "bundler")
    env.pip("install", "-q", "--no-compile", str(wheel))
    modules = [env.site_packages / f"{name}.py" for name in ("extra", "bundler")]
    before = [module.read_text() for module in modules]
    behind = (env.prefix if inside else tmp_path) / "behind"
    behind.mkdir()
    (behind / "mine.py").write_text("mine = 1\n")
    for module in modules:
        module.unlink()
        module.symlink_to(behind if to == "a folder" else behind / "mine.py")
    broken, others = hash_package(env), hash_tree(behind)
    assert env.findings() == [("damaged", "bundler"), ("damaged", "typingx")]
    env.conda("pip repair", "--yes")
    assert env.findings() == []
    assert [module.read_text() for module in modules] == before
    assert not any(module.is_symlink() for module in modules)
    assert hash_tree(behind) == others
    env.conda("pip undo", "--yes")
    assert (hash_package(env), hash_tree(behind)) == (broken, others)


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_a_link_to_the_same_content_is_no_damage(env: Any, tmp_path: Path) -> None:
    env.pip("install", "-q", "--no-compile", str(build_wheel(tmp_path, "bundler")))
    for name in ("extra", "bundler"):
        module = env.site_packages / f"{name}.py"
        module.rename(tmp_path / module.name)
        module.symlink_to(tmp_path / module.name)
    assert env.findings() == []


def test_a_persons_edit_is_not_damage(env: Any) -> None:
    module = env.site_packages / "extra.py"
    module.unlink()  # conda has linked it to its package cache
    module.write_text("extra = 'mine'\n")
    assert env.findings() == []


@pytest.mark.parametrize("command", ["pip restore pyone", "pip repair"])
def test_a_shared_file_that_pip_upgraded_is_told_and_given_back(
    env: Any, tmp_path: Path, command: str
) -> None:
    before = hash_package(env)
    site = env.site_packages.relative_to(env.prefix).as_posix()
    data = {f"{site}/common_mod.py": "common = 2\n"}
    env.pip("install", "-q", "--no-compile", str(build_wheel(tmp_path, "pyone", "2.0", data=data)))
    assert ("clobbered", "pytwo") in env.findings()
    assert f"conda pip restore -n {env.name} pyone" in env.conda("pip check", check=False).stdout
    env.conda(command, "--yes")
    assert hash_package(env) == before
    assert env.findings() == []


def test_a_shared_file_that_pip_removed_is_put_back(env: Any, tmp_path: Path) -> None:
    env.pip("install", "-q", "--no-compile", str(build_wheel(tmp_path, "pyone", "2.0")))
    env.pip("uninstall", "-q", "-y", "pyone")
    (env.site_packages / "common_mod.py").unlink(missing_ok=True)
    assert set(env.findings()) == {("vanished", "pyone"), ("damaged", "pytwo")}
    env.conda("pip repair", "--yes")
    assert env.findings() == []
    assert env.python("import common_mod; print(common_mod.common)") == "1"


def test_repair_without_a_name_settles_everything_in_one_operation(
    env: Any, bundler: str, tmp_path: Path
) -> None:
    env.pip("install", "-q", bundler)
    env.pip("install", "-q", str(build_wheel(tmp_path, "solo")))
    (env.site_packages / "solo.py").unlink()
    (env.site_packages / "~olo").mkdir()
    env.pip("uninstall", "-q", "-y", "pytwo")
    kinds = {kind for kind, _ in env.findings()}
    assert kinds == {"clobbered", "damaged", "leftover", "vanished"}
    before = hash_tree(env.prefix, but=STATE_FOLDER)
    dry = env.conda("pip repair", "--dry-run")
    assert hash_tree(env.prefix, but=STATE_FOLDER) == before
    assert "solo" in dry.stdout
    env.conda("pip repair", "--yes")
    assert env.findings() == []
    assert env.conda("pip repair", "--yes").stdout.startswith("Nothing to repair")


@pytest.mark.parametrize("name", ["typingx", "solo"], ids=["over conda's", "beside conda's"])
def test_links_of_uv_into_a_cache_that_is_gone_are_damage(
    env: Any, tmp_path: Path, name: str
) -> None:
    uv, cache = Path(sys.executable).with_name("uv"), tmp_path / "cache"
    wheel = build_wheel(tmp_path, name, "2.0")
    subprocess.run(
        [
            *(uv, "pip", "install", "-q", "--offline", "--link-mode=symlink", "--cache-dir", cache),
            *("--python", env.prefix / "bin/python", wheel),
        ],
        check=True,
    )
    module = env.site_packages / f"{name}.py"
    assert module.is_symlink()
    shutil.rmtree(cache)
    assert ("damaged", name) in env.findings()
    env.conda("pip repair", "--yes", name)
    assert module.is_file()
    assert env.owners()[name] == ("2.0", "pip")
    assert env.findings() == []


def test_damage_of_what_pip_put_in_condas_place_is_found_and_repaired(env: Any) -> None:
    env.conda("install", "-y", "-q", "click=8.1.7")
    env.pip("install", "-q", "click==8.1.3")
    env.conda("pip reconcile", "--yes")
    assert env.findings() == []
    (env.site_packages / "click/core.py").unlink()
    assert env.findings() == [("damaged", "click")]
    env.conda("pip repair", "--yes", "click")
    assert env.owners()["click"] == ("8.1.3", "pip")
    assert env.findings() == []


@pytest.fixture(scope="module")
def with_six(prepare_env: MakeEnv) -> Env:
    """An environment with six by pip."""
    env = prepare_env("python", "pip")
    env.pip("install", "-q", "six==1.15.0")
    return env


@pytest.fixture
def pips(make_env: MakeEnv, with_six: Env) -> Any:
    """An environment with six by pip."""
    return make_env(like=with_six)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("METADATA", b"Metadata-Version: 2.1\nName: six\nVersion: 1.15.0\nSummary: \xff\n\n"),
        ("METADATA", b"Metadata-Version: 2.1\nName: six\nVersion: 1.15.0\n\n\xe9t\xe9"),
        ("RECORD", b""),
        ("RECORD", b"\n"),
        ("RECORD", b"\xff"),
        ("RECORD", None),
    ],
)
def test_metadata_that_pip_cannot_use_is_damage(
    pips: Any, file: str, content: bytes | None
) -> None:
    path = pips.site_packages / "six-1.15.0.dist-info" / file
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    assert pips.findings() == [("damaged", "six")]
    pips.conda("pip repair", "--yes")
    assert pips.findings() == []
    assert pips.pip("list").returncode == 0
    pips.conda("pip uninstall", "--yes", "six")
    assert not (pips.site_packages / "six.py").exists()


@pytest.mark.parametrize("settled", [False, True])
def test_what_replaced_condas_without_a_record_is_repaired(make_env: Any, settled: bool) -> None:
    env = make_env("python", "pip", "click=8.1.7")
    env.pip("install", "-q", "click==8.1.3")
    if settled:
        env.conda("pip reconcile", "--yes")
    (env.site_packages / "click-8.1.3.dist-info/RECORD").unlink()
    assert env.findings() == [*([] if settled else [("overridden", "click")]), ("damaged", "click")]
    refused = env.conda("pip restore", "--yes", "click", check=False)
    assert f"To fix: `conda pip repair -n {env.name} click`" in refused.stderr
    env.conda("pip repair", "--yes", "click")
    assert env.owners()["click"] == ("8.1.3", "pip")
    assert env.findings() == []
    env.conda("pip restore", "--yes", "click")
    assert env.owners()["click"] == ("8.1.7", "conda")
    assert env.findings() == []


@pytest.mark.parametrize("rows", ["", "six.py,,\n"], ids=["empty", "cut off"])
def test_uninstalling_with_a_record_that_is_not_whole_is_refused(pips: Any, rows: str) -> None:
    (pips.site_packages / "six-1.15.0.dist-info/RECORD").write_text(rows)
    assert pips.findings() == [("damaged", "six")]
    refused = pips.json("pip uninstall", "--yes", "six", check=False)
    assert refused["success"] is False
    assert refused["error"]["code"] == "no-record"
    assert f"conda pip repair -n {pips.name} six" in refused["error"]["hints"][0]
    pips.conda("pip repair", "--yes", "six")
    assert pips.findings() == []
    pips.conda("pip uninstall", "--yes", "six")
    assert "six" not in pips.owners()
    assert not [*pips.site_packages.glob("six*")]


def test_two_installations_of_one_name_become_one(pips: Any, make_env: Any) -> None:
    other = make_env("python", "pip")
    other.pip("install", "-q", "six==1.14.0")
    old = "six-1.14.0.dist-info"
    shutil.copytree(other.site_packages / old, pips.site_packages / old)
    before = hash_tree(pips.site_packages / "six-1.15.0.dist-info")
    assert pips.findings() == [("leftover", "six")]
    pips.conda("install", "-y", "-q", "idna")
    assert pips.findings() == [("leftover", "six")]
    pips.conda("pip repair", "--yes", "six")
    assert pips.findings() == []
    assert hash_tree(pips.site_packages / "six-1.15.0.dist-info") == before
    assert pips.python("import six; print(six.__version__)") == "1.15.0"


@pytest.mark.parametrize("name", ["~ix.py", "x.so.conda_trash", "x.so.conda_trash_1"])
def test_files_that_were_set_aside_are_removed_if_asked(pips: Any, name: str) -> None:
    (pips.site_packages / name).write_text("")
    assert pips.findings() == [("leftover", None)]
    pips.conda("pip reconcile", "--yes")
    assert (pips.site_packages / name).exists()
    pips.conda("pip repair", "--yes")
    assert pips.findings() == []


@pytest.mark.parametrize("is_noted", [False, True])
def test_what_another_package_lost_to_the_same_distribution_is_found(
    make_env: Any, tmp_path: Path, is_noted: bool
) -> None:
    """Two conda packages carry one distribution; pip overwrites it, then both are put back.

    `is_noted`: their records have been rewritten before.
    """
    channel = write_channel(
        tmp_path / "channel",
        build_conda_package("twin", carries={"twin": "1.0"}, files={"site-packages/a.py": "a"}),
        build_conda_package("twin-too", carries={"twin": "1.0"}, files={"site-packages/b.py": "b"}),
    )
    env = make_env("python", "pip")
    env.conda("install", "-y", "-q", "-c", channel, "twin", "twin-too")
    before = hash_package(env)
    env.pip("install", "-q", "--no-compile", str(build_wheel(tmp_path, "twin", "2.0")))
    found = env.json("pip check", check=False)["findings"]
    assert {one["conda"] for one in found} == {"twin", "twin-too"}
    if is_noted:
        env.conda("pip reconcile", "--yes")
    for name in ("twin-too", "twin"):
        env.conda("pip restore", "--yes", name)
        assert env.findings() == []
    assert hash_package(env) == before


def test_without_its_interpreter_an_environment_is_repaired_first(make_env: MakeEnv) -> None:
    env = make_env("python", "pip")
    python = env.prefix / "bin/python"
    python.resolve().unlink()
    for command in ("pip install", "pip download"):
        refused = env.conda(command, "cowsay", check=False)
        assert "Traceback" not in refused.stderr
        assert f"is missing or cannot be run: {python}" in refused.stderr
        assert f"conda pip repair -n {env.name} python" in refused.stderr
    env.conda("pip repair", "--yes", "python")
    env.conda("pip install", "--yes", "cowsay")
    assert env.findings() == []
