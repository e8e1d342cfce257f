"""`make demo`: the main job, shown with real commands in a real base."""

from __future__ import annotations

import shlex
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.world.base import build_base, clone
from tests.world.cache import WorldError

if TYPE_CHECKING:
    from tests.world.base import Base


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    """A remark, the command that shows it, and the exit code that it must have."""

    remark: str
    command: str
    exit_code: int = 0


SCENES = (
    Scene(
        remark="A conda with the plugin. An environment is made as ever; base protects itself.",
        command="conda create -y -n web python pip",
    ),
    Scene(
        remark="Plain pip is kept out of base, and says where to go instead.",
        command="pip install six",
        exit_code=1,
    ),
    Scene(
        remark="conda supplies what the channel has, pip the rest; first the plan alone.",
        command="conda pip install -n web --dry-run Flask-Testing cowsay",
    ),
    Scene(remark="Then for real.", command="conda pip install -n web --yes Flask-Testing cowsay"),
    Scene(remark="It works …", command="conda run -n web python -c 'import flask_testing'"),
    Scene(remark="… and pip agrees.", command="conda run -n web pip check"),
    Scene(remark="Every distribution has an owner.", command="conda pip list -n web"),
    Scene(remark="No faults.", command="conda pip check -n web"),
    Scene(
        remark="Now harm: plain pip replaces conda's click by another version.",
        command="conda run -n web pip install -q click==8.1.3",
    ),
    Scene(remark="The fault has a name.", command="conda pip check -n web", exit_code=1),
    Scene(
        remark="The next conda transaction says so, once, and conda's record learns of it.",
        command="conda install -y -n web idna",
    ),
    Scene(
        remark="conda list shows what is there, and no longer deletes conda's record …",
        command="conda list -n web click",
    ),
    Scene(remark="… which is still on disk.", command="ls envs/web/conda-meta/ | grep click"),
    Scene(remark="And there is a way back.", command="conda pip restore -n web --yes click"),
    Scene(remark="All is well again.", command="conda pip check -n web"),
    Scene(remark="conda's click is there.", command="conda list -n web click"),
)


def show_demo() -> int:
    """Run the scenes in a base of their own; the exit code tells whether all went as it must."""
    started = time.monotonic()
    base = clone(build_base(), "demo")
    print(f"conda {base.version} in {base.prefix}\n", flush=True)
    for scene in SCENES:
        _play(scene, base)
    print(f"\nDone in {time.monotonic() - started:.0f} seconds.")
    return 0


def _play(scene: Scene, base: Base) -> None:
    bold, plain = ("\033[1m", "\033[0m") if sys.stdout.isatty() else ("", "")
    print(f"# {scene.remark}\n{bold}$ {scene.command}{plain}", flush=True)
    done = subprocess.run(
        ["/bin/sh", "-c", scene.command],
        env=base.env(),
        cwd=base.scratch,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    print(flush=True)
    if done.returncode != scene.exit_code:
        message = (
            f"{shlex.quote(scene.command)} ended with exit code {done.returncode}, "
            f"not {scene.exit_code}"
        )
        raise WorldError(message)
