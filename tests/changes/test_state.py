"""What we remember of a prefix; it holds no user's data, so a broken file is forgotten."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conda_pip_interop.changes.state import State, parse_state, read_state, render_state, state_file


@settings(max_examples=100, deadline=None)
@given(unprotected=st.booleans(), told=st.frozensets(st.text().map("finding:{}".format)))
def test_a_state_comes_back_from_its_text(unprotected: bool, told: frozenset[str]) -> None:
    state = State(unprotected=unprotected, told=told)
    assert parse_state(render_state(state)) == state


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "null", "3", '"x"', "{}"),
        '{"format": 2, "told": [], "unprotected": true}',
        '{"format": 1, "told": null, "unprotected": true}',
        '{"format": 1, "unprotected": true}',
        '{"format": 1, "told": []}',
    ],
)
def test_what_is_no_state_of_ours_is_the_initial_one(text: str) -> None:
    assert parse_state(text) == State()


def test_only_true_takes_the_protection_away() -> None:
    assert not parse_state('{"format": 1, "told": [], "unprotected": "yes"}').unprotected


def test_the_text_does_not_depend_on_the_order_of_what_was_told() -> None:
    one = State(told=frozenset(["b", "a", "c"]))
    assert render_state(one) == render_state(State(told=frozenset(["c", "b", "a"])))


def test_no_file_and_an_unreadable_one_are_the_initial_state(tmp_path: Path) -> None:
    assert read_state(tmp_path) == State()
    file = state_file(tmp_path)
    file.parent.mkdir(parents=True)
    file.write_bytes(b"\xff\xfe{")
    assert read_state(tmp_path) == State()
    file.unlink()
    file.mkdir()
    assert read_state(tmp_path) == State()


def test_the_state_lies_below_conda_meta_and_not_in_it(tmp_path: Path) -> None:
    assert state_file(tmp_path).relative_to(tmp_path).as_posix() == (
        "conda-meta/pip-interop/state.json"
    )


def test_the_older_form_with_all_keys_in_one_list_is_read() -> None:
    text = '{"format": 1, "told": ["finding:a", "leave:b", "protected"], "unprotected": false}'
    assert parse_state(text) == State(
        told=frozenset({"finding:a"}), left_alone=frozenset({"leave:b"}), announced=True
    )
