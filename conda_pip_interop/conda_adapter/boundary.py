"""The boundary between conda and us: a hook of ours fails, conda goes on."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from conda_pip_interop.conda_adapter.console import verbose

if TYPE_CHECKING:
    from conda import CondaError

    from conda_pip_interop.errors import InteropError

_log = logging.getLogger("conda_pip_interop")


def guarded(handler: Callable[..., Any], *args: Any) -> Any:
    """Call a handler; a failure is a line with `-v` and a traceback in the log.

    The handler's own imports happen inside: a base in the middle of its own update may lack a
    module. A handler that wants conda to stop, because the policy says so, returns the error.
    """
    try:
        result = handler(*args)
    except Exception as error:  # noqa: BLE001 - the one place that catches all: conda goes on
        _log.debug("%s failed", handler.__name__, exc_info=True)
        reason = str(error) or type(error).__name__
        verbose(f"conda-pip-interop: skipped {handler.__name__.strip('_')} ({reason})")
        return {}
    if isinstance(result, Exception):
        raise result
    return result


def build_conda_error(error: InteropError) -> CondaError:
    """Build conda's error with our message and hints. With keywords conda would %-format it."""
    from conda import CondaError

    return CondaError("\n".join([error.message, *(f"  - {hint}" for hint in error.hints)]))
