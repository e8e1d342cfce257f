"""The boundary at which nothing of ours may reach conda: a hook fails, conda goes on."""

from __future__ import annotations

import logging
import sys
from importlib import import_module
from typing import Any

_log = logging.getLogger("conda_pip_interop")


def call_hook(name: str, *args: Any) -> Any:
    """Call a hook; what goes wrong is a line with `-v` and a traceback in the log.

    `name` is a function of `hooks`, or of another module here (`keeping.keep_records`). Its import
    is inside the boundary too: a base in the middle of its own update may lack a module. A hook
    that wants conda to stop, because the policy says so, returns the error.
    """
    try:
        module, _, function = name.rpartition(".")
        hooks = import_module(f"conda_pip_interop.conda_adapter.{module or 'command_hooks'}")
        result = getattr(hooks, function)(*args)
    except Exception as error:  # noqa: BLE001 - the one place that catches all: conda goes on
        _log.debug("%s failed", name, exc_info=True)
        verbose(f"conda-pip-interop: skipped {name} ({error or type(error).__name__})")
        return {}
    if isinstance(result, Exception):
        raise result
    return result


def verbose(text: str) -> None:
    """Say what only a person who asks for more (`-v`) wants to read."""
    from conda.base.context import context

    if context.verbosity and not context.json:
        print_stderr(text)


def notify(*lines: str) -> None:
    """Say what everybody should read, unless they asked for quiet or for a document."""
    from conda.base.context import context

    if lines and not context.json and not context.quiet:
        print_stderr("\n".join(lines))


def print_stderr(text: str) -> None:
    """Tell a person something beside a command's own output: on stderr, never in its `--json`."""
    print(text, file=sys.stderr)
