"""Tables, findings and errors as text and as documents."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conda_pip_interop.commands.output import (
    fold,
    render_error,
    render_finding,
    render_findings,
    render_health,
    render_table,
)
from conda_pip_interop.errors import InteropError
from tests.support.findings import build_sample
from tests.support.graphs import TARGET


def test_a_table_has_its_columns_aligned_and_no_blanks_at_the_end() -> None:
    text = render_table(("Name", "Owner"), [("a", "conda"), ("longer-name", "pip")])
    assert text == "# Name         Owner\n  a            conda\n  longer-name  pip"


def test_a_table_without_rows_is_its_header() -> None:
    assert render_table(("Name", "Owner"), []) == "# Name  Owner"


_CELLS = st.text(st.characters(categories=["L", "N"]), max_size=12)


@settings(max_examples=80, deadline=None)
@given(rows=st.lists(st.tuples(_CELLS, _CELLS, _CELLS), max_size=6))
def test_every_cell_of_a_column_starts_where_its_header_does(
    rows: list[tuple[str, str, str]],
) -> None:
    header, *lines = render_table(("One", "Two", "Three"), rows).split("\n")
    assert len(lines) == len(rows)
    for column, title in enumerate(("One", "Two", "Three")):
        start = header.index(title)
        for line, row in zip(lines, rows, strict=True):
            assert line[start : start + len(row[column])] == row[column]


def test_no_findings_is_exit_code_0() -> None:
    output = render_findings([], TARGET)
    assert output.text == "web: no findings"
    assert output.exit_code == 0
    assert output.document == {"prefix": "/e", "findings": []}


def test_a_finding_is_exit_code_1_with_paths_and_commands() -> None:
    remedy = (("conda", "pip", "restore", "click"), ("conda", "remove", "click"))
    output = render_findings([build_sample(remedy=remedy)], TARGET)
    assert output.exit_code == 1
    assert output.text == (
        "web: 1 finding\n"
        "\n"
        "overridden: pip replaced click 8.0 by 8.1\n"
        "    lib/0.py\n"
        "  To fix: conda pip restore -n web click\n"
        "  or: conda remove -n web click"
    )


@pytest.mark.parametrize(
    ("paths", "rest"),
    [(0, None), (3, None), (4, "    and 1 more path"), (9, "    and 6 more paths")],
)
def test_of_many_paths_three_are_shown_and_the_rest_is_counted(
    paths: int, rest: str | None
) -> None:
    output = render_findings([build_sample(paths)], TARGET)
    assert output.text.count("lib/") == min(paths, 3)
    assert [line for line in output.text.splitlines() if " more " in line] == [rest] * bool(rest)


def test_a_path_that_is_gone_is_marked() -> None:
    gone, there = build_sample(2).evidence
    finding = replace(build_sample(), evidence=(replace(gone, found="absent"), there))
    assert render_finding(finding, TARGET).splitlines()[1:3] == [
        "    lib/0.py (missing)",
        "    lib/1.py",
    ]


def test_the_document_of_a_finding_has_all_its_paths_and_can_be_written_as_json() -> None:
    document = build_sample(5, remedy=(("conda", "pip", "check"),)).to_dict(TARGET.command)
    assert json.loads(json.dumps(document)) == document
    assert document["kind"] == "overridden"
    assert document["commands"] == ["conda pip check -n web"]
    assert document["details"] == {}
    paths = document["paths"]
    assert isinstance(paths, list)
    assert len(paths) == 5
    assert paths[0] == {
        "path": "lib/0.py",
        "claimed_by": ["conda:click", "pip:click"],
        "expected": "aa",
        "found": "bb",
    }


def test_an_error_is_told_with_what_to_do_next() -> None:
    error = InteropError("some-code", "It broke.", hints=("Do this.", "Or that."))
    assert render_error(error) == "Error: It broke.\n  - Do this.\n  - Or that."
    assert error.to_dict() == {
        "code": "some-code",
        "message": "It broke.",
        "hints": ["Do this.", "Or that."],
    }


def test_several_findings_end_with_the_command_that_repairs_them_together() -> None:
    last = "To repair what can be, in one plan: conda pip repair -n web"
    two = render_findings((build_sample(), build_sample()), TARGET)
    assert two.text.splitlines()[-1] == last
    assert last not in render_findings((build_sample(),), TARGET).text


def test_sentences_are_wrapped_and_commands_stay_whole() -> None:
    long = "conda-pip-interop: web: pip's click 8.1.3 replaced conda's click 8.1.8."
    commands = ["  To go back to conda's version: conda pip restore -n web click", "x `a b`" * 9]
    assert fold("\n".join([long, *commands]), 60).split("\n") == [
        "conda-pip-interop: web: pip's click 8.1.3 replaced",
        "    conda's click 8.1.8.",
        *commands,
    ]


def test_without_findings_it_is_one_line() -> None:
    assert render_health((), TARGET, verbose=True) == (
        "✅ conda and pip agree on what is installed.\n"
    )


def test_findings_are_a_line_each_and_the_command_to_fix_them() -> None:
    assert render_health((build_sample(5), build_sample()), TARGET, verbose=False) == (
        "❌ conda and pip do not agree on what is installed:\n"
        "\n"
        "overridden: pip replaced click 8.0 by 8.1\n"
        "overridden: pip replaced click 8.0 by 8.1\n"
        "\n"
        "To see how to fix it: conda pip check -n web\n"
    )


def test_verbose_shows_paths_and_commands() -> None:
    remedy = (("conda", "pip", "restore", "click"),)
    text = render_health((build_sample(5, remedy),), TARGET, verbose=True)
    assert "    lib/0.py\n" in text
    assert "    and 2 more paths\n" in text
    assert "  To fix: conda pip restore -n web click\n" in text
