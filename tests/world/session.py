"""`make session`: a short session with real commands, as a picture for the README."""

from __future__ import annotations

import io
import re
import subprocess
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from tests.world.base import build_base, clone
from tests.world.cache import CHECKOUT, WorldError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.world.base import Base

_TARGET = CHECKOUT / "docs" / "session.svg"
_COLUMNS = 92
#: What is shown; the exit code that it must have.
_COMMANDS = (
    ("conda pip install -n web --yes Flask-Testing cowsay", 0),
    ("conda run -n web pip install -q click==8.1.3   # plain pip, over conda's click", 0),
    ("conda pip check -n web", 1),
    ("conda pip restore -n web --yes click", 0),
    ("conda pip check -n web", 0),
)
#: conda's own progress, which a terminal draws over.
_PROGRESS = re.compile(r"^(.*\.\.\.working\.\.\. .*|Downloading and Extracting Packages.*|)$")


def draw_session() -> None:
    """Run the commands in a base of their own and draw what they print."""
    base = clone(build_base(), "demo")
    base.run("create", "-y", "-q", "-n", "web", "python", "pip")
    console = Console(record=True, width=_COLUMNS, file=io.StringIO(), force_terminal=True)
    for command, exit_code in _COMMANDS:
        console.print(Text(f"$ {command}", style="bold"))
        for line in _run(base, command, exit_code):
            console.print(Text(line))
        console.print()
    svg = console.export_svg(title="conda pip", unique_id="session")
    svg = re.sub(r"@font-face \{.*?\}\n?", "", svg, flags=re.DOTALL)  # nothing from the network
    _TARGET.write_text(svg, encoding="utf-8")


def _run(base: Base, command: str, exit_code: int) -> Iterator[str]:
    """Drop conda's progress, and empty lines at the ends."""
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        env=base.env(COLUMNS=str(_COLUMNS)),
        cwd=base.scratch,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != exit_code:
        message = f"{command}: exit {done.returncode}\n{done.stdout}"
        raise WorldError(message)
    lines = [one for one in done.stdout.splitlines() if not _PROGRESS.match(one) or not one]
    shown = "\n".join(lines).strip()
    yield from re.sub(r"\n{3,}", "\n\n", shown).splitlines()
