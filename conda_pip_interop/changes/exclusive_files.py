"""The files that a distribution has on disk, and those of them that nothing else lists."""

from __future__ import annotations

import contextlib
import functools
import glob
import os
import re
from typing import TYPE_CHECKING, Final

from conda_pip_interop.changes.atomic.files import identify_file
from conda_pip_interop.changes.plan import RemoveFile, WriteFile
from conda_pip_interop.environment.ownership import ByPip
from conda_pip_interop.environment.paths import PrefixPath, path_below, read_regular, to_disk
from conda_pip_interop.environment.site_packages.record import read_limited_text
from conda_pip_interop.values import dataclass, regex

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from packaging.utils import NormalizedName

    from conda_pip_interop.environment.conda_meta.records import CondaRecord
    from conda_pip_interop.environment.site_packages.distributions import Distribution
    from conda_pip_interop.environment.site_packages.record import InstalledFile
    from conda_pip_interop.environment.snapshot import Snapshot

#: The lines of what pip and uv generate for an entry point, besides its import.
_PROGRAM: Final = regex(
    r"|#.*|'''exec' .*|' '''|import (re|sys)|if __name__ == .*|\s+(el)?if sys\.argv\[0\]\..*"
    r"|\s+sys\.argv\[0\] = .*|\s+sys\.exit\([\w.]+\(\)\)"
)


def find_linked_out(distribution: Distribution, root: Path) -> tuple[PrefixPath, ...]:
    """Find the files that a distribution lists behind a symbolic link: they are not its own."""
    is_straight = _judge_folders(distribution, root)
    files = distribution.files or ()
    return tuple(file.path for file in files if not is_straight(file.path.rpartition("/")[0]))


def _judge_folders(distribution: Distribution, root: Path) -> Callable[[str], bool]:
    """Return a check whether a folder is inside the environment, where its path says.

    The path to site-packages itself may contain a symbolic link.
    """
    base = distribution.site_packages
    real_root, real_base = os.path.realpath(root), os.path.realpath(root / base)

    @functools.cache
    def is_straight(folder: str) -> bool:
        start, rest = real_root, folder
        if f"{folder}/".startswith(f"{base}/"):
            start, rest = real_base, folder[len(base) + 1 :]
        real = os.path.realpath(root / folder)
        same = os.path.normcase(real) == os.path.normcase(os.path.normpath(f"{start}/{rest}"))
        return same and os.path.commonpath([real_root, real]) == real_root

    return is_straight


def read_payload(distribution: Distribution, root: Path) -> tuple[PrefixPath, ...]:
    """Return the files of a distribution that exist, compiled ones included, sorted.

    The files of `find_linked_out` are left out.
    """
    paths = {file.path for file in distribution.files or ()} - {
        *find_linked_out(distribution, root)
    }
    for source in [path for path in paths if path.endswith(".py")]:
        paths.update(read_compiled(source, root))
    return tuple(sorted(path for path in paths if is_file(to_disk(root, path))))


def is_file(path: Path) -> bool:
    """Return whether a file or a symbolic link, dangling or not, exists; False for a folder."""
    return os.path.lexists(path) and (path.is_symlink() or not path.is_dir())


def read_compiled(source: PrefixPath, root: Path) -> Iterable[PrefixPath]:
    """Return the `.pyc` files of a source file (PEP 3147), of every Python version."""
    on_disk = to_disk(root, source)
    for compiled in on_disk.parent.glob(f"__pycache__/{glob.escape(on_disk.stem)}.*.pyc"):
        yield PrefixPath(compiled.relative_to(root).as_posix())


def exclusive_files(
    distribution: Distribution,
    snapshot: Snapshot,
    *,
    records: Iterable[CondaRecord] = (),
    names: Iterable[NormalizedName] = (),
) -> Iterator[PrefixPath]:
    """Return the files of a distribution that exist and that nothing else lists, sorted.

    A file stays exclusive if one of `records`, or a distribution of one of `names`, lists it too.
    """
    own_records, own_names = tuple(records), {distribution.name, *names}
    for path in read_payload(distribution, snapshot.prefix.root):
        if not snapshot.ownership.is_shared(path, records=own_records, names=own_names):
            yield path


def build_removals(
    distribution: Distribution, snapshot: Snapshot, reason: str
) -> Iterable[RemoveFile]:
    """What only this distribution lists, and only as it was installed: an edited file stays."""
    root = snapshot.prefix.root
    beyond = {*find_linked_out(distribution, root)}
    for file in distribution.files or ():
        if file.path in beyond:
            continue
        on_disk = to_disk(root, file.path)
        if (
            snapshot.ownership.is_shared(file.path, names=(distribution.name,))
            or not on_disk.is_file()
            or not _is_as_installed(distribution, file, root)
        ):
            continue
        yield RemoveFile(path=file.path, reason=reason)
        if file.path.endswith(".py"):  # listed by nobody else, so neither are they
            for compiled in read_compiled(file.path, root):
                yield RemoveFile(path=compiled, reason=reason)


def drop_path_lines(
    distributions: Collection[Distribution], snapshot: Snapshot, reason: str
) -> Iterator[WriteFile | RemoveFile]:
    """Take the lines of development installs (`setup.py develop`) out of easy-install.pth.

    A folder that another one is installed from stays. The lines may be relative.
    """
    root = snapshot.prefix.root
    going = [one for one in distributions if one.layout == "egg-link" and one.editable]
    for site_packages in {one.site_packages for one in going}:
        folder = to_disk(root, site_packages)
        path = path_below(site_packages, "easy-install.pth")
        sources = {_normalize_source(folder, one.editable or "") for one in going}
        sources -= {
            _normalize_source(folder, one.editable)
            for one in snapshot.distributions
            if one.layout == "egg-link" and one.editable and one not in distributions
        }
        with contextlib.suppress(OSError):
            lines = read_regular(folder / "easy-install.pth").splitlines(keepends=True)
            kept = [
                line
                for line in lines
                if _normalize_source(folder, os.fsdecode(line.strip())) not in sources
            ]
            if any(map(bytes.strip, kept)) or snapshot.claims.of(path):
                if kept != lines:
                    yield WriteFile(path=path, content=b"".join(kept), reason=reason)
            elif lines:
                yield RemoveFile(path=path, reason=reason)


def _normalize_source(folder: Path, line: str) -> str:
    return os.path.normcase(os.path.abspath(folder / line))


def find_edited(distribution: Distribution, root: Path) -> tuple[PrefixPath, ...]:
    """Find the files of a distribution that have other content than its RECORD says."""
    beyond = {*find_linked_out(distribution, root)}
    return tuple(
        file.path
        for file in distribution.files or ()
        if file.path not in beyond
        and to_disk(root, file.path).is_file()
        and not _is_as_installed(distribution, file, root)
    )


def _is_as_installed(distribution: Distribution, file: InstalledFile, root: Path) -> bool:
    on_disk = to_disk(root, file.path)
    if file.sha256 is None or identify_file(on_disk) == file.sha256:
        return True
    return is_moved(distribution, file.path, root)


def is_moved(distribution: Distribution, path: PrefixPath, root: Path) -> bool:
    """Return whether what differs can be the path of the environment, not a user's edit.

    An installer writes that path into programs, direct_url.json and what makes a project editable;
    conda, conda-pack and others write another one when they copy or move an environment.
    """
    folder, _, name = path.rpartition("/")
    if folder == distribution.metadata:
        return name == "direct_url.json"
    if folder == distribution.site_packages:
        return distribution.editable is not None and name.startswith("__editable__")
    entry_points = read_limited_text(to_disk(root, distribution.metadata) / "entry_points.txt", [])
    found = re.search(
        rf"^{re.escape(name.removesuffix('.exe'))}\s*=\s*([\w.]+)\s*:\s*(\w+)",
        entry_points or "",
        re.MULTILINE,
    )
    if found is None:
        return False
    lines = (read_limited_text(to_disk(root, path), []) or "").splitlines()
    imported = f"from {found[1]} import {found[2]}"
    return imported in lines and all(_PROGRAM.fullmatch(one) or one == imported for one in lines)


@dataclass(frozen=True, kw_only=True, slots=True)
class StashPlan:
    """The distributions of pip that are replaced, each with its conda package (`name version`)."""

    distributions: tuple[tuple[Distribution, str], ...]
    removals: tuple[WriteFile | RemoveFile, ...]


def plan_stash(snapshot: Snapshot, coming: Mapping[NormalizedName, str]) -> StashPlan:
    """Plan what is moved aside for the distributions in packages that conda is about to link.

    `coming` maps the name of a distribution to its conda package. Files that a record lists are
    left to conda, which unlinks them.
    """
    yielding = tuple(
        (one, coming[one.name])
        for one in snapshot.distributions
        if one.name in coming and snapshot.ownership.owner_of(one) == ByPip(distribution=one)
    )
    removals: dict[PrefixPath, WriteFile | RemoveFile] = {
        removal.path: removal
        for one, package in yielding
        for removal in build_removals(one, snapshot, f"conda installs {package}")
    }
    links = drop_path_lines([one for one, _ in yielding], snapshot, "conda installs it")
    removals |= {one.path: one for one in links}
    return StashPlan(distributions=yielding, removals=tuple(removals.values()))
