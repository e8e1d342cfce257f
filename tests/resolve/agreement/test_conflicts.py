"""The fewest demands to give up, against trying out every subset."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from conda_pip_interop.resolve.agreement.conflicts import find_conflict, find_smallest_move

Conflicts = list[frozenset[int]]
CONFLICTS = st.lists(st.frozensets(st.integers(0, 6), min_size=1, max_size=3), max_size=5)


def works_with(conflicts: Conflicts, these: frozenset[int]) -> bool:
    return not any(one <= these for one in conflicts)


def try_all(demands: list[int], conflicts: Conflicts) -> int:
    for size in range(len(demands) + 1):
        for given_up in combinations(demands, size):
            if works_with(conflicts, frozenset(demands) - set(given_up)):
                return size
    raise AssertionError


@given(CONFLICTS, st.permutations(range(7)))
def test_no_smaller_set_would_do(conflicts: Conflicts, demands: list[int]) -> None:
    moved = find_smallest_move(demands, lambda these: works_with(conflicts, these))
    assert moved is not None
    assert works_with(conflicts, frozenset(demands) - moved.keys())
    assert len(moved) == try_all(demands, conflicts)
    for one, others in moved.items():
        assert not works_with(conflicts, frozenset({one, *others}))


@given(CONFLICTS.filter(bool), st.permutations(range(7)))
def test_a_conflict_has_nothing_that_it_could_do_without(
    conflicts: Conflicts, demands: list[int]
) -> None:
    conflict = find_conflict(demands, lambda these: works_with(conflicts, these))
    assert not works_with(conflicts, frozenset(conflict))
    for one in conflict:
        assert works_with(conflicts, frozenset(conflict) - {one})


def test_where_nothing_at_all_works_nothing_helps() -> None:
    assert find_smallest_move([1, 2], lambda _: False) is None


def test_few_questions_find_one_pair_among_fifty() -> None:
    asked: list[frozenset[int]] = []

    def works(these: frozenset[int]) -> bool:
        asked.append(these)
        return not {7, 31} <= these

    assert find_smallest_move(range(50), works) == {7: (31,)}
    assert len(asked) < 25


@given(CONFLICTS, st.permutations(range(7)), st.data())
def test_conflicts_that_are_known_beforehand_change_no_answer_and_save_questions(
    conflicts: Conflicts, demands: list[int], data: st.DataObject
) -> None:
    minimal = [one for one in conflicts if not any(other < one for other in conflicts)]
    known = data.draw(st.lists(st.sampled_from(minimal))) if minimal else []
    asked: list[frozenset[int]] = []

    def works(these: frozenset[int]) -> bool:
        asked.append(these)
        return works_with(conflicts, these)

    moved = find_smallest_move(demands, works, [tuple(sorted(one)) for one in known])
    assert moved is not None
    assert works_with(conflicts, frozenset(demands) - moved.keys())
    assert len(moved) == try_all(demands, conflicts)


def test_a_known_pair_among_fifty_takes_two_questions_more() -> None:
    asked: list[frozenset[int]] = []

    def works(these: frozenset[int]) -> bool:
        asked.append(these)
        return not {7, 31} <= these

    assert find_smallest_move(range(50), works, [(7, 31)]) == {7: (31,)}
    assert len(asked) == 3
