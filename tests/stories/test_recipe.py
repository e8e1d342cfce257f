"""The recipe makes a package, which a base installs and a stranger can use."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.channels import write_channel
from tests.world.cache import CHECKOUT
from tests.world.package import File, Package

if TYPE_CHECKING:
    from tests.world.base import Base

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(
        sys.platform == "win32", reason="the channel of the tests has no Python for Windows"
    ),
]

_BUILD = """
import sys
from rattler_build import Stage0Recipe, ToolConfiguration
recipe, output, *channels = sys.argv[1:]
tools = ToolConfiguration(test_strategy="native")
(built,) = Stage0Recipe.from_file(recipe).run_build(
    tool_config=tools, output_dir=output, channels=channels
)
print(*built.packages)
"""


def test_the_recipe_is_built_and_tested_and_installs(own_base: Base, tmp_path: Path) -> None:
    tools = write_channel(tmp_path / "tools", *map(_package, _BUILDERS))
    source = copy_checkout(tmp_path / "source")
    paths = (source / "recipe/recipe.yaml", tmp_path / "output")
    built = subprocess.run(
        [sys.executable, "-c", _BUILD, *map(str, paths), own_base.channel.url, tools],
        env={**os.environ, "HOME": str(tmp_path), "RATTLER_CACHE_DIR": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    (package,) = map(Path, built.stdout.splitlines()[-1].split())
    own_base.run("remove", "-y", "-n", "base", "--force", "conda-pip-interop")
    assert own_base.run("pip", "--help", check=False).returncode != 0
    own_base.run("install", "-y", "-n", "base", package)
    assert own_base.run("pip", "check", "-n", "base").stdout.startswith("base: no findings")


def copy_checkout(target: Path) -> Path:
    """Copy the files of the checkout that git knows, as they are now."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=CHECKOUT, check=True, capture_output=True, text=True
    ).stdout
    for name in listed.split("\0"):
        if name and (CHECKOUT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, target / name)
    return target


_BUILDERS = ("hatchling", "pathspec", "trove-classifiers")


def _package(name: str) -> Package:
    """Package what is installed beside the tests."""
    one = importlib.metadata.distribution(name)
    files = [
        File(path=f"site-packages/{file}", content=file.read_binary())
        for file in one.files or ()
        if not str(file).startswith("..") and file.suffix != ".pyc"
    ]
    depends = {"hatchling": ("packaging", "pathspec", "pluggy", "trove-classifiers")}
    return Package(
        name=name,
        version=one.version,
        build="pyhd_0",
        subdir="noarch",
        depends=("python", *depends.get(name, ())),
        files=files,
    )
