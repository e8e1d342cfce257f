"""Packages that cannot be mixed: refused where asked of us, found where pip did it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.channels import build_conda_package, write_channel
from tests.support.environments import MakeEnv
from tests.support.pip_worlds import build_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.environments import Env

pytestmark = pytest.mark.e2e


def build_cv(folder: Path, name: str, version: str) -> str:
    """A wheel with the module cv2, as OpenCV's have it."""
    more = {"cv2/__init__.py": f"who = {name!r}\n", f"cv2/{name}.txt": ""}
    return str(build_wheel(folder, name, version, more=more))


def read_cv(env: Env) -> str:
    """Whose cv2 is there."""
    return env.python("import cv2; print(cv2.who)")


def test_a_second_opencv_is_refused_and_installed_if_the_user_says_so(
    make_env: MakeEnv, tmp_path: Path
) -> None:
    env = make_env("python", "pip")
    full = build_cv(tmp_path, "opencv_python", "4.9")
    headless = build_cv(tmp_path, "opencv_python_headless", "4.10")
    both = env.conda("pip install", "--yes", full, headless, check=False)
    assert both.returncode == 1
    assert "would be installed together: each of them installs the module cv2." in both.stderr
    env.conda("pip install", "--yes", full)
    refused = env.conda("pip install", "--yes", headless, check=False)
    assert refused.returncode == 1
    told = (
        "Error: pip's opencv-python 4.9 and pip's opencv-python-headless 4.10 would be installed "
        "together: each of them installs the module cv2."
    )
    assert told in refused.stderr
    assert "opencv-python-headless" not in env.owners()
    assert read_cv(env) == "opencv_python"
    option = "--break-other-managers=opencv-python-headless"
    assert f"add `{option}`" in refused.stderr
    env.conda("pip install", "--yes", option, headless)
    assert env.findings() == [("mixed", "opencv-python-headless")]
    env.conda("pip install", "--yes", "cowsay")  # what is mixed already hinders nothing

    (found,) = env.json("pip check", check=False)["findings"]
    assert found["details"]["source"] == "https://github.com/opencv/opencv-python"
    (commands,) = found["commands"]
    for command in commands.split(" && "):
        env.base.run(*shlex.split(command)[1:], "--yes")
    assert env.findings() == []
    assert read_cv(env) == "opencv_python"
    assert env.owners()["opencv-python"] == ("4.9", "pip")


def test_what_pip_mixed_is_told_and_the_one_that_others_require_stays(
    make_env: MakeEnv, tmp_path: Path
) -> None:
    env = make_env("python", "pip")
    full = build_cv(tmp_path, "opencv_python", "4.9")
    headless = build_cv(tmp_path, "opencv_python_headless", "4.10")
    needs = str(build_wheel(tmp_path, "needs", requires=["opencv-python-headless"]))
    env.pip("install", "-q", full, headless, needs)
    assert env.findings() == [("mixed", "opencv-python")]
    told = env.conda("install", "-y", "six").stderr
    assert "are installed together: each of them installs the module cv2." in told
    assert "installed together" not in env.conda("remove", "-y", "six").stderr  # once


def test_pips_torchvision_beside_condas_pytorch_is_refused_and_found(
    make_env: MakeEnv, tmp_path: Path
) -> None:
    env = make_env("python", "pip")
    package = build_conda_package("pytorch", carries={"torch": "2.3.0"})
    channel = write_channel(tmp_path / "channel", package)
    env.conda("install", "-y", "-c", channel, "pytorch")
    wheel = str(build_wheel(tmp_path, "torchvision", "0.18.0"))
    refused = env.conda("pip install", "--yes", wheel, check=False)
    assert refused.returncode == 1
    told = "conda's torch 2.3.0 and pip's torchvision 0.18.0 would be installed together"
    assert told in refused.stderr
    env.pip("install", "-q", "--no-deps", wheel)
    assert env.findings() == [("mixed", "torchvision")]
    env.conda("pip uninstall", "--yes", "torchvision")
    assert env.findings() == []


def test_what_conda_would_mix_is_told_before_it_asks_and_refused_by_policy(
    make_env: MakeEnv, tmp_path: Path
) -> None:
    env = make_env("python", "pip")
    channel = write_channel(tmp_path / "channel", build_conda_package("llvm-openmp", "18.1"))
    env.pip("install", "-q", str(build_wheel(tmp_path, "intel_openmp", "2024.1")))
    told = (
        "pip's intel-openmp 2024.1 and conda's llvm-openmp 18.1 would be installed together: "
        "two OpenMP runtimes in one process may hang or end it"
    )
    install = ("install", "-y", "-c", channel, "llvm-openmp")
    refused = env.conda(*install, check=False, CONDA_PLUGINS_PIP_INTEROP_GUARD="error")
    assert refused.returncode == 1
    assert told in refused.stderr
    assert f"`conda pip uninstall -n {env.name} intel-openmp`" in refused.stderr
    assert told in env.conda(*install, "--dry-run", check=False).stderr
    assert env.findings() == []
    assert told in env.conda(*install).stderr
    assert env.findings() == [("mixed", "intel-openmp")]
    assert told not in env.conda("install", "-y", "six").stderr


def test_a_downloaded_package_is_judged_by_what_it_contains(
    make_env: MakeEnv, tmp_path: Path
) -> None:
    env = make_env("python", "pip")
    channel = write_channel(tmp_path / "channel", build_conda_package("py-opencv", "4.9"))
    env.pip("install", "-q", build_cv(tmp_path, "opencv_python", "4.9"))
    install = ("install", "-y", "-c", channel, "py-opencv")
    cache: dict[str, Any] = {"CONDA_PKGS_DIRS": str(tmp_path / "pkgs")}
    guessed = env.conda(*install, "--dry-run", check=False, **cache).stderr
    assert "conda's py-opencv 4.9 will replace pip's opencv-python 4.9" in guessed
    env.conda(*install, "--download-only", check=False, **cache)
    known = env.conda(*install, "--dry-run", check=False, **cache).stderr
    assert "pip's opencv-python 4.9 and conda's py-opencv 4.9 would be installed together" in known
    env.conda(*install, **cache)
    assert env.findings() == [("mixed", "opencv-python")]


def test_what_is_mixed_and_required_is_removed_with_what_requires_it(
    make_env: MakeEnv, tmp_path: Path
) -> None:
    env = make_env("python", "pip")
    for name, version in (("opencv_python", "4.9"), ("opencv_python_headless", "4.10")):
        wheel = build_cv(tmp_path, name, version)
        user = build_wheel(tmp_path, f"needs_{name}", requires=[name.replace("_", "-")])
        env.pip("install", "-q", wheel, str(user))
    repaired = env.conda("pip repair", "--yes")
    (found,) = env.json("pip check", check=False)["findings"]
    (line,) = found["commands"]
    assert f"Not repaired: {found['summary']}\n  To fix: {line}\n" in repaired.stdout
    named = env.conda("pip repair", "--yes", "opencv-python", check=False)
    assert named.returncode == 1
    assert f"To fix: `{line}`." in named.stderr
    for command in line.split(" && "):
        env.base.run(*shlex.split(command)[1:], "--yes", PIP_FIND_LINKS=str(tmp_path))
    assert env.findings() == []
    assert read_cv(env) == "opencv_python"
    assert "needs-opencv-python" in env.owners()
    assert "needs-opencv-python-headless" not in env.owners()
