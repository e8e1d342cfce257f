"""The format of a dependency file, recognized by its content."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, cast

from conda_pip_interop.dependency_files.projects.document import load_toml
from conda_pip_interop.dependency_files.requirements_txt import unreadable
from conda_pip_interop.errors import UsageError
from conda_pip_interop.values import regex

Format: TypeAlias = Literal[
    "requirements",
    "pyproject",
    "pylock",
    "script",
    "environment",
    "pixi",
    "conda-lock",
    "pixi-lock",
]

_TABLE: Final = regex(
    r"""^(?:\[[\w."'-]+\]|\[\[[\w."'-]+\]\]|lock-version\s*=.*)\s*(?:#.*)?$""", re.MULTILINE
)
_YAML_KEY: Final = regex(r"""^["']?([A-Za-z_-]+)["']?:(?:\s|$)""", re.MULTILINE)
_SETUP_CFG: Final = regex(r"^\[(?:metadata|options(?:\.\w+)*)\]\s*$", re.MULTILINE)
#: Lines that only one kind of file has.
_SIGNS: Final[Mapping[str, re.Pattern[str]]] = {
    "script": regex(r"^# /// script\s*$", re.MULTILINE),
    "explicit": regex(r"^@EXPLICIT\s*$", re.MULTILINE),
}
_EXPORTED: Final = regex(r"^[\w.-]+=[^=\s]+=[^=\s]+$")
#: As text, or as a list in JSON, which no line of a requirements file begins like.
_LISTED: Final = regex(
    r"""^(?:# packages in environment at |Package +Version)|\A\s*\[\s*\{\s*["']""", re.MULTILINE
)
_ENVIRONMENT_KEYS: Final = {"name", "channels", "prefix", "variables", "platforms"}

CREATE: Final = "To create an environment from it: `conda pip create -n NAME FILE`."
_CONDAS: Final = "To create an environment from it: `conda create --name NAME --file FILE`."
_PROJECT: Final = "To install the project and its dependencies: `conda pip install FOLDER`."
_PIPENV: Final = "To convert it: `pipenv requirements > requirements.txt`."
#: What is recognized but not read: what it is, and what reads it.
_OTHERS: Final[Mapping[str, tuple[str, str]]] = {
    "explicit": ("an explicit list of conda packages", CREATE),
    "exported": ("a list of `conda list --export`", _CONDAS),
    "exported with pip's": (
        "a list of `conda list --export`",
        f"{_CONDAS[:-1]}, without the lines with `=pypi_0`, which pip installed.",
    ),
    "listed": (
        "the output of `conda list` or `pip list`",
        "To write a file with both managers' packages: `conda pip export -o environment.yml`.",
    ),
    "setup.cfg": ("the configuration of setuptools", _PROJECT),
    "setup.py": ("a program of setuptools", _PROJECT),
    "uv.lock": (
        "a lock file of uv",
        "To convert it: `uv export --format pylock.toml -o pylock.toml`.",
    ),
    "poetry.lock": (
        "a lock file of Poetry",
        "To convert it: `poetry export -o requirements.txt`.",
    ),
    "pdm.lock": ("a lock file of PDM", "To convert it: `pdm export -o requirements.txt`."),
    "Pipfile": ("a Pipfile", _PIPENV),
    "Pipfile.lock": ("a lock file of Pipenv", _PIPENV),
    "recipe": ("a conda recipe", "To build it: `conda build FOLDER`."),
}


def find_format(text: str, file: Path) -> Format:
    """Find the format of a text; what no other format claims is a requirements file.

    Raises UsageError `unreadable-file` for a file of another tool, with the command that reads it.
    """
    kind = find_kind(text, file)
    if kind in _OTHERS:
        raise _build_refusal(kind, file)
    return cast("Format", kind)


def find_kind(text: str, file: Path) -> str:
    """Find what a text is: a `Format`, or one of other tools and of locks.

    Raises UsageError `unreadable-file` for a text of no known format.
    """
    if "\0" in text:
        raise unreadable(file, "it is not a text file")
    if text.lstrip().startswith("<"):
        raise unreadable(file, "it is a page in HTML or XML")
    marked = next((kind for kind, sign in _SIGNS.items() if sign.search(text)), None)
    if marked is not None or file.name == "setup.py":
        return marked or "setup.py"
    document = _load_json(text)
    if document is not None:
        return _choose(_YAML, document, file)
    if _is_toml(text, file):
        return _choose(_TOML, _load_toml(text, file), file)
    if _is_setup_cfg(text):
        return "setup.cfg"
    if file.suffix in (".yml", ".yaml") or (_YAML_KEY.search(text) and not _TABLE.search(text)):
        return _find_yaml_kind(text, file)
    return _find_line_kind(text)


def _find_line_kind(text: str) -> str:
    """Find the kind of a text of lines."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and line[:1] != "#"]
    if lines and all(map(_EXPORTED.fullmatch, lines)):
        by_pip = any(line.endswith("=pypi_0") for line in lines)
        return "exported with pip's" if by_pip else "exported"
    return "listed" if _LISTED.search(text) else "requirements"


def _load_toml(text: str, file: Path) -> Mapping[str, Any]:
    """Load TOML; the tables may also be the sections of an INI file."""
    try:
        return load_toml(text, str(file))
    except UsageError as error:
        if file.suffix == ".toml":
            raise
        raise unreadable(file, "its content has no known format") from error


def _is_toml(text: str, file: Path) -> bool:
    """Whether it is TOML; a requirements file has no tables, setup.cfg has no quoted strings."""
    is_table = _TABLE.search(text) is not None and not _is_setup_cfg(text)
    return file.suffix == ".toml" or is_table


def _is_setup_cfg(text: str) -> bool:
    """Whether it is setup.cfg; lock files in TOML have a `[metadata]`, too, and `[[package]]`."""
    return _SETUP_CFG.search(text) is not None and "\n[[" not in f"\n{text}"


def _build_refusal(kind: str, file: Path) -> UsageError:
    what, hint = _OTHERS[kind]
    hint = hint.replace("FILE", shlex.quote(str(file)))
    hint = hint.replace("FOLDER", shlex.quote(str(file.parent)))
    return unreadable(file, f"it is {what}", hint=hint)


def _choose(
    kinds: Mapping[str, Callable[[Mapping[str, Any]], bool]],
    document: Mapping[str, Any],
    file: Path,
) -> str:
    kind = next((one for one, is_kind in kinds.items() if is_kind(document)), None)
    if kind is None:
        raise unreadable(file, "its content has no known format")
    return kind


def _load_json(text: str) -> Mapping[str, Any] | None:
    if not text.lstrip().startswith("{"):
        return None
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):  # Jinja begins with a brace, too
        return None
    return document if isinstance(document, dict) else None


def _find_yaml_kind(text: str, file: Path) -> str:
    """Find the kind by the keys of the first column; the whole is not parsed twice.

    A recipe has Jinja expressions, which are not valid YAML.
    """
    keys = dict.fromkeys(_YAML_KEY.findall(text), True)
    return _choose(_YAML, keys, file) if keys else "environment"


def _has(*keys: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda document: all(key in document for key in keys)


def _is_uv_lock(document: Mapping[str, Any]) -> bool:
    return isinstance(document.get("package"), list) and isinstance(document.get("version"), int)


def _has_metadata(key: str) -> Callable[[Mapping[str, Any]], bool]:
    def is_kind(document: Mapping[str, Any]) -> bool:
        metadata = document.get("metadata")
        return isinstance(metadata, dict) and key in metadata

    return is_kind


def _is_pixi(document: Mapping[str, Any]) -> bool:
    workspace = document.get("workspace", document.get("project"))
    return isinstance(workspace, dict) and "channels" in workspace


def _is_pipfile(document: Mapping[str, Any]) -> bool:
    return isinstance(document.get("packages", document.get("dev-packages")), dict)


def _is_environment(document: Mapping[str, Any]) -> bool:
    return "dependencies" in document or _ENVIRONMENT_KEYS.issuperset(document)


def _is_pyproject(document: Mapping[str, Any]) -> bool:
    return any(key in document for key in ("project", "build-system", "dependency-groups", "tool"))


#: The kinds of TOML files and of YAML files, the more certain ones first.
_TOML: Final[Mapping[str, Callable[[Mapping[str, Any]], bool]]] = {
    "Pipfile": _is_pipfile,
    "pylock": lambda document: "lock-version" in document or "packages" in document,
    "poetry.lock": _has_metadata("content-hash"),
    "pdm.lock": _has_metadata("lock_version"),
    "uv.lock": _is_uv_lock,
    "pixi": _is_pixi,
    "pyproject": _is_pyproject,
}
_YAML: Final[Mapping[str, Callable[[Mapping[str, Any]], bool]]] = {
    "Pipfile.lock": _has("_meta", "default"),
    "conda-lock": _has("version", "metadata", "package"),
    "pixi-lock": _has("version", "environments", "packages"),
    "recipe": _has("requirements"),
    "environment": _is_environment,
}
