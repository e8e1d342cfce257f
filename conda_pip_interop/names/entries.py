"""Dependency files as entries: what each line asks for, where it stands, and its comments."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Final, Literal, TypeAlias

from packaging.utils import NormalizedName

from conda_pip_interop.errors import InteropError

#: What an entry is: a requirement; a constraint, which limits one; a path, a URL or an editable
#: project, which only pip understands; an option of pip's for all of a file.
Kind: TypeAlias = Literal["requirement", "constraint", "place", "option"]

_COMMENT: Final = re.compile(r"(?:^|\s+)#.*$")
_LINE_OPTION: Final = re.compile(r"\s+--(?:hash|global-option|config-settings?)\b.*$")
_DEEPEST: Final = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One line of a dependency file. `before` are comment lines above it, `#` included."""

    text: str
    origin: str
    kind: Kind = "requirement"
    comment: str = ""
    before: tuple[str, ...] = ()
    in_pip_section: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Dependencies:
    """What a file asks for. `own` are the lines of the project itself, extras included, by name."""

    entries: tuple[Entry, ...]
    requires_python: str | None = None
    own: Mapping[NormalizedName, tuple[str, ...]] = field(default_factory=dict)


def read_requirements_file(file: Path, *, depth: int = 0) -> Iterator[Entry]:
    """Read a requirements file (pip's documentation, "Requirements File Format"), `-r` followed.

    Raises InteropError `unreadable-file` for it and for what it includes.
    """
    if depth > _DEEPEST:
        raise unreadable(file, "it includes itself")
    before: list[str] = []
    for number, line, comment in split_lines(read_text(file)):
        origin = f"{file}:{number}"
        if not line:
            before = [*before, comment] if comment else []
            continue
        option, value = _split_option(line)
        if option in ("-r", "--requirement"):
            yield from read_requirements_file(_beside(file, value), depth=depth + 1)
        elif option in ("-c", "--constraint"):
            for entry in read_requirements_file(_beside(file, value), depth=depth + 1):
                if entry.kind == "requirement":
                    yield Entry(text=entry.text, origin=entry.origin, kind="constraint")
        else:
            kind: Kind = "option"
            if option in ("-e", "--editable") or (option is None and _is_place(line)):
                kind = "place"
            elif option is None:
                kind, line = "requirement", _LINE_OPTION.sub("", line)  # noqa: PLW2901 - the rest
            yield Entry(text=line, origin=origin, kind=kind, comment=comment, before=tuple(before))
        before = []


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


def _split_option(line: str) -> tuple[str | None, str]:
    if not line.startswith("-"):
        return None, line
    option, _, value = line.replace("=", " ", 1).partition(" ")
    if not option.startswith("--") and len(option) > 2:  # noqa: PLR2004 - `-rother.txt`
        option, value = option[:2], option[2:]
    return option, value.strip()


def _beside(file: Path, name: str) -> Path:
    if "://" in name:
        raise unreadable(name, "only files are read")
    return file.parent / name


def _is_place(line: str) -> bool:
    """Whether pip takes it for a URL or a path; `name @ URL` is a requirement."""
    first = line.split(";", maxsplit=1)[0].split(" @ ", maxsplit=1)[0].strip()
    return "://" in first or "/" in first.split("[")[0] or first.endswith((".whl", ".zip", ".gz"))


def read_text(file: Path) -> str:
    """Read a dependency file; raises InteropError `unreadable-file`."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise unreadable(file, "it is not UTF-8") from error
    except OSError as error:
        raise unreadable(file, error.strerror or str(error)) from error


def unreadable(file: PurePath | str, reason: str) -> InteropError:
    """The error for a file that is not what its name says."""
    return InteropError(
        "unreadable-file",
        f"{file} cannot be read: {reason}",
        hints=("Known are requirements.txt, pyproject.toml, pylock.toml and environment.yml.",),
    )
