"""Actions that conda runs inside a transaction (conda >= 25.5)."""

from __future__ import annotations

from conda.base.context import context
from conda.core.path_actions import Action

from conda_pip_interop.conda_adapter.boundary import call_hook


class StashAction(Action):  # type: ignore[misc]  # conda is not typed
    """Moves pip's payload out of the way of what conda is about to link, if the guard lets it.

    Already in `verify`: conda looks there, after all actions' own verifying, for files in its way.
    """

    def verify(self) -> None:
        """Move it aside."""
        if self.target_prefix is not None and self.link_precs:
            prefix, linked = str(self.target_prefix), tuple(self.link_precs)
            call_hook("guard_unsolved", prefix, tuple(self.unlink_precs or ()), linked)
            call_hook("open_stash", prefix, linked)
        self._verified = True

    def execute(self) -> None:
        """Move it aside where `safety_checks: disabled` has left `verify` out."""
        if not self._verified:
            self.verify()

    def reverse(self) -> None:
        """Nothing: conda reverses this action before it takes its own links away.

        What was moved aside comes back at exit (`stashing.put_back`).
        """

    def cleanup(self) -> None:
        """The transaction is complete: it is not needed any more."""
        if self.target_prefix is not None:
            call_hook("drop_stash", str(self.target_prefix))


class NoticeAction(Action):  # type: ignore[misc]  # conda is not typed
    """Tells what the transaction left; only `cleanup` sees the final state."""

    def verify(self) -> None:
        """Where base itself changes, import now what cleanup needs: it may be gone by then."""
        if self.target_prefix == context.root_prefix:
            call_hook("prepare")
        self._verified = True

    def execute(self) -> None:
        """Nothing: files still move."""

    def reverse(self) -> None:
        """Nothing was done."""

    def cleanup(self) -> None:
        """The transaction is complete: look, and tell."""
        if self.target_prefix is not None:
            call_hook("notice", str(self.target_prefix))
