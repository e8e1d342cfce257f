"""An explicit list of conda packages, with pip's part in the comments that conda-lock writes."""

from __future__ import annotations

import shlex
from typing import Final

from conda_pip_interop.dependency_files.requirements_txt import unreadable
from conda_pip_interop.exports.sources import FromArchive, FromIndex, parse_reference
from conda_pip_interop.locks.lock import (
    NOARCH,
    Lock,
    LockedDistribution,
    add_replaced,
    build_distribution,
    build_package,
    not_valid,
)
from conda_pip_interop.values import regex

_PLATFORM: Final = regex(r"# platform: ([a-z0-9-]+)")
_PIP: Final = regex(r"# pip (\S+) @ (\S+)")
_UNCHECKED: Final = (
    "To list them with their hashes: `conda list --explicit --md5`. To create the environment "
    "unchecked"
)
#: What our own export writes of a distribution that such a comment cannot describe.
MISSING: Final = "# Not in this file, of pip's part: "


def parse_explicit(text: str, *, origin: str, with_pip: bool) -> Lock:
    """Parse an explicit list; without `with_pip`, pip's part is in another file.

    Raises UsageError `unreadable-file`.
    """
    packages, pip = [], []
    platform = ""
    for line in map(str.strip, text.splitlines()):
        if found := _PLATFORM.fullmatch(line):
            platform = found[1]
        elif with_pip and line.startswith(MISSING):
            raise unreadable(
                origin,
                f"it lacks {line.removeprefix(MISSING)} of pip's part",
                hint="Name the pylock.toml that was written with it, too.",
            )
        elif with_pip and (found := _PIP.fullmatch(line)):
            pip.append(_read_distribution(found[1], found[2], origin))
        elif line and not line.startswith("#") and line != "@EXPLICIT":
            url, _, digest = line.partition("#")
            if not digest:
                hint = f"{_UNCHECKED}: `conda create -n NAME --file {shlex.quote(origin)}`."
                raise unreadable(origin, f"{url} has no hash", hint=hint)
            key = "sha256" if digest.startswith("sha256:") else "md5"
            packages.append(build_package(url, origin, **{key: digest.removeprefix("sha256:")}))
    subdirs = {one.subdir for one in packages} - {NOARCH}
    if len(subdirs) > 1:
        raise unreadable(origin, f"it has packages for {' and '.join(sorted(subdirs))}")
    return Lock(
        origin=origin,
        platform=next(iter(subdirs), platform),
        conda=tuple(packages),
        pip=add_replaced(pip, packages),
    )


def _read_distribution(name: str, reference: str, origin: str) -> LockedDistribution:
    source = parse_reference(reference)
    if isinstance(source, FromArchive) and source.algorithm == "sha256":
        source = FromIndex(url=source.url, sha256=source.digest)
    if isinstance(source, FromArchive):
        raise not_valid(name, origin)
    return build_distribution(name, source, origin)
