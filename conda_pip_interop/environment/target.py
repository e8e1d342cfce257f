"""The environment that a command works on, and how to name it."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

from conda_pip_interop.environment.paths import read_regular
from conda_pip_interop.errors import InteropError
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """An environment; `name` is None if conda knows it only by its path."""

    prefix: Path
    name: str | None
    is_base: bool

    @classmethod
    def at(cls, prefix: Path) -> Target:
        """Build the target of which nothing but the path is known."""
        return cls(prefix=prefix, name=None, is_base=False)

    @property
    def option(self) -> tuple[str, str]:
        """The option that selects it: `-n web` or `-p /path/to/env`."""
        return ("-n", self.name) if self.name is not None else ("-p", str(self.prefix))

    @property
    def label(self) -> str:
        """Its name in messages, or its path if it has no name."""
        return self.name if self.name is not None else str(self.prefix)

    def command(self, *words: str) -> str:
        """Return `words` (`conda pip restore numpy`) as a command line for this environment.

        The option is placed after the subcommand and before its operands; of `conda env`, those
        of three words are built (`conda env config vars set`). Other programs are named by path.
        """
        if words[0] != "conda":
            return shlex.join(words)
        verbs = {"pip": 3, "env": 5}.get(words[1], 2)
        return shlex.join([*words[:verbs], *self.option, *words[verbs:]])


def refuse_frozen(target: Target) -> None:
    """Raise InteropError `frozen`, with its own message, for an environment frozen by CEP 22."""
    file = target.prefix / "conda-meta" / "frozen"
    if not file.is_file():
        return
    try:
        message = str(json.loads(read_regular(file))["message"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        message = "no reason given"
    raise InteropError(
        "frozen",
        f"The environment {target.label} is frozen ({message}); nothing was changed.",
        hints=("To change it anyway, add `--override-frozen`.",),
    )


def not_installed(
    names: Sequence[str], target: Target, *, installed: Iterable[str]
) -> InteropError:
    """Build the error for names that neither manager has installed; `installed` has the others."""
    return InteropError(
        "not-installed",
        f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} not installed in {target.label}.",
        hints=(
            *suggest_names(names, installed),
            f"To list installed packages: `{target.command('conda', 'pip', 'list')}`.",
        ),
    )


def suggest_names(names: Iterable[str], installed: Iterable[str]) -> tuple[str, ...]:
    """Return a hint with the installed names that mistyped ones come nearest, if there are any."""
    from difflib import get_close_matches  # imported late: each command imports this module

    known = sorted({*installed})
    near = dict.fromkeys(one for name in names for one in get_close_matches(name, known, n=1))
    return (f"Did you mean {', '.join(near)}?",) if near else ()
