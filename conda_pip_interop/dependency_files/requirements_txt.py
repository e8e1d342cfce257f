"""The entries of a dependency file, and how they are read from a requirements file."""

from __future__ import annotations

import codecs
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Final, Literal, TypeAlias

from packaging.utils import NormalizedName

from conda_pip_interop.dependency_files.locations import is_location, read_conda_build_path
from conda_pip_interop.errors import UsageError
from conda_pip_interop.text import hide_password

#: A location is a path, a URL or an editable project; an option is one of pip's global options.
Kind: TypeAlias = Literal["requirement", "constraint", "location", "option"]

_COMMENT: Final = re.compile(r"(?:^|\s+)#.*$")
_OPTION: Final = re.compile(r"(?:(--[\w-]+)(?:\s*=\s*|\s+|$)|(-\w)\s*)(.*)$")
_VARIABLE: Final = re.compile(r"\$\{([A-Z0-9_]+)\}")
_REQUIREMENT: Final = ("-r", "--requirement")
_CONSTRAINT: Final = ("-c", "--constraint")
EDITABLE: Final = ("-e", "--editable")
_LINE_OPTION: Final = re.compile(r"\s+--(?:hash|global-option|config-settings?)\b.*$")
_CODING: Final = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
#: Byte order marks; UTF-32's begins with UTF-16's.
_MARKS: Final = (
    (codecs.BOM_UTF8, "UTF-8"),
    (codecs.BOM_UTF32_LE, "UTF-32-LE"),
    (codecs.BOM_UTF32_BE, "UTF-32-BE"),
    (codecs.BOM_UTF16_LE, "UTF-16-LE"),
    (codecs.BOM_UTF16_BE, "UTF-16-BE"),
)
#: A requirement and the indented comment lines below it, of which the first begins with `# via`.
_VIA: Final = re.compile(r"^([^\s#].*|[ \t]+--.*)\n([ \t]+# via.*\n(?:[ \t]+#.*\n)*)", re.MULTILINE)
_CONDA_SPEC: Final = re.compile(r"([\w.-]+)=([\w.*]+)(?:=[\w.*]+)?")
_MAX_DEPTH: Final = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One line of a dependency file; its paths are relative to `folder`.

    `tail` has the options after a requirement (`--hash=…`), `comment` the comment after it, and
    `before` the comment lines above it, each with its `#`. `index` is the URL of the only index
    that may be asked for it.
    """

    text: str
    origin: str
    kind: Kind = "requirement"
    tail: str = ""
    folder: Path = Path()
    comment: str = ""
    before: tuple[str, ...] = ()
    in_pip_section: bool = False
    index: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Dependencies:
    """The dependencies in a file; all of them, with those of the dependencies, if it is `locked`.

    `links` are the archive URLs in a lock file, with their hashes. `own` has the `Requires-Dist`
    lines of the extras of the file's own project, by its name.
    """

    entries: tuple[Entry, ...]
    requires_python: str | None = None
    links: tuple[str, ...] = ()
    own: Mapping[NormalizedName, tuple[str, ...]] = field(default_factory=dict)
    locked: bool = False


def read_requirements_file(
    file: Path, *, environ: Mapping[str, str] | None = None, depth: int = 0
) -> Iterator[Entry]:
    """Read a requirements file and the files that it includes (pip's "Requirements File Format").

    `environ` gives the values of `${NAME}` in the names of included files. Raises UsageError
    `unreadable-file`.
    """
    if depth > _MAX_DEPTH:
        raise unreadable(file, "it includes itself")
    before: list[str] = []
    for number, line, comment in split_lines(_VIA.sub(_join_via, f"{read_text(file)}\n")):
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
            yield build_entry(line, origin, file.parent, comment, tuple(before))
        before = []


def _join_via(found: re.Match[str]) -> str:
    """Put the `# via` lines of pip-compile, which are below a requirement, behind it."""
    names = [line.strip(" \t#") for line in found[2].splitlines()]
    via = " ".join([names[0], ", ".join(names[1:])]).strip()
    return f"{found[1]}  # {via}" + "\n" * (found[2].count("\n") + 1)


def build_entry(
    line: str, origin: str, folder: Path, comment: str, before: tuple[str, ...]
) -> Entry:
    """Build the entry of a line; a conda package of `pip freeze` becomes a requirement."""
    built = read_conda_build_path(line)
    if built is not None and "==" not in built:
        comment = f"# the version is not in {line.partition('@')[2].strip()} {comment}".rstrip()
    kind, text, tail = classify(built or line)
    return Entry(
        text=text,
        origin=origin,
        kind=kind,
        tail=tail,
        folder=folder,
        comment=comment,
        before=before,
    )


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
    """Classify a line without its comment: its kind, its text, and its tail (see `Entry`)."""
    option, _ = split_option(line)
    text, tail = split_tail(line)
    if option in EDITABLE or (option is None and is_location(text)):
        return "location", line, ""
    if option is not None:
        return "option", line, ""
    return "requirement", text, tail


def split_tail(line: str) -> tuple[str, str]:
    """Split a requirement from the options after it."""
    found = _LINE_OPTION.search(line)
    return (line[: found.start()], found[0].strip()) if found else (line, "")


def hint_at_conda_spec(text: str) -> str | None:
    """Hint at what to do with a match spec of conda, `numpy=1.26`, in a file for pip."""
    found = _CONDA_SPEC.fullmatch(text)
    if found is None:
        return None
    name, version = found.groups()
    pip = f"{name}=={version}" if version.endswith("*") else f"{name}=={version}.*"
    spec = shlex.quote(text)
    return f"{text} is conda's syntax: write {pip} for pip, or run `conda install {spec}`."


def expand_variables(text: str, environ: Mapping[str, str]) -> str:
    """Replace `${NAME}` as pip does in requirements files; unknown names stay."""
    return _VARIABLE.sub(lambda found: environ.get(found[1], "") or found[0], text)


def split_lines(text: str) -> Iterator[tuple[int, str, str]]:
    """Split a text into (line number, line, comment); a backslash at the end joins two lines."""
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
    """Split a line into its option (None if it has none) and the value, unquoted."""
    if not line.startswith("-"):
        return None, line
    found = _OPTION.match(line)
    if found is None:
        return line, ""
    try:
        return found[1] or found[2], " ".join(shlex.split(found[3]))
    except ValueError:  # an unclosed quotation mark
        return found[1] or found[2], found[3]


def find_file(folder: Path, name: str) -> Path:
    """Find a file relative to a folder; raises UsageError `unreadable-file` for a URL."""
    if "://" in name:
        raise unreadable(hide_password(name), "it is a URL; download it first")
    return folder / name


def read_text(file: Path) -> str:
    """Read a dependency file in any encoding that pip reads; raises UsageError `unreadable-file`.

    These are UTF-8, UTF-16 and UTF-32 by their byte order mark, and a coding line's (PEP 263).
    """
    try:
        data = file.read_bytes()
        return _decode(data).replace("\r\n", "\n")
    except (UnicodeDecodeError, LookupError) as error:
        raise unreadable(file, f"it is not {_find_encoding(data)}") from error
    except OSError as error:
        raise UsageError(
            "unreadable-file",
            f"{file} cannot be read: {error.strerror or error}.",
            hints=("Check the path; it is relative to the current directory.",),
        ) from error


def _decode(data: bytes) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding)
    return data.decode(_find_encoding(data))


def _find_encoding(data: bytes) -> str:
    lines = data.split(b"\n")[:2]
    found = next((match for line in lines if (match := _CODING.match(line))), None)
    return found[1].decode() if found else "UTF-8"


def unreadable(file: PurePath | str, reason: str, *, hint: str = "") -> UsageError:
    """Build the error for a file whose content is not valid, or not supported."""
    return UsageError(
        "unreadable-file",
        f"{file} cannot be read: {reason}.",
        hints=(
            hint
            or "Supported are requirements.txt, pyproject.toml, pylock.toml and environment.yml.",
        ),
    )
