"""Our errors in conda's own clothes, where conda is to stop because of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda import CondaError

if TYPE_CHECKING:
    from conda_pip_interop.errors import InteropError


def build_conda_error(error: InteropError) -> CondaError:
    """conda's error with our message and hints. With keywords conda would %-format it."""
    return CondaError("\n".join([error.message, *(f"  - {hint}" for hint in error.hints)]))
