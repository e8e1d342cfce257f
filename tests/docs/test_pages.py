"""The pages have every kind of finding, and no command or option that there is not."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from conda_pip_interop.commands.command_line.parser import build_parser, parse_arguments
from conda_pip_interop.commands.command_line.registry import ALIASES, COMMANDS
from conda_pip_interop.commands.names.to_environment import translate_to_environment
from conda_pip_interop.dependency_files.pyproject import ProjectParts
from conda_pip_interop.dependency_files.read import read_dependency_files
from conda_pip_interop.findings.registry import KINDS
from tests.support.requirements import build_context

_ROOT: Final = Path(__file__).parents[2]
_PAGES: Final = tuple(
    page
    for page in sorted([*_ROOT.glob("*.md"), *_ROOT.glob("docs/*.md"), *_ROOT.glob("docs/*/*.md")])
    if page.name != "changelog.md" and page.parent.name != "changelog.d"
)
_PARTS: Final = ("What happened", "See it", "Fix it", "Avoid it")
_PROGRAMS: Final = {"conda pip": False, "python -m conda_pip_interop": True}
_PROGRAM: Final = "|".join(_PROGRAMS)
#: A line of a block, also with a prompt, in a Dockerfile, or in a notebook.
_BLOCK: Final = re.compile(rf"^(?:    |\$ |RUN |%)*((?:{_PROGRAM}) .*)$", re.MULTILINE)
_SENTENCE: Final = re.compile(rf"`%?((?:{_PROGRAM}) [^`]+)`")
#: A command line ends where a comment, a redirection or another command begins.
_END: Final = re.compile(r"\s(?:#|>|&&|\|)\s")
_OPTION: Final = re.compile(r"(?<![\w-])(--?[a-z][a-z-]*)")
#: What stands in for something, as in a synopsis.
_PLACEHOLDER: Final = re.compile(r"[…\[{]|\bCOMMAND\b")


def find_lines(pattern: re.Pattern[str]) -> list[str]:
    """Return each command line that the pages have."""
    found = (line for page in _PAGES for line in pattern.findall(page.read_text("utf-8")))
    return sorted({_END.split(line)[0].strip() for line in found})


def split_program(line: str) -> tuple[str, list[str]]:
    """Return the program, and the words after it."""
    program = next(one for one in _PROGRAMS if line.startswith(one))
    return program, shlex.split(line.removeprefix(program))


IN_BLOCKS: Final = [one for one in find_lines(_BLOCK) if not _PLACEHOLDER.search(one)]
IN_SENTENCES: Final = [one for one in find_lines(_SENTENCE) if not _PLACEHOLDER.search(one)]


def test_the_command_lines_are_found() -> None:
    assert "conda pip install -n web --yes cowsay" in IN_BLOCKS  # in a notebook
    assert "conda pip unprotect -n base" in IN_BLOCKS
    assert "conda pip undo" in IN_SENTENCES


@pytest.mark.parametrize("line", IN_BLOCKS)
def test_every_command_line_of_a_block_can_be_typed(line: str) -> None:
    program, words = split_program(line)
    parse_arguments(words, standalone=_PROGRAMS[program])


@pytest.mark.parametrize("line", IN_SENTENCES)
def test_every_command_of_a_sentence_has_the_options_that_are_named(line: str) -> None:
    program, words = split_program(line)
    names = [one for one in words if one in {*COMMANDS, *ALIASES, "NAME"}]
    if not names or names[0] == "NAME":
        assert words[0].startswith("-") or words[0] == "NAME"
        return
    command = COMMANDS[ALIASES.get(names[0], names[0])]
    parser = build_parser(command, standalone=_PROGRAMS[program])
    options = {text for word in words for text in _OPTION.findall(word) if word[0] == "-"}
    assert command.passed_on or options <= parser.list_options()


#: What the channels of the examples have.
_CHANNEL: Final = {"flask": ["3.0", "3.1"], "requests": ["2.32"], "six": ["1.16"]}


@pytest.mark.parametrize(("page", "group"), [("uv", "dev"), ("poetry", "test")])
def test_a_page_shows_what_translate_makes_of_its_project(
    page: str, group: str, tmp_path: Path
) -> None:
    text = (_ROOT / f"docs/how-to/{page}.md").read_text("utf-8")
    (project,) = re.findall(r"^```toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    (shown,) = re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    (tmp_path / "pyproject.toml").write_text(project)
    assert f"conda pip translate pyproject.toml --group {group}" in text
    parts = ProjectParts(groups=(group,))
    found = read_dependency_files([tmp_path / "pyproject.toml"], parts, target=tmp_path)
    made = translate_to_environment(found, build_context(_CHANNEL), lambda _: None)
    assert made.text == shown


def test_the_files_of_the_page_about_vs_code_are_valid() -> None:
    text = (_ROOT / "docs/how-to/vscode.md").read_text("utf-8")
    blocks = re.findall(r"^```json\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    settings, tasks = map(json.loads, blocks)
    assert all(one.startswith("python.") for one in settings)
    for task in tasks["tasks"]:
        program, words = split_program(task["command"])
        parse_arguments(words, standalone=_PROGRAMS[program])


def test_findings_has_a_section_for_each_kind_with_its_four_parts() -> None:
    text = (_ROOT / "docs/reference/findings.md").read_text("utf-8")
    _, *sections = re.split(r"^## ", text, flags=re.MULTILINE)
    assert tuple(section.partition("\n")[0] for section in sections) == KINDS
    for section in sections:
        assert tuple(re.findall(r"^\*\*(.+?)\.\*\*", section, re.MULTILINE)) == _PARTS


def test_the_reference_has_a_row_for_each_kind() -> None:
    text = (_ROOT / "docs/reference.md").read_text("utf-8")
    rows: Iterator[str] = (kind for kind in KINDS if f"\n| `{kind}` |" not in text)
    assert list(rows) == []


def test_every_test_that_a_page_names_exists() -> None:
    """In brackets or in a column: `test_paths`, `property/test_values`."""
    files = {one.relative_to(_ROOT / "tests").as_posix() for one in (_ROOT / "tests").rglob("*.py")}
    named = {
        name
        for page in _PAGES
        for name in re.findall(r"`((?:\w+/)?test_\w+)`", page.read_text("utf-8"))
    }
    missing = [
        name for name in named if not any(f"/{one}".endswith(f"/{name}.py") for one in files)
    ]
    assert named
    assert sorted(missing) == []


def test_each_line_about_security_names_tests_that_exist() -> None:
    text = (_ROOT / "docs/explanation/security.md").read_text("utf-8")
    rows = re.findall(r"^\| (?!Attack)[^|-].*$", text, re.MULTILINE)
    assert len(rows) >= 8
    assert [row for row in rows if not re.search(r"\[`[^]]+`\] \|$", row)] == []
    named = {name for found in re.findall(r"\[(`[^]]+`)\]", text) for name in found.split(", ")}
    missing = [
        name
        for name in (one.strip("`") for one in named)
        if not (_ROOT / name).is_dir() and not [*_ROOT.glob(f"tests/**/{name}.py")]
    ]
    assert missing == []
