"""A name that no channel and no index has: the nearest known one is suggested, by pip and by uv."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.environments import Env, MakeEnv
from tests.support.pip_worlds import build_wheel

pytestmark = pytest.mark.e2e


def list_hints(env: Env, *words: str, **variables: str) -> list[str]:
    """The hints of an installation that fails."""
    done = env.json("pip install", "--yes", *words, check=False, **variables)
    hints: list[str] = done["error"]["hints"]
    return hints


@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_the_nearest_known_name_is_suggested(
    make_env: MakeEnv, tmp_path: Path, installer: str
) -> None:
    (tmp_path / "uv").symlink_to(Path(sys.executable).with_name("uv"))
    by: dict[str, Any] = {
        "CONDA_PLUGINS_PIP_INTEROP_INSTALLER": installer,
        "PATH": f"{tmp_path}:/usr/bin:/bin",
    }
    env = make_env("python", "pip")
    wheels = tmp_path / "wheels"
    build_wheel(wheels, "homemade", requires=["flsk"])
    assert list_hints(env, "reqeusts", **by)[0] == "Did you mean requests?"
    assert list_hints(env, "toch>=2", "flask", **by)[0] == "Did you mean torch?"  # the table's
    (tmp_path / "r.txt").write_text("six\nflsk==3.1\n")
    assert list_hints(env, "-r", str(tmp_path / "r.txt"), **by)[0] == "Did you mean flask?"
    env.conda("pip install", "--yes", f"--find-links={wheels}", "--no-deps", "homemade", **by)
    assert list_hints(env, "hommeade", **by)[0] == "Did you mean homemade?"

    check = "Check the names and versions."
    assert list_hints(env, "nothing-like-it", **by)[0] == check
    assert list_hints(env, "cowsay==99", **by)[0] == check  # the index has this project
    needed = f"--find-links={wheels}"  # by homemade, not by the user
    assert list_hints(env, needed, "--force-reinstall", "homemade", **by)[0] == check


def test_an_environment_file_gets_a_suggestion_for_condas_names(
    make_env: MakeEnv, tmp_path: Path
) -> None:
    file = tmp_path / "environment.yml"
    file.write_text("dependencies: [falsk, ninja, pip, {pip: [cowsay]}]\n")
    hints = list_hints(make_env("python", "pip"), "-r", str(file))
    assert hints[0] == "Did you mean flask?"
    assert sum("Did you mean" in one for one in hints) == 1
