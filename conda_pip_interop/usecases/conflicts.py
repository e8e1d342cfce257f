"""Which of several demands have to be given up so that the others can be met. Pure."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    Works = Callable[[frozenset["T"]], bool]

T = TypeVar("T", bound="Hashable")


def find_smallest_move(demands: Sequence[T], works: Works[T]) -> dict[T, tuple[T, ...]] | None:
    """The fewest demands without which the rest works, each with those that it conflicts with.

    None where even no demand at all does not work. `works` must be monotone: what works goes on
    working with less. Asked as seldom as may be: a conflict is found by halving (Junker 2004,
    QuickXplain), and one member of every conflict has to go (Reiter 1987, hitting sets).
    """
    known: dict[frozenset[T], bool] = {}

    def try_out(these: frozenset[T]) -> bool:
        if these not in known:
            known[these] = works(these)
        return known[these]

    if not try_out(frozenset()):
        return None
    queue: deque[dict[T, tuple[T, ...]]] = deque([{}])
    seen: set[frozenset[T]] = set()
    while queue:
        given_up = queue.popleft()
        rest = [one for one in demands if one not in given_up]
        if try_out(frozenset(rest)):
            return given_up
        conflict = find_conflict(rest, try_out)
        for one in conflict:
            longer = {**given_up, one: tuple(other for other in conflict if other != one)}
            if frozenset(longer) not in seen:
                seen.add(frozenset(longer))
                queue.append(longer)
    raise AssertionError  # without any demand it works


def find_conflict(demands: Sequence[T], works: Works[T]) -> tuple[T, ...]:
    """The members of one minimal conflict among `demands`, which do not work together."""
    return _explain(frozenset(), tuple(demands), works, grown=False)


def _explain(
    beside: frozenset[T], demands: tuple[T, ...], works: Works[T], *, grown: bool
) -> tuple[T, ...]:
    if grown and not works(beside):
        return ()
    if len(demands) == 1:
        return demands
    half = len(demands) // 2
    first, second = demands[:half], demands[half:]
    of_second = _explain(beside | set(first), second, works, grown=True)
    of_first = _explain(beside | set(of_second), first, works, grown=bool(of_second))
    return (*of_first, *of_second)
