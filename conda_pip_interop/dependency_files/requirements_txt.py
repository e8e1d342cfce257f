"""The entries of a dependency file, and how they are read from a requirements file."""

from __future__ import annotations

import codecs
import os
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field
from pathlib import Path, PurePath
from typing import Final, Literal, TypeAlias
from urllib.parse import urljoin, urlsplit
from urllib.request import url2pathname

from packaging.utils import NormalizedName

from conda_pip_interop.dependency_files.locations import (
    expand_variables,
    is_location,
    read_conda_build_path,
)
from conda_pip_interop.environment.paths import READ_LIMIT
from conda_pip_interop.errors import UsageError
from conda_pip_interop.grammar import is_line
from conda_pip_interop.text import hide_password, quoted
from conda_pip_interop.values import dataclass, regex

#: A location is a path, a URL or an editable project; an option is one of pip's global options.
Kind: TypeAlias = Literal["requirement", "constraint", "location", "option"]
Supplier: TypeAlias = Literal["conda", "pypi"]
#: Where a requirements file is: its path, or its URL.
FilePlace: TypeAlias = Path | str
#: Downloads a URL; raises OSError with the reason as its message.
Fetch: TypeAlias = Callable[[str], bytes]

#: Patterns that run over what others wrote begin with no run of blanks: that takes quadratic time.
_COMMENT: Final = regex(r"(?:^|(?<=\s))#.*$")
_OPTION: Final = regex(r"(?:(--[\w-]+)(?:\s*=\s*|\s+|$)|(-\w)\s*)(.*)$")
REQUIREMENT: Final = ("-r", "--requirement")
CONSTRAINT: Final = ("-c", "--constraint")
EDITABLE: Final = ("-e", "--editable")
_LINE_OPTION: Final = regex(r"(?<=\s)--(?:hash|global-option|config-settings?)\b.*$")
_CODING: Final = regex(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
#: Byte order marks; UTF-32's begins with UTF-16's.
_MARKS: Final = (
    (codecs.BOM_UTF8, "UTF-8"),
    (codecs.BOM_UTF32_LE, "UTF-32-LE"),
    (codecs.BOM_UTF32_BE, "UTF-32-BE"),
    (codecs.BOM_UTF16_LE, "UTF-16-LE"),
    (codecs.BOM_UTF16_BE, "UTF-16-BE"),
)
#: A requirement and the indented comment lines below it, of which the first begins with `# via`.
_VIA: Final = regex(r"^([^\s#].*|[ \t]+--.*)\n([ \t]+# via.*\n(?:[ \t]+#.*\n)*)", re.MULTILINE)
#: pip takes a word with a hyphen, behind a path or URL, for an option.
_ARGUMENT_OPTION: Final = regex(r"(?:^|\s)-")
_MAX_DEPTH: Final = 20
_CHECK_PATH: Final = "Check the path; it is relative to the current directory."
_NETWORK: Final = "conda's settings for proxies and certificates are used."
#: In characters, with the lines that a backslash joins; a package with 300 hashes has half of it.
_LONGEST_LINE: Final = 1 << 16


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One line of a dependency file; its paths are relative to `folder`.

    `tail` has the options after a requirement (`--hash=…`), `comment` the comment after it, and
    `before` the comment lines above it, each with its `#`. `index` is the URL of the only index
    that may be asked for it. `included` is the option that a constraint was read by (`-c FILE`),
    `build_path` where conda's package was built, if that has lost the version (`pip freeze`).
    Paths are read from the current folder first, as pip does, or from `run_in`.
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
    included: str = ""
    build_path: str = ""
    run_in: Path | None = None

    def __post_init__(self) -> None:
        """Refuse what would be several lines of another file, or options of pip's there."""
        if not all(map(is_line, (self.text, self.tail, self.index, self.included))):
            raise UsageError(
                "invalid-requirement",
                f"{self.origin}: {quoted(self.text)} contains a line break or a control character.",
                hints=("To fix: correct the line, then run the command again.",),
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnTable:
    """What a project's `[tool.conda-pip-interop]` wants: where to search, which names, where first.

    `names` maps PyPI's names to conda's; None is for never from conda (`false` in the file).
    """

    channels: tuple[str, ...] = ()
    names: Mapping[NormalizedName, str | None] = field(default_factory=dict)
    prefer: Supplier | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Dependencies:
    """The dependencies in a file; all of them, with those of the dependencies, if it is `locked`.

    `links` are the archive URLs in a lock file, with their hashes. `own` has the `Requires-Dist`
    lines of the extras of the file's own project, by its name. `owned_by_pip`: only pip is to
    install them. `notes` say what of the file was left out; `table` is what the project says of
    an installation. `environments` are markers of which one must match (PEP 751).
    """

    entries: tuple[Entry, ...]
    requires_python: str | None = None
    links: tuple[str, ...] = ()
    own: Mapping[NormalizedName, tuple[str, ...]] = field(default_factory=dict)
    locked: bool = False
    owned_by_pip: bool = False
    notes: tuple[str, ...] = ()
    table: OwnTable | None = None
    environments: tuple[str, ...] = ()


def read_requirements_file(
    file: FilePlace,
    *,
    environ: Mapping[str, str] | None = None,
    fetch: Fetch | None = None,
    above: tuple[str, ...] = (),
    seen: set[tuple[str, str]] | None = None,
) -> Iterator[Entry]:
    """Read a requirements file and the files that it includes (pip's "Requirements File Format").

    A file that is included again says nothing new, and is not read again; `above` are those that
    include it. `environ` gives the values of `${NAME}` in the names of included files, `fetch`
    downloads those at an https URL. Raises UsageError `unreadable-file`.
    """
    seen = set() if seen is None else seen
    shown, place = hide_password(str(file)), os.path.normpath(file)
    folder = Path() if isinstance(file, str) else file.parent
    if place in above or len(above) > _MAX_DEPTH:
        raise unreadable(shown, "it includes itself")
    before: list[str] = []
    text = f"{read_text(file, fetch)}\n"
    for number, line, comment in split_lines(_VIA.sub(_join_via, text)):
        origin = f"{shown}:{number}"
        if len(line) > _LONGEST_LINE:
            raise unreadable(origin, f"it is longer than {_LONGEST_LINE} characters")
        if not line and comment:
            before.append(comment)
            continue
        if not line:
            before = []
            continue
        option, value = split_option(line)
        if option in (*REQUIREMENT, *CONSTRAINT):
            name = expand_variables(value, environ or {})
            included = find_place(file if isinstance(file, str) else folder, name, fetch)
            key = (os.path.normpath(included), "-r" if option in REQUIREMENT else "-c")
            if key[0] in (*above, place) or key not in seen:
                seen.add(key)
                inner = read_requirements_file(
                    included, environ=environ, fetch=fetch, above=(*above, place), seen=seen
                )
                if option in REQUIREMENT:
                    yield from inner
                else:
                    yield from as_constraints(inner, included=line, folder=folder)
        else:
            yield build_entry(line, origin, folder, comment, tuple(before))
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
    build_path = ""
    if built is not None and "==" not in built.partition(";")[0]:
        build_path = line.partition("@")[2].partition(" ;")[0].strip()
        comment = f"# the version is not in {build_path} {comment}".rstrip()
    kind, text, tail = classify(built or line)
    return Entry(
        text=text,
        origin=origin,
        kind=kind,
        tail=tail,
        folder=folder,
        comment=comment,
        before=before,
        build_path=build_path,
    )


def as_constraints(entries: Iterable[Entry], *, included: str, folder: Path) -> Iterator[Entry]:
    """Turn the requirements of a file into constraints, which an option (`-c FILE`) includes."""
    for entry in entries:
        if entry.kind in ("requirement", "constraint"):
            yield Entry(
                text=entry.text,
                origin=entry.origin,
                kind="constraint",
                tail=entry.tail,
                folder=folder,
                included=included,
            )
        elif entry.kind == "location":
            raise unreadable(entry.origin, f"the constraint {quoted(entry.text)} has no name")
        else:
            yield entry


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
    return (line[: found.start()].rstrip(), found[0].strip()) if found else (line, "")


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
    """Split a line into its option (None if it has none) and the value, unquoted but a marker."""
    if not line.startswith("-"):
        return None, line
    found = _OPTION.match(line)
    if found is None:
        return line, ""
    value, semicolon, marker = found[3].partition(" ;")
    try:
        return found[1] or found[2], f"{' '.join(shlex.split(value))}{semicolon}{marker}"
    except ValueError:  # an unclosed quotation mark
        return found[1] or found[2], found[3]


def find_file(folder: Path, name: str) -> Path:
    """Find a file relative to a folder; raises UsageError `unreadable-file` for a URL."""
    if "://" in name:
        raise unreadable(hide_password(name), "it is a URL; download it first")
    return folder / name


def find_place(beside: FilePlace, name: str, fetch: Fetch | None) -> FilePlace:
    """Find a requirements file beside a URL or in a folder; raises UsageError `unreadable-file`."""
    folder = Path() if isinstance(beside, str) else beside
    if isinstance(beside, str):
        name = urljoin(beside, name)
    elif name.lower().startswith("file://"):
        return Path(url2pathname(urlsplit(name).path))
    is_read = fetch is not None and name.lower().startswith("https://")
    return name if is_read else find_file(folder, name)


def read_text(file: FilePlace, fetch: Fetch | None = None) -> str:
    """Read a dependency file in any encoding that pip reads; raises UsageError `unreadable-file`.

    These are UTF-8, UTF-16 and UTF-32 by their byte order mark, and a coding line's (PEP 263).
    `fetch` downloads what is at a URL.
    """
    shown = hide_password(str(file))
    try:
        if isinstance(file, str):
            data = b"" if fetch is None else fetch(file)
        else:
            with file.open("rb") as stream:  # may be a pipe: `-r <(pip freeze)`
                data = stream.read(READ_LIMIT + 1)
        if len(data) > READ_LIMIT:
            raise unreadable(shown, f"it is larger than {READ_LIMIT >> 20} MB")
        return _decode(data).replace("\r\n", "\n")
    except (UnicodeDecodeError, LookupError) as error:
        raise unreadable(shown, f"it is not {_find_encoding(data)}") from error
    except (OSError, ValueError) as error:  # ValueError: NUL in its name
        if isinstance(file, str):
            raise unreadable(shown, str(error), hint=_NETWORK) from error
        raise UsageError(
            "unreadable-file",
            f"{file} cannot be read: {getattr(error, 'strerror', None) or error}.",
            hints=("Name a file in it." if isinstance(error, IsADirectoryError) else _CHECK_PATH,),
        ) from error


def _decode(data: bytes) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding)
    return data.decode(_find_encoding(data))


def _find_encoding(data: bytes) -> str:
    found = next((match for line in data.split(b"\n")[:2] if (match := _CODING.match(line))), None)
    return found[1].decode() if found else "UTF-8"


def check_argument(text: str, origin: str) -> str:
    """Return a path or URL of a table; raises UsageError where pip would read an option in it."""
    if _ARGUMENT_OPTION.search(text):
        raise unreadable(origin, f"pip would read {quoted(text)} as several words")
    return text


def unreadable(file: PurePath | str, reason: str, *, hint: str = "") -> UsageError:
    """Build the error for a file whose content is not valid, or not supported."""
    return UsageError(
        "unreadable-file",
        f"{file} cannot be read: {reason}.",
        hints=(
            hint
            or "Supported are requirements.txt, pyproject.toml, pylock.toml, environment.yml, "
            "conda-lock.yml, pixi.toml and pixi.lock.",
        ),
    )
