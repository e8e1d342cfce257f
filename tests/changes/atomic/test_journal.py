"""Parsing the text of journals, complete or cut off."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conda_pip_interop.changes.atomic.journal import (
    JOURNAL_FOLDER,
    CondaChange,
    Step,
    StepKind,
    list_journal_folders,
    parse_journal,
    render_close,
    render_header,
    render_steps,
)
from conda_pip_interop.environment.paths import PrefixPath
from tests.support.builders import PrefixBuilder
from tests.support.trees import run_in_child

_NAMES = st.text(
    st.characters(exclude_characters="/\0", exclude_categories=()), min_size=1, max_size=8
).filter(lambda name: name not in (".", ".."))
_KINDS: st.SearchStrategy[StepKind] = st.sampled_from(["write", "remove", "mkdir", "rmdir"])
_STEPS = st.builds(
    Step,
    number=st.integers(0, 999),
    kind=_KINDS,
    path=st.lists(_NAMES, min_size=1, max_size=3).map(lambda names: PrefixPath("/".join(names))),
    existed=st.booleans(),
    sha256=st.none() | st.just("ab" * 32),
    mode=st.none() | st.integers(0, 0o3777),
)


@settings(max_examples=150, deadline=None)
@given(
    title=st.text(),
    steps=st.lists(_STEPS, max_size=5),
    closed=st.booleans(),
    revisions=st.none() | st.integers(),
)
def test_a_rendered_journal_is_parsed_to_the_same_values(
    title: str, steps: list[Step], closed: bool, revisions: int | None
) -> None:
    started = "2026-11-22T10:00:00+00:00"
    text = render_header(title, started) + render_steps(steps)
    text += render_close(revisions) if closed else ""
    assert text.isascii()
    journal = parse_journal("id", text)
    assert journal is not None
    assert (journal.identifier, journal.title) == ("id", title)
    assert journal.steps == tuple(steps)
    assert journal.closed is closed
    assert journal.revisions == (revisions if closed else None)


@settings(max_examples=150, deadline=None)
@given(steps=st.lists(_STEPS, max_size=4), data=st.data())
def test_a_cut_off_journal_is_open_and_has_only_complete_steps(
    steps: list[Step], data: st.DataObject
) -> None:
    header = render_header("t", "2026")
    text = header + render_steps(steps) + render_close()
    end = data.draw(st.integers(0, len(text) - 2))
    journal = parse_journal("id", text[:end])
    if journal is None:
        assert end < len(header)
    else:
        assert not journal.closed
        assert journal.steps == tuple(steps)[: len(journal.steps)]
        assert len(journal.steps) >= text[:end].count("\n") - 1


def test_an_invalid_line_does_not_reopen_a_closed_journal() -> None:
    text = render_header("t", "2026") + '{"number": 0, "kind": "later"}\n' + render_close()
    journal = parse_journal("id", text)
    assert journal is not None
    assert journal.closed
    assert journal.steps == ()


@pytest.mark.parametrize(
    "line",
    [
        '{"number": 0, "kind": "write", "path": "../outside"}',
        '{"number": 0, "kind": "write", "path": "/etc/passwd"}',
        '{"number": 0, "kind": "write", "path": ""}',
        '{"number": 0, "kind": "execute", "path": "a"}',
        '{"number": 0, "kind": "write", "path": "a", "what": 1}',
        '{"kind": "write", "path": "a"}',
        *("[]", "3", "null", "{}", '{"closed": false}', "\N{SNOWMAN}"),
    ],
)
def test_an_invalid_line_is_skipped(line: str) -> None:
    journal = parse_journal("id", render_header("t", "2026") + line + "\n")
    assert journal is not None
    assert journal.steps == ()
    assert not journal.closed


@pytest.mark.parametrize(
    "text",
    [
        *("", "\n", "{", "[]\n", "null\n", "{}\n"),
        '{"format": 1, "title": "t"}\n',
        '{"format": 2, "title": "t", "started": "s"}\n',
    ],
)
def test_a_text_without_a_valid_header_is_not_a_journal(text: str) -> None:
    assert parse_journal("id", text + render_close()) is None or not text
    assert parse_journal("id", text) is None


def test_a_folder_of_journals_that_somebody_moves_away_meanwhile_has_none(tmp_path: Path) -> None:
    folder = PrefixBuilder(root=tmp_path / "env").root / JOURNAL_FOLDER
    (folder / "20260101T000000Z").mkdir(parents=True)
    assert len(list_journal_folders(tmp_path / "env")) == 1

    def work() -> None:
        def move(event: str, arguments: tuple[object, ...]) -> None:
            if event in {"os.listdir", "os.scandir"} and arguments[0] in {folder, str(folder)}:
                folder.rename(folder.with_name("moved"))

        sys.addaudithook(move)
        assert list_journal_folders(tmp_path / "env") == []
        os._exit(7)

    assert run_in_child(work) == 7


def test_a_change_of_condas_is_empty_without_records_that_came_or_went() -> None:
    nothing = CondaChange(linked=(), unlinked={}, history="h", history_sha256="a")
    assert nothing.is_empty
    assert not replace(nothing, linked=("a-1-0.json",)).is_empty
    assert not replace(nothing, unlinked={"a-1-0.json": "{}"}).is_empty
