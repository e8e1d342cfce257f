"""``python -m tests.world``: fill the cache, and say where things are."""

from __future__ import annotations

import argparse
import os
import shlex
import sys

from tests.world.base import Base, build_base
from tests.world.cache import CACHE, WorldError
from tests.world.channel import build_channel
from tests.world.demo import show_demo
from tests.world.index import index_url

# What a shell may have that would reach through: the rest of `env()` is set outright.
_FOREIGN = ("CONDA_", "PIP_", "PYTHON", "UV_", "VIRTUAL_ENV", "REQUESTS_", "_CE_")


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.world", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("channel", help="build the channel and the index; print their URLs")
    commands.add_parser("base", help="build the base environment too; print its prefix")
    commands.add_parser("env", help="print shell commands that make the base's conda usable")
    commands.add_parser("path", help="print the cache folder; builds nothing")
    commands.add_parser("demo", help="show what the plugin does, with real commands")
    commands.add_parser("session", help="draw docs/session.svg, with real commands")
    run = commands.add_parser("run", help="run the base's conda: run -- create -n x python")
    run.add_argument("arguments", nargs=argparse.REMAINDER)
    return parser.parse_args(arguments)


def _exports(base: Base) -> str:
    wanted = base.env()
    foreign = [n for n in os.environ if n.startswith(_FOREIGN) and n not in wanted]
    lines = [f"unset {name}" for name in sorted(foreign)]
    wanted["CONDA_ALWAYS_YES"] = "false"  # a person wants to see the questions
    lines += [f"export {name}={shlex.quote(value)}" for name, value in sorted(wanted.items())]
    lines.append('eval "$(conda shell.posix hook)"')  # for `conda activate`
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = _parse(arguments)
    if options.command == "path":
        print(CACHE)
    elif options.command == "channel":
        print(build_channel().url, index_url(), sep="\n")
    elif options.command == "base":
        print(build_base().prefix)
    elif options.command == "demo":
        return show_demo()
    elif options.command == "session":
        from tests.world.session import draw_session

        draw_session()
    elif options.command == "env":
        print(_exports(build_base()))
    else:
        given = options.arguments[options.arguments[:1] == ["--"] :]
        result = build_base().run(*given, check=False)
        sys.stdout.write(result.stdout)
        sys.stderr.write(result.stderr)
        return result.returncode
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except WorldError as error:
        sys.exit(f"tests.world: {error}")
