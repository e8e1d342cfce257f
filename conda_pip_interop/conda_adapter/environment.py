"""Which environment a command is about, in conda's words."""

from __future__ import annotations

import os
from pathlib import Path

from conda.base.context import context, env_name

from conda_pip_interop.usecases.target import Target


def build_target(prefix: str | Path) -> Target:
    """The environment at `prefix`, with the name by which conda knows it."""
    path = Path(prefix)
    name = env_name(str(path))
    return Target(
        prefix=path,
        name=None if name is None or os.sep in str(name) else str(name),
        is_base=path == Path(context.root_prefix),
    )
