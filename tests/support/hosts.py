"""Hosts for tests that run without conda."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, NoReturn

from conda_pip_interop.commands.plain_host import PlainHost
from conda_pip_interop.environment.target import Target
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from pathlib import Path

    from conda_pip_interop.commands.host import CommonOptions
    from conda_pip_interop.environment.conda_meta.records import CondaRecord


class NoConda:
    """A host for plans in which conda has no part; another holder of the lock is waited for."""

    def relink(self, records: tuple[CondaRecord, ...]) -> None:
        """Fail: nothing is relinked."""
        raise AssertionError(records)

    def fetch(self, linked: object) -> NoReturn:
        """Fail: nothing comes from the package cache."""
        raise AssertionError(linked)

    def report_waiting(self) -> None:
        """Wait."""


@dataclass(frozen=True, kw_only=True)
class FakeHost(PlainHost):
    """A host without conda; `calls` are the questions and hooks in their order."""

    calls: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, prefix: Path) -> FakeHost:
        """Return a host for the environment at `prefix`, named as its folder."""
        return cls(target=Target(prefix=prefix, name=prefix.name, is_base=False))

    def open(self, _options: CommonOptions) -> FakeHost:
        """See `OpenHost`."""
        return self

    def confirm(self, dangerous: str | None = None) -> None:
        """Answer yes."""
        self.calls.append(f"confirm: {dangerous}" if dangerous else "confirm")

    def before_change(self) -> None:
        """See `Host.before_change`."""
        self.calls.append("before")

    def after_change(self) -> None:
        """See `Host.after_change`."""
        self.calls.append("after")
