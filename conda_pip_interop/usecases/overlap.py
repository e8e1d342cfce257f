"""What pip must not do: put the files of a wheel over conda's."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

from packaging.utils import NormalizedName, parse_wheel_filename

from conda_pip_interop.core.conda_meta import claimed_metadata
from conda_pip_interop.core.paths import PrefixPath, fold_path, path_below
from conda_pip_interop.errors import InteropError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from conda_pip_interop.core.prefix import Prefix
    from conda_pip_interop.core.snapshot import Snapshot


def check_overlap(wheels: Iterable[Path], snapshot: Snapshot) -> None:
    """Raise InteropError `would-overwrite` if a file of `wheels` is one that conda owns."""
    folds = snapshot.prefix.folds_case
    owned = {
        fold_path(file.path, folds_case=folds): record.name
        for record in snapshot.records
        for file in record.files
    }
    for wheel in wheels:
        name = parse_wheel_filename(wheel.name)[0]
        hits = [
            (path, owned[key])
            for path in read_wheel_paths(wheel, snapshot.prefix)
            if (key := fold_path(path, folds_case=folds)) in owned
        ]
        if hits:
            raise _overlaps(name, hits, snapshot)


def read_wheel_paths(wheel: Path, prefix: Prefix) -> tuple[PrefixPath, ...]:
    """Where the files of a wheel would go (wheel specification, "Spreading the wheel").

    Console scripts that an installer generates are not in the archive and not in the answer.
    """
    python = prefix.python
    if python is None:
        return ()
    roots = {
        "purelib": python.site_packages,
        "platlib": python.site_packages,
        "scripts": python.scripts,
        "data": "",
        "headers": _headers_folder(python.stdlib, wheel.name.partition("-")[0]),
    }
    paths = []
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.namelist():
            first, _, rest = entry.partition("/")
            if entry.endswith("/"):
                continue
            if not first.endswith(".data"):
                paths.append(path_below(python.site_packages, entry))
                continue
            scheme, _, inside = rest.partition("/")
            root = roots.get(scheme)
            if root is not None:
                paths.append(PrefixPath(f"{root}/{inside}" if root else inside))
    return tuple(paths)


def _headers_folder(stdlib: str, name: str) -> str:
    """Where pip puts the headers of a project: a folder of its own below Python's."""
    parent, _, python = stdlib.rpartition("/")
    return f"include/{python}/{name}" if parent else f"Include/{name}"


def _overlaps(
    name: NormalizedName, hits: list[tuple[PrefixPath, str]], snapshot: Snapshot
) -> InteropError:
    owners = sorted({owner for _, owner in hits})
    carried = {
        one.name
        for record in snapshot.records
        if record.name in owners
        for one in claimed_metadata(record)
    }
    what = "another version of it" if name in carried else "something else"
    count = "1 file" if len(hits) == 1 else f"{len(hits)} files"
    return InteropError(
        "would-overwrite",
        f"pip's {name} would overwrite {count} of conda's {', '.join(owners)} ({what}) "
        f"in {snapshot.prefix.root}, {hits[0][0]} for one.",
        hints=(
            f"Use conda's {', '.join(owners)} as it is, or remove it with conda first.",
            "Install into an environment of its own: `conda create -n NEW python pip`.",
        ),
    )
