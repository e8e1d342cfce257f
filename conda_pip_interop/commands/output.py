"""What a command answers: text for a person and a JSON-ready document. Never prints."""

from __future__ import annotations

import shutil
import sys
import textwrap
from typing import TYPE_CHECKING, Final

from conda_pip_interop.text import count, escape_line
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TextIO

    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.errors import InteropError
    from conda_pip_interop.findings.base import Finding

#: The number of paths shown of a finding; the others are counted.
SHOWN_PATHS = 3
_PATH: Final = " " * 4
#: The marks of `conda doctor`.
_OK_MARK: Final = "✅"
_X_MARK: Final = "❌"


@dataclass(frozen=True, kw_only=True, slots=True)
class Output:
    """Text for stdout, the `--json` document, and the exit code.

    `requested`: the text is what the user asked for, and `--quiet` does not hide it. `marks` are
    the numbers of the lines that a terminal shows in red.
    """

    text: str
    document: dict[str, object]
    exit_code: int = 0
    requested: bool = False
    marks: tuple[int, ...] = ()


def render_table(
    header: Sequence[str], rows: Iterable[Sequence[str]], *, columns: int | None = None
) -> str:
    """Render left-aligned columns under a header line, as `conda list` does.

    With `columns`, the last cell of a row that is longer gets lines of its own.
    """
    lines = [tuple(header), *(tuple(map(escape_line, row)) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    padded = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
    shown = [
        f"  {line}"
        if columns is None or len(line) + 2 <= columns
        else _fold(f"  {line}", cells[-1], columns)
        for line, cells in zip(padded[1:], lines[1:], strict=True)
    ]
    return "\n".join([f"# {padded[0]}", *shown])


def _fold(line: str, last: str, columns: int) -> str:
    indent = " " * 6
    return "\n".join([line.removesuffix(last).rstrip(), *wrap(last, columns, indent=indent)])


def wrap(text: str, columns: int, *, indent: str) -> list[str]:
    """Wrap a text at its blanks into indented lines; a longer word stays whole."""
    room = max(columns - len(indent), 20)
    found = textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False)
    return [f"{indent}{line}" for line in found]


def fold(text: str, columns: int | None) -> str:
    """Wrap the sentences of a text; paths and commands stay whole, so that they can be copied."""
    if columns is None:
        return text
    return "\n".join(_fold_sentence(line, columns) for line in text.split("\n"))


def _fold_sentence(line: str, columns: int) -> str:
    """Wrap a line of a message, unless it is a path (indented by four) or has a command."""
    text = line.strip()
    has_command = text.startswith(("To ", "or: ")) or "`" in text
    if len(line) <= columns or line.startswith(_PATH) or has_command:
        return line
    margin = line[: len(line) - len(line.lstrip())]
    first, *more = wrap(text, columns, indent=_PATH)
    return "\n".join([f"{margin}{first.strip()}", *more])


def find_columns(stream: TextIO | None = None) -> int | None:
    """Find the width of the terminal that shows `stream` (default: stdout); None if none does."""
    stream = stream or sys.stdout
    if stream is None or not stream.isatty():
        return None
    return shutil.get_terminal_size().columns


def render_findings(findings: Sequence[Finding], target: Target) -> Output:
    """Render the answer of `conda pip check`; exit code 1 if there are findings."""
    number = count(len(findings), "finding") if findings else "no findings"
    blocks = [f"{target.label}: {number}"]
    blocks += [render_finding(finding, target) for finding in findings]
    if sum(one.repairable for one in findings) > 1:
        repair = target.command("conda", "pip", "repair")
        blocks.append(f"To repair what can be, in one plan: {repair}")
    documents = [finding.to_dict(target.command) for finding in findings]
    return Output(
        text="\n\n".join(blocks),
        document={"prefix": str(target.prefix), "findings": documents},
        exit_code=1 if findings else 0,
    )


def render_finding(finding: Finding, target: Target) -> str:
    """Render a finding: what happened, some of its paths, and the commands that fix it."""
    lines = [f"{finding.kind}: {escape_line(finding.summary)}"]
    lines += shorten(
        [
            f"{_PATH}{escape_line(one.path)}{' (missing)' if one.found == 'absent' else ''}"
            for one in finding.evidence
        ]
    )
    lines += [
        f"  {'To fix' if number == 0 else 'or'}: {escape_line(line)}"
        for number, line in enumerate(finding.render_commands(target.command))
    ]
    return "\n".join(lines)


def render_health(findings: Sequence[Finding], target: Target, *, verbose: bool) -> str:
    """Render our part of `conda doctor`, in its style: a line for each finding, or one line.

    With `verbose` there are its paths and commands, too.
    """
    if not findings:
        return f"{_OK_MARK} conda and pip agree on what is installed.\n"
    lines = [f"{_X_MARK} conda and pip do not agree on what is installed:\n"]
    if verbose:
        lines += [f"{render_finding(one, target)}\n" for one in findings]
    else:
        lines += [f"{one.kind}: {escape_line(one.summary)}" for one in findings]
        lines.append(f"\nTo see how to fix it: {target.command('conda', 'pip', 'check')}\n")
    return "\n".join(lines)


def shorten(paths: Sequence[str]) -> list[str]:
    """Return the first lines of a long list of paths, and how many more there are."""
    rest = len(paths) - SHOWN_PATHS
    more = [f"    and {rest} more {'path' if rest == 1 else 'paths'}"] if rest > 0 else []
    return [*paths[:SHOWN_PATHS], *more]


def render_error(error: InteropError) -> str:
    """Render an error: what happened, then what to do next."""
    return "\n".join([f"Error: {error.message}", *(f"  - {hint}" for hint in error.hints)])
