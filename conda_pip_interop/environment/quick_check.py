"""Quick checks without parsing: whether anything changed, by pip or since the last time.

Each changing conda command imports this module, so of ours it imports `paths` alone.
"""

from __future__ import annotations

import json
import os
import stat
import time
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from conda_pip_interop.environment.paths import read_regular
from conda_pip_interop.values import dataclass, regex

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conda_pip_interop.environment.prefix import Prefix


#: An anchor file in the text of a record: by it conda recognises a Python distribution.
_ANCHOR = regex(
    rb'"((?:lib/(?:python|pypy)[^/"]+|Lib)/site-packages/[^/"]+'
    rb'(?:\.dist-info/RECORD|\.egg-info/PKG-INFO|\.egg-info))"'
)
#: This project's data of an override in a record (`conda_records.OWN_KEY`).
_OVERRIDDEN = b'"pip_interop": {'


def read_records_at_risk(root: Path, *, longest: bool) -> dict[Path, bytes]:
    """Return the records of a prefix that conda would delete or misread, with their content.

    Of a package with several anchors conda looks for the shortest; since 26.3 for the `longest`.
    Records are searched as bytes, not parsed: this runs before every `conda list`. Unreadable ones
    are omitted: conda cannot read and delete them either.
    """
    at_risk = {}
    choose = max if longest else min
    for path in (root / "conda-meta").glob("*.json"):
        try:
            content = read_regular(path)
        except OSError:
            continue
        anchors = [decode_path(match) for match in _ANCHOR.findall(content)]
        if _OVERRIDDEN in content or (anchors and not _is_anchored(root, choose(anchors, key=len))):
            at_risk[path] = content
    return at_risk


def decode_path(text: bytes) -> str:
    """Decode the path in a JSON string."""
    try:
        return str(json.loads(b'"%b"' % text))
    except ValueError:
        return os.fsdecode(text)


def _is_anchored(root: Path, anchor: str) -> bool:
    """Return whether conda would find the anchor; it checks folders, not the files in them.

    An `.egg-info` must be a file or a folder as the record says.
    """
    if anchor.endswith(".egg-info"):
        return (root / anchor).is_file()
    folder = root / anchor.rpartition("/")[0]
    if anchor.endswith("/PKG-INFO") and folder.is_file():
        return False
    return os.path.lexists(folder)


#: The metadata folder or file of a distribution, as a record's text names it.
_METADATA = regex(rb'/site-packages/([^/"]+\.(?:dist-info|egg-info|egg-link))["/]')
METADATA_SUFFIXES: Final = (".dist-info", ".egg-info", ".egg-link")


def has_pip_changes(prefix: Prefix) -> bool:
    """Return whether pip or another installer may have changed `prefix`.

    True if there is metadata that no record lists, if a package has several records, if listed
    metadata is missing, if an INSTALLER is not conda's, if pip left `~` folders, if there is a
    site-packages folder of another Python, or if something cannot be read.
    """
    if prefix.python is None or prefix.other_site_packages:
        return True
    folder = prefix.root / prefix.python.site_packages
    try:
        present = set(os.listdir(folder))
        claimed: set[str] = set()
        packages: list[str] = []
        with os.scandir(prefix.root / "conda-meta") as entries:
            for entry in entries:
                if entry.name.endswith(".json"):
                    status = entry.stat()
                    claimed |= _read_claims(entry.path, status.st_mtime_ns, status.st_size)
                    packages.append(entry.name.rsplit("-", 2)[0])
        found = {name for name in present if name.endswith(METADATA_SUFFIXES)}
        return (
            found != claimed
            or len(packages) != len(set(packages))
            or any(name.startswith("~") for name in present)
            or any(_is_installed_by_other(folder / name) for name in found)
        )
    except OSError:
        return True


@cache
def _read_claims(record: str, _changed: int, _size: int) -> frozenset[str]:
    """Read the metadata names in a record; one command needs each three times."""
    return find_claimed(read_regular(record))


def find_claimed(content: bytes) -> frozenset[str]:
    """Find the names of the metadata folders and files that the text of a record lists."""
    return frozenset(map(decode_path, set(_METADATA.findall(content))))


def _is_installed_by_other(metadata: os.PathLike[str]) -> bool:
    try:
        path = os.path.join(metadata, "INSTALLER")  # noqa: PTH118 - pathlib is slower here
        return read_regular(path)[:64].strip() != b"conda"
    except (FileNotFoundError, NotADirectoryError):
        return False


#: Of file systems with the coarsest times (FAT: 2 s), with a margin.
TICK_NS: Final = 3 * 10**9
_LIB_FOLDERS: Final = ("python", "pypy")


@dataclass(frozen=True, kw_only=True, slots=True)
class Fingerprint:
    """The digest of an environment's metadata; ``newest`` is its latest change, in ns.

    ``read`` is when it was read.
    """

    digest: str
    newest: int
    read: int

    @property
    def is_reliable(self) -> bool:
        """Return whether any later change yields another digest.

        A file that changed just now may change again within the same tick of the file system's
        clock, and look the same (git calls such an entry "racily clean").
        """
        return self.newest < self.read - TICK_NS


def read_fingerprint(root: Path) -> Fingerprint:
    """Read the fingerprint of the prefix at ``root``, from names and stats.

    It covers the records and the history of conda, the names in all site-packages folders, the
    metadata of distributions with its files, ``.pth`` files and the interpreter; not the modules of
    packages.
    """
    read = time.time_ns()
    newest = 0
    lines: list[str] = []
    for path, seen in _list_entries(str(root)):
        if seen is None:
            lines.append(path)
            continue
        line, changed = _describe(path, seen)
        lines.append(line)
        newest = max(newest, changed)
    text = "\n".join(lines).encode("utf-8", errors="surrogateescape")
    return Fingerprint(digest=sha256(text).hexdigest(), newest=newest, read=read)


def read_stamps(paths: Iterable[str]) -> tuple[list[str], int]:
    """Return what changes with each of these files, folders and links, and the latest change."""
    lines: list[str] = []
    newest = 0
    for path, seen in (entry for one in paths for entry in _stat(one)):
        line, changed = (path, 0) if seen is None else _describe(path, seen)
        lines.append(line)
        newest = max(newest, changed)
    return lines, newest


def _describe(path: str, seen: os.stat_result) -> tuple[str, int]:
    """Return a line for a fingerprint, and when the path changed last, in ns.

    Other environments link and unlink the file or symbolic link of a package: its ctime is no sign
    there.
    """
    shared = seen.st_nlink > 1 and not stat.S_ISDIR(seen.st_mode)
    changed = 0 if shared else seen.st_ctime_ns
    fields = (path, seen.st_mode, seen.st_ino, seen.st_size, seen.st_mtime_ns, changed)
    return "\0".join(map(str, fields)), changed or seen.st_mtime_ns


_Entry = tuple[str, "os.stat_result | None"]


def _list_entries(root: str) -> Iterator[_Entry]:
    """List paths with their stats, None where only the name counts."""
    meta = f"{root}/conda-meta"
    for name in _list_names(meta):
        if name.endswith(".json") or name == "history":
            yield from _stat(f"{meta}/{name}")
    for path in ("bin/python", "python.exe", "pyvenv.cfg"):
        yield from _stat(f"{root}/{path}")
    lib = f"{root}/lib"
    versioned = [f"{lib}/{name}" for name in _list_names(lib) if name.startswith(_LIB_FOLDERS)]
    for folder in versioned or [f"{root}/Lib"]:
        is_alias = Path(folder).is_symlink()  # conda-forge links python3.1 to python3.11
        yield from _stat(folder) if is_alias else _list_site_packages(folder)


def _list_site_packages(lib: str) -> Iterator[_Entry]:
    folder = f"{lib}/site-packages"
    for name in _list_names(folder):
        path = f"{folder}/{name}"
        if name.endswith((*METADATA_SUFFIXES, ".pth")):
            yield from _stat(path)
            for inner in _list_names(path) if not name.endswith((".egg-link", ".pth")) else ():
                yield from _stat(f"{path}/{inner}")
        elif name != "__pycache__":
            yield path, None


def _list_names(folder: str) -> list[str]:
    """Return the sorted names in a folder; the reason in their place if it cannot be read."""
    try:
        return sorted(os.listdir(folder))
    except OSError as error:
        return [f"\0{error.errno}"]


def _stat(path: str) -> Iterator[_Entry]:
    """Return the stats of a path, and those of the target if it is a symbolic link."""
    try:
        seen = os.lstat(path)
        yield path, seen
        if stat.S_ISLNK(seen.st_mode):
            yield path, os.stat(path)
    except (OSError, ValueError):  # a NUL stands for a folder that cannot be read
        yield path, None
