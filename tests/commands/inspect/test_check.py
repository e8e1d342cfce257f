"""`conda pip check` of one environment, of several, and of all."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pytest

from conda_pip_interop.__main__ import main
from conda_pip_interop.commands.command_line.run import run
from conda_pip_interop.commands.inspect.status_facts import is_known_clean
from conda_pip_interop.environment.quick_check import TICK_NS
from conda_pip_interop.environment.target import Target
from conda_pip_interop.values import dataclass
from tests.support.builders import PrefixBuilder
from tests.support.hosts import FakeHost

T = TypeVar("T")
SITE = "lib/python3.11/site-packages"


@dataclass(frozen=True, kw_only=True)
class ManyHost(FakeHost):
    """A host that knows the environments beside its own, by name."""

    def find_target(self, option: str, value: str) -> Target:
        """See `Host.find_target`."""
        assert option == "name"
        return Target(prefix=self.target.prefix.parent / value, name=value, is_base=False)

    def list_targets(self) -> list[Target]:
        """Return them all."""
        names = sorted(path.name for path in self.target.prefix.parent.iterdir())
        return [self.find_target("name", name) for name in names]

    def for_each(
        self, targets: Sequence[Target], work: Callable[[Target], T], **_: object
    ) -> list[T]:
        """Call `work` for each."""
        return [work(one) for one in targets]


@pytest.fixture
def host(tmp_path: Path) -> ManyHost:
    """A host with a clean environment, one with an unmet requirement, and one with no record."""
    clean = PrefixBuilder(root=tmp_path / "clean", python="3.11.7")
    clean.pip_package("cowsay", "6.1", {"cowsay.py": ""})
    harmed = PrefixBuilder(root=tmp_path / "harmed", python="3.11.7")
    long = "a-very-long-name-of-a-package-that-there-is-not"
    harmed.pip_package(f"app-of-{long}", "1.0", requires=(f"{long}>=1.0",))
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "conda-meta").write_text("no folder")
    return ManyHost(target=Target(prefix=tmp_path / "clean", name="clean", is_base=False))


def read(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    document = json.loads(capsys.readouterr().out)
    return {row["name"]: row for row in document["environments"]}


def test_all_are_checked_and_what_cannot_be_read_is_told(
    host: ManyHost, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", "--all", "--json"], host.open) == 1
    rows = read(capsys)
    assert rows.keys() == {"clean", "harmed", "odd"}
    assert rows["clean"]["findings"] == []
    assert [one["kind"] for one in rows["harmed"]["findings"]] == ["unmet"]
    assert "odd" in rows["odd"]["problem"]
    assert rows["clean"]["problem"] is rows["harmed"]["problem"] is None
    assert run(["check", "--all"], host.open) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "clean: no findings" in lines
    assert "harmed: 1 finding" in lines
    assert lines[-1] == "1 finding in 1 of 3 environments; 1 could not be read"
    whole = ("To fix: ", "  or: ", str(host.target.prefix.parent), f"    {SITE}/")
    wrapped = [line for line in lines if not any(one in line for one in whole)]
    assert 70 < max(map(len, wrapped)) <= 80
    (path,) = (line for line in lines if line.startswith(f"    {SITE}/"))
    assert path.endswith(".dist-info/METADATA"), "it can be copied"


def test_what_cannot_be_read_is_no_finding_but_where_it_was_named(
    host: ManyHost, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", "-n", "harmed", "-n", "clean"], host.open) == 1
    (host.target.prefix.parent / "harmed").rename(host.target.prefix.parent.parent / "gone")
    assert run(["check", "--all"], host.open) == 0
    assert run(["check", "-n", "odd", "-n", "clean"], host.open) == 1
    capsys.readouterr()
    assert run(["check", "-n", "gone", "-n", "clean"], host.open) == 1
    assert "There is no environment gone." in capsys.readouterr().err


def test_each_environment_is_checked_once(
    host: ManyHost, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["check", "-n", "harmed", "-n", "clean", "-n", "harmed", "-n", "clean"], host.open)
    out = capsys.readouterr().out
    assert out.count("harmed: 1 finding") == out.count("clean: no findings") == 1
    assert out.endswith("1 finding in 1 of 2 environments\n")


def test_without_conda_several_are_named_by_their_paths(
    host: ManyHost, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [host.target.prefix.parent / name for name in ("harmed", "clean")]
    assert main(["check", "-p", str(paths[0]), "-p", str(paths[1]), "--json"]) == 1
    assert list(read(capsys)) == [str(path) for path in paths]


# -- what has not changed


@dataclass(frozen=True, kw_only=True)
class KeepingHost(FakeHost):
    """A host with a cache."""

    @property
    def cache_folder(self) -> Path:
        """Beside the environment."""
        return self.target.prefix.parent / "cache"

    def check(self) -> int:
        """Check; the exit code."""
        return run(["check", "-n", "env"], self.open)

    @property
    def kept(self) -> Path:
        """The file that has what was kept."""
        (file,) = (self.cache_folder / "status").iterdir()
        return file


def remove_module(root: Path) -> None:
    (root / SITE / "plain.py").unlink()


def edit_shared_file(root: Path) -> None:
    """Change nothing but content, as far as can be: in place, of the same size and time."""
    file = root / SITE / "shared" / "data.txt"
    before = file.stat()
    file.write_text("cat")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def break_record(root: Path) -> None:
    file = root / SITE / "plain-1.0.dist-info" / "RECORD"
    before = file.stat()
    file.write_text("".join(reversed(file.read_text())))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def remove_source(root: Path) -> None:
    (root.parent / "source").rmdir()


def install_for_user(root: Path) -> None:
    folder = root.parent / "home" / SITE.replace("lib/", ".local/lib/") / "plain-2.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: plain\nVersion: 2.0\n")


def require_more(root: Path) -> None:
    file = root / SITE / "plain-1.0.dist-info" / "METADATA"
    name = "Name: plain\n"
    file.write_text(file.read_text().replace(name, f"{name}Requires-Dist: nowhere\n"))


CHANGES = (
    remove_module,
    edit_shared_file,
    break_record,
    remove_source,
    install_for_user,
    require_more,
)


@pytest.fixture(scope="module")
def aged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Environments that have not changed for longer than a tick: a clean one for each change.

    That of the name `unmet` has a finding.
    """
    names = (*(one.__name__ for one in CHANGES), "unmet")
    roots = {name: tmp_path_factory.mktemp("aged") / "env" for name in names}
    for root in roots.values():
        built = PrefixBuilder(root=root, python="3.11.7")
        built.conda_package("kit", "1.0", {"shared/data.txt": "kit"})
        built.conda_package("kat", "1.0", {"shared/data.txt": "kat"})
        built.pip_package("plain", "1.0", {"plain.py": "x = 1\n"})
        (root.parent / "source").mkdir()
        url = {"url": (root.parent / "source").as_uri(), "dir_info": {"editable": True}}
        built.pip_package("mine", "1.0", {"mine.pth": "# nothing"}, direct_url=url)
        (root.parent / "home" / SITE.replace("lib/", ".local/lib/")).mkdir(parents=True)
    require_more(roots["unmet"])
    time.sleep(TICK_NS / 1e9 + 0.1)
    return roots


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_seen_after_a_check_that_was_kept(
    aged: dict[str, Path], monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], None]
) -> None:
    root = aged[change.__name__]
    monkeypatch.setenv("HOME", str(root.parent / "home"))
    monkeypatch.delenv("PYTHONNOUSERSITE", raising=False)
    host = KeepingHost(target=Target(prefix=root, name="env", is_base=False))
    assert host.check() == 0
    assert is_known_clean(host.target, cache=host.kept.parent)
    change(root)
    assert host.check() == 1


def test_what_has_not_changed_is_not_read_again(
    aged: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    host = KeepingHost(target=Target(prefix=aged["unmet"], name="env", is_base=False))
    assert host.check() == 1
    document = json.loads(host.kept.read_text())
    assert document["facts"]["findings"] == {"unmet": 1}
    document["facts"]["findings"] = {}
    host.kept.write_text(json.dumps(document))
    capsys.readouterr()
    assert host.check() == 0
    assert capsys.readouterr().out == "env: no findings\n"
