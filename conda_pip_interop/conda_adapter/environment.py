"""Which environment a command is about, in conda's words."""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path

from conda.base.context import context, env_name

from conda_pip_interop.usecases.target import Target


def build_target(prefix: str | Path) -> Target:
    """The environment at `prefix`, with the name and path by which conda knows it.

    Whoever reaches base or a named environment by another path (a symbolic link) means the same
    environment, and the policy says the same of it.
    """
    path = Path(prefix)
    root = Path(context.root_prefix)
    if path == root or os.path.realpath(path) == os.path.realpath(root):
        return Target(prefix=root, name=env_name(str(root)), is_base=True)
    parent = os.path.realpath(path.parent)
    for folder in map(Path, context.envs_dirs):
        if path.parent == folder or os.path.realpath(folder) == parent:
            return Target(prefix=folder / path.name, name=path.name, is_base=False)
    return Target(prefix=path, name=None, is_base=False)


def add_channels(channels: tuple[str, ...]) -> None:
    """Let conda ask these channels too, before its own, as it does for an environment file's."""
    if channels:
        known = dict(context._argparse_args or {})  # noqa: SLF001 - conda has no other way to ask
        context.__init__(argparse_args=Namespace(**(known | {"channel": channels})))
