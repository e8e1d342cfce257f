"""What the server of an index said where pip only says that it found nothing."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from conda_pip_interop.errors import PipFailedError
from conda_pip_interop.installers.advice import REFUSED_PAGE, advise
from conda_pip_interop.installers.failures import UNFETCHED, is_not_found
from conda_pip_interop.installers.python_versions import ask_index
from conda_pip_interop.text import hide_password
from conda_pip_interop.values import regex

if TYPE_CHECKING:
    from conda_pip_interop.installers.pip.runs import PipCommand

#: pip's words: the name of a project of which no index has anything.
_NOTHING: Final = regex(
    r"satisfies the requirement (?P<name>[A-Za-z0-9._-]+).* \(from versions: none\)"
)


def add_refusals(error: PipFailedError, pip: PipCommand) -> PipFailedError:
    """Put what a server said before pip's own words, and advise on it.

    pip skips a page that it does not get, and says so in its log only: its page is asked for again.
    """
    nothing = _NOTHING.search(error.output)
    if nothing is None or not is_not_found(error):
        return error
    with tempfile.TemporaryDirectory(prefix="pip-interop-") as folder:
        log = Path(folder, "pip.log")
        ask_index(nothing["name"], pip, "--log", str(log))
        lines = find_refused(log.read_text("utf-8", "replace") if log.exists() else "")
    if not lines:
        return error
    head, _, words = error.message.partition("\n")
    told = "\n".join(f"    {hide_password(line)}" for line in lines)
    return PipFailedError(
        f"{head}\n{told}\n{words}",
        hints=advise(told),
        exit_code=error.exit_code,
        missing=error.missing,
        output="\n".join([*lines, error.output]),
    )


def find_refused(log: str) -> tuple[str, ...]:
    """Find the lines about pages that a server refused in what pip wrote to its log."""
    found = (line.partition(UNFETCHED) for line in log.splitlines())
    return tuple(
        dict.fromkeys(f"{sign}{rest}" for _, sign, rest in found if REFUSED_PAGE.search(rest))
    )
