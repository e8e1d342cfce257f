"""The messages in the marker, in the languages of ``marker_texts.json``.

pip prints the message after "This environment is externally managed", without indentation. uv also
drops empty lines and everything after ``#`` or ``;``, so each line is a complete sentence.
"""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def _read_languages() -> Mapping[str, Mapping[str, str]]:
    """Read the sentences by language, then by name; `{env}` is the environment's name or path."""
    from importlib import resources  # slow to import, and rarely needed

    file = resources.files("conda_pip_interop.protection") / "marker_texts.json"
    languages: Mapping[str, Mapping[str, str]] = json.loads(file.read_text(encoding="utf-8"))
    return languages


def build_messages(
    *, env_name: str | None, prefix: Path, file: Path, is_base: bool, message: str | None
) -> Mapping[str, str]:
    """Return the message by language, ``en`` first; ``message`` is the administrator's text.

    It names the marker's ``file``, for whoever finds it after this project was uninstalled.
    For base the first advice is to create an environment, and the other commands install there; a
    notebook's kernel would not find what is installed there.
    """
    target = f"-n {_quote(env_name)}" if env_name else f"-p {_quote(str(prefix))}"
    allow = f"conda pip unprotect {target}"
    target = "-n NEW" if is_base else target
    shown = _flatten(env_name or str(prefix))
    added = _clean_message(message)
    texts: dict[str, str] = {}
    for language, words in _read_languages().items():
        conda = f"{words['conda']} conda install {target} PACKAGE"
        both = f"{words['both']} conda pip install {target} PACKAGE"
        fresh = f"{words['fresh']} conda create -n NEW python"
        # IPython's %conda gives `pip` neither the kernel's environment nor an answer to a prompt.
        notebook = f"{words['notebook']} %conda pip install {target} --yes PACKAGE"
        advice = [fresh, conda, both] if is_base else [conda, both, notebook, fresh]
        opening = (words["base"] if is_base else words["env"]).replace("{env}", shown)
        leave = (f"{words['allow']} {allow}", f"{words['delete']} {_flatten(str(file))}")
        texts[language] = "\n".join((opening, "", *advice, "", *leave, words["risk"], *added))
    return texts


def _quote(text: str) -> str:
    flat = _flatten(text)
    return f'"{flat}"' if "\\" in flat and '"' not in flat else shlex.quote(flat)


def _flatten(text: str) -> str:
    """Replace what cannot be printed, so that a name with a newline stays on one line."""
    return "".join(char if char.isprintable() else "?" for char in text)


def _clean_message(message: str | None) -> tuple[str, ...]:
    """Split the administrator's text into lines that an INI parser does not take as comments."""
    lines = [_flatten(line.strip()) for line in (message or "").strip().splitlines()]
    kept = tuple(f"- {line}" if line.startswith(("#", ";")) else line for line in lines)
    return ("", *kept) if kept else ()
