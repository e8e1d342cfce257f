"""Text that a person will see: no passwords, and nothing that a terminal obeys."""

from __future__ import annotations

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conda_pip_interop.text import (
    escape_line,
    escape_text,
    hide_password,
    replace_credentials,
    strip_channel,
    strip_credentials,
    write_text,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://me:secret@example.org/x", "https://****@example.org/x"),
        (
            "pip install git+ssh://git@example.org/x@v1",
            "pip install git+ssh://****@example.org/x@v1",
        ),
        ("https://a:b@h/x and https://c:d@h/y", "https://****@h/x and https://****@h/y"),
        ("https://example.org/x@1.0", "https://example.org/x@1.0"),
        ("x @ file:///x", "x @ file:///x"),
    ],
)
def test_a_url_is_shown_without_its_user_and_password(text: str, shown: str) -> None:
    assert hide_password(text) == shown


@pytest.mark.parametrize(
    ("text", "replaced", "stripped"),
    [
        ("https://h/x", "https://h/x", "https://h/x"),
        (
            "-i https://me:pw@a-b.example:8080/x",
            "-i https://${INDEX_A_B_EXAMPLE_USER}:${INDEX_A_B_EXAMPLE_PASSWORD}@a-b.example:8080/x",
            "-i https://a-b.example:8080/x",
        ),
        ("https://token@h/x", "https://${INDEX_H_USER}@h/x", "https://h/x"),
        ("https://${A}:${B}@h/x", "https://${A}:${B}@h/x", "https://h/x"),
        ("ssh://git@h/x", "ssh://git@h/x", "ssh://git@h/x"),
        ("https://u:p@ss@h/x", "https://${INDEX_H_USER}:${INDEX_H_PASSWORD}@h/x", "https://h/x"),
        ("https://h/packages/t/twine/x@1", *2 * ("https://h/packages/t/twine/x@1",)),
    ],
)
def test_credentials_are_replaced_by_variables_or_removed(
    text: str, replaced: str, stripped: str
) -> None:
    assert replace_credentials(text) == replaced
    assert strip_credentials(text) == stripped


def test_a_channel_loses_its_token_too() -> None:
    assert strip_channel("https://u:p@h/t/TOKEN/c/noarch") == "https://h/c/noarch"


@given(text=st.text())
def test_an_escaped_line_is_one_line_that_every_encoding_has(text: str) -> None:
    assert len(escape_line(f"x{text}").splitlines()) == 1
    escape_text(text).encode()
    assert escape_text(text).count("\n") == text.count("\n")


@given(text=st.text(), encoding=st.sampled_from(["ascii", "latin-1", "cp1252", "utf-8"]))
def test_any_text_can_be_printed_to_any_stream(text: str, encoding: str) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, newline="\n")
    write_text(text, stream)
    shown = raw.getvalue().decode(encoding)
    assert re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", shown) is None


def test_only_marked_lines_are_red() -> None:
    stream = io.StringIO()
    write_text("a\nb\033[31mc\n", stream, marks=(0,))
    assert stream.getvalue() == "\033[31ma\033[0m\nb\\x1b[31mc\n"
