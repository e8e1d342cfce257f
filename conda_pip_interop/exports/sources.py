"""Sources: where a distribution of pip's came from, in values that are safe to write to a file."""

from __future__ import annotations

import posixpath
import re
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import quote, unquote, urlsplit
from urllib.request import url2pathname

from conda_pip_interop.text import replace_credentials
from conda_pip_interop.values import dataclass, regex

if TYPE_CHECKING:
    from collections.abc import Mapping

#: A URL is one word, so nothing in it can end a line or begin an option.
_URL: Final = regex(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+")
#: A path of one line; `%0A` in a URL is a line feed in its path.
_PATH: Final = regex(r"(?:[a-zA-Z]:)?[/\\][^\x00-\x1f\x7f-\x9f\u2028\u2029]*")
_REVISION: Final = regex(r"[\w.-]+", re.ASCII)
_REQUESTED_REVISION: Final = regex(r"[!-~]+")
_CLONE: Final = regex(
    r"-e (?P<vcs>git|hg|svn|bzr)\+(?P<url>[!-~]+)@(?P<commit>[\w.-]+)"
    r"#egg=[\w.-]+(?:&subdirectory=(?P<within>[!-~]+))?",
    re.ASCII,
)
_SYSTEMS: Final = ("git", "hg", "svn", "bzr")
_HASHES: Final = {"sha512": 128, "sha384": 96, "sha256": 64}


@dataclass(frozen=True, kw_only=True, slots=True)
class FromIndex:
    """It is from an index. `url` and `sha256` (hex) are those of its file, None if unknown."""

    url: str | None = None
    sha256: str | None = None

    @property
    def is_wheel(self) -> bool:
        """Whether the file is a wheel, and not an sdist."""
        return self.file_name.endswith(".whl")

    @property
    def file_name(self) -> str:
        """The name of the file; empty if it is unknown."""
        return unquote(urlsplit(self.url or "").path).rpartition("/")[2]


@dataclass(frozen=True, kw_only=True, slots=True)
class FromRepository:
    """It is from a repository, at a commit. `vcs` is `git`, `hg`, `svn` or `bzr`.

    With `editable` it is a clone in the environment that is imported itself.
    """

    vcs: str
    url: str
    commit: str
    revision: str = ""
    subdirectory: str = ""
    editable: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class FromArchive:
    """It is from an archive at a URL; `algorithm` and `digest` (hex) are empty if unknown."""

    url: str
    algorithm: str = ""
    digest: str = ""
    subdirectory: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class FromFolder:
    """It is from the folder at `path`; with `editable` the folder itself is imported."""

    path: str
    editable: bool = False
    subdirectory: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unknown:
    """Its source is not known; `reason` says why."""

    reason: str


Source: TypeAlias = FromIndex | FromRepository | FromArchive | FromFolder | Unknown


def build_source(direct_url: Mapping[str, Any]) -> Source:
    """Build the source that a direct_url.json describes (PEP 610), without credentials."""
    try:
        return _build_source(direct_url)
    except ValueError as error:
        return Unknown(reason=f"its direct_url.json {error}")


def _build_source(direct_url: Mapping[str, Any]) -> Source:
    """Raises ValueError with what is wrong."""
    url = _check(_URL, direct_url.get("url"), "URL")
    url = replace_credentials(url)
    within = direct_url.get("subdirectory") or ""
    if not isinstance(within, str) or not _is_below(within):
        raise ValueError("has no valid subdirectory")
    match direct_url:
        case {"vcs_info": {"vcs": "git" | "hg" | "svn" | "bzr" as vcs, **info}}:
            revision = info.get("requested_revision") or ""
            return FromRepository(
                vcs=str(vcs),
                url=url,
                commit=_check(_REVISION, info.get("commit_id"), "commit"),
                revision=_check(_REQUESTED_REVISION, revision, "revision") if revision else "",
                subdirectory=within,
            )
        case {"archive_info": dict(archive)}:
            algorithm, digest = _find_hash(archive)
            return FromArchive(url=url, algorithm=algorithm, digest=digest, subdirectory=within)
        case {"dir_info": dict(folder)} if url.startswith("file:"):
            path = _check(_PATH, find_path(url), "path")
            editable = folder.get("editable") is True
            return FromFolder(path=path, editable=editable, subdirectory=within)
    raise ValueError("does not say what it came from")


def _check(pattern: re.Pattern[str], value: object, what: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ValueError(f"has no valid {what}")
    return value


def parse_clone(line: str) -> Source | None:
    """Parse pip's `freeze` line of an editable clone; None if it is another one."""
    found = _CLONE.fullmatch(line)
    if found is None or not _is_below(found["within"] or ""):
        return None
    return FromRepository(
        vcs=found["vcs"],
        url=replace_credentials(found["url"]),
        commit=found["commit"],
        subdirectory=found["within"] or "",
        editable=True,
    )


def build_folder(path: str) -> Source:
    """Build the source of an editable install without direct_url.json."""
    if not _PATH.fullmatch(path):
        return Unknown(reason="it is editable, and the folder of its source is not known")
    return FromFolder(path=path, editable=True)


def find_path(url: str) -> str:
    """Return the path of a `file:` URL."""
    return url2pathname(urlsplit(url).path)


def _is_below(path: str) -> bool:
    return path.isprintable() and not posixpath.normpath(path).startswith(("..", "/"))


def _find_hash(archive: Mapping[str, Any]) -> tuple[str, str]:
    """Return the strongest hash that pip accepts, of `hashes` or of the older `hash`."""
    hashes = archive.get("hashes")
    found = dict(hashes) if isinstance(hashes, dict) else {}
    if isinstance(archive.get("hash"), str):
        algorithm, _, digest = archive["hash"].partition("=")
        found.setdefault(algorithm, digest)
    for algorithm, length in _HASHES.items():
        digest = found.get(algorithm)
        if isinstance(digest, str) and re.fullmatch(rf"[0-9a-f]{{{length}}}", digest):
            return algorithm, digest
    return "", ""


def build_direct_url(source: Source) -> Mapping[str, Any] | None:
    """Build the direct_url.json of a source (PEP 610); None if it is from an index, or unknown."""
    found: dict[str, Any] = {}
    info: dict[str, Any] = {}
    match source:
        case FromRepository():
            info = {"vcs": source.vcs, "commit_id": source.commit}
            info |= {"requested_revision": source.revision} if source.revision else {}
            found = {"url": source.url, "vcs_info": info}
        case FromArchive():
            digest = {source.algorithm: source.digest} if source.algorithm else {}
            hashes = [f"{name}={value}" for name, value in digest.items()]
            info = {"hash": hashes[0], "hashes": digest} if hashes else {}
            found = {"url": source.url, "archive_info": info}
        case FromFolder():
            info = {"editable": True} if source.editable else {}
            found = {"url": PurePath(source.path).as_uri(), "dir_info": info}
        case _:
            return None
    return found | ({"subdirectory": source.subdirectory} if source.subdirectory else {})


def parse_reference(text: str) -> Source:
    """Parse what `build_reference` builds; an archive may be from an index or not.

    A URL without a hash is a folder's if it is local.
    """
    url, _, fragment = text.partition("#")
    parts = dict(one.partition("=")[::2] for one in fragment.split("&"))
    found: dict[str, Any] = {"subdirectory": unquote(parts.pop("subdirectory", ""))}
    vcs, plus, rest = url.partition("+")
    if plus and vcs in _SYSTEMS:
        url, _, commit = rest.rpartition("@")
        found |= {"url": url, "vcs_info": {"vcs": vcs, "commit_id": commit}}
    elif url.startswith("file:") and not parts.keys() & _HASHES.keys():
        found |= {"url": url, "dir_info": {}}
    else:
        found |= {"url": url, "archive_info": {"hashes": parts}}
    return build_source(found)


def build_reference(source: FromIndex | FromRepository | FromArchive | FromFolder) -> str:
    """Build the URL of a direct reference (PEP 440): with the commit, or with the hash."""
    if isinstance(source, FromIndex):
        return f"{source.url}#sha256={source.sha256}"
    fragment = []
    match source:
        case FromFolder():
            url = PurePath(source.path).as_uri()
        case FromRepository():
            url = f"{source.vcs}+{source.url}@{source.commit}"
        case FromArchive():
            url = source.url
            fragment += [f"{source.algorithm}={source.digest}"] if source.algorithm else []
    fragment += [f"subdirectory={quote(source.subdirectory)}"] if source.subdirectory else []
    return f"{url}#{'&'.join(fragment)}" if fragment else url
