"""Actions that conda runs inside a transaction (conda >= 25.5)."""

from __future__ import annotations

from typing import Any

from conda.base.context import context
from conda.core.path_actions import Action

from conda_pip_interop.conda_adapter.boundary import guarded


def _guard_unsolved(*args: Any) -> Any:
    from conda_pip_interop.conda_adapter.hooks.command_hooks import guard_unsolved

    return guard_unsolved(*args)


def _open_stash(*args: Any) -> Any:
    from conda_pip_interop.conda_adapter.hooks.command_hooks import open_stash

    return open_stash(*args)


def _drop_stash(*args: Any) -> Any:
    from conda_pip_interop.conda_adapter.hooks.command_hooks import drop_stash

    return drop_stash(*args)


def _prepare(*args: Any) -> Any:
    from conda_pip_interop.conda_adapter.hooks.command_hooks import prepare

    return prepare(*args)


def _notice(*args: Any) -> Any:
    from conda_pip_interop.conda_adapter.hooks.command_hooks import notice

    return notice(*args)


class StashAction(Action):  # type: ignore[misc]  # conda is not typed
    """Moves pip's files of the same names aside before conda links, if the guard allows it.

    Already in `verify`: conda looks there, after all actions' own verifying, for files in its way.
    """

    def verify(self) -> None:
        """Move them aside."""
        if self.target_prefix is not None:
            prefix, linked = str(self.target_prefix), tuple(self.link_precs or ())
            unlinked = tuple(self.unlink_precs or ())
            guarded(_guard_unsolved, prefix, unlinked, linked)
            guarded(_open_stash, prefix, unlinked, linked)
        self._verified = True

    def execute(self) -> None:
        """Move them aside if `safety_checks: disabled` skipped `verify`."""
        if not self._verified:
            self.verify()

    def reverse(self) -> None:
        """Do nothing: conda reverses this action before it removes its own links.

        What was moved aside is put back at exit (`stash.put_back`).
        """

    def cleanup(self) -> None:
        """Forget them: the transaction is complete."""
        if self.target_prefix is not None:
            guarded(_drop_stash, str(self.target_prefix))


class NoticeAction(Action):  # type: ignore[misc]  # conda is not typed
    """Reports new findings after the transaction; only `cleanup` sees the final state."""

    def verify(self) -> None:
        """If base itself changes, import now what cleanup needs: it may be gone by then."""
        if self.target_prefix == context.root_prefix:
            guarded(_prepare)
        self._verified = True

    def execute(self) -> None:
        """Do nothing: files still move."""

    def reverse(self) -> None:
        """Do nothing: nothing was done."""

    def cleanup(self) -> None:
        """Report new findings."""
        if self.target_prefix is not None:
            guarded(_notice, str(self.target_prefix))
