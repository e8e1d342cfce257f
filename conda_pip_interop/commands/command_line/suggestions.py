"""What to use instead of a command or an option that there is not."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Final

from conda_pip_interop.text import hide_password

_ENVIRONMENT: Final = ("-n", "--name", "-p", "--prefix")
_CREATE: Final = (
    "To create an environment: `conda create{env:-n NEW} python pip`.",
    "From a file: `conda pip create{env:-n NEW} {names:FILE}`.",
)
_UNDO: Final = ("To undo the last operation: `conda pip undo{env}`.",)
_TREE: Final = ("To show what requires what: `conda pip tree{env} {names}`.",)
_LOCK: Final = (
    "To lock what is installed: `conda pip export{env} -o pylock.toml`.",
    "To print exact requirements: `conda pip freeze{env}`.",
)
_CHECK: Final = ("To find problems: `conda pip check{env}`.",)

#: Commands that people know from conda, pip or uv, and what does that here. `{names:DEFAULT}` are
#: the words of the command line without the environment, which is `{env:DEFAULT}`.
_INSTEAD: Final[Mapping[str, Sequence[str]]] = {
    "venv": _CREATE,
    "search": (
        "To search the channels: `conda search {names:NAME}`.",
        "To list the versions on the index: `conda pip index{env} versions {names:NAME}`.",
        "To find the conda name of a project: `conda pip names{env} {names:NAME}`.",
    ),
    "outdated": ("To list packages with a newer version: `conda pip list{env} --outdated`.",),
    "info": ("To show a package: `conda pip show{env} {names:NAME}`.",),
    "lock": _LOCK,
    "compile": _LOCK,
    "rollback": _UNDO,
    "revert": _UNDO,
    "deps": _TREE,
    "depends": _TREE,
    "doctor": _CHECK,
    "verify": _CHECK,
    "fix": ("To repair packages: `conda pip repair{env} {names}`.",),
    "version": ("To print the version: `conda pip --version`.",),
    "env": ("To list the environments: `conda env list`.",),
    "envs": ("To list the environments: `conda env list`.",),
    "run": ("To run a program of an environment: `conda run{env} {names:PROGRAM}`.",),
    "activate": ("To activate an environment: `conda activate {names:ENV}`.",),
    "deactivate": ("To deactivate the environment: `conda deactivate`.",),
    "clean": ("To remove caches: `conda clean --all` and `conda pip cache purge`.",),
}
#: Options that people know from conda, pip or uv, and those of ours that come nearest.
_SYNONYMS: Final[Mapping[str, Sequence[str]]] = {
    "--file": ("--requirement",),
    "--format": ("--json",),
    "-U": ("--upgrade", "--outdated"),
    "-u": ("--upgrade", "--outdated"),
    "-o": ("--output", "--outdated"),
    "--upgrade": ("--outdated",),
    "--update": ("--upgrade", "--outdated"),
    "--check-only": ("--dry-run", "--check"),
    "--simulate": ("--dry-run",),
    "--what-if": ("--dry-run",),
    "--whatif": ("--dry-run",),
    "--assume-yes": ("--yes",),
    "--no-confirm": ("--yes",),
    "--noconfirm": ("--yes",),
    "--no-input": ("--yes",),
    "--force": ("--force-reinstall", "--yes"),
    "--silent": ("--quiet",),
    "-f": ("--force",),
    "-s": ("--quiet",),
    "--debug": ("--verbose",),
    "--env": ("--name", "--prefix"),
    "--environment": ("--name", "--prefix"),
    "--path": ("--prefix",),
    "--python": ("--prefix",),
    "--ignore-dependencies": ("--no-deps",),
    "--recursive": ("--keep-deps",),
    "--include-deps": ("--keep-deps",),
    "--prerelease": ("--pre",),
}
_SHORTENED: Final = 3


def suggest_instead(name: str, words: Iterable[str]) -> tuple[str, ...]:
    """Return hints for a command that only others have; the words of the command line are kept."""
    environment, names = _split_environment(words)
    fields = {
        "env": _Words(words=environment, before=" "),
        "names": _Words(words=[one for one in names if one != "--all"]),
    }
    return tuple(
        hide_password(text.format(**fields)).replace(" `.", "`.").replace("  ", " ")
        for text in _INSTEAD.get(name, ())
    )


class _Words:
    """Words in a command line of a hint; the format specification is what stands for none."""

    def __init__(self, *, words: Sequence[str], before: str = "") -> None:
        self._words, self._before = words, before

    def __format__(self, default: str) -> str:
        text = shlex.join(self._words) or default
        return f"{self._before}{text}" if text else ""


def _split_environment(words: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the words that select the environment, and the others."""
    ours: list[str] = []
    others: list[str] = []
    left = iter(words)
    for word in left:
        if word in _ENVIRONMENT:
            value = next(left, None)
            ours += [word] if value is None else [word, value]
        elif word.startswith(tuple(f"{one}=" for one in _ENVIRONMENT)):
            ours.append(word)
        else:
            others.append(word)
    return ours, others


def find_nearest_option(word: str, known: Collection[str]) -> str | None:
    """Return the option of `known` that `word`, an option with or without a value, comes nearest.

    `-N` is `-n`, `--dry` is `--dry-run`, and an option of pip's or conda's is what does that here.
    One with the same letters comes nearer than any other.
    """
    name = word.partition("=")[0]
    for one in (*_SYNONYMS.get(name, ()), name.swapcase()):
        if one in known:
            return one
    typed = name.strip("-").replace("_", "-").lower()
    texts = {one[2:]: one for one in sorted(known) if one.startswith("--")}
    if len(typed) >= _SHORTENED:
        for text, option in texts.items():
            if text.startswith(typed):
                return option
    close = [one for one in texts if sorted(one) == sorted(typed)]
    close += get_close_matches(typed, texts, n=1)
    return texts[close[0]] if close else None
