"""InstallOptions: what the command line of `conda pip install` says, as one value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field
from typing import Literal, TypeAlias

from conda_pip_interop.installers.pip.options import PipOptions
from conda_pip_interop.protection.policy import Preference
from conda_pip_interop.values import dataclass

UpgradeStrategy: TypeAlias = Literal["only-if-needed", "eager"]


@dataclass(frozen=True, kw_only=True, slots=True)
class InstallOptions:
    """What only `install` is told. Files and groups are texts as they were given.

    `keep_in_place`: what is installed as editable, as it is asked for, stays (for `sync`).
    """

    requirement_files: tuple[str, ...] = ()
    constraint_files: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    editables: tuple[str, ...] = ()
    upgrade: bool = False
    upgrade_strategy: UpgradeStrategy = "only-if-needed"
    force_reinstall: bool = False
    no_deps: bool = False
    only_deps: bool = False
    from_pypi: tuple[str, ...] = ()
    from_conda: tuple[str, ...] = ()
    prefer: Preference | None = None
    break_requested: bool = False
    break_other_managers: tuple[str, ...] = ()
    keep_going: bool = False
    keep_in_place: bool = False
    build_from_pypi: bool = False
    solver: str | None = None
    pip: PipOptions = field(default_factory=PipOptions)


def find_groups(groups: Iterable[str], name: str) -> Iterator[str]:
    """Find the groups, `PATH:GROUP`, of one file."""
    for wanted in groups:
        path, _, group = wanted.rpartition(":")
        if (path or "pyproject.toml") == name:
            yield group
