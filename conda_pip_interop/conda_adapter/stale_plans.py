"""A plan that another process has overtaken is refused by the core; here it is made anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from conda_pip_interop.conda_adapter.boundary import print_stderr
from conda_pip_interop.errors import InteropError

if TYPE_CHECKING:
    from collections.abc import Callable

    from conda_pip_interop.environment.target import Target

_T = TypeVar("_T")

#: How often a plan is made until what keeps changing the environment has its way.
_TRIES: Final = 5


def tell_waiting(target: Target) -> None:
    """Say that another process is at work there, and that we wait."""
    print_stderr(f"Waiting for another process to be done with {target.label} …")


def plan_until_fresh(work: Callable[[], _T], *, tell: Callable[[str], None] = print_stderr) -> _T:
    """Do `work`, which reads, plans, asks and carries out; again where the plan was stale by then.

    Raises InteropError `stale-plan` after `_TRIES` times, and whatever else `work` raises.
    """
    for _ in range(_TRIES - 1):
        try:
            return work()
        except InteropError as error:
            if error.code != "stale-plan":
                raise
            tell(f"{error.message} Planning again.")
    return work()
