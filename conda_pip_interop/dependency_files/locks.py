"""The packages in the lock files of conda-lock (CEP 37) and of pixi (rattler-lock)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field, replace
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import parse_qs, quote, unquote, urlsplit

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from conda_pip_interop.dependency_files.requirements_txt import unreadable
from conda_pip_interop.errors import UsageError
from conda_pip_interop.grammar import is_conda_name, is_hash, is_line, is_name, is_word
from conda_pip_interop.text import hide_password, quoted
from conda_pip_interop.values import dataclass, regex
from conda_pip_interop.yaml_limits import explain_yaml_error, refuse_bombs

#: A conda package's file: its name, version and build.
_FILE: Final = regex(r"(?P<name>.+)-(?P<version>[^-]+)-(?P<build>[^-]+)\.(?:conda|tar\.bz2)")
_COMMIT: Final = regex(r"(?:\?(?P<query>[^#]*))?#(?P<commit>[0-9a-f]{40,64})$")
_REPOSITORY: Final = regex(r"(?:git|hg|svn|bzr)\+")
#: 1 is that of conda-workspaces' conda.lock.
_PIXI_VERSIONS: Final = (1, 4, 5, 6, 7)
_ALGORITHMS: Final = ("sha256", "md5")
#: The category of what is needed in any case, and pixi's environment.
_MAIN: Final = "main"
_DEFAULT: Final = "default"


@dataclass(frozen=True, kw_only=True, slots=True)
class LockEntry:
    """A package in a lock file. `platforms` is conda's, such as `linux-64`.

    `url` is a file's, a repository's with its commit, or a path, and `hashes` maps algorithms to
    hexadecimal digests. `direct`: pip is to install it from the URL and not from an index.
    `build` is empty for pip's packages, `version` where pixi does not know it.
    """

    manager: Literal["conda", "pip"]
    name: str
    version: str
    platform: str
    url: str
    build: str = ""
    hashes: Mapping[str, str] = field(default_factory=dict, hash=False)
    direct: bool = False
    editable: bool = False
    category: str = _MAIN

    def __post_init__(self) -> None:
        """Raise ValueError for what is not one name, version, build or line."""
        words = (self.version, self.build) if self.manager == "conda" else (self.version or "0",)
        is_valid = is_conda_name if self.manager == "conda" else is_name
        hashes = (f"{name}:{digest}" for name, digest in self.hashes.items())
        if not (is_valid(self.name) and all(map(is_word, words)) and is_line(self.url)):
            raise ValueError(self.name)
        if not all(map(is_hash, hashes)):
            raise ValueError(self.name)


@dataclass(frozen=True, kw_only=True, slots=True)
class LockFile:
    """The content of a lock file: channels as it has them, packages of all its platforms.

    `others` are the environments of pixi that are not read.
    """

    channels: tuple[str, ...]
    packages: tuple[LockEntry, ...]
    others: tuple[str, ...] = ()

    def choose(self, subdir: str, categories: Collection[str], *, origin: str) -> LockFile:
        """The packages for one platform, of `main` and of other categories.

        Raises UsageError: `unreadable-file` for a platform, `no-such-part` for a category that is
        missing.
        """
        platforms = dict.fromkeys(one.platform for one in self.packages)
        if platforms and subdir not in platforms:
            reason = f"it is for {', '.join(platforms)}, not for {subdir}"
            hint = f"To lock {subdir}, too, add it to the platforms and lock again."
            raise unreadable(origin, reason, hint=hint)
        chosen = self.choose_categories(categories, origin=origin)
        packages = tuple(one for one in chosen.packages if one.platform == subdir)
        return replace(chosen, packages=packages)

    def choose_categories(self, categories: Collection[str], *, origin: str) -> LockFile:
        """The packages of `main` and of other categories; raises UsageError `no-such-part`."""
        known = dict.fromkeys(one.category for one in self.packages)
        for missing in (one for one in categories if one not in known):
            raise UsageError(
                "no-such-part",
                f"{origin} has no category {missing}.",
                hints=(f"Available: {', '.join(known) or 'none'}.",),
            )
        chosen = {_MAIN, *categories}
        packages = tuple(one for one in self.packages if one.category in chosen)
        return replace(self, packages=packages)


def parse_conda_lock(text: str, *, origin: str) -> LockFile:
    """Parse a conda-lock.yml; raises UsageError `unreadable-file`."""
    document = _load(text, origin)
    if document.get("version") != 1:
        version = quoted(document.get("version"))
        raise unreadable(origin, f"its version is {version}; supported is 1")
    with _reading(origin):
        channels = (one["url"] for one in document["metadata"].get("channels", ()))
        return LockFile(
            channels=tuple(map(str, channels)),
            packages=tuple(map(_read_conda_lock, document["package"])),
        )


def _read_conda_lock(package: Mapping[str, Any]) -> LockEntry:
    manager: Literal["conda", "pip"]
    match package["manager"]:
        case "conda" | "pip" as known:
            manager = known
        case other:
            raise ValueError(other)
    url = str(package["url"])
    direct = "source" in package
    repository = _REPOSITORY.match(url) is not None
    build = package.get("build") or (_parse_file(url)["build"] if manager == "conda" else "")
    return LockEntry(
        manager=manager,
        name=str(package["name"]),
        version=str(package["version"]),
        platform=str(package["platform"]),
        url=url,
        build=str(build),
        hashes={} if repository else _choose_hashes(package["hash"]),
        direct=direct or repository,
        category=str(package.get("category", _MAIN)),
    )


def parse_pixi_lock(text: str, *, origin: str, environment: str = _DEFAULT) -> LockFile:
    """Parse a pixi.lock of version 4 to 7, or a conda.lock of the same form: one environment.

    Raises UsageError `unreadable-file`, and `no-such-part` for an environment that it has not.
    """
    document = _load(text, origin)
    if document.get("version") not in _PIXI_VERSIONS:
        version = quoted(document.get("version"))
        raise unreadable(origin, f"its version is {version}; supported are 4 to 7")
    with _reading(origin):
        found = document["environments"].get(environment)
        if found is None:
            raise UsageError(
                "no-such-part",
                f"{origin} has no environment {environment}.",
                hints=(f"Available: {', '.join(map(str, document['environments']))}.",),
            )
        known = _index_by_location(document["packages"], origin)
        platforms = {
            one["name"]: one.get("subdir", one["name"]) for one in document.get("platforms", ())
        }
        return LockFile(
            others=tuple(str(one) for one in document["environments"] if one != environment),
            channels=tuple(str(one["url"]) for one in found.get("channels", ())),
            packages=tuple(
                _read_pixi(known[_find_location(one)], str(platforms.get(name, name)))
                for name, packages in found["packages"].items()
                for one in packages
            ),
        )


def _index_by_location(
    packages: Iterable[Mapping[str, Any]], origin: str
) -> Mapping[tuple[str, str], Mapping[str, Any]]:
    """Index packages by what environments name them by; two of one place cannot be told apart."""
    known: dict[tuple[str, str], Mapping[str, Any]] = {}
    for one in packages:
        place = _find_location(one)
        name = known.setdefault(place, one).get("name")
        if name != one.get("name"):
            both = f"{quoted(name)} and {quoted(one.get('name'))}"
            raise unreadable(origin, f"{both} are both at {hide_password(place[1])}")
    return known


def _find_location(package: Mapping[str, Any]) -> tuple[str, str]:
    if "kind" in package:  # before version 6
        return str(package["kind"]), str(package.get("url") or package["path"])
    for kind in ("conda", "conda_source", "pypi"):
        if kind in package:
            return kind, str(package[kind])
    raise ValueError(package)


def _read_pixi(package: Mapping[str, Any], platform: str) -> LockEntry:
    kind, url = _find_location(package)
    if kind == "conda":
        file = _parse_file(url)
        return LockEntry(
            manager="conda",
            name=str(package.get("name", file["name"])),
            version=str(package.get("version", file["version"])),
            platform=platform,
            url=Path(url).as_uri() if url.startswith("/") else url,  # rattler writes a path
            build=str(package.get("build", file["build"])),
            hashes=_choose_hashes(package),
        )
    if kind != "pypi":  # a package that pixi builds from its sources
        raise ValueError(url)
    repository = _REPOSITORY.match(url) is not None
    wheel = _parse_wheel(url)
    is_file = "://" in url and not url.startswith("direct+")
    hashes = {} if repository else _choose_hashes(package)
    if not repository and not hashes:  # as py-rattler writes it
        url, found = _split_hash(url)
        hashes = {"sha256": found} if found else {}
    return LockEntry(
        manager="pip",
        name=str(package.get("name", wheel and wheel[0])),
        version=str(package.get("version", wheel[1] if wheel else "")),
        platform=platform,
        url=_pin_commit(url) if repository else url.removeprefix("direct+"),
        hashes=hashes,
        direct=repository or not is_file,
        editable=bool(package.get("editable")),
    )


def _split_hash(url: str) -> tuple[str, str]:
    """Split the SHA-256 in a URL's fragment off, where py-rattler writes it."""
    found, _, digest = url.partition("#sha256=")
    return found, digest


def _pin_commit(url: str) -> str:
    """Return the reference (PEP 440) for a repository of pixi's: `git+URL?rev=REV#COMMIT`."""
    found = _COMMIT.search(url)
    if found is None:
        return url
    within = parse_qs(found["query"] or "").get("subdirectory")
    reference = f"{url[: found.start()]}@{found['commit']}"
    return f"{reference}#subdirectory={quote(within[0])}" if within else reference


def _parse_file(url: str) -> re.Match[str]:
    found = _FILE.fullmatch(unquote(urlsplit(url).path.rpartition("/")[2]))
    if found is None:
        raise ValueError(url)
    return found


def _parse_wheel(url: str) -> tuple[str, str] | None:
    try:
        name, version, *_ = parse_wheel_filename(unquote(urlsplit(url).path.rpartition("/")[2]))
    except InvalidWheelFilename:
        return None
    return name, str(version)


def _choose_hashes(table: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(table[name]) for name in _ALGORITHMS if table.get(name)}


@contextmanager
def _reading(origin: str) -> Iterator[None]:
    """Raise UsageError `unreadable-file` where a document has other keys and types."""
    try:
        yield
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise unreadable(origin, f"it is not valid: {quoted(str(error))}") from error


def _load(text: str, origin: str) -> Mapping[str, Any]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        refuse_bombs(text)
        document = YAML(typ="safe", pure=True).load(text)
    except (YAMLError, ValueError, TypeError, RecursionError) as error:
        raise unreadable(origin, explain_yaml_error(error)) from error
    if not isinstance(document, dict):
        raise unreadable(origin, "it is not a lock file")
    return document
