"""Commands of pip that the environment's pip executes, with all their arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conda_pip_interop.commands.output import Output

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from conda_pip_interop.commands.command_line.parser import CommandParser
    from conda_pip_interop.commands.host import Host

HELP: Final = {
    "wheel": "Build wheels",
    "index": "List the versions of a package on the index",
    "cache": "Show or clear pip's cache",
    "config": "Show or change pip's configuration",
    "inspect": "Print what pip knows about the environment as JSON",
    "hash": "Compute hashes of files",
}
EXAMPLES: Final = {
    "wheel": "conda pip -n web wheel --no-deps -w wheels .",
    "index": "conda pip -n web index versions cowsay",
    "cache": "conda pip cache dir\nconda pip cache purge",
    "config": "conda pip -n web config --site set global.timeout 60\nconda pip config list",
    "inspect": "conda pip -n web inspect",
    "hash": "conda pip hash wheels/cowsay-6.1-py3-none-any.whl",
}
_ENVIRONMENT_OPTIONS: Final = frozenset(("-n", "-p", "--name", "--prefix"))
#: pip's exit code for an option that it does not know.
_WRONG_USAGE: Final = 2


def configure(parser: CommandParser) -> None:
    """Describe the command; its arguments are pip's."""
    command = str(parser.get_default("command"))
    parser.usage = f"conda pip [-n ENV | -p PATH] {command} ARGUMENT ..."
    parser.description = (
        f"{HELP[command]}.\n\nRuns `pip {command}` of the environment."
        "\nAll arguments after the command are passed to pip, and the exit code is pip's."
        f"\npip's own help: `conda pip {command} -- --help`."
    )


def parse_words(
    parser: CommandParser, before: Sequence[str], after: Sequence[str]
) -> Namespace | None:
    """Return the arguments, pip's own as `verbatim`; None where our help is asked for.

    Ours is what is before the command, and what selects the environment right after it. A `--`
    after that only says that the rest is pip's.
    """
    ours, rest = list(before), list(after)
    while rest and rest[0].startswith(tuple(_ENVIRONMENT_OPTIONS)):
        size = 2 if rest[0] in _ENVIRONMENT_OPTIONS else 1
        ours += rest[:size]
        del rest[:size]
    own = rest[: rest.index("--")] if "--" in rest else rest
    if {"-h", "--help"} & {*before, *own}:
        return None
    args = parser.parse(ours)
    args.verbatim = tuple(rest[1:] if rest[:1] == ["--"] else rest)
    return args


def execute(args: Namespace, host: Host) -> Output:
    """Run pip; where it does not know -n or -p, say where they belong."""
    from conda_pip_interop.environment.snapshot import read_snapshot
    from conda_pip_interop.installers.pip.commands import pass_on

    pip = host.open_pip(read_snapshot(host.target.prefix, depth="names"))
    code = pass_on(pip, [args.command, *args.verbatim])
    if code == _WRONG_USAGE and not _ENVIRONMENT_OPTIONS.isdisjoint(args.verbatim):
        host.print_stderr(
            "conda-pip-interop: put -n and -p before the command: "
            f"`conda pip -n ENV {args.command} …`."
        )
    return Output(text="", document={}, exit_code=code)
