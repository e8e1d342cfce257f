"""The commands: where each is defined, and what the overview says about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, Final

from conda_pip_interop.commands.output import find_columns, wrap
from conda_pip_interop.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """A command, and its module below `conda_pip_interop.commands`.

    The module has `HELP`, `EXAMPLES`, `configure(parser)` and `execute(args, host) -> Output`, and
    imports what is slow to import inside its functions: the overview imports every module.
    `changes`: it shows a plan and asks before it changes packages. `channels`: it takes `-c`.
    `standalone`: it works on any prefix, without conda. `passed_on`: it is a command of pip,
    which has words of its own before its arguments are read.
    `creates`: its environment does not exist yet.
    """

    name: str
    module: str
    changes: bool = False
    channels: bool = False
    standalone: bool = False
    passed_on: bool = False
    creates: bool = False

    def load(self) -> Any:
        """Import the module."""
        return import_module(f"conda_pip_interop.commands.{self.module}")

    @property
    def help(self) -> str:
        """Its line in the overview."""
        found = self.load().HELP
        return str(found if isinstance(found, str) else found[self.name])

    @property
    def examples(self) -> str:
        """Command lines, one a line."""
        found = self.load().EXAMPLES
        return str(found if isinstance(found, str) else found[self.name])


#: The groups of the overview, in its order.
GROUPS: Final[Mapping[str, tuple[Command, ...]]] = {
    "packages": (
        Command(name="install", module="change.install", changes=True, channels=True),
        Command(name="uninstall", module="change.uninstall", changes=True),
        Command(name="update", module="change.update", changes=True, channels=True),
        Command(name="upgrade-python", module="change.upgrade_python", changes=True, channels=True),
        Command(name="create", module="change.create", changes=True, channels=True, creates=True),
        Command(name="sync", module="change.sync", changes=True, channels=True),
        Command(name="adopt", module="change.adopt", changes=True, channels=True),
        Command(name="release", module="change.release", changes=True, channels=True),
        Command(name="list", module="inspect.list", standalone=True),
        Command(name="show", module="inspect.show", standalone=True),
        Command(name="tree", module="inspect.tree", standalone=True),
        Command(name="why", module="inspect.why", standalone=True),
        Command(name="freeze", module="inspect.freeze", standalone=True),
        Command(name="export", module="inspect.export", standalone=True),
        Command(name="download", module="inspect.download", passed_on=True),
    ),
    "problems between conda and pip": (
        Command(name="check", module="inspect.check", standalone=True),
        Command(name="restore", module="change.restore", changes=True),
        Command(name="repair", module="change.repair", changes=True),
        Command(name="reconcile", module="change.reconcile", changes=True),
        Command(name="undo", module="change.undo", changes=True),
        Command(name="history", module="inspect.history", standalone=True),
        Command(name="report", module="inspect.report.command", standalone=True),
    ),
    "names and files": (
        Command(name="names", module="names.names", channels=True),
        Command(name="translate", module="names.translate", channels=True),
    ),
    "environments and their protection": (
        Command(name="status", module="inspect.status"),
        Command(name="protect", module="change.protect", standalone=True),
        Command(name="unprotect", module="change.unprotect", standalone=True),
    ),
    "shells": (Command(name="completion", module="shell.completion"),),
    "commands of the environment's pip": tuple(
        Command(name=name, module="command_line.passed_on", passed_on=True)
        for name in ("wheel", "index", "cache", "config", "inspect", "hash")
    ),
}
COMMANDS: Final[Mapping[str, Command]] = {
    one.name: one for group in GROUPS.values() for one in group
}
#: Other names of commands, as conda, uv and shells have them.
ALIASES: Final[Mapping[str, str]] = {
    "add": "install",
    "remove": "uninstall",
    "rm": "uninstall",
    "upgrade": "update",
    "ls": "list",
}
#: How the program is called, without conda and with it.
PROGRAMS: Final = {True: "python -m conda_pip_interop", False: "conda pip"}
STANDALONE_COMMANDS: Final = tuple(one.name for one in COMMANDS.values() if one.standalone)


_SUMMARY: Final = "Use conda and pip together: conda installs what its channels have, pip the rest."


def render_overview(*, standalone: bool) -> str:
    """Render the help of the program: each command with its line."""
    program = PROGRAMS[standalone]
    columns = find_columns() or 80
    lines = [
        f"usage: {program} COMMAND [options]",
        "",
        *wrap(_SUMMARY, columns, indent=""),
        *_render_groups(columns, standalone=standalone),
        "",
        *wrap(f"Run `{program} COMMAND --help` for the options of a command.", columns, indent=""),
    ]
    return "\n".join(lines)


def _render_groups(columns: int, *, standalone: bool) -> Iterator[str]:
    """Render the groups that have commands."""
    shown = {
        heading: [one for one in group if one.standalone or not standalone]
        for heading, group in GROUPS.items()
    }
    width = max(len(one.name) for group in shown.values() for one in group)
    for heading, group in shown.items():
        if group:
            yield ""
            yield f"{heading}:"
            for one in group:
                first, *more = wrap(one.help, columns, indent=" " * (width + 4))
                yield f"  {one.name.ljust(width)}  {first.strip()}"
                yield from more
