"""A virtual environment over a conda environment: both layers are seen, and neither is harmed."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.stories.tree import hash_tree
from tests.support.environments import MakeEnv
from tests.support.pip_worlds import build_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.environments import Env
    from tests.world.base import Base

pytestmark = pytest.mark.e2e


@pytest.fixture
def shared(make_env: MakeEnv) -> Env:
    return make_env("python", "pip", "click=8.1.7", "flask=3.0.3")


@pytest.fixture
def layer(shared: Env) -> Iterator[Path]:
    """As docs/how-to/layers.md makes it."""
    folder = shared.base.scratch / f"layer-{shared.name}"
    shared.base.run_in(shared.prefix, "python", "-m", "venv", "--system-site-packages", folder)
    yield folder
    shutil.rmtree(folder)


def run(base: Base, layer: Path, command: str, *words: str) -> Any:
    """`conda pip COMMAND -p LAYER`."""
    return base.run("pip", command, "-p", layer, *words, check=False)


def test_list_and_check_see_both_layers_and_what_hides_what(
    shared: Env, layer: Path, tmp_path: Path
) -> None:
    base = shared.base
    before = hash_tree(shared.prefix)
    wheel = build_wheel(tmp_path, "tool", requires=["flask>=3", "cowsay"])
    base.run_in(layer, "python", "-m", "pip", "install", "-q", "click==8.1.3", str(wheel))
    listed = run(base, layer, "list").stdout
    assert f"Below it, in the environment at {shared.prefix}" in listed
    (hidden,) = (line for line in listed.splitlines() if "hidden by click 8.1.3" in line)
    assert hidden.split()[:3] == ["click", "8.1.7", "conda"]
    (flask,) = (line for line in listed.splitlines() if line.split()[:1] == ["flask"])
    assert flask.split()[1:3] == ["3.0.3", "conda"]
    clean = run(base, layer, "check")
    assert clean.returncode == 0, clean.stdout
    assert f"Below it: {shared.prefix}" in clean.stdout
    assert "click 8.1.7 by 8.1.3" in clean.stdout

    old = build_wheel(tmp_path, "click", "7.0")
    new = build_wheel(tmp_path, "other", requires=["flask>=4"])
    base.run_in(layer, "python", "-m", "pip", "install", "-q", "--no-deps", str(old), str(new))
    found = run(base, layer, "check")
    assert found.returncode == 1
    assert "conda's flask 3.0.3 requires click>=8.1.3, but pip's click is 7.0." in found.stdout
    assert "pip's other 1.0 requires flask>=4, but conda's flask is 3.0.3." in found.stdout
    fix = f"{layer}/bin/python -m pip install 'click>=8.1.3'"
    assert f"To fix: {fix}" in found.stdout
    base.run_in(layer, "python", "-m", "pip", "install", "-q", "click>=8.1.3")
    base.run_in(layer, "python", "-m", "pip", "uninstall", "-q", "-y", "other")
    assert run(base, layer, "check").returncode == 0
    assert hash_tree(shared.prefix) == before


def test_conda_installs_nothing_into_it_and_pip_does(shared: Env, layer: Path) -> None:
    base = shared.base
    before = hash_tree(shared.prefix)
    refused = run(base, layer, "install", "--yes", "six")
    assert refused.returncode == 1
    assert "is a virtual environment, into which conda installs nothing" in refused.stderr
    assert not (layer / "conda-meta").exists()
    told = f"conda pip install -p {layer} --prefer pypi NAME"
    assert told in refused.stderr
    base.run(*told.replace("NAME", "six").split()[1:], "--yes")
    assert base.run_in(layer, "python", "-c", "import six, flask; print(six.__file__)").stdout
    assert run(base, layer, "check").returncode == 0
    assert hash_tree(shared.prefix) == before
