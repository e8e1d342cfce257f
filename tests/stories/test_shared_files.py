"""Files that packages of both managers have: namespace modules, and others."""

from __future__ import annotations

import re
import shlex
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.stories.tree import hash_tree
from tests.support.channels import build_conda_package, write_channel
from tests.support.environments import MakeEnv
from tests.support.pip_worlds import build_wheel

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.e2e

PKGUTIL = "# Of liba.\n__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n"
EITHER = """\
try:
    __import__('pkg_resources').declare_namespace(__name__)
except ImportError:
    __path__ = __import__('pkgutil').extend_path(__path__, __name__)
"""


def build(folder: Path, module: str, text: str) -> str:
    more = {f"{module}/__init__.py": text, f"{module}/b.py": "b = 1\n"}
    return str(build_wheel(folder, "libb", more=more))


@pytest.fixture
def env(make_env: MakeEnv, tmp_path: Path) -> Any:
    """An environment with conda's liba, whose parts are in a namespace and in `both`."""
    channel = write_channel(
        tmp_path / "channel",
        build_conda_package(
            "liba",
            carries={"liba": "1.0"},
            files={
                "site-packages/ns/__init__.py": PKGUTIL,
                "site-packages/ns/a.py": "a = 1\n",
                "site-packages/both/__init__.py": "import os\n",
                "site-packages/LICENSE": "Of liba.\n",
                "share/doc/LICENSE": "Of liba.\n",
            },
        ),
    )
    env = make_env("python", "pip")
    env.conda("install", "-y", "-q", "-c", channel, "liba")
    return env


@pytest.mark.parametrize(
    "text",
    ["", EITHER, PKGUTIL, f"# Of libb.\n{EITHER}"],
    ids=["empty", "either", "same", "comment"],
)
def test_a_namespace_is_shared_from_install_to_uninstall(
    env: Any, tmp_path: Path, text: str
) -> None:
    before = hash_tree(env.site_packages / "ns")
    wheel = build(tmp_path, "ns", text)
    env.conda("pip install", "-y", wheel)
    assert env.findings() == []
    assert env.python("import ns.a, ns.b; print(ns.a.a + ns.b.b)") == "2"
    assert (env.site_packages / "ns/__init__.py").read_text() == PKGUTIL
    env.conda("pip uninstall", "-y", "libb")
    assert env.findings() == []
    assert hash_tree(env.site_packages / "ns") == before
    env.pip("install", "-q", "--no-compile", wheel)
    assert env.findings() == []
    assert "conda-pip-interop" not in env.conda("install", "-y", "six").stderr
    env.conda("pip uninstall", "-y", "libb")
    assert env.findings() == []
    assert hash_tree(env.site_packages / "ns") == before


def test_what_python_stranded_is_repaired_beside_a_package_with_the_same_namespace(
    env: Any, tmp_path: Path
) -> None:
    wheel = build(tmp_path, "ns", EITHER)
    env.pip("install", "-q", "--no-compile", wheel)
    env.conda("install", "-y", "python=3.12", "pip")
    assert ("stranded", "libb") in env.findings()
    env.conda("pip repair", "-y", "libb")
    assert env.owners()["libb"] == ("1.0", "pip")
    assert env.findings() == []
    assert env.python("import ns.a, ns.b; print(ns.a.a + ns.b.b)") == "2"


@pytest.mark.parametrize("path", ["both/__init__.py", "LICENSE", "share/doc/LICENSE"])
def test_the_command_that_a_refused_repair_names_works(env: Any, tmp_path: Path, path: str) -> None:
    text = {path: "import sys\n"}
    inside, beside = ({}, text) if path.startswith("share/") else (text, {})
    more = {"both/b.py": "b = 1\n", **inside}
    wheel = str(build_wheel(tmp_path, "libb", more=more, data=beside))
    env.pip("install", "-q", "--no-compile", wheel)
    env.conda("install", "-y", "python=3.12", "pip")
    refused = env.conda("pip repair", "-y", "libb", check=False)
    assert refused.returncode == 1
    assert "liba" in refused.stderr
    (command,) = re.findall(r"To overwrite it: `(.*)`", refused.stderr)
    conda, *words = shlex.split(command)
    assert (conda, words[:2]) == ("conda", ["pip", "install"])
    assert words[2:4] == ["-n", env.name]
    assert str(env.prefix) not in refused.stderr
    env.base.run(*words, "--yes")
    assert env.owners()["libb"] == ("1.0", "pip")
    assert env.python("import both.b; print(both.b.b)") == "1"
    env.conda("pip repair", "-y")
    assert env.findings() == []


@pytest.mark.parametrize("command", ["uninstall", "repair"])
def test_a_folder_of_pips_in_the_place_of_a_file_of_condas(
    env: Any, tmp_path: Path, command: str
) -> None:
    place = env.prefix / "share/doc/LICENSE"
    before = hash_tree(env.prefix / "share")
    wheel = build_wheel(tmp_path, "libb", data={"share/doc/LICENSE/MIT": "Of libb.\n"})
    refused = env.json("pip install", "--yes", str(wheel), check=False)
    assert refused["error"]["code"] == "would-overwrite"
    assert "share/doc/LICENSE" in refused["error"]["message"]
    place.unlink()
    env.pip("install", "-q", str(wheel))
    after = hash_tree(env.prefix / "share")
    assert env.findings() == [("clobbered", "liba")]
    checked = env.conda("pip check", check=False).stdout
    assert f"To fix: conda pip uninstall -n {env.name} libb\n" in checked
    env.conda(f"pip {command}", "--yes", *(["libb"] if command == "uninstall" else []))
    assert hash_tree(env.prefix / "share") == before
    assert env.findings() == []
    env.conda("pip undo", "--yes")
    assert hash_tree(env.prefix / "share") == after
    (place / "mine").write_text("mine\n")
    refused = env.conda("pip repair", "--yes", check=False)
    assert f"mv {place} {place}.moved" in refused.stderr
    assert (place / "mine").read_text() == "mine\n"


def test_a_package_that_can_be_had_nowhere_is_named_and_nothing_is_changed(
    make_env: MakeEnv, tmp_path: Path
) -> None:
    pkgs: dict[str, Any] = {"CONDA_PKGS_DIRS": str(tmp_path / "pkgs")}
    text = {"site-packages/both.py": "a = 1\n"}
    channel = tmp_path / "channel"
    liba = build_conda_package("liba", carries={"liba": "1.0"}, files=text)
    env = make_env("python", "pip")
    env.conda("install", "-y", "-c", write_channel(channel, liba), "liba", **pkgs)
    env.pip("install", "-q", str(build_wheel(tmp_path, "libb", more={"both.py": "b = 1\n"})))
    shutil.rmtree(tmp_path / "pkgs")
    channel.rename(tmp_path / "elsewhere")
    before = hash_tree(env.prefix / "lib")
    for command in ("uninstall libb", "repair", "restore liba"):
        refused = env.json(f"pip {command}", "--yes", check=False, **pkgs)["error"]
        assert refused["code"] == "not-available"
        assert "liba 1.0 is not in the package cache" in refused["message"]
        assert hash_tree(env.prefix / "lib") == before
    (tmp_path / "elsewhere").rename(channel)
    env.conda("pip uninstall", "--yes", "libb", **pkgs)
    assert env.findings() == []
