"""A file in conda-meta that conda cannot read: found, and written again."""

from __future__ import annotations

import os
import shlex
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from conda_pip_interop.changes.atomic.journal import STATE_FOLDER
from tests.stories.tree import hash_tree

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.e2e


@pytest.fixture
def env(make_env: Any) -> Any:
    """An environment with conda's click."""
    return make_env("python", "pip", "click=8.1.7")


def find_record(env: Any) -> Path:
    (record,) = (env.prefix / "conda-meta").glob("click-*.json")
    return record  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"name": "click", "vers',
        b"\xff\xfe",
        b"[]",
        b'{"name": "click", "version": "8.1.7", "depends": null}',
    ],
)
def test_a_corrupt_record_is_found_and_written_again(env: Any, content: bytes) -> None:
    package = hash_tree(env.site_packages / "click")
    find_record(env).write_bytes(content)
    assert env.conda("list", check=False).returncode != 0
    assert env.findings() == [("corrupt-record", "click")]
    checked = env.conda("pip check", check=False).stdout
    assert f"conda pip repair -n {env.name} click" in checked
    env.conda("pip repair", "--yes", "click")
    assert env.findings() == []
    assert env.owners()["click"] == ("8.1.7", "conda")
    assert hash_tree(env.site_packages / "click") == package
    assert "click" in env.conda("list").stdout
    env.conda("remove", "-y", "-q", "click")
    assert not (env.site_packages / "click/core.py").exists()
    assert env.findings() == []


@pytest.mark.parametrize("what", ["folder", "link"])
@pytest.mark.parametrize("name", ["click-8.1.7-pyhd_0.json", "notes.json"])
def test_what_is_no_file_is_found_and_its_remedy_works(env: Any, name: str, what: str) -> None:
    place = env.prefix / "conda-meta" / name
    place.unlink(missing_ok=True)
    place.mkdir() if what == "folder" else place.symlink_to("nowhere")
    assert env.conda("list", check=False).returncode != 0
    ((kind, _),) = env.findings()
    assert kind == "corrupt-record"
    (finding,) = env.json("pip check", check=False)["findings"]
    run_pasted(env, finding["commands"][0])
    assert env.findings() == []
    assert env.owners()["click"] == ("8.1.7", "conda")
    assert "click" in env.conda("list").stdout


@pytest.mark.parametrize("name", ["clack-8.1.7-pyhd_0.json", "click-8.1.7-pyhd_0 (1).json"])
def test_a_record_that_conda_ignores_for_its_name_is_renamed(env: Any, name: str) -> None:
    record = find_record(env)
    content = record.read_bytes()
    record.rename(record.with_name(name))
    assert "Ignoring malformed prefix record" in env.conda("list").stderr
    assert env.findings() == [("corrupt-record", "click")]
    checked = env.conda("pip check", check=False).stdout
    assert f"conda ignores conda-meta/{name}" in checked
    env.conda("pip repair", "--yes")
    assert record.read_bytes() == content
    assert not record.with_name(name).exists()
    assert env.findings() == []
    assert "Ignoring" not in env.conda("list").stderr
    env.conda("pip undo", "--yes")
    assert env.findings() == [("corrupt-record", "click")]


def run_pasted(env: Any, line: str) -> None:
    """Run a line as it is printed, with a yes to conda's commands."""
    for command in line.split(" && "):
        program, *words = shlex.split(command)
        if program == "conda":
            env.base.run(*words, "--yes")
        else:
            subprocess.run([program, *words], check=True)


@pytest.mark.parametrize("command", ["uninstall --yes click", "install --yes cowsay"])
def test_nothing_is_changed_before_the_record_is_repaired(env: Any, command: str) -> None:
    find_record(env).write_bytes(b"")
    before = hash_tree(env.prefix, but=STATE_FOLDER)
    refused = env.json(f"pip {command}", check=False)
    assert refused["error"]["code"] == "corrupt-record"
    assert refused["error"]["hints"] == [f"To fix: `conda pip repair -n {env.name}`."]
    assert hash_tree(env.prefix, but=STATE_FOLDER) == before


def test_conda_list_fails_also_where_a_hook_has_read_the_records_before(env: Any) -> None:
    """It must not take the packages that were read before the corrupt record for all of them."""
    env.pip("uninstall", "-q", "-y", "click")  # conda would delete its record
    names = [one.name for one in os.scandir(env.prefix / "conda-meta")]
    last = [one for one in names if one.endswith(".json") and not one.startswith("click-")][-1]
    (env.prefix / "conda-meta" / last).write_bytes(b"")
    assert env.conda("list", check=False).returncode != 0
    assert find_record(env).is_file()


def test_a_corrupt_record_whose_files_are_gone_is_linked_again(env: Any) -> None:
    package = hash_tree(env.site_packages / "click")
    env.pip("uninstall", "-q", "-y", "click")
    find_record(env).write_bytes(b"")
    assert env.findings() == [("corrupt-record", "click")]
    env.conda("pip repair", "--yes")
    assert env.findings() == []
    assert hash_tree(env.site_packages / "click") == package


@pytest.mark.parametrize("name", ["notes.json", "click-8.0-0.json", ".json"])
def test_a_file_that_is_no_record_is_removed(env: Any, name: str) -> None:
    stray = env.prefix / "conda-meta" / name
    stray.write_text("{}")
    before = hash_tree(env.prefix, but=STATE_FOLDER)
    ((kind, _),) = env.findings()
    assert kind == "corrupt-record"
    env.conda("pip repair", "--yes")
    assert not stray.exists()
    assert env.findings() == []
    env.conda("list")
    env.conda("pip undo", "--yes")
    assert hash_tree(env.prefix, but=STATE_FOLDER) == before


def test_pips_damage_is_repaired_after_condas_records(env: Any) -> None:
    env.pip("install", "-q", "cowsay==6.0")
    (env.site_packages / "cowsay/main.py").unlink()
    find_record(env).write_bytes(b"{")
    dry = env.conda("pip repair", "--dry-run").stdout
    assert f"conda pip repair -n {env.name} cowsay" in dry
    env.conda("pip repair", "--yes")
    assert env.findings() == [("damaged", "cowsay")]
    env.conda("pip repair", "--yes", "cowsay")
    assert env.findings() == []


def test_a_corrupt_record_can_be_left_to_pip(env: Any) -> None:
    find_record(env).write_bytes(b"{")
    env.conda("pip repair", "--clean-up", "--yes", "click")
    assert env.findings() == []
    assert env.owners()["click"] == ("8.1.7", "pip")
    env.conda("list")


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\n", b"# update specs: ['idna\n", b"# update specs: [1]\n", b"\0\0\0\n"]
)
def test_a_history_that_conda_cannot_read_is_found_and_mended(env: Any, content: bytes) -> None:
    history = env.prefix / "conda-meta" / "history"
    before = history.read_bytes()
    history.write_bytes(before + b"==> 2026-01-01 00:00:00 <==\n" + content)
    assert_history_is_mended(env, stops=b"\0" not in content)  # conda fails later at what it copies
    assert history.read_bytes().startswith(before)


@pytest.mark.parametrize("what", ["missing", "a folder", "empty at a link to nothing"])
def test_a_history_that_is_gone_is_written_from_the_records(env: Any, what: str) -> None:
    history = env.prefix / "conda-meta" / "history"
    history.unlink()
    if what == "a folder":
        history.mkdir()
    elif what != "missing":
        history.symlink_to("nowhere")
    assert_history_is_mended(env)
    assert "'click=8.1.7'" in history.read_text()


def assert_history_is_mended(env: Any, *, stops: bool = True) -> None:
    """Check that it stops conda, that nothing is installed, and that the named command helps."""
    if stops:
        assert env.conda("install -y idna --dry-run", check=False).returncode != 0
    refused = env.conda("pip install cowsay --yes", check=False)
    assert refused.returncode == 1
    assert "conda-meta/history" in refused.stderr
    (finding,) = env.json("pip check", check=False)["findings"]
    assert finding["kind"] == "corrupt-record"
    run_pasted(env, finding["commands"][0])
    assert env.findings() == []
    assert env.json("pip undo --list")["operations"][0]["title"] == "repair"
    revisions = len(env.json("list --revisions"))
    env.conda("install -y idna")
    assert len(env.json("list --revisions")) == revisions + 1
    env.conda(f"install -y --revision={revisions - 1}")
    assert "python" in env.records()
    assert "idna" not in env.records()
    assert env.findings() == []
