"""Hosts for tests that run without conda."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conda_pip_interop.environment.conda_records import CondaRecord


class NoConda:
    """A host for plans in which conda has no part; another holder of the lock is waited for."""

    def relink(self, records: tuple[CondaRecord, ...]) -> None:
        raise AssertionError(records)

    def report_waiting(self) -> None:
        pass
