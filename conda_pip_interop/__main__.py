"""`python -m conda_pip_interop COMMAND -p PREFIX`: the same commands where there is no conda."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from conda_pip_interop.commands.inspect.check import check
from conda_pip_interop.commands.inspect.graph_text import can_draw
from conda_pip_interop.commands.inspect.looks import LOOKS, look
from conda_pip_interop.commands.output import Output, render_error
from conda_pip_interop.commands.parser import Options, parse_options
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.environment.target import Target
from conda_pip_interop.errors import InteropError
from conda_pip_interop.protection.policy import Policy
from conda_pip_interop.protection.protect import protect, unprotect

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str]) -> int:
    """Run one command; returns its exit code (0 done, 1 findings or refused, 2 wrong usage)."""
    try:
        options = parse_options(argv, standalone=True)
        if isinstance(options, str):
            print(options)
            return 0
        output = _answer(options)
    except InteropError as error:
        if "--json" in argv:
            print(json.dumps({"success": False, "error": error.to_dict()}, indent=2))
        else:
            print(render_error(error), file=sys.stderr)
        return error.exit_code
    if options.json:
        print(json.dumps(output.document, indent=2))
    elif not options.silent or output.exit_code:
        print(output.text)
    return output.exit_code


def _answer(options: Options) -> Output:
    root = Path(options.prefix or "").absolute()
    target = Target(prefix=root, name=None, is_base=(root / "condabin").is_dir())
    if options.command in LOOKS:
        ascii_only = not can_draw(sys.stdout.encoding)
        return look(options, read_snapshot(root), target, ascii_only=ascii_only)
    match options.command:
        case "check":
            return check(read_snapshot(root), target)
        case "protect":
            return protect(target, Policy())
        case "unprotect":
            return unprotect(target, Policy())
    raise AssertionError(options.command)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
