"""The dependencies in a pixi manifest: pixi.toml, or `[tool.pixi]` of a pyproject.toml."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping
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
from conda_pip_interop.dependency_files.sources import (
    apply_sources,
    build_source,
    find_table,
    place,
)
from conda_pip_interop.errors import UsageError
from conda_pip_interop.grammar import is_conda_name, is_line, is_name
from conda_pip_interop.text import quoted
from conda_pip_interop.values import dataclass

#: An environment has the dependencies of all three.
_CONDA: Final = ("dependencies", "host-dependencies", "build-dependencies")
_CONDA_KEYS: Final = {"version", "build", "channel"}
_PYPI_KEYS: Final = {
    *("version", "extras", "git", "rev", "tag", "branch", "subdirectory"),
    *("path", "editable", "url", "index"),
}
#: What is read of a manifest and of its features, or says nothing of packages.
_READ: Final = {
    *(*_CONDA, "pypi-dependencies", "pypi-options", "channels", "target", "feature"),
    *("workspace", "project", "environments", "tool", "tasks", "platforms", "$schema"),
}
_OF_WORKSPACE: Final = ("pypi-options", "exclude-newer", "channel-priority", "solve-strategy")
_FAMILIES: Final = {"unix": ("linux", "osx"), "macos": ("osx",), "win": ("win",)}
_HINT: Final = "To convert it: `pixi workspace export conda-environment environment.yml`."


@dataclass(frozen=True, kw_only=True, slots=True)
class PixiManifest:
    """conda's dependencies as an environment file, and pip's."""

    environment: EnvironmentFile
    dependencies: Dependencies


def parse_pixi(
    document: Mapping[str, Any],
    *,
    origin: str,
    folder: Path,
    subdir: str,
    features: Iterable[str],
    groups: Collection[str] = (),
) -> PixiManifest:
    """Parse a manifest: its default environment on one platform, and other features.

    The dependency `groups` of a pyproject.toml are features, too, which are read elsewhere.
    Raises UsageError: `unreadable-file`, also for what only pixi can follow; `no-such-part` for a
    feature that is missing.
    """
    conda: dict[str, Any] = {}
    pypi: dict[str, Any] = {}
    entries: list[Entry] = []
    channels = list(_read_channels(_find_workspace(document)))
    for feature in _find_features(document, features, origin, groups):
        channels += _read_channels(feature)
        for table in (feature, *_find_targets(feature, subdir)):
            for key in _CONDA:
                conda.update(find_table(table, key))
            pypi.update(find_table(table, "pypi-dependencies"))
            entries += _read_options(find_table(table, "pypi-options"), origin, folder)
    entries += (one for name, value in pypi.items() for one in _read_pypi(name, value, origin))
    notes = tuple(_note_unread(document, origin))
    return PixiManifest(
        environment=build_from_conda(
            (_build_spec(name, value, origin) for name, value in conda.items()),
            channels=dict.fromkeys(channels),
        ),
        dependencies=place(Dependencies(entries=tuple(entries), notes=notes), folder),
    )


def _note_unread(document: Mapping[str, Any], origin: str) -> Iterator[str]:
    """Say which tables and settings are left out."""
    workspace, unread = _find_workspace(document), list(_find_unread(document, ""))
    unread += [f"workspace.{key}" for key in _OF_WORKSPACE if key in workspace]
    for name in find_table(document, "feature"):
        unread += _find_unread(find_table(document, "feature", name), f"feature.{name}.")
    if unread:
        are = "is" if len(unread) == 1 else "are"
        yield f"{origin}: {', '.join(unread)} of pixi {are} left out."


def _find_unread(feature: Mapping[str, Any], prefix: str) -> Iterator[str]:
    yield from (f"{prefix}{key}" for key in feature if key not in _READ)
    for name in find_table(feature, "target"):
        yield from _find_unread(find_table(feature, "target", name), f"{prefix}target.{name}.")


def _find_workspace(document: Mapping[str, Any]) -> Mapping[str, Any]:
    return find_table(document, "workspace") or find_table(document, "project")


def _read_channels(table: Mapping[str, Any]) -> Iterator[str]:
    listed = table.get("channels")
    for one in listed if isinstance(listed, list) else ():
        match one:
            case str(channel) | {"channel": str(channel)}:
                yield channel


def _find_features(
    document: Mapping[str, Any], chosen: Iterable[str], origin: str, groups: Collection[str]
) -> Iterator[Mapping[str, Any]]:
    """Find the tables of the default environment's features, and of the chosen ones."""
    known = find_table(document, "feature")
    default = find_table(document, "environments").get("default")
    if not (isinstance(default, Mapping) and default.get("no-default-feature")):
        yield document
    for name in dict.fromkeys((*list_features(document, "default"), *chosen)):
        if name in known:
            yield find_table(known, name)
        elif name not in groups:
            raise UsageError(
                "no-such-part",
                f"{origin} has no feature {name}.",
                hints=(
                    f"Available: {', '.join(dict.fromkeys((*known, *groups))) or 'none'}.",
                    *_explain_environment(document, name),
                ),
            )


def _explain_environment(document: Mapping[str, Any], name: str) -> Iterator[str]:
    """Say which features an environment has, if it was named in place of one."""
    if name in find_table(document, "environments"):
        words = " ".join(f"--group {shlex.quote(one)}" for one in list_features(document, name))
        yield f"The environment {name} has these features: `{words}`."


def list_features(document: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """List the features of an environment, without the default feature."""
    found = find_table(document, "environments").get(name)
    listed = found.get("features") if isinstance(found, Mapping) else found
    return tuple(map(str, listed)) if isinstance(listed, list) else ()


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
    source = None if entry.index else build_source(found)
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
