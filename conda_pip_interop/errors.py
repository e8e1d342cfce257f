"""The one root of the errors that a person is meant to read."""

from __future__ import annotations


class InteropError(Exception):
    """A refusal with a stable code, one message, and what to do next.

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
    """A command line that means nothing; its exit code is 2."""

    def __init__(self, code: str, message: str, *, hints: tuple[str, ...] = ()) -> None:
        super().__init__(code, message, hints=hints, exit_code=2)
