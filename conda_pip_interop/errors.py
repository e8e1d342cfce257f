"""The errors that a person reads: one root, and classes where control flow depends on them."""

from __future__ import annotations


class InteropError(Exception):
    """An error with a stable code, one message, and what to do next.

    ``code`` is kebab-case and never changes once released (scripts match on it); ``hints`` are
    whole sentences or commands, kept apart from the message so that ``--json`` can list them.
    """

    def __init__(
        self, code: str, message: str, *, hints: tuple[str, ...] = (), exit_code: int = 1
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hints = hints
        self.exit_code = exit_code

    def to_dict(self) -> dict[str, object]:
        """Return the JSON-ready form: ``code``, ``message``, ``hints``."""
        return {"code": self.code, "message": self.message, "hints": list(self.hints)}


class UsageError(InteropError):
    """A wrong command line; its exit code is 2."""

    def __init__(self, code: str, message: str, *, hints: tuple[str, ...] = ()) -> None:
        super().__init__(code, message, hints=hints, exit_code=2)


class NotAllowedError(InteropError):
    """What the owner of the environment, or the policy, does not allow: an administrator's word.

    The text of the setting `pip_interop_message` is added where it is reported.
    """


class StalePlanError(InteropError):
    """The environment has changed since the plan was made: plan again."""

    def __init__(self, message: str, *, hints: tuple[str, ...] = ()) -> None:
        super().__init__("stale-plan", message, hints=hints)


class RecoveryError(InteropError):
    """What an interrupted operation left cannot be put back, or not by this version."""


class UnsatisfiableError(InteropError):
    """conda's solver found no solution."""

    def __init__(self, message: str, *, hints: tuple[str, ...] = ()) -> None:
        super().__init__("unsatisfiable", message, hints=hints)


class PipFailedError(InteropError):
    """pip or uv failed; ``missing`` are the ``NAME==VERSION`` that it did not find.

    ``output`` is what it said.
    """

    def __init__(
        self,
        message: str,
        *,
        hints: tuple[str, ...] = (),
        exit_code: int = 1,
        missing: frozenset[str] = frozenset(),
        output: str = "",
    ) -> None:
        super().__init__("pip-failed", message, hints=hints, exit_code=exit_code)
        self.missing = missing
        self.output = output
