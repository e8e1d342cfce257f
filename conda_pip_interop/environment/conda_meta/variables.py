"""The variables of an environment, which conda sets on activation: `conda env config vars`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from conda_pip_interop.environment.paths import PrefixPath, read_regular
from conda_pip_interop.errors import InteropError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from conda_pip_interop.environment.target import Target

#: Where conda keeps them.
VARIABLES_FILE: Final = PrefixPath("conda-meta/state")
#: The value of a variable that shells with the environment have to forget.
UNSET: Final = "***unset***"


def read_variables(root: Path) -> dict[str, str]:
    """Read the variables of the prefix at `root`; empty if that cannot be done."""
    try:
        return _parse(read_regular(root / VARIABLES_FILE))[1]
    except (OSError, ValueError):
        return {}


def read_document(target: Target) -> tuple[dict[str, Any], dict[str, str]]:
    """Read conda's file, and the variables in it, to write it again.

    Raises InteropError `unreadable-file` if it is there and is not what conda writes.
    """
    try:
        return _parse(read_regular(target.prefix / VARIABLES_FILE))
    except FileNotFoundError:
        return {}, {}
    except (OSError, ValueError) as error:
        raise InteropError(
            "unreadable-file",
            f"Nothing was changed in {target.label}: {VARIABLES_FILE} is not what conda writes "
            "there.",
            hints=("Check its content, or remove it: it has the variables of the environment.",),
        ) from error


def _parse(content: bytes) -> tuple[dict[str, Any], dict[str, str]]:
    """Parse conda's file; raises ValueError."""
    try:
        document = json.loads(content)
    except RecursionError as error:
        raise ValueError(VARIABLES_FILE) from error
    variables = document.get("env_vars", {}) if isinstance(document, dict) else None
    if not isinstance(variables, dict):
        raise ValueError(VARIABLES_FILE)  # noqa: TRY004 - as for other content that is not conda's
    return document, {str(name): str(value) for name, value in variables.items()}


def render_document(document: Mapping[str, Any], variables: Mapping[str, str]) -> bytes:
    """Render conda's file with other variables."""
    return json.dumps({**document, "env_vars": dict(variables)}, ensure_ascii=False).encode()
