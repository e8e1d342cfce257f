"""Distributions that Python finds before those of the environment: `site`, read from files.

The user's site-packages comes before the environment's, and so do the eggs that an easy-install.pth
moves to the front of `sys.path`. Nothing is imported or executed.
"""

from __future__ import annotations

import ast
import contextlib
import os
from dataclasses import field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.environment.conda_meta.variables import UNSET, read_variables
from conda_pip_interop.environment.metadata import parse_metadata_name
from conda_pip_interop.environment.paths import read_regular
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conda_pip_interop.environment.prefix import Prefix

#: More `.pth` files, lines and entries of a folder than these are not read: they are untrusted.
_FILE_LIMIT: Final = 200
_LINE_LIMIT: Final = 2_000
_SIZE_LIMIT: Final = 1 << 20
_ENTRY_LIMIT: Final = 50_000
_CODE_LIMIT: Final = 2_000
_METADATA: Final = (".dist-info", ".egg-info")

Source = Literal["user-site", "pth"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Shadow:
    """A distribution that is found first; `path` is its metadata, or its egg.

    `source`: it is in the user's site-packages, or on a path of the `.pth` file `file`, which adds
    it in `line`. `link` is the file of a development install that pip uninstalls by (`.egg-link`).
    """

    name: NormalizedName
    version: str
    path: Path
    source: Source
    file: Path | None = None
    line: int = 0
    link: Path | None = None

    @property
    def is_removable(self) -> bool:
        """Whether pip can uninstall it: an egg, a link, or metadata that lists its files."""
        if self.path.suffix == ".egg" or self.link is not None:
            return True
        return any((self.path / name).is_file() for name in ("RECORD", "installed-files.txt"))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Entry:
    """One entry of `sys.path`, and the `.pth` file that adds it."""

    path: Path
    source: Source
    file: Path | None = None
    line: int = 0


#: pythonXY.zip, the library, and its lib-dynload.
_STDLIB: Final = 3


@dataclass(kw_only=True)
class _SearchPath:
    """`sys.path` as `site` builds it; None stands for an entry of the standard library.

    `mark` and `front` are what the lines of setuptools in an easy-install.pth keep in `sys`: how
    long the path was before, and how many entries were moved to the front.
    """

    entries: list[_Entry | None] = field(default_factory=lambda: [None] * _STDLIB)
    known: set[Path] = field(default_factory=set)
    mark: int | None = None
    front: int = 0

    def add_site(self, folder: Path, source: Source) -> None:
        """Add a site-packages folder, and what its `.pth` files add."""
        self._add(_Entry(path=folder, source=source))
        names = (one.name for one in _scan(folder) if one.name.endswith(".pth"))
        for name in sorted(islice(names, _FILE_LIMIT)):
            lines = _read_small(folder / name).splitlines()[:_LINE_LIMIT]
            for number, line in enumerate(lines, 1):
                entry = _Entry(path=folder, source=source, file=folder / name, line=number)
                if line.startswith(("import ", "import\t")):
                    if not self._execute(line, entry):
                        break
                elif line.strip() and not line.startswith("#") and "\0" not in line:
                    path = Path(os.path.abspath(folder / line.rstrip()))
                    self._add(replace(entry, path=path))

    def _add(self, entry: _Entry) -> None:
        with contextlib.suppress(OSError):
            if entry.path not in self.known and entry.path.exists():
                self.known.add(entry.path)
                self.entries.append(entry)

    def _execute(self, line: str, entry: _Entry) -> bool:
        """Do what lines of known forms do; return whether Python would read on."""
        for path in _find_inserted(line):
            self.entries.insert(0, replace(entry, path=path))
        if "sys.__egginsert" in line:
            if self.mark is None:  # an error, after which Python ignores the file
                return False
            moved = self.entries[self.mark :]
            del self.entries[self.mark :]
            self.entries[self.front : self.front] = moved
            self.front += len(moved)
        elif "sys.__plen" in line:
            self.mark = len(self.entries)
        return True


def read_shadows(prefix: Prefix, environ: Mapping[str, str]) -> Mapping[NormalizedName, Shadow]:
    """Read what Python finds before the environment's site-packages; the first of a name counts.

    `environ` is that of the user whose Python it is.
    """
    if prefix.python is None:
        return {}
    own = prefix.root / prefix.python.site_packages
    search = _build_search_path(own, find_user_site(prefix, environ))
    found: dict[NormalizedName, Shadow] = {}
    for entry in filter(None, search.entries):
        if entry.path == own:
            break
        for name, version, path in _list_distributions(entry.path):
            shadow = Shadow(
                name=name,
                version=version,
                path=path,
                source=entry.source,
                file=entry.file,
                line=entry.line,
                link=_find_link(name, entry),
            )
            found.setdefault(name, shadow)
    return found


def _find_link(name: NormalizedName, entry: _Entry) -> Path | None:
    """Find the link of a development install beside the `.pth` file that adds its folder."""
    for one in _scan(entry.file.parent) if entry.file is not None else ():
        stem, dot, suffix = one.name.rpartition(".")
        if dot + suffix == ".egg-link" and canonicalize_name(stem) == name:
            first = _read_small(Path(one.path)).partition("\n")[0].strip()
            return Path(one.path) if first and Path(first) == entry.path else None
    return None


def _build_search_path(own: Path, user: Path | None) -> _SearchPath:
    search = _SearchPath()
    if user is not None:
        search.add_site(user, "user-site")
    search.add_site(own, "pth")
    return search


def is_plain(prefix: Prefix, environ: Mapping[str, str]) -> bool:
    """Return whether what Python finds first depends on the names in known folders alone.

    Those are the environment's site-packages and the user's, before which no `.pth` file puts any;
    not those of a virtual environment, which has one below it.
    """
    if prefix.python is None or (prefix.root / "pyvenv.cfg").exists():
        return prefix.python is None
    own, user = prefix.root / prefix.python.site_packages, find_user_site(prefix, environ)
    search = _build_search_path(own, user)
    first = next((one.path for one in search.entries if one is not None), None)
    more = () if user is None else (one.name for one in _scan(user))
    return (
        search.mark is None
        and first in (None, own if user is None else user)  # None: there is no such folder yet
        and not any(name.endswith(".pth") for name in more)
    )


def find_user_site(prefix: Prefix, environ: Mapping[str, str]) -> Path | None:
    """Return the user's site-packages, if it exists and comes before the environment's.

    Variables that conda sets on activation (`conda env config vars`) count before `environ`.
    """
    own = {name: "" if one == UNSET else one for name, one in read_variables(prefix.root).items()}
    variables = {**environ, **own}
    python = prefix.python
    if python is None or variables.get("PYTHONNOUSERSITE") or _has_other_ids():
        return None
    if (prefix.root / "pyvenv.cfg").exists():  # there it comes after the environment's
        return None
    base = variables.get("PYTHONUSERBASE", "")
    if prefix.platform == "windows":
        version = python.minor.replace(".", "") + ("t" if python.free_threaded else "")
        home = Path(variables.get("APPDATA") or "~")
        folder = Path(base or home / "Python") / f"Python{version}"
    else:
        home = Path(variables.get("HOME") or "~")
        folder = Path(base or home / ".local") / python.stdlib
    try:
        folder = folder.expanduser() / "site-packages"
        return folder if folder.is_dir() else None
    except (OSError, ValueError, RuntimeError):  # no home, or a variable that is no path
        return None


def _has_other_ids() -> bool:
    """Return whether Python would distrust the user's folder, as `site` does."""
    if not hasattr(os, "geteuid"):
        return False
    return os.geteuid() != os.getuid() or os.getegid() != os.getgid()


def _find_inserted(line: str) -> Iterator[Path]:
    """Find the absolute paths that `sys.path.insert(0, "…")` in a line puts first."""
    if "sys.path.insert" not in line or len(line) > _CODE_LIMIT:
        return
    try:
        tree = ast.parse(line.strip())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in tree.body:
        match node:
            case ast.Expr(
                value=ast.Call(
                    func=ast.Attribute(
                        value=ast.Attribute(value=ast.Name(id="sys"), attr="path"), attr="insert"
                    ),
                    args=[ast.Constant(value=0), ast.Constant(value=str(path))],
                )
            ) if Path(path).is_absolute() and "\0" not in path:
                yield Path(path)


def _list_distributions(folder: Path) -> Iterator[tuple[NormalizedName, str, Path]]:
    """List the distributions of one entry of `sys.path`, each with its version and metadata."""
    if folder.suffix == ".egg":
        if os.path.lexists(folder):
            yield (*parse_metadata_name(folder.stem), folder)
        return
    for entry in _scan(folder):
        stem, dot, suffix = entry.name.rpartition(".")
        if dot + suffix in _METADATA and not entry.name.startswith("~"):
            name, version = parse_metadata_name(stem)
            yield name, version or _read_version(folder / entry.name), folder / entry.name


def _read_version(metadata: Path) -> str:
    """Read the version of a development install, whose folder's name has none."""
    for line in _read_small(metadata / "PKG-INFO").splitlines()[:_LINE_LIMIT]:
        if line.lower().startswith("version:"):
            return line.partition(":")[2].strip()
    return ""


def _scan(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from islice(entries, _ENTRY_LIMIT)
    except OSError:
        return


def _read_small(path: Path) -> str:
    """Read a text file of bounded size; empty if it is none, or cannot be read."""
    try:
        if path.stat().st_size > _SIZE_LIMIT:
            return ""
        return read_regular(path).decode("utf-8", errors="replace")
    except (OSError, ValueError):
        return ""
