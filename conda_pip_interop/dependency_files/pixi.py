"""The dependencies in a pixi manifest: pixi.toml, or `[tool.pixi]` of a pyproject.toml."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from conda_pip_interop.dependency_files.environment_yml import EnvironmentFile, build_from_conda
from conda_pip_interop.dependency_files.requirements_txt import (
    Dependencies,
    Entry,
    check_argument,
    unreadable,
)
from conda_pip_interop.dependency_files.sources import apply_sources, build_source, find_table
from conda_pip_interop.errors import UsageError
from conda_pip_interop.grammar import is_conda_name, is_line, is_name
from conda_pip_interop.text import quoted

#: An environment has the dependencies of all three.
_CONDA: Final = ("dependencies", "host-dependencies", "build-dependencies")
_CONDA_KEYS: Final = {"version", "build", "channel"}
_PYPI_KEYS: Final = {
    *("version", "extras", "git", "rev", "tag", "branch", "subdirectory"),
    *("path", "editable", "url", "index"),
}
_FAMILIES: Final = {"unix": ("linux", "osx"), "macos": ("osx",), "win": ("win",)}
_HINT: Final = "To convert it: `pixi workspace export conda-environment environment.yml`."


@dataclass(frozen=True, kw_only=True, slots=True)
class PixiManifest:
    """conda's dependencies as an environment file, and pip's."""

    environment: EnvironmentFile
    dependencies: Dependencies


def parse_pixi(
    document: Mapping[str, Any], *, origin: str, folder: Path, subdir: str, features: Iterable[str]
) -> PixiManifest:
    """Parse a manifest: its default environment on one platform, and other features.

    Raises UsageError: `unreadable-file`, also for what only pixi can follow; `no-such-part` for a
    feature that is missing.
    """
    conda: dict[str, Any] = {}
    pypi: dict[str, Any] = {}
    entries: list[Entry] = []
    channels = list(_read_channels(_find_workspace(document)))
    for feature in _find_features(document, features, origin):
        channels += _read_channels(feature)
        for table in (feature, *_find_targets(feature, subdir)):
            for key in _CONDA:
                conda.update(find_table(table, key))
            pypi.update(find_table(table, "pypi-dependencies"))
            entries += _read_options(find_table(table, "pypi-options"), origin, folder)
    entries += (one for name, value in pypi.items() for one in _read_pypi(name, value, origin))
    return PixiManifest(
        environment=build_from_conda(
            (_build_spec(name, value, origin) for name, value in conda.items()),
            channels=dict.fromkeys(channels),
        ),
        dependencies=Dependencies(entries=tuple(replace(one, folder=folder) for one in entries)),
    )


def _find_workspace(document: Mapping[str, Any]) -> Mapping[str, Any]:
    return find_table(document, "workspace") or find_table(document, "project")


def _read_channels(table: Mapping[str, Any]) -> Iterator[str]:
    listed = table.get("channels")
    for one in listed if isinstance(listed, list) else ():
        match one:
            case str(channel) | {"channel": str(channel)}:
                yield channel


def _find_features(
    document: Mapping[str, Any], chosen: Iterable[str], origin: str
) -> Iterator[Mapping[str, Any]]:
    """Find the tables of the default environment's features, and of the chosen ones."""
    known = find_table(document, "feature")
    default = find_table(document, "environments").get("default", [])
    table = default if isinstance(default, Mapping) else {"features": default}
    if not table.get("no-default-feature"):
        yield document
    listed = table.get("features")
    for name in (*(listed if isinstance(listed, list) else ()), *chosen):
        if not isinstance(name, str) or name not in known:
            raise UsageError(
                "no-such-part",
                f"{origin} has no feature {name}.",
                hints=(f"Available: {', '.join(known) or 'none'}.",),
            )
        yield known[name]


def _find_targets(feature: Mapping[str, Any], subdir: str) -> Iterator[Mapping[str, Any]]:
    """Find the tables for a platform, the most specific one last."""
    targets = find_table(feature, "target")
    system = subdir.partition("-")[0]
    families = [name for name, systems in _FAMILIES.items() if system in systems]
    yield from (find_table(targets, name) for name in dict.fromkeys((*families, system, subdir)))


def _build_spec(name: str, value: Any, origin: str) -> str:
    """Build the match spec of a dependency; raises UsageError for a package of sources."""
    found = {"version": value} if isinstance(value, str) else value
    if not (isinstance(found, Mapping) and is_conda_name(name) and _CONDA_KEYS.issuperset(found)):
        raise unreadable(
            origin, f"its dependency {name} is not supported: {quoted(value)}", hint=_HINT
        )
    channel = f"{found['channel']}::" if "channel" in found else ""
    version = str(found.get("version", "*")).replace(", ", ",")
    words = [version, str(found["build"])] if "build" in found else [version] * (version != "*")
    spec = " ".join([f"{channel}{name}", *words])
    if not is_line(spec):
        raise unreadable(origin, f"its dependency {name} is not valid: {quoted(value)}")
    return spec


def _read_pypi(name: str, value: Any, origin: str) -> Iterator[Entry]:
    found = {"version": value} if isinstance(value, str) else value
    if not (isinstance(found, Mapping) and is_name(name) and _PYPI_KEYS.issuperset(found)):
        raise unreadable(
            origin, f"its dependency {name} is not supported: {quoted(value)}", hint=_HINT
        )
    version = str(found.get("version", "*"))
    try:
        specifiers = SpecifierSet("" if version == "*" else version)
    except InvalidSpecifier as error:
        raise unreadable(origin, f"its dependency {name} is not valid: {error}") from error
    listed = found.get("extras", [])
    extras = ",".join(map(str, listed if isinstance(listed, list) else [listed]))
    text = f"{name}[{extras}]{specifiers}" if extras else f"{name}{specifiers}"
    entry = Entry(
        text=text, origin=f"{origin}: pypi-dependencies", index=str(found.get("index", ""))
    )
    source = None if entry.index else build_source(name, found, origin)
    sources = {} if source is None else {canonicalize_name(name): (source,)}
    yield from apply_sources([entry], sources, {}, origin)


def _read_options(options: Mapping[str, Any], origin: str, folder: Path) -> Iterator[Entry]:
    for key, value in options.items():
        match key, value:
            case "index-url", str(url):
                words = [f"--index-url {check_argument(url, origin)}"]
            case "extra-index-urls", [*urls]:
                words = [f"--extra-index-url {check_argument(str(one), origin)}" for one in urls]
            case "find-links", [*links]:
                words = [f"--find-links {check_argument(_read_link(one), origin)}" for one in links]
            case (("no-build" | "no-binary"), True):
                words = [f"{'--only-binary' if key == 'no-build' else '--no-binary'} :all:"]
            case (("no-build" | "no-binary"), [*names]) if all(map(is_name, map(str, names))):
                option = "--only-binary" if key == "no-build" else "--no-binary"
                words = [f"{option} {name}" for name in names]
            case (("no-build" | "no-binary"), False):
                words = []
            case _:
                raise unreadable(
                    origin, f"its {key} has no equivalent in a file of pip's", hint=_HINT
                )
        yield from (Entry(text=one, origin=origin, kind="option", folder=folder) for one in words)


def _read_link(link: Any) -> str:
    match link:
        case {"path": str(place)} | {"url": str(place)} | str(place):
            return place
    return str(link)
