"""Clones and renamed environments: conda links its own packages there, not pip's overrides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda_pip_interop.conda_adapter.console import notify
from conda_pip_interop.conda_adapter.environments import build_target
from conda_pip_interop.conda_adapter.session import current_session
from conda_pip_interop.environment.conda_records import read_conda_records

if TYPE_CHECKING:
    from pathlib import Path


def remember_clone_source(source: Path) -> None:
    """Before: remember the records of `source` that pip has overridden."""
    records, _ = read_conda_records(source)
    overridden = tuple(one for one in records if one.overridden_by)
    if overridden:
        current_session().overridden[build_target(source)] = overridden


def report_clone(copy: Path) -> None:
    """After: report which overrides were not copied, and the command that installs them."""
    remembered = current_session().overridden
    while remembered:
        source, records = remembered.popitem()
        target = build_target(copy)
        for record in records:
            for name, version in record.overridden_by.items():
                command = target.command(
                    *("conda", "pip", "install", "--break-other-managers", f"{name}=={version}")
                )
                notify(
                    f"conda-pip-interop: {target.label} has conda's {record.name} "
                    f"{record.version}; {source.label} has pip's {name} {version}.",
                    f"  To install pip's there too: {command}",
                )
