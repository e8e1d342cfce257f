"""`conda pip report`: environments with both parts, as one page for the browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping

    from conda_pip_interop.commands.command_line.parser import CommandParser
    from conda_pip_interop.commands.host import Host
    from conda_pip_interop.commands.output import Output

HELP: Final = "Show packages, findings and history on an HTML page"
EXAMPLES: Final = (
    "conda pip report -n web --html web.html\n"
    "conda pip report --all --html environments.html\n"
    "conda pip report -n web"
)


def configure(parser: CommandParser) -> None:
    """Add the file, and all environments where conda knows them."""
    parser.description = (
        f"{HELP}.\n\nThe page is one file that needs no network. Without --html, a line for each\n"
        "environment is printed; with --json, everything that the page shows."
    )
    parser.add_all("show all environments that conda knows")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write the page to this file")


def execute(args: Namespace, host: Host) -> Output:
    """Read the environments; write the page, or print what is in each."""
    from conda_pip_interop.commands.inspect.report.description import (
        describe_environment,
        read_environment,
        try_environment,
    )
    from conda_pip_interop.commands.inspect.report.page import read_time, render_page
    from conda_pip_interop.commands.output import Output
    from conda_pip_interop.commands.output_files import deliver

    if args.all:
        read = host.for_each(host.list_targets(), try_environment)
    else:
        read = [read_environment(host.target)]
    environments = [describe_environment(one, host) for one in read]
    document: dict[str, Any] = {"environments": environments}
    if args.html is None:
        command = f"{_name_command(args, host)} --html report.html"
        lines = [_render_line(one) for one in environments]
        text = "\n".join([*lines, "", f"To write the page: {command}"])
        return Output(text=text, document=document, requested=True)
    page = render_page({"generated": read_time(), **document})
    done = deliver(page, args.html, check=False)
    document |= {"path": str(args.html), "up_to_date": done.up_to_date}
    return Output(text=done.message, document=document)


def _name_command(args: Namespace, host: Host) -> str:
    if args.all:
        return "conda pip report --all"
    return host.target.command("conda", "pip", "report")


def _render_line(environment: Mapping[str, Any]) -> str:
    """Render `web: 42 packages (30 conda, 12 pip), 3 findings`."""
    from conda_pip_interop.text import count

    if environment["problem"] is not None:
        return f"{environment['name']}: not read: {environment['problem']}"
    owners = [one["owner"] for one in environment["packages"]]
    number = f"{owners.count('conda')} conda, {owners.count('pip')} pip"
    findings = count(len(environment["findings"]), "finding")
    return f"{environment['name']}: {count(len(owners), 'package')} ({number}), {findings}"
