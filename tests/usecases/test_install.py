"""`conda pip install`: what can be refused before anything is done, and pip's part by a real pip.

conda's part is told by tests/e2e, with a real conda.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from conda_pip_interop.core.snapshot import Snapshot, read_snapshot
from conda_pip_interop.errors import InteropError
from conda_pip_interop.pip.process import PipProcess
from conda_pip_interop.pip.report import ReportItem
from conda_pip_interop.usecases.install import carry_out
from conda_pip_interop.usecases.planning import InstallPlan
from conda_pip_interop.usecases.target import Target
from tests.core.trees import read_tree


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


def build_plan(*names: str) -> InstallPlan:
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
    return InstallPlan(actions=(), solution=None, items=items, expected={})


def install(env: Path, *names: str) -> None:
    carry_out(
        build_plan(*names),
        snapshot=read_snapshot(env),
        target=Target(prefix=env, name="web", is_base=False),
        installer=PipProcess(python=env / "bin/python", runner=Path(sys.executable)),
    )


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


def test_what_would_overwrite_condas_files_changes_nothing(env: Path) -> None:
    before = read_tree(env)
    with pytest.raises(InteropError) as caught:
        install(env, "fresh", "taken")
    assert caught.value.code == "would-overwrite"
    assert read_tree(env) == before


def test_a_plan_with_nothing_in_it_has_nothing_to_do(env: Path) -> None:
    before = read_tree(env)
    assert build_plan().nothing_to_do
    assert not build_plan("fresh").nothing_to_do
    install(env)
    assert read_tree(env) == before
