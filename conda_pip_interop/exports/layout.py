"""How contents are to be written: the choices of the command line, and what formats share."""

from __future__ import annotations

import os
import shlex
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from conda_pip_interop.errors import InteropError
from conda_pip_interop.text import count, escape_line
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conda_pip_interop.exports.contents import Contents, PipPackage

#: conda's packages as requested, with their versions, or with their builds, too.
CondaPart: TypeAlias = Literal["requested", "versions", "builds"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """How contents are to be written.

    `folder` is where the file will be, None for stdout: paths below it become relative. `hashes`:
    each line of pip's has the hash of its file.
    """

    folder: Path | None
    conda: CondaPart = "builds"
    hashes: bool = False
    add_channels: bool = True

    def relate(self, path: str) -> str:
        """Write a path: relative to the folder, `./x`, if it is below it."""
        if self.folder is None:
            return path
        below = os.path.relpath(os.path.realpath(path), os.path.realpath(self.folder))
        if below.startswith(os.pardir):
            return path
        below = PurePath(below).as_posix()
        return below if below == "." else f"./{below}"


def refuse_unknown(contents: Contents, unknown: Iterable[PipPackage], *, what: str) -> None:
    """Raise InteropError `unknown-source` if there are distributions whose files are not known."""
    listed = sorted(one.name for one in unknown)
    if not listed:
        return
    prefix = shlex.quote(str(contents.snapshot.prefix.root))
    resolve = f"conda pip export -p {prefix} --resolve"  # `conda export` has no such option
    raise InteropError(
        "unknown-source",
        f"{what} needs the URL and the hash of each file, and those of "
        f"{count(len(listed), 'distribution')} in {contents.name or 'the environment'} are not "
        f"known: {', '.join(listed)}.",
        hints=(
            f"To look for them on the index: `{resolve}`, with the same format.",
            "To record them, install with `conda pip install`.",
            "environment.yml and requirements.txt can be written without them.",
        ),
    )


def drop_empty(table: dict[str, Any]) -> dict[str, Any]:
    """Drop the keys without a value."""
    return {key: value for key, value in table.items() if value}


def render_notes(contents: Contents, variables: Iterable[str]) -> str:
    """Render the comments at the top of a file: what it needs, and what is not known."""
    lines = ["Written by conda-pip-interop (conda pip export)."]
    names = tuple(variables)
    if names:
        lines.append(describe_variables(names))
    lines += map(escape_line, contents.notes)
    return "".join(f"# {line}\n" for line in lines)


def describe_variables(names: Iterable[str]) -> str:
    """Say which environment variables pip needs for the lines of a file."""
    return f"pip needs these environment variables: {', '.join(names)}."
