"""Reading requested and linked packages from conda's history."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conda_pip_interop.environment.conda_meta.history import (
    drop_broken_lines,
    drop_specs,
    find_section,
    parse_linked,
    parse_package,
    parse_requested,
    parse_requested_specs,
    parse_revisions,
    read_history,
    read_requested_specs,
)

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


def test_what_is_no_list_of_specs_requests_nothing() -> None:
    assert parse_requested("# update specs: [{[]: 1}, 'six']") == set()
    assert parse_requested("# update specs: [['a'], 5, 'six']") == {"six"}


@given(st.lists(st.sampled_from([*HISTORY.splitlines(keepends=True), "+a-b\n", "# x specs: [1\n"])))
def test_of_a_broken_history_the_sound_lines_stay_in_order(lines: list[str]) -> None:
    mended = drop_broken_lines("".join(lines)).splitlines(keepends=True)
    assert drop_broken_lines("".join(mended)) == "".join(mended)
    rest = iter(lines)
    assert all(line in rest for line in mended)
    if not {"+a-b\n", "# x specs: [1\n"} & {*lines}:
        assert mended == lines


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


def test_the_last_spec_of_a_name_counts_until_it_is_removed() -> None:
    assert parse_requested_specs(HISTORY) == {
        "python": "python=3.11",
        "click": 'conda-forge::Click[version=">=8"]',
        "flask": "flask=",
        "jinja2": "jinja2 >=3",
    }
    text = "# update specs: ['six<2']\nno line of specs\n# neutered specs: ['six=1']\n"
    assert parse_requested_specs(text) == {"six": "six=1"}
    assert parse_requested_specs(f"{text}# uninstall specs: ['six', 'never-there']\n") == {}
    assert parse_requested_specs(f"{text}# other specs: ['six=3']\n") == {"six": "six=1"}


def test_only_words_that_are_known_request_or_remove() -> None:
    assert parse_requested("# update specs: ['six']\n# other specs: ['click']\n") == {"six"}


def test_an_environment_without_a_history_has_nothing_in_it(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        assert read_requested_specs(folder) == {}
        assert read_history(folder) == {}
    (tmp_path / "conda-meta/history").mkdir(parents=True)
    assert read_requested_specs(tmp_path) == {}
    (tmp_path / "conda-meta/history").rmdir()
    (tmp_path / "conda-meta/history").write_bytes(b"\xff\n# update specs: ['six<2']\n")
    assert read_requested_specs(tmp_path) == {"six": "six<2"}


CREATED, LAST = "2026-11-23 08:50:40", "2026-11-23 08:52:00"


def test_what_a_section_has_because_others_need_it_is_not_requested() -> None:
    assert parse_requested(HISTORY, {"flask": LAST}) == {"python", "click", "jinja2"}
    assert parse_requested(HISTORY, {"flask": CREATED}) == parse_requested(HISTORY)
    again = f"{HISTORY}==> 2026-11-24 00:00:00 <==\n# update specs: ['flask<3']\n"
    assert "flask" in parse_requested(again, {"flask": LAST})


def test_the_last_section_that_names_a_package_is_found() -> None:
    assert find_section(HISTORY, "flask") == LAST
    assert find_section(HISTORY, "pip") == CREATED
    assert find_section(HISTORY, "nowhere") is None


def test_specs_are_dropped_from_their_section_alone() -> None:
    dropped = drop_specs(HISTORY, {"flask": LAST, "pip": LAST, "python": CREATED})
    assert parse_requested(dropped) == {"click", "jinja2"}
    assert "# update specs: ['jinja2 >=3']\n" in dropped
    assert parse_linked(dropped) == parse_linked(HISTORY)
    assert drop_specs(HISTORY, {"flask": CREATED, "nowhere": LAST}) == HISTORY


def test_sections_of_one_second_are_told_apart() -> None:
    """A script may run two commands in it: conda writes full seconds."""
    twice = f"{HISTORY}==> {LAST} <==\n# update specs: ['flask<3']\n"
    second = find_section(twice, "flask")
    assert second == f"{LAST}-2"
    assert find_section(twice, "jinja2") == LAST
    assert "flask" in parse_requested(twice, {"flask": LAST})
    assert "flask" not in parse_requested(drop_specs(twice, {"flask": LAST}), {"flask": second})
    assert "'flask<3'" in drop_specs(twice, {"flask": LAST})


@settings(deadline=None)
@given(st.text(), st.sampled_from(["", "a", CREATED]))
def test_dropping_specs_changes_nothing_else_of_any_text(text: str, when: str) -> None:
    assert drop_specs(text, {}) == text
    history = f"{text}\n==> {CREATED} <==\n# update specs: ['flask', 'six']\n"
    dropped = drop_specs(history, {"flask": CREATED, "x": when})
    assert dropped.endswith("# update specs: ['six']\n")
    assert len(dropped.splitlines()) == len(history.splitlines())


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


def test_revisions_have_a_number_the_command_and_what_changed() -> None:
    text = "before\n==> 2026-01-02 03:04:05 <==\n# cmd: C:\\conda\\conda.exe create -n web six\n"
    text += f"+c/noarch::six-1.15-0\n{SECTION}-c/noarch::six-1.15-0\n+c/noarch::six-1.16-0\n"
    first, second = parse_revisions(text)
    assert (first.number, first.when) == (0, "2026-01-02 03:04:05")
    assert first.command == "conda.exe create -n web six"
    assert (first.added, first.removed) == (("c/noarch::six-1.15-0",), ())
    assert second.number == 1
    assert (second.command, second.removed) == ("", ("c/noarch::six-1.15-0",))


@settings(max_examples=50, deadline=None)
@given(st.text(alphabet="=<>+-#: 1ax/\n[]'"))
def test_parsing_revisions_never_fails(text: str) -> None:
    numbers = [one.number for one in parse_revisions(SECTION + text)]
    assert numbers == list(range(len(numbers)))


def test_a_package_may_be_listed_without_its_channel() -> None:
    (linked,) = parse_linked("==> 2026-01-01 00:00:00 <==\n+six-1.16-py_0\n").values()
    assert (linked.source, linked.name, linked.version) == ("", "six", "1.16")


@pytest.mark.parametrize("package", ["../x-1-0", "x-1-../y", "a\0b-1-0", "x-1\0-0", "x-1-0\0"])
def test_what_can_be_no_name_of_a_file_is_no_package(package: str) -> None:
    assert parse_package(f"defaults::{package}") is None
