"""The options of `conda pip install`: ours, and pip's, each known by name."""

from __future__ import annotations

import argparse
import shutil
import textwrap
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Final, cast

from conda_pip_interop.commands.command_line.pip_arguments import add_pip_option, refuse_option
from conda_pip_interop.errors import UsageError
from conda_pip_interop.installers.pip.options import (
    BY_NAME,
    PIP_OPTIONS,
    ForwardedOption,
    ImpliedOption,
    PipArgument,
    PipOptions,
    RefusedOption,
)
from conda_pip_interop.protection.policy import PREFERENCES, Preference
from conda_pip_interop.resolve.request.install_options import InstallOptions, UpgradeStrategy

#: The flag, and with `=NAME[,NAME]` its narrowed form.
BREAK: Final = "--break-other-managers"
_SEE: Final = ("See `conda pip install --help`.",)
_BEHIND: Final = "Everything after `--` is passed to `pip install` unchanged."
#: (names, field, metavar, help) of what may be given several times.
_LISTS: Final = (
    (
        ("-r", "--requirement"),
        "requirement_files",
        "FILE",
        "a requirements.txt or another file of dependencies",
    ),
    (
        ("--constraint",),
        "constraint_files",
        "FILE",
        "constrain versions for conda and pip (pip's -c; here -c is a channel)",
    ),
    (("-e", "--editable"), "editables", "PROJECT", "a folder or git+… URL, editable"),
    (("--group",), "groups", "[PATH:]GROUP", "install a dependency group of pyproject.toml"),
    (
        ("--requirements-from-script",),
        "scripts",
        "FILE",
        "install the inline dependencies of a script",
    ),
)
_OWNERS: Final = (
    (("--from-pypi",), "from_pypi", "NAME", "install NAME with pip even if the channels have it"),
    (("--from-conda",), "from_conda", "NAME", "install NAME with conda or fail"),
)


def add_install_options(parser: argparse.ArgumentParser) -> None:
    """Add everything that `install` takes besides the environment and the channels."""
    parser.add_argument(
        "words",
        nargs="*",
        metavar="REQUIREMENT",
        help='such as flask, "flask[async]>=3", ., ./x.whl or git+https://…',
    )
    for names, dest, metavar, text in _LISTS:
        parser.add_argument(*names, action="append", dest=dest, metavar=metavar, help=text)
    _add_choices(parser.add_argument_group("who installs what"))
    _add_pip_options(parser.add_argument_group("pip options"))
    others = ", ".join(sorted(_list_unexplained()))
    parser.epilog = f"also passed to pip:\n{_wrap(others)}\n\n{_BEHIND}\n\n{parser.epilog}"


def add_solving_options(group: argparse._ActionsContainer) -> None:
    """Add who is asked first, and which solver conda uses."""
    group.add_argument(
        "--prefer", choices=PREFERENCES, help="where to look first (default: the policy, conda)"
    )
    group.add_argument("--solver", metavar="NAME", help="conda's solver: classic, libmamba, …")


def add_project_parts(parser: argparse.ArgumentParser) -> None:
    """Add the extras and groups of pyproject.toml that are read."""
    for option, what in (("extra", "an extra"), ("group", "a dependency group")):
        parser.add_argument(
            f"--{option}",
            action="append",
            dest=f"{option}s",
            metavar=option.upper(),
            help=f"include {what} of pyproject.toml",
        )


def _add_choices(group: argparse._ArgumentGroup) -> None:
    for names, dest, metavar, text in _OWNERS:
        group.add_argument(*names, action="append", dest=dest, metavar=metavar, help=text)
    group.add_argument(
        BREAK,
        action="store_true",
        dest="break_requested",
        help="let pip replace conda's packages that this command names (or =NAME[,NAME])",
    )
    add_solving_options(group)
    group.add_argument(
        "--build-from-pypi",
        action="store_true",
        help="take build requirements from the index, as pip does",
    )
    group.add_argument(
        "--keep-going", action="store_true", help="keep conda's part if pip's part fails"
    )


def _add_pip_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument("-U", "--upgrade", action="store_true", help="upgrade the named packages")
    group.add_argument(
        "--upgrade-strategy",
        choices=("only-if-needed", "eager"),
        default="only-if-needed",
        help="how -U handles dependencies (default: only-if-needed)",
    )
    for names, text in (
        (("--force-reinstall",), "reinstall packages that are up to date"),
        (("--no-deps", "--no-dependencies"), "do not install dependencies"),
        (("--only-deps",), "install only dependencies"),
    ):
        group.add_argument(*names, action="store_true", help=text)
    for option in PIP_OPTIONS:
        add_pip_option(group, option)


def split_break_names(words: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """Split the names of `--break-other-managers=NAME[,NAME]` from the other words.

    argparse has no flag that may have a value, but only with `=`: a word after it is a requirement.
    """
    rest = [word for word in words if not word.startswith(f"{BREAK}=")]
    values = [word.partition("=")[2] for word in words if word.startswith(f"{BREAK}=")]
    names = tuple(name.strip() for value in values for name in value.split(",") if name.strip())
    if values and not names:
        raise UsageError("usage", f"{BREAK}= needs the name of a package.", hints=_SEE)
    return rest, names


def split_verbatim(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """What stands before `--`, and what behind it."""
    if "--" not in words:
        return list(words), []
    at = words.index("--")
    return list(words[:at]), list(words[at + 1 :])


def build_install_options(
    parsed: argparse.Namespace,
    words: Sequence[str],
    behind: PipOptions,
    break_names: tuple[str, ...] = (),
) -> InstallOptions:
    """The frozen form; raises UsageError for what cannot go together, or asks for nothing.

    `words` are the requirements, `behind` is what `read_verbatim` has found.
    """
    for channel in parsed.channels or ():
        refuse_constraints(channel)
    texts = {field: tuple(getattr(parsed, field) or ()) for _, field, _, _ in (*_LISTS, *_OWNERS)}
    asked = [field for _, field, _, _ in _LISTS if field != "constraint_files"]
    if not words and not any(texts[field] for field in asked):
        raise UsageError(
            "usage",
            "There is nothing to install.",
            hints=("Name a requirement, or a file with `-r FILE`.", *_SEE),
        )
    if parsed.no_deps and parsed.only_deps:
        raise UsageError("usage", "--no-deps and --only-deps are mutually exclusive.", hints=_SEE)
    both = sorted(set(texts["from_pypi"]) & set(texts["from_conda"]))
    if both:
        raise UsageError("usage", f"{both[0]} cannot come from PyPI and from conda.", hints=_SEE)
    return InstallOptions(
        **texts,
        upgrade=parsed.upgrade,
        upgrade_strategy=cast("UpgradeStrategy", parsed.upgrade_strategy),
        force_reinstall=parsed.force_reinstall,
        keep_in_place=False,
        no_deps=parsed.no_deps,
        only_deps=parsed.only_deps,
        prefer=cast("Preference | None", parsed.prefer),
        break_requested=parsed.break_requested,
        break_other_managers=break_names,
        keep_going=parsed.keep_going,
        build_from_pypi=parsed.build_from_pypi,
        solver=parsed.solver,
        pip=PipOptions(
            arguments=(*(parsed.pip_arguments or ()), *behind.arguments), verbatim=behind.verbatim
        ),
    )


def refuse_constraints(channel: str) -> None:
    """Refuse a file where a channel belongs: `-c` is pip's option for constraints, too."""
    if channel.endswith((".txt", ".in")) or Path(channel).is_file():
        raise UsageError(
            "usage",
            f"-c {channel}: here -c is a channel, and {channel} is a file.",
            hints=(f"To constrain versions: `--constraint {channel}`.",),
        )


def read_verbatim(
    words: Sequence[str], ours: Collection[str]
) -> tuple[tuple[str, ...], PipOptions]:
    """What stands behind `--`: requirements, and options of pip's, those we do not know included.

    `ours` are the options that we read ourselves: pip must not get them. The word behind an unknown
    option may be its value and stays with it. Raises UsageError.
    """
    asked: list[str] = []
    known: list[PipArgument] = []
    rest: list[str] = []
    left = iter(words)
    unknown = False
    for word in left:
        after_unknown, unknown = unknown, False
        name, equals, value = word.partition("=")
        option = BY_NAME.get(name)
        if option is None and name in ours:
            raise UsageError(
                "usage", f"{name} must come before `--`.", hints=(f"Move {name} before `--`.",)
            )
        match option:
            case RefusedOption():
                raise refuse_option(name, option)
            case ImpliedOption():
                continue
            case ForwardedOption(metavar=str()):
                given = value if equals else next(left, None)
                if given is None:
                    raise UsageError("usage", f"{name} needs a value.", hints=_SEE)
                known.append(PipArgument(option=option, value=given))
            case ForwardedOption():
                known.append(PipArgument(option=option))
            case None if word.startswith("-"):
                rest.append(word)
                unknown = not equals
            case None:
                (rest if after_unknown else asked).append(word)
    return tuple(asked), PipOptions(arguments=tuple(known), verbatim=tuple(rest))


def _list_unexplained() -> Iterator[str]:
    for option in PIP_OPTIONS:
        if isinstance(option, ForwardedOption) and not option.help:
            yield option.names[0]


def _wrap(text: str) -> str:
    columns = min(shutil.get_terminal_size().columns, 80) - 2
    return textwrap.fill(
        text, columns, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False
    )
