"""`conda pip install`: what can be refused before anything is done, and pip's part by a real pip.

conda's part is covered by tests/stories, with a real conda.
"""

from __future__ import annotations

import dataclasses
import errno
import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from packaging.utils import canonicalize_name

from conda_pip_interop.changes.execute import execute
from conda_pip_interop.dependency_files.locations import Location, parse_location
from conda_pip_interop.environment.snapshot import Snapshot, read_snapshot
from conda_pip_interop.environment.target import Target
from conda_pip_interop.errors import InteropError
from conda_pip_interop.findings.registry import find_all
from conda_pip_interop.installers.pip.process import PipProcess
from conda_pip_interop.installers.pip.report import ReportItem
from conda_pip_interop.resolve.agreement.resolution import Resolution
from conda_pip_interop.resolve.install import build_plan
from conda_pip_interop.resolve.parts import ResolvedPart
from conda_pip_interop.resolve.request.request import DirectRequirement, Request
from tests.support.builders import PrefixBuilder
from tests.support.hosts import NoConda
from tests.support.pip_worlds import build_clone, build_project, pins
from tests.support.trees import read_tree, run_in_child

if TYPE_CHECKING:
    from conda_pip_interop.installers.interface import Installer, Pin


@pytest.fixture
def env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A venv that is also a conda environment of one package: `owned`, with the module `taken`."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    build_wheel(wheels, "fresh")
    build_wheel(wheels, "taken")
    config = tmp_path / "pip.conf"
    config.write_text(f"[global]\nno-index = true\nfind-links = {wheels}\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(config))
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    env = tmp_path / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", env], check=True)
    (env / "conda-meta").mkdir()
    (env / "conda-meta/history").touch()
    (site_packages,) = (env / "lib").glob("python*/site-packages")
    (site_packages / "taken.py").write_text("conda's\n")
    path = (site_packages / "taken.py").relative_to(env).as_posix()
    (env / "conda-meta/owned-1-0.json").write_text(
        f'{{"name": "owned", "version": "1", "build": "0", "files": ["{path}"]}}'
    )
    return env


def build_wheel(folder: Path, name: str) -> None:
    info = f"{name}-1.0.dist-info"
    files = {
        f"{name}.py": "pip's\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)


def build_resolution(*names: str) -> Resolution:
    items = tuple(
        ReportItem(
            name=canonicalize_name(name),
            version="1.0",
            requires_dist=(),
            provides_extra=(),
            requested=name == "fresh",
            requested_extras=(),
            is_direct=False,
            url="",
        )
        for name in names
    )
    return Resolution(steps=(), solution=None, items=items, expected={})


def pip_of(env: Path) -> PipProcess:
    return PipProcess(python=env / "bin/python", runner=Path(sys.executable))


def execute_plan(env: Path, found: Resolution) -> None:
    snapshot = read_snapshot(env)
    plan = build_plan(found, "install", snapshot, pip_of(env))
    execute(plan, Target(prefix=env, name="web", is_base=False), NoConda())


def install(env: Path, *names: str) -> None:
    execute_plan(env, build_resolution(*names))


def install_request(env: Path, request: Request) -> None:
    """All that pip would install for a request, with nothing from conda."""
    items = pip_of(env).resolve(request.lines, provided=())
    execute_plan(env, dataclasses.replace(build_resolution(), items=items, request=request))


def names(snapshot: Snapshot) -> list[str]:
    return [one.name for one in snapshot.distributions]


def test_pips_part_is_fetched_and_installed(env: Path) -> None:
    install(env, "fresh")
    assert names(read_snapshot(env)) == ["fresh"]


def test_what_cannot_be_fetched_changes_nothing(env: Path) -> None:
    before = read_tree(env)
    with pytest.raises(InteropError) as caught:
        install(env, "fresh", "not-there")
    assert caught.value.code == "pip-failed"
    assert read_tree(env) == before


class Idler:
    """An installer that stages nothing and says so to nobody."""

    def fetch(self, _pins: tuple[Pin, ...], *, into: Path) -> None:
        """See `Installer.fetch`."""

    def stage(self, _pins: tuple[Pin, ...], *, wheels: Path, into: Path) -> None:
        """See `Installer.stage`."""


def test_what_was_not_staged_is_not_taken_for_installed(env: Path, tmp_path: Path) -> None:
    installer = cast("Installer", Idler())
    part = ResolvedPart(pins=pins("fresh==1"), installer=installer, snapshot=read_snapshot(env))
    (tmp_path / "staging").mkdir()
    with pytest.raises(InteropError, match="pip installed fresh, but") as caught:
        part.stage(tmp_path / "staging")
    assert caught.value.code == "incomplete"


def test_what_would_overwrite_condas_files_changes_nothing(env: Path) -> None:
    before = read_tree(env)
    with pytest.raises(InteropError) as caught:
        install(env, "fresh", "taken")
    assert caught.value.code == "would-overwrite"
    assert read_tree(env) == before


def test_a_plan_with_nothing_in_it_has_nothing_to_do(env: Path) -> None:
    before = read_tree(env)
    plan = build_plan(build_resolution(), "install", read_snapshot(env), pip_of(env))
    assert plan.is_empty
    install(env)
    assert read_tree(env) == before


def test_an_editable_project_is_placed_as_it_stands(env: Path, tmp_path: Path) -> None:
    build_project(tmp_path / "app", "app")
    build_project(tmp_path / "repo", "cloned")
    build_clone(tmp_path / "repo")
    request = Request(
        direct=tuple(
            DirectRequirement(location=location)
            for text in (str(tmp_path / "app"), f"git+{(tmp_path / 'repo').as_uri()}#egg=cloned")
            if isinstance(
                location := parse_location(text, folder=tmp_path, editable=True), Location
            )
        )
    )
    install_request(env, request)
    distributions = {one.name: one for one in read_snapshot(env).distributions}
    assert distributions.keys() == {"app", "cloned"}
    assert all(one.requested and one.direct_url for one in distributions.values())
    code = "import app, cloned; print(app.settings, cloned.__file__)"
    command = [str(env / "bin/python"), "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"editable {env}/src/cloned/src/cloned.py"
    assert find_all(read_snapshot(env)) == ()


def test_what_fails_leaves_no_clone(env: Path, tmp_path: Path) -> None:
    build_project(tmp_path / "repo", "cloned")
    backend = tmp_path / "repo/backend.py"
    backend.write_text(backend.read_text().replace("def build_editable(", "def build_not("))
    build_clone(tmp_path / "repo")
    text = f"git+{(tmp_path / 'repo').as_uri()}#egg=cloned"
    location = parse_location(text, folder=tmp_path, editable=True)
    assert isinstance(location, Location)
    plan = build_resolution("cloned")
    request = Request(direct=(DirectRequirement(location=location),))
    items = tuple(
        dataclasses.replace(one, is_direct=True, url=(tmp_path / "repo").as_uri())
        for one in plan.items
    )
    before = read_tree(env)
    with pytest.raises(InteropError) as caught:
        execute_plan(env, dataclasses.replace(plan, request=request, items=items))
    assert caught.value.code == "pip-failed"
    assert read_tree(env) == before


def test_what_a_killed_process_has_staged_goes_after_a_day(env: Path) -> None:
    for name, age in (("staging-old", 90_000), ("staging-new", 10)):
        folder = env / "conda-meta/pip-interop" / name
        folder.mkdir(parents=True)
        (folder / "file").touch()
        os.utime(folder, (time.time() - age, time.time() - age))
    install(env, "fresh")
    left = {path.name for path in (env / "conda-meta/pip-interop").glob("staging-*")}
    assert left == {"staging-new"}


@pytest.mark.parametrize(
    ("number", "code"), [(errno.ENOSPC, "disk-full"), (errno.EACCES, "not-writable")]
)
def test_where_nothing_can_be_staged_it_is_told_why(
    shared_folder: Path, number: int, code: str
) -> None:
    built = PrefixBuilder(root=shared_folder / "web", python="3.11.7")
    process = PipProcess(python=Path(sys.executable), runner=Path(sys.executable))
    snapshot = read_snapshot(built.root)
    plan = build_plan(build_resolution("fresh"), "install", snapshot, process)
    tree = read_tree(built.root)

    def refuse(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "os.mkdir" and "staging-" in str(arguments[0]):
            raise OSError(number, os.strerror(number), str(arguments[0]))

    def work() -> None:
        sys.addaudithook(refuse)
        with pytest.raises(InteropError) as caught:
            execute(plan, Target(prefix=built.root, name="web", is_base=False), NoConda())
        assert caught.value.code == code
        assert str(built.root) in caught.value.message

    assert run_in_child(work) == 0
    assert read_tree(built.root) == tree
