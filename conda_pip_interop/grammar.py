"""What may become a path, an argument or a line: names, versions and requirements by grammar.

Metadata, reports and dependency files are written by others. A version with a slash would be a
path of its own, a line break in a URL a second line of a requirements file, with options of pip's.
"""

from __future__ import annotations

from typing import Final

from packaging.version import InvalidVersion, Version

from conda_pip_interop.values import regex

#: The name specification's grammar; `packaging` compiles it with IGNORECASE, which folds `K`.
_NAME: Final = regex(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_CONDA_NAME: Final = regex(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
#: What some reader takes for the end of a line (`str.splitlines` does), and other controls.
_BREAK: Final = regex(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
_WORD: Final = regex(r"[^\s/\\]+")
_HASH: Final = regex(r"[A-Za-z0-9_]+:[0-9A-Fa-f]+")


def is_line(text: str) -> bool:
    """Return whether no reader takes a text for more than one line."""
    return _BREAK.search(text) is None


def is_word(text: str) -> bool:
    """Return whether a text is one word of one line, and one component of a path."""
    return is_line(text) and _WORD.fullmatch(text) is not None


def is_name(text: str) -> bool:
    """Return whether a text is the name of a project, or of an extra."""
    return _NAME.fullmatch(text) is not None


def is_conda_name(text: str) -> bool:
    """Return whether a text may be the name of a conda package."""
    return _CONDA_NAME.fullmatch(text) is not None


def is_version(text: str) -> bool:
    """Return whether a text is a version of PEP 440, without blanks around it."""
    try:
        Version(text)
    except InvalidVersion:
        return False
    return is_word(text)


def is_hash(text: str) -> bool:
    """Return whether a text is `ALGORITHM:HEX`, as pip's `--hash` takes it."""
    return _HASH.fullmatch(text) is not None


def is_requirement(text: str) -> bool:
    """Return whether a text is one requirement (PEP 508) on one line."""
    from packaging.requirements import InvalidRequirement, Requirement  # not for every command

    try:
        Requirement(text)
    except (InvalidRequirement, RecursionError):
        return False
    return is_line(text)
