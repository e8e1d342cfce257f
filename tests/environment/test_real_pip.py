"""Findings after the real pip changed a conda package."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from conda_pip_interop.environment.ownership import ByPip
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.findings.base import Finding
from conda_pip_interop.findings.registry import find_all
from tests.support.builders import PrefixBuilder, record_line


@pytest.fixture(scope="module")
def venv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a virtual environment with the pip that comes with Python, and no network."""
    root = tmp_path_factory.mktemp("story") / "env"
    subprocess.run([sys.executable, "-m", "venv", root], check=True)
    return root


@pytest.fixture
def built(venv: Path) -> PrefixBuilder:
    """Turn it into a conda environment as far as the records go."""
    return PrefixBuilder(root=venv, python=platform.python_version())


def make_wheel(folder: Path, name: str, version: str, content: str) -> Path:
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": content,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(record_line(path, text.encode()) for path, text in files.items())
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in {**files, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
            archive.writestr(path, text)
    return wheel


def run_pip(built: PrefixBuilder, *words: str) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PIP_")}
    environment |= {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_NO_INPUT": "1"}
    command = [str(built.root / "bin/python"), "-m", "pip", *words]
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)


def find(built: PrefixBuilder) -> list[tuple[str, str | None]]:
    findings: tuple[Finding, ...] = find_all(read_snapshot(built.root))
    return [(finding.kind, finding.project) for finding in findings]


def test_findings_follow_what_pip_replaces_reinstalls_and_uninstalls(
    built: PrefixBuilder, tmp_path: Path
) -> None:
    assert find(built) == []  # pip itself is there, and pip's

    wheel = make_wheel(tmp_path, "demo", "1.0", "pip 1.0")
    built.conda_package("demo", "1.0", {"demo.py": "conda 1.0"})
    assert find(built) == []
    run_pip(built, "install", "--force-reinstall", str(wheel))
    assert find(built) == [("overridden", "demo")]

    run_pip(built, "install", str(make_wheel(tmp_path, "demo", "2.0", "pip 2.0")))
    assert find(built) == [("overridden", "demo")]
    snapshot = read_snapshot(built.root)
    (demo,) = (d for d in snapshot.distributions if d.name == "demo")
    (record,) = (one for one in snapshot.records if one.name == "demo")
    assert snapshot.ownership.owner_of(demo) == ByPip(distribution=demo, in_place_of=record)

    run_pip(built, "uninstall", "--yes", "demo")
    assert find(built) == [("vanished", "demo")]

    run_pip(built, "install", str(wheel))
    built.conda_package("demo", "1.0", {"demo.py": "conda 1.0"})
    assert find(built) == []
