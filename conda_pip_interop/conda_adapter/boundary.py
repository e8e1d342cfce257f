"""The boundary between conda and us: a hook of ours fails, conda goes on.

It imports no other module of ours: any of them may be missing while base updates itself.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conda import CondaError

    from conda_pip_interop.errors import InteropError

_log = logging.getLogger("conda_pip_interop")


def guarded(handler: Callable[..., Any], *args: Any) -> Any:
    """Call a handler, which imports what it needs itself; log what fails, and mention it with `-v`.

    A handler that wants conda to stop, because the policy says so, returns the error. Where the
    handler fails, the result is empty, which conda accepts from every hook.
    """
    try:
        result = handler(*args)
    except Exception as error:  # noqa: BLE001 - the one place that catches all: conda goes on
        _log.debug("%s failed", handler.__name__, exc_info=True)
        _mention(handler.__name__.strip("_"), str(error) or type(error).__name__)
        return {}
    if isinstance(result, Exception):
        raise result
    return result


def _mention(name: str, reason: str) -> None:
    from conda.base.context import context

    if context.verbosity and not context.json:
        shown = ascii(reason)[1:-1]  # of another module of ours there may be nothing left
        print(f"conda-pip-interop: skipped {name} ({shown})", file=sys.stderr)


def build_conda_error(error: InteropError | None) -> CondaError | None:
    """Build conda's error, if there is one, with our message and hints.

    With keywords conda would %-format it.
    """
    if error is None:
        return None
    from conda import CondaError

    from conda_pip_interop.text import escape_text

    lines = [error.message, *(f"  - {hint}" for hint in error.hints)]
    return CondaError(escape_text("\n".join(lines)))
