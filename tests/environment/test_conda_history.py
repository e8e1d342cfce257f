"""Reading requested and linked packages from conda's history."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from conda_pip_interop.environment.conda_history import parse_linked, parse_requested

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


def test_packages_requested_and_not_removed_since_are_requested() -> None:
    assert parse_requested(HISTORY) == {"python", "click", "flask", "jinja2"}


def test_specs_of_the_old_comma_separated_form_are_read() -> None:
    assert parse_requested("# install specs: python 2.7*,numpy") == {"python", "numpy"}


def test_neutered_specs_are_still_requested() -> None:
    text = "# update specs: ['numpy=1']\n# neutered specs: ['numpy']\n"
    assert parse_requested(text) == {"numpy"}


def test_a_package_requested_after_its_removal_is_requested() -> None:
    text = "# update specs: ['six']\n# remove specs: ['six']\n# update specs: ['six']\n"
    assert parse_requested(text) == {"six"}


@settings(deadline=None)
@given(st.text())
def test_parsing_requested_specs_never_fails(text: str) -> None:
    parse_requested(text)
    parse_requested(f"# update specs: {text}")
    assert "flask" in parse_requested(f"{text}\n# update specs: ['flask']\n")


def test_the_last_linked_package_of_each_name_is_found() -> None:
    linked = parse_linked(HISTORY)
    assert linked.keys() == {"python"}  # pip has been removed on request
    assert linked["python"].stem == "python-3.11.7-h0_0_cpython"
    assert linked["python"].source == "channel/linux-64"


SECTION = "==> 2026-11-24 05:54:21 <==\n"


def test_a_package_missing_from_a_later_section_is_marked_removed() -> None:
    text = f"{SECTION}+c/noarch::six-1.15-0\n+c/noarch::click-8.0-0\n{SECTION}"
    text += "-c/noarch::click-8.0-0\n-c/noarch::six-1.15-0\n+c/noarch::six-1.16-0\n"
    linked = parse_linked(text)
    assert (linked["click"].removed, linked["six"].removed) == (True, False)
    assert linked["six"].version == "1.16"


def test_a_section_without_differences_marks_all_packages_removed() -> None:
    """It is conda's own reading: the next one lists all that is there then."""
    text = f"{SECTION}+c/noarch::six-1.16-0\n{SECTION}# update specs: ['six']\n"
    assert parse_linked(text)["six"].removed
    text += f"{SECTION}+c/noarch::six-1.16-0\n"
    assert not parse_linked(text)["six"].removed


def test_lines_of_the_old_form_and_of_pip_packages_are_recognised() -> None:
    text = f"lost::before-1-0\n{SECTION}six-1.16-0\nclick-8.0-py27_0\n"
    text += f"{SECTION}six-1.16-0\n+pypi/pypi::cowsay-6.1-pypi_0\nnonsense\n"
    assert {name: one.removed for name, one in parse_linked(text).items()} == {
        "six": False,
        "click": False,
    }


@settings(max_examples=50, deadline=None)
@given(st.text(alphabet="=<>+-#: 1ax/\n[]'"))
def test_parsing_linked_packages_never_fails(text: str) -> None:
    for name, one in parse_linked(SECTION + text).items():
        assert one.name == name
        assert one.stem.startswith(name)
