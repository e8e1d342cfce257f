"""Dependency files as entries: what each line asks for, where it stands, and its comments."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Final, Literal, TypeAlias

from packaging.utils import NormalizedName

from conda_pip_interop.errors import UsageError
from conda_pip_interop.text import hide_password

#: What an entry is: a requirement; a constraint, which limits one; a path, a URL or an editable
#: project, which only pip understands; an option of pip's for all of a file.
Kind: TypeAlias = Literal["requirement", "constraint", "place", "option"]

_COMMENT: Final = re.compile(r"(?:^|\s+)#.*$")
_OPTION: Final = re.compile(r"(?:(--[\w-]+)(?:\s*=\s*|\s+|$)|(-\w)\s*)(.*)$")
_VARIABLE: Final = re.compile(r"\$\{([A-Z0-9_]+)\}")
_REQUIREMENT: Final = ("-r", "--requirement")
_CONSTRAINT: Final = ("-c", "--constraint")
EDITABLE: Final = ("-e", "--editable")
_LINE_OPTION: Final = re.compile(r"\s+--(?:hash|global-option|config-settings?)\b.*$")
_DEEPEST: Final = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One line of a dependency file. `before` are comment lines above it, `#` included.

    `tail` are the options that stand behind a requirement (`--hash=…`), `folder` is where its paths
    are meant from.
    """

    text: str
    origin: str
    kind: Kind = "requirement"
    tail: str = ""
    folder: Path = Path()
    comment: str = ""
    before: tuple[str, ...] = ()
    in_pip_section: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Dependencies:
    """What a file asks for. `own` are the lines of the project itself, extras included, by name.

    `links` are the URLs of the archives that a lock file names, each with its hash.
    """

    entries: tuple[Entry, ...]
    requires_python: str | None = None
    links: tuple[str, ...] = ()
    own: Mapping[NormalizedName, tuple[str, ...]] = field(default_factory=dict)


def read_requirements_file(
    file: Path, *, environ: Mapping[str, str] | None = None, depth: int = 0
) -> Iterator[Entry]:
    """Read a requirements file (pip's documentation, "Requirements File Format"), `-r` followed.

    `environ` gives the values of `${NAME}` in the names of files that it includes. Raises
    UsageError `unreadable-file` for it and for what it includes.
    """
    if depth > _DEEPEST:
        raise unreadable(file, "it includes itself")
    before: list[str] = []
    for number, line, comment in split_lines(read_text(file)):
        origin = f"{file}:{number}"
        if not line:
            before = [*before, comment] if comment else []
            continue
        option, value = split_option(line)
        if option in (*_REQUIREMENT, *_CONSTRAINT):
            included = find_file(file.parent, expand_variables(value, environ or {}))
            inner = read_requirements_file(included, environ=environ, depth=depth + 1)
            yield from inner if option in _REQUIREMENT else _as_constraints(inner)
        else:
            kind, text, tail = classify(line)
            yield Entry(
                text=text,
                origin=origin,
                kind=kind,
                tail=tail,
                folder=file.parent,
                comment=comment,
                before=tuple(before),
            )
        before = []


def _as_constraints(entries: Iterable[Entry]) -> Iterator[Entry]:
    for entry in entries:
        if entry.kind in ("requirement", "constraint"):
            yield Entry(
                text=entry.text,
                origin=entry.origin,
                kind="constraint",
                tail=entry.tail,
                folder=entry.folder,
            )


def classify(line: str) -> tuple[Kind, str, str]:
    """What a line without its comment is, its text, and the options behind a requirement."""
    option, _ = split_option(line)
    if option in EDITABLE or (option is None and _is_place(line)):
        return "place", line, ""
    if option is not None:
        return "option", line, ""
    return "requirement", *split_tail(line)


def split_tail(line: str) -> tuple[str, str]:
    """A requirement, and the options behind it."""
    found = _LINE_OPTION.search(line)
    return (line[: found.start()], found[0].strip()) if found else (line, "")


def expand_variables(text: str, environ: Mapping[str, str]) -> str:
    """Put in the values of `${NAME}` as pip does in requirements files; unknown ones stay."""
    return _VARIABLE.sub(lambda found: environ.get(found[1], "") or found[0], text)


def split_lines(text: str) -> Iterator[tuple[int, str, str]]:
    """(number, logical line, comment) of each line; one that ends with a backslash goes on."""
    parts: list[str] = []
    for number, raw in enumerate(text.splitlines(), 1):
        if raw.endswith("\\") and not raw.lstrip().startswith("#"):
            parts.append(raw[:-1])
            continue
        line = "".join([*parts, raw])
        parts = []
        match = _COMMENT.search(line)
        comment = match[0].strip() if match else ""
        yield number, _COMMENT.sub("", line).strip(), comment
    if parts:
        yield len(text.splitlines()), "".join(parts).strip(), ""


def split_option(line: str) -> tuple[str | None, str]:
    """The option that a line begins with, None for none, and what follows it, unquoted."""
    if not line.startswith("-"):
        return None, line
    found = _OPTION.match(line)
    if found is None:
        return line, ""
    try:
        return found[1] or found[2], " ".join(shlex.split(found[3]))
    except ValueError:  # a quotation mark without its fellow
        return found[1] or found[2], found[3]


def find_file(folder: Path, name: str) -> Path:
    """The file that is meant from a folder; raises UsageError `unreadable-file` for a URL."""
    if "://" in name:
        raise unreadable(hide_password(name), "only files are read; download it first")
    return folder / name


def _is_place(line: str) -> bool:
    """Whether pip takes it for a URL or a path; `name @ URL` is a requirement."""
    first = line.split(";", maxsplit=1)[0].split(" @ ", maxsplit=1)[0].strip()
    return "://" in first or "/" in first.split("[")[0] or first.endswith((".whl", ".zip", ".gz"))


def read_text(file: Path) -> str:
    """Read a dependency file; raises UsageError `unreadable-file`."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise unreadable(file, "it is not UTF-8") from error
    except OSError as error:
        raise UsageError(
            "unreadable-file",
            f"{file} cannot be read: {error.strerror or error}.",
            hints=("Check the path; it counts from the folder that you are in.",),
        ) from error


def unreadable(file: PurePath | str, reason: str) -> UsageError:
    """The error for a file that is not what its name says."""
    return UsageError(
        "unreadable-file",
        f"{file} cannot be read: {reason}.",
        hints=("Known are requirements.txt, pyproject.toml, pylock.toml and environment.yml.",),
    )
