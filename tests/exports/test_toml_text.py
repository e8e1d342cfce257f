"""TOML that we write says what it was made of."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conda_pip_interop.dependency_files.projects.document import load_toml
from conda_pip_interop.exports.toml_text import render_toml

_TEXT = st.text(st.characters(codec="utf-8"), max_size=8)  # long ones cost most of the time
_VALUE: st.SearchStrategy[Any] = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=8,
)
_TABLE = st.dictionaries(_TEXT, _VALUE, max_size=4)


@settings(max_examples=200, deadline=None)
@given(document=st.dictionaries(_TEXT, _VALUE | st.lists(_TABLE, max_size=4), max_size=4))
def test_a_document_is_read_back_as_it_was(document: dict[str, Any]) -> None:
    assert load_toml(render_toml(document), "here") == document


def test_tables_have_headings_and_deeper_ones_are_inline() -> None:
    text = render_toml(
        {"a": 1, "packages": [{"name": "x", "vcs": {"url": "u"}}], "tool": {"t": {"b": True}}}
    )
    assert text == 'a = 1\n\n[[packages]]\nname = "x"\nvcs = {url = "u"}\n\n[tool.t]\nb = true\n'


def test_a_value_that_toml_lacks_is_an_error() -> None:
    with pytest.raises(TypeError):
        render_toml({"a": None})
