"""The options of the commands that pip has too: uninstall, list, show, tree, why, freeze.

And of those that are handed to the environment's pip as they are.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

#: The commands that are ours, each with its line in help.
FAMILY: Final = {
    "uninstall": "remove what pip has installed, and what nothing needs any more",
    "list": "list the Python distributions of an environment and who owns them",
    "show": "tell all about a distribution: owner, source, who needs it",
    "tree": "show what needs what, across both managers",
    "why": "tell why a package is there: who asked for it, or for what needs it",
    "freeze": "write what pip owns as requirements",
}
#: Commands of pip's that go to the environment's pip, with every word behind them.
PASSED: Final = {
    "download": "fetch packages as files",
    "wheel": "build wheels",
    "index": "ask the index which versions there are",
    "cache": "look into pip's cache, or clear it",
    "config": "show and change pip's configuration",
    "inspect": "tell what pip knows, as JSON",
    "hash": "compute hashes of files",
}
#: Command lines for the help of each, one a line.
EXAMPLES: Final = {
    "uninstall": "conda pip uninstall -n web cowsay\n"
    "  conda pip uninstall -n web --dry-run --keep-deps flask-testing",
    "list": "conda pip list -n web\n  conda pip list -n web --outdated\n  conda pip list --json",
    "show": "conda pip show -n web flask\n  conda pip show -n web -f cowsay",
    "tree": "conda pip tree -n web\n  conda pip tree -n web flask\n"
    "  conda pip tree -n web --reverse markupsafe",
    "why": "conda pip why -n web markupsafe",
    "freeze": "conda pip freeze -n web\n  conda pip freeze -n web --all",
    "download": "conda pip -n web download --no-deps -d wheels cowsay\n"
    "  conda pip download -n web -d wheels -r requirements.txt",
    "wheel": "conda pip -n web wheel --no-deps -w wheels .",
    "index": "conda pip -n web index versions cowsay",
    "cache": "conda pip cache dir\n  conda pip cache purge",
    "config": "conda pip -n web config --site set global.timeout 60\n  conda pip config list",
    "inspect": "conda pip -n web inspect",
    "hash": "conda pip hash wheels/cowsay-6.1-py3-none-any.whl",
}
#: What tells our fields in a namespace from others.
_MARK: Final = "family_"
#: What names the environment.
TARGET_OPTIONS: Final = frozenset(("-n", "-p", "--name", "--prefix"))


@dataclass(frozen=True, kw_only=True, slots=True)
class FamilyOptions:
    """What only these commands are told; `verbatim` are pip's own words."""

    keep_deps: bool = False
    outdated: bool = False
    files: bool = False
    reverse: bool = False
    every: bool = False
    verbatim: tuple[str, ...] = ()


def add_family_options(
    parser: argparse.ArgumentParser, command: str, *, standalone: bool = False
) -> None:
    """Those of `command`, if it is one of these; the words that it takes included."""
    match command:
        case "uninstall":
            _add_words(parser, "+", "a package that pip has installed")
            _add_switch(parser, "--keep-deps", "leave what nothing needs any more")
        case "list" if not standalone:
            _add_switch(parser, "--outdated", "only those that have a newer version")
        case "show":
            _add_words(parser, "+", "a Python distribution")
            _add_switch(parser, "--files", "list its files, too", "-f")
        case "tree":
            _add_words(parser, "*", "a package; default: all")
            _add_switch(parser, "--reverse", "the other way up: who needs it")
        case "why":
            _add_words(parser, "+", "a package, conda's or pip's")
        case "freeze":
            _add_switch(parser, "--all", "conda's too; pip, setuptools and wheel too")
        case _:
            pass


def build_family_options(parsed: argparse.Namespace) -> FamilyOptions:
    """The values of what `add_family_options` has added."""
    given = vars(parsed).items()
    return FamilyOptions(
        **{key.removeprefix(_MARK): value for key, value in given if key.startswith(_MARK)}
    )


def describe_passed(parser: argparse.ArgumentParser, command: str) -> None:
    """The help of a command that is handed on."""
    parser.usage = f"conda pip [-n ENV | -p PATH] {command} ARGUMENT ..."
    parser.description = (
        f"{PASSED[command][0].upper()}{PASSED[command][1:]}: `pip {command}` of the environment."
        "\n\nWhat stands behind the command is handed to pip as it is, and the exit code is"
        f"\npip's. pip's own help: `conda pip {command} -- --help`."
    )


def split_passed(
    before: Sequence[str], behind: Sequence[str]
) -> tuple[list[str], FamilyOptions | None]:
    """(our words, pip's own as they are; None where our help is asked for).

    Ours is what stands before the command, and what names the environment right behind it. A `--`
    behind that only says that the rest is pip's.
    """
    ours, rest = list(before), list(behind)
    while rest and rest[0].startswith(tuple(TARGET_OPTIONS)):
        count = 2 if rest[0] in TARGET_OPTIONS else 1
        ours += rest[:count]
        del rest[:count]
    if rest[:1] == ["--"]:
        return ours, FamilyOptions(verbatim=tuple(rest[1:]))
    own = rest[: rest.index("--")] if "--" in rest else rest
    asked = {"-h", "--help"} & {*before, *own}
    return ours, None if asked else FamilyOptions(verbatim=tuple(rest))


def _add_words(parser: argparse.ArgumentParser, count: str, text: str) -> None:
    parser.add_argument("words", nargs=count, metavar="NAME", help=text)


def _add_switch(parser: argparse.ArgumentParser, name: str, text: str, *others: str) -> None:
    field = {"--all": "every"}.get(name, name.removeprefix("--").replace("-", "_"))
    parser.add_argument(*others, name, action="store_true", dest=f"{_MARK}{field}", help=text)
