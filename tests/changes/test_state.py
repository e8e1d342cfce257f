"""The state of a prefix; it holds no user data, so an invalid file is ignored."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conda_pip_interop.changes.state import (
    State,
    parse_state,
    read_state,
    render_state,
    state_file,
    write_state,
)


@settings(max_examples=100, deadline=None)
@given(
    unprotected=st.booleans(),
    told=st.frozensets(st.text().map("finding:{}".format)),
    texts=st.dictionaries(st.text(), st.text()),
)
def test_a_state_comes_back_from_its_text(
    unprotected: bool, told: frozenset[str], texts: dict[str, str]
) -> None:
    state = State(
        unprotected=unprotected,
        told=told,
        requests=texts,
        needed=texts,
        overwritten=texts,
        no_user_site=unprotected,
    )
    assert parse_state(render_state(state)) == state


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "null", "3", '"x"', "{}"),
        '{"format": 1, "told": null, "unprotected": true}',
        '{"format": 1, "unprotected": true}',
        '{"format": 1, "told": []}',
        '{"format": 1, "told": [], "unprotected": false, "requests": ["six"]}',
        '{"format": 1, "told": [], "unprotected": false, "needed": null}',
    ],
)
def test_an_invalid_text_is_the_initial_state(text: str) -> None:
    assert parse_state(text) == State()


def test_a_state_of_a_newer_version_is_left_alone_and_its_owners_wish_kept(tmp_path: Path) -> None:
    file = state_file(tmp_path)
    file.parent.mkdir(parents=True)
    text = '{"format": 2, "told": {}, "unprotected": true}'
    file.write_text(text)
    assert read_state(tmp_path).unprotected
    write_state(tmp_path, State())
    assert file.read_text() == text


def test_only_the_value_true_means_unprotected() -> None:
    assert not parse_state('{"format": 1, "told": [], "unprotected": "yes"}').unprotected


def test_the_text_does_not_depend_on_the_order_of_told_findings() -> None:
    one = State(told=frozenset(["b", "a", "c"]))
    assert render_state(one) == render_state(State(told=frozenset(["c", "b", "a"])))


def test_a_missing_or_unreadable_file_is_the_initial_state(tmp_path: Path) -> None:
    assert read_state(tmp_path) == State()
    file = state_file(tmp_path)
    file.parent.mkdir(parents=True)
    file.write_bytes(b"\xff\xfe{")
    assert read_state(tmp_path) == State()
    file.unlink()
    file.mkdir()
    assert read_state(tmp_path) == State()


def test_the_state_is_in_a_subfolder_of_conda_meta(tmp_path: Path) -> None:
    assert state_file(tmp_path).relative_to(tmp_path).as_posix() == (
        "conda-meta/pip-interop/state.json"
    )


def test_the_older_form_with_all_keys_in_one_list_is_read() -> None:
    text = '{"format": 1, "told": ["finding:a", "leave:b", "protected"], "unprotected": false}'
    assert parse_state(text) == State(
        told=frozenset({"finding:a"}), left_alone=frozenset({"leave:b"}), announced=True
    )
