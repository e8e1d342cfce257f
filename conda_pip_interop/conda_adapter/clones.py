"""Clones and renamed environments: conda links its own packages there.

Where pip has replaced one of conda's, the copy has conda's again, and that is told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda_pip_interop.conda_adapter.boundary import notify
from conda_pip_interop.conda_adapter.environments import build_target
from conda_pip_interop.environment.conda_records import read_conda_records

if TYPE_CHECKING:
    from pathlib import Path

    from conda_pip_interop.environment.conda_records import CondaRecord
    from conda_pip_interop.environment.target import Target

_overridden: dict[Target, tuple[CondaRecord, ...]] = {}


def remember_clone_source(source: Path) -> None:
    """Before: which records of `source` say that pip's payload is in their place."""
    records, _ = read_conda_records(source)
    overridden = tuple(one for one in records if one.overridden_by)
    if overridden:
        _overridden[build_target(source)] = overridden


def report_clone(copy: Path) -> None:
    """After: what of pip's has not come along, and the command that gets it."""
    while _overridden:
        source, records = _overridden.popitem()
        target = build_target(copy)
        replaced = [
            (record, name, version)
            for record in records
            for name, version in record.overridden_by.items()
        ]
        wanted = [f"{name}=={version}" for _, name, version in replaced]
        wanted += [f"--break-other-managers={name}" for _, name, _ in replaced]
        notify(
            *(
                f"conda-pip-interop: {target.label}: conda's {record.name} {record.version} is "
                f"here, where {source.label} had pip's {name} {version}."
                for record, name, version in replaced
            ),
            f"  to have pip's here too: {target.command('conda', 'pip', 'install', *wanted)}",
        )
