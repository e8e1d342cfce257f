"""The commands: what each is for, as the overview and its own help say."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from conda_pip_interop.commands.family_options import EXAMPLES as FAMILY_EXAMPLES
from conda_pip_interop.commands.family_options import FAMILY, PASSED

#: The commands, in the order in which help shows them, each with its line there.
COMMANDS: Final = {
    "install": "install packages: conda what the channels have, pip the rest",
    **FAMILY,
    "check": "look for faults between conda and pip; exit code 1 if there are any",
    "restore": "bring back conda's package where pip has replaced or removed it",
    "repair": "bring back what pip's packages, or conda's records, have lost",
    "reconcile": "make both managers' books say what is there; by itself after conda",
    "undo": "take back an operation of ours, byte for byte",
    "names": "tell which conda package carries a PyPI project, and who says so",
    "translate": "make an environment.yml of dependency files, or requirements of it",
    "status": "show all environments: protection, policy, findings",
    "protect": "keep plain pip from writing into an environment",
    "unprotect": "let plain pip write into an environment again",
    **PASSED,
}
#: Headings of the overview, each above the command that its group begins with.
_HEADINGS: Final = {
    "install": "packages",
    "check": "conda and pip in step",
    "names": "names and files",
    "status": "all environments, and who may write to them",
    next(iter(PASSED)): "pip's own, by the environment's pip, with all that it takes",
}
#: What works on any prefix, with no conda at hand.
STANDALONE_COMMANDS: Final = (
    *("list", "show", "tree", "why", "freeze"),
    *("check", "protect", "unprotect"),
)
#: What shows a plan and asks before it changes packages.
CHANGING_COMMANDS: Final = (
    *("install", "uninstall", "restore", "repair"),
    *("reconcile", "undo"),
)

#: Command lines that the help of each command ends with.
EXAMPLES: Final = {
    "install": 'conda pip install -n web "flask>=3" cowsay\n'
    "  conda pip install --dry-run -r requirements.txt --constraint limits.txt\n"
    "  conda pip install -e '.[test]' --group lint",
    **FAMILY_EXAMPLES,
    "check": "conda pip check -n web",
    "restore": "conda pip restore -n web numpy",
    "repair": "conda pip repair -n web --dry-run\n  conda pip repair -n web numpy\n"
    "  conda pip repair -n web --clean-up numpy",
    "reconcile": "conda pip reconcile -n web --dry-run",
    "undo": "conda pip undo -n web --list\n  conda pip undo -n web",
    "names": "conda pip names torch opencv-python --check\n  conda pip names --conda py-opencv",
    "translate": "conda pip translate requirements.txt -o environment.yml\n"
    "  conda pip translate pyproject.toml --extra docs --group test -v",
    "status": "conda pip status\n  conda pip status -n web --json",
    "protect": "conda pip protect -n web\n  conda pip protect --all",
    "unprotect": "conda pip unprotect -n base",
}


def render_overview(program: str, *, shown: Collection[str]) -> str:
    """What `conda pip` says when it stands alone: each of the commands `shown` with its line."""
    lines = [
        f"usage: {program} COMMAND [options]",
        "",
        "conda and pip as a team: conda owns what a channel has, pip the rest.",
        *_render_groups(shown),
        "",
        f"`{program} COMMAND --help` tells more.",
    ]
    return "\n".join(lines)


def _render_groups(shown: Collection[str]) -> Iterator[str]:
    """A heading is left out with all of its group."""
    width = max(map(len, shown))
    heading: str | None = None
    for command, line in COMMANDS.items():
        heading = _HEADINGS.get(command, heading)
        if command in shown:
            if heading is not None:
                yield ""
                yield f"{heading}:"
                heading = None
            yield f"  {command.ljust(width)}  {line}"
