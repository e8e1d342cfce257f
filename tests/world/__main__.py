"""``python -m tests.world``: fill the cache, and say where things are."""

from __future__ import annotations

import argparse
import shlex
import sys

from tests.world.base import Base, build_base
from tests.world.cache import CACHE, WorldError
from tests.world.channel import build_channel
from tests.world.demo import show_demo
from tests.world.index import index_url


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.world", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("channel", help="build the channel and the index; print their URLs")
    commands.add_parser("base", help="build the base environment too; print its prefix")
    commands.add_parser("env", help="print shell commands that make the base's conda usable")
    commands.add_parser("path", help="print the cache folder; builds nothing")
    commands.add_parser("demo", help="show what the plugin does, with real commands")
    run = commands.add_parser("run", help="run the base's conda: run -- create -n x python")
    run.add_argument("arguments", nargs=argparse.REMAINDER)
    return parser.parse_args(arguments)


def _exports(base: Base) -> str:
    return "\n".join(f"export {name}={shlex.quote(v)}" for name, v in sorted(base.env().items()))


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
