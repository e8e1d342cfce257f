"""Who requested what, as conda and `conda pip` tell it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.environments import Env


def history_specs(env: Env) -> list[str]:
    """What conda's history says that the user requested, as conda itself reads it."""
    exported = env.conda("env export", "--from-history").stdout
    return [line.strip("- ") for line in exported.splitlines() if line.startswith("  - ")]


def is_requested(env: Env, name: str) -> bool:
    (package,) = env.json("pip why", name)["packages"]
    return bool(package["asked"])
