"""Read the locks of a command line: one file, or an explicit list and its pylock.toml."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from conda_pip_interop.dependency_files.formats import find_kind
from conda_pip_interop.dependency_files.requirements_txt import find_file, read_text
from conda_pip_interop.errors import InteropError, UsageError
from conda_pip_interop.locks.explicit import parse_explicit
from conda_pip_interop.locks.lock import Lock
from conda_pip_interop.locks.of_platforms import parse_of_platforms
from conda_pip_interop.locks.pylock import parse_whole_pylock

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


def read_lock(
    names: Sequence[str], *, folder: Path, subdir: str, categories: Collection[str] = ()
) -> Lock | None:
    """Read the lock in the files `names`, meant from `folder`; None if they are no locks.

    `categories` of conda-lock are read beside `main`. Raises UsageError `unreadable-file`,
    `no-such-part`, `usage` for what does not belong together, and InteropError `wrong-platform`.
    """
    lock = read_any_lock(names, folder=folder, subdir=subdir, categories=categories)
    if lock is not None:
        _refuse_platform(lock, subdir)
    return lock


def read_any_lock(
    names: Sequence[str], *, folder: Path, subdir: str, categories: Collection[str] = ()
) -> Lock | None:
    """Read a lock as `read_lock` does, or one of another platform if it has nothing for `subdir`.

    Raises UsageError.
    """
    texts = {name: (find_file(folder, name), read_text(find_file(folder, name))) for name in names}
    kinds = {name: find_kind(text, file) for name, (file, text) in texts.items()}
    whole: dict[str, Lock] = {}
    for name, (file, text) in texts.items():
        match kinds[name]:
            case "explicit":
                alone = "pylock" not in kinds.values()
                whole[name] = parse_explicit(text, origin=name, with_pip=alone)
            case "conda-lock" | "pixi-lock" as kind:
                whole[name] = parse_of_platforms(
                    text,
                    kind=kind,
                    origin=name,
                    folder=file.resolve().parent,
                    subdir=subdir,
                    categories=categories if kind == "conda-lock" else (),
                )
            case "pylock":
                found = parse_whole_pylock(text, origin=name, folder=file.resolve().parent)
                whole |= {} if found is None else {name: found}
    if not whole:
        return None
    lock = _unite(whole, kinds) if len(names) > 1 else next(iter(whole.values()))
    lock = replace(lock, origin=" and ".join(Path(name).name for name in names))
    if categories and "conda-lock" not in kinds.values():
        raise UsageError(
            "no-such-part",
            f"{lock.origin} is a lock of a whole environment and has no extras or groups.",
            hints=("To fix: choose none of its parts.",),
        )
    return lock


def _unite(locks: dict[str, Lock], kinds: dict[str, str]) -> Lock:
    """Unite an explicit list and the pylock.toml that was written with it."""
    explicit = [lock for name, lock in locks.items() if kinds[name] == "explicit"]
    pylock = [lock for name, lock in locks.items() if kinds[name] == "pylock"]
    if len(kinds) != len(locks) or len(explicit) != 1 or len(pylock) != 1:
        raise UsageError(
            "usage",
            f"A lock says all of an environment; {' and '.join(kinds)} do not go together.",
            hints=(
                "Name one lock, or an explicit list and the pylock.toml that was written with it.",
            ),
        )
    first, second = explicit[0], pylock[0]
    if {one.url for one in first.conda} != {one.url for one in second.conda}:
        raise UsageError(
            "usage",
            f"{first.origin} and {second.origin} list other packages of conda.",
            hints=("Write both again: `conda pip export -n ENV -o explicit.txt`.",),
        )
    return second


def _refuse_platform(lock: Lock, subdir: str) -> None:
    if lock.is_for(subdir):
        return
    quoted = shlex.quote(lock.origin.partition(" and ")[0])
    download = f"`conda pip download --lock {quoted} -d DIR`"
    raise InteropError(
        "wrong-platform",
        f"{lock.origin} is a lock for {lock.platform}, and this is {subdir}. Nothing was changed.",
        hints=(
            f"To write one for {subdir}, on such a machine: `conda pip export -n ENV -o {quoted}`.",
            "For all platforms: `conda pip export -n ENV --no-builds -o environment.yml`.",
            f"To download its files for {lock.platform}: {download}.",
        ),
    )
