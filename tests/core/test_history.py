"""What conda's history says was asked for."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from conda_pip_interop.core.history import parse_requested

HISTORY = """\
==> 2026-11-23 08:50:40 <==
# cmd: conda create -n web python=3.11 pip
# conda version: 24.7.1
+channel/linux-64::python-3.11.7-h0_0_cpython
# update specs: ['python=3.11', 'pip', 'conda-forge::Click[version=">=8"]']
==> 2026-11-23 08:51:00 <==
-channel/linux-64::pip-25.3-py311_0
# remove specs: ['pip']
==> 2026-11-23 08:52:00 <==
# update specs: ["flask=", "jinja2 >=3"]
"""


def test_what_was_asked_for_and_not_removed_since() -> None:
    assert parse_requested(HISTORY) == {"python", "click", "flask", "jinja2"}


def test_the_old_form_of_a_list_is_read_too() -> None:
    assert parse_requested("# install specs: python 2.7*,numpy") == {"python", "numpy"}


def test_what_is_neutered_is_still_asked_for() -> None:
    text = "# update specs: ['numpy=1']\n# neutered specs: ['numpy']\n"
    assert parse_requested(text) == {"numpy"}


def test_asked_for_again_counts() -> None:
    text = "# update specs: ['six']\n# remove specs: ['six']\n# update specs: ['six']\n"
    assert parse_requested(text) == {"six"}


@settings(deadline=None)
@given(st.text())
def test_no_history_is_too_odd_to_be_read(text: str) -> None:
    parse_requested(text)
    parse_requested(f"# update specs: {text}")
    assert "flask" in parse_requested(f"{text}\n# update specs: ['flask']\n")
