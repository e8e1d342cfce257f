"""Help and messages are as they were reviewed; they use the words of the style guide."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from conda_pip_interop.commands.command_line.registry import COMMANDS
from tests.messages.collect import FILES, collect_help, collect_messages
from tests.support.output_schema import DEFINITIONS

#: Words that conda, pip and uv do not use in their messages.
_NOT_OURS = re.compile(
    r"\b(whence|whither|to be had|makes way|nobody answers for|all the same|behind conda's back"
    r"|means nothing to|is meant\?|settle it)\b"
)


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="argparse differs; checked on 3.11")
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_is_said_is_what_was_reviewed(file: Path) -> None:
    """To accept a change: `python -m tests.messages`, then review the difference."""
    assert FILES[file]() == file.read_text(encoding="utf-8")


def test_help_fits_into_80_columns() -> None:
    assert [line for line in collect_help().splitlines() if len(line) > 80] == []


@pytest.mark.parametrize("collect", [collect_help, collect_messages])
def test_texts_use_the_words_of_the_field(collect: Callable[[], str]) -> None:
    assert _NOT_OURS.findall(collect()) == []


def test_what_every_command_of_ours_prints_as_json_is_described() -> None:
    ours = {one.name for one in COMMANDS.values() if not one.passed_on}
    assert ours <= DEFINITIONS.keys()
