"""The dependency files of a command, each read in the format that its content has."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from conda_pip_interop.dependency_files.dynamic import AskBackend
from conda_pip_interop.dependency_files.environment_yml import (
    EnvironmentFile,
    build_from_conda,
    parse_environment,
    read_pip_entries,
)
from conda_pip_interop.dependency_files.formats import CREATE, Format, find_format, find_kind
from conda_pip_interop.dependency_files.locations import (
    rebase_location,
    rebase_option,
    rebase_requirement,
)
from conda_pip_interop.dependency_files.locks import (
    LockEntry,
    LockFile,
    parse_conda_lock,
    parse_pixi_lock,
)
from conda_pip_interop.dependency_files.own_table import read_own_table
from conda_pip_interop.dependency_files.pixi import PixiManifest, list_features, parse_pixi
from conda_pip_interop.dependency_files.projects.document import load_toml
from conda_pip_interop.dependency_files.pylock import parse_pylock
from conda_pip_interop.dependency_files.pyproject import (
    ProjectParts,
    parse_pyproject,
    parse_script,
)
from conda_pip_interop.dependency_files.requirements_txt import (
    Dependencies,
    Entry,
    Fetch,
    as_constraints,
    check_argument,
    read_requirements_file,
    read_text,
    unreadable,
)
from conda_pip_interop.dependency_files.sources import find_source, find_table, is_private, place
from conda_pip_interop.errors import UsageError
from conda_pip_interop.text import hide_password
from conda_pip_interop.values import dataclass

#: The endings of requirements files; what has another one is only read if it says what it is.
_REQUIREMENTS: Final = ("", ".txt", ".in")
#: Those of requirements files that say what they are by having any.
_OTHERS: Final = (".lock", ".pip")


@dataclass(frozen=True, kw_only=True, slots=True)
class DependencyFiles:
    """The dependencies of each file, and the environment file if one is among them.

    `environment_text` is empty where the environment was read from a file of another format.
    """

    dependencies: tuple[Dependencies, ...]
    environment: EnvironmentFile | None
    environment_text: str = ""


def read_dependency_files(
    files: Iterable[Path],
    parts: ProjectParts,
    *,
    target: Path = Path(),
    subdir: str = "",
    ask: AskBackend | None = None,
    constraints: Iterable[Path] = (),
) -> DependencyFiles:
    """Read dependency files; paths in them become relative to the folder `target`.

    What is for one platform is read for `subdir` (conda's name, such as `linux-64`); `ask` gives
    what only a build backend knows; `constraints` are files that limit versions. Raises UsageError:
    `unreadable-file`, `no-such-part`; `usage` if there are two environment files, or `parts` but no
    file that has any.
    """
    found = [_read(file, parts, subdir, ask) for file in files]
    if parts != ProjectParts() and not any(one.has_parts for one in found):
        raise UsageError(
            "usage",
            "`--extra` and `--group` require a pyproject.toml or a lock file, `--build-system` a "
            "pyproject.toml.",
            hints=("To fix: add one to the files.",),
        )
    environments = [one for one in found if one.environment is not None]
    if len(environments) > 1:
        also = environments[1].file
        raise UsageError("usage", f"Only one environment file is supported, not also {also}.")
    only = environments[0] if environments else None
    limits = tuple(entry for file in constraints for entry in _read_constraints(file))
    dependencies = [one.dependencies for one in found]
    dependencies += [Dependencies(entries=limits)] if limits else []
    return DependencyFiles(
        dependencies=tuple(_rebase(one, target) for one in dependencies),
        environment=only.environment if only else None,
        environment_text=only.environment_text if only else "",
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _File:
    file: Path
    dependencies: Dependencies
    environment: EnvironmentFile | None = None
    environment_text: str = ""
    has_parts: bool = False


def _read_constraints(file: Path) -> Iterator[Entry]:
    included = f"-c {shlex.quote(file.name)}"
    inner = read_requirements_file(file)
    yield from as_constraints(inner, included=included, folder=file.parent)


def _read(file: Path, parts: ProjectParts, subdir: str, ask: AskBackend | None) -> _File:
    text = read_text(file)
    origin = str(file)
    kind = find_format(text, file)
    endings = (*_REQUIREMENTS, *(_OTHERS if text.strip() else ()))
    if kind == "requirements" and file.suffix not in endings:
        raise unreadable(file, "its content has no known format")
    match kind:
        case "environment":
            environment = parse_environment(text, origin=origin)
            entries = read_pip_entries(environment, origin=origin, folder=file.parent)
            return _File(
                file=file,
                dependencies=Dependencies(entries=entries),
                environment=environment,
                environment_text=text,
            )
        case "pixi" | "pyproject":
            found = parse_manifest(text, file, origin=origin, parts=parts, subdir=subdir, ask=ask)
            dependencies, pixi = found.dependencies, found.pixi
            if pixi is not None:
                both = (*dependencies.entries, *pixi.dependencies.entries)
                dependencies = replace(dependencies, entries=both)
            return _File(
                file=file,
                dependencies=dependencies,
                environment=None if pixi is None else pixi.environment,
                has_parts=True,
            )
        case "conda-lock" | "pixi-lock":
            lock = parse_conda_lock if kind == "conda-lock" else parse_pixi_lock
            categories = (*parts.extras, *parts.groups)
            chosen = lock(text, origin=origin).choose(subdir, categories, origin=origin)
            return _build_from_lock(chosen, file)
        case "requirements" | "pylock" | "script":
            read = parse_file(text, file, origin=origin, parts=parts)
            return _File(
                file=file, dependencies=read, has_parts=kind == "pylock" and not parts.build_system
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """A pyproject.toml, a manifest of pixi, or both in one file.

    `dependencies` are those of the project; `pixi` is None without pixi's tables.
    """

    dependencies: Dependencies
    pixi: PixiManifest | None = None


def parse_manifest(
    text: str,
    file: Path,
    *,
    origin: str,
    parts: ProjectParts,
    subdir: str,
    ask: AskBackend | None = None,
) -> Manifest:
    """Parse a pixi.toml or a pyproject.toml; the groups of `parts` are features of pixi, too.

    Raises UsageError: `unreadable-file`, `no-such-part`.
    """
    document = load_toml(text, origin)
    is_project = find_format(text, file) == "pyproject"
    table = find_table(document, "tool", "pixi") if is_project else document
    if not table:
        read = parse_file(text, file, origin=origin, parts=parts, ask=ask)
        return Manifest(dependencies=read)
    groups = find_table(document, "dependency-groups") if is_project else {}
    features = (*list_features(table, "default"), *parts.groups)
    chosen = tuple(one for one in dict.fromkeys(features) if one in groups)
    dependencies = Dependencies(entries=())
    if is_project and (chosen or "project" in document or find_table(document, "tool", "poetry")):
        named = replace(parts, groups=chosen)
        dependencies = parse_file(text, file, origin=origin, parts=named, ask=ask)
    elif parts.extras:
        raise UsageError(
            "no-such-part",
            f"{origin} has no extra {parts.extras[0]}: manifests of pixi have features.",
            hints=(f"To add a feature: `--group {shlex.quote(parts.extras[0])}`.",),
        )
    pixi = parse_pixi(
        table,
        origin=origin,
        folder=file.parent,
        subdir=subdir,
        features=parts.groups,
        groups=groups,
    )
    own, notes = read_own_table(document, origin), (*dependencies.notes, *pixi.dependencies.notes)
    return Manifest(dependencies=replace(dependencies, table=own, notes=notes), pixi=pixi)


def _build_from_lock(lock: LockFile, file: Path) -> _File:
    """Build an environment file with the very packages of a lock file."""
    conda = (one for one in lock.packages if one.manager == "conda")
    entries = (_build_locked(one, file) for one in lock.packages if one.manager == "pip")
    return _File(
        file=file,
        dependencies=Dependencies(entries=tuple(entries), locked=True, owned_by_pip=True),
        environment=build_from_conda(
            (f"{one.name}={one.version}={one.build}" for one in conda), channels=lock.channels
        ),
        has_parts=True,
    )


def _build_locked(package: LockEntry, file: Path) -> Entry:
    """Build the line of a package that pip installs, with its hashes."""
    url = check_argument(package.url, str(file))
    is_path = package.direct and "://" not in url
    text = f"{package.name}=={package.version}"
    if is_path:
        text = f"{'-e ' if package.editable else ''}{url if url[:1] in './' else f'./{url}'}"
    elif package.direct or is_private(url):
        text = f"{package.name} @ {url}"
    return Entry(
        text=text,
        origin=str(file),
        kind="location" if is_path else "requirement",
        folder=file.parent,
        run_in=file.parent,
        tail=" ".join(
            f"--hash={name}:{digest}" for name, digest in package.hashes.items() if name != "md5"
        ),
    )


def read_remote(url: str, fetch: Fetch | None, environ: Mapping[str, str]) -> Iterator[Entry]:
    """Read a requirements file at a URL, and the files that it includes; see `find_place`.

    Raises UsageError `unreadable-file`, also for a file of another format.
    """
    kind = find_kind(read_text(url, fetch), Path(urlsplit(url).path))
    if kind != "requirements":
        raise unreadable(hide_password(url), "it is a URL; download it first")
    return read_requirements_file(url, environ=environ, fetch=fetch)


def parse_file(
    text: str,
    file: Path,
    *,
    origin: str,
    parts: ProjectParts,
    environ: Mapping[str, str] | None = None,
    ask: AskBackend | None = None,
) -> Dependencies:
    """Parse a requirements file, a pyproject.toml or a pylock.toml, told apart by their content.

    Raises UsageError `unreadable-file`, also for an environment file.
    """
    match find_format(text, file):
        case "pyproject":
            found = parse_pyproject(
                text,
                origin=origin,
                parts=parts,
                ask=None if ask is None else lambda _: ask(file.resolve().parent),
            )
            return place(found, file.parent)
        case "pylock":
            folder = file.resolve().parent
            found = parse_pylock(text, origin=origin, folder=folder, parts=parts)
            return place(found, folder)
        case "script":
            return place(parse_script(text, origin=origin), file.parent)
        case "requirements":
            return Dependencies(entries=tuple(read_requirements_file(file, environ=environ)))
        case kind:
            what, hint = _ENVIRONMENTS[kind]
            hint = hint.replace("FILE", shlex.quote(str(file)))
            raise unreadable(origin, f"it is {what}", hint=hint)


#: What describes a whole environment, conda's part included, and what creates that.
_ENVIRONMENTS: Final[Mapping[Format, tuple[str, str]]] = {
    "environment": ("an environment file", "To install from it: `conda pip install -r FILE`."),
    "pixi": ("a pixi manifest", CREATE),
    "pixi-lock": ("a lock file of pixi", CREATE),
    "conda-lock": ("a lock file of conda-lock", CREATE),
}


def _rebase(dependencies: Dependencies, target: Path) -> Dependencies:
    rebase = {
        "location": rebase_location,
        "option": rebase_option,
        "requirement": rebase_requirement,
        "constraint": rebase_requirement,
    }
    entries = (
        replace(
            one,
            text=rebase[one.kind](one.text, source=find_source(one), target=target),
            included=rebase_option(one.included, source=one.folder, target=target),
        )
        for one in dependencies.entries
    )
    return replace(dependencies, entries=tuple(entries))
