"""Actions that conda runs inside a transaction (conda >= 25.5)."""

from __future__ import annotations

from conda.base.context import context
from conda.core.path_actions import Action

from conda_pip_interop.conda_adapter.boundary import guarded
from conda_pip_interop.conda_adapter.hooks import command_hooks


class StashAction(Action):  # type: ignore[misc]  # conda is not typed
    """Moves pip's files of the same names aside before conda links, if the guard allows it.

    Already in `verify`: conda looks there, after all actions' own verifying, for files in its way.
    """

    def verify(self) -> None:
        """Move them aside."""
        if self.target_prefix is not None:
            prefix, linked = str(self.target_prefix), tuple(self.link_precs or ())
            unlinked = tuple(self.unlink_precs or ())
            guarded(command_hooks.guard_unsolved, prefix, unlinked, linked)
            guarded(command_hooks.open_stash, prefix, unlinked, linked)
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
            guarded(command_hooks.drop_stash, str(self.target_prefix))


class NoticeAction(Action):  # type: ignore[misc]  # conda is not typed
    """Reports new findings after the transaction; only `cleanup` sees the final state."""

    def verify(self) -> None:
        """If base itself changes, import now what cleanup needs: it may be gone by then."""
        if self.target_prefix == context.root_prefix:
            guarded(command_hooks.prepare)
        self._verified = True

    def execute(self) -> None:
        """Do nothing: files still move."""

    def reverse(self) -> None:
        """Do nothing: nothing was done."""

    def cleanup(self) -> None:
        """Report new findings."""
        if self.target_prefix is not None:
            guarded(command_hooks.notice, str(self.target_prefix))
