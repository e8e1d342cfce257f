"""Keep the user's site-packages out of an environment, by conda's variables for it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from conda_pip_interop.changes.atomic.write_errors import explain_write_errors
from conda_pip_interop.changes.state import read_state, write_state
from conda_pip_interop.environment.conda_meta.variables import (
    UNSET,
    VARIABLES_FILE,
    read_document,
    render_document,
)

if TYPE_CHECKING:
    from conda_pip_interop.environment.target import Target

_VARIABLE: Final = "PYTHONNOUSERSITE"


def exclude_user_site(target: Target) -> str:
    """Set the variable, and remember that it is ours; return the sentence that says so.

    Raises InteropError `unreadable-file`, and as `explain_write_errors` does.
    """
    document, variables = read_document(target)
    if variables.get(_VARIABLE) not in (None, "", UNSET):
        return f"{target.label} has {_VARIABLE}={variables[_VARIABLE]} already."
    _write(target, document, {**variables, _VARIABLE: "1"}, ours=True)
    return (
        f"{target.label} leaves the user's site-packages out from the next activation on "
        f"({_VARIABLE}=1)."
    )


def include_user_site(target: Target) -> str | None:
    """Take the variable back if it is ours; return the sentence that says so, None if it is not.

    Raises what `exclude_user_site` raises.
    """
    if not read_state(target.prefix).no_user_site:
        return None
    document, variables = read_document(target)
    if variables.get(_VARIABLE) == "1":
        variables = {**variables, _VARIABLE: UNSET}
    _write(target, document, variables, ours=False)
    return f"{target.label} has the user's site-packages again from the next activation on."


def _write(
    target: Target, document: dict[str, Any], variables: dict[str, str], *, ours: bool
) -> None:
    from conda_pip_interop.changes.atomic.files import write_file  # as in `protection.protect`

    with explain_write_errors(target.prefix):
        write_file(target.prefix, VARIABLES_FILE, render_document(document, variables))
        state = read_state(target.prefix)
        write_state(target.prefix, dataclasses.replace(state, no_user_site=ours))
