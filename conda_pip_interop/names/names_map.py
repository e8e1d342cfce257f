"""The additional map of names, in either of the two formats that are published.

One maps PyPI names (`{"torch": {"conda_name": "pytorch", …}}`), the other conda names
(`{"pytorch": ["torch"], "zlib": null}`; a single name needs no list). A key may be limited to a
channel: `bioconda::salmon`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path
from typing import Final, TypeVar

from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.changes.atomic.files import replace_file
from conda_pip_interop.environment.paths import read_regular
from conda_pip_interop.errors import InteropError
from conda_pip_interop.grammar import is_conda_name
from conda_pip_interop.values import dataclass
from conda_pip_interop.yaml_limits import refuse_bombs

#: The size limit of a map in bytes; the published maps have about 5 MB.
LARGEST: Final = 100 << 20
_VERSION: Final = 1

Value = TypeVar("Value")


@dataclass(frozen=True, kw_only=True, slots=True)
class ExtraMap:
    """A map of names, its origin (a path or URL) and when it was fetched (Unix time).

    `projects` are the projects in each conda package of the map; an empty tuple if it has none.
    """

    conda_names: Mapping[str, tuple[str, ...]]
    projects: Mapping[str, tuple[NormalizedName, ...]] = field(default_factory=dict)
    origin: str = ""
    fetched: float = 0.0

    def choose(self, channels: Sequence[str]) -> ExtraMap:
        """The map with the entries that apply to these channels."""
        return replace(
            self,
            conda_names=choose_entries(self.conda_names, channels),
            projects=choose_entries(self.projects, channels),
        )

    def find(self, project: NormalizedName) -> tuple[str, ...]:
        """The conda names of a project; empty if the map does not have it."""
        return self.conda_names.get(project, ())

    def may_contain(self, conda_name: str, project: NormalizedName) -> bool:
        """Whether a conda package contains a project, or the map does not have the package."""
        known = self.projects.get(conda_name)
        return known is None or project in known


def parse_map(data: bytes, *, origin: str, fetched: float) -> ExtraMap:
    """Parse a map in either format, as JSON or else as YAML.

    Raises InteropError `invalid-map` for anything else: a proxy's login page, a truncated file.
    """
    document = _load(data, origin)
    if not isinstance(document, dict) or not document:
        raise _invalid(origin, "it has no names")
    forward: dict[str, tuple[str, ...]] = {}
    backward: dict[str, tuple[NormalizedName, ...]] = {}
    for key, value in document.items():
        match value:
            case {"conda_name": str(name)} if is_conda_name(name):
                channel, project = split_section(str(key))
                forward[channel + canonicalize_name(project)] = (name,)
            case None:
                backward[str(key)] = ()
            case str(project):
                backward[str(key)] = (canonicalize_name(project),)
            case [*projects] if all(isinstance(one, str) for one in projects):
                backward[str(key)] = tuple(map(canonicalize_name, projects))
            case _:
                raise _invalid(origin, f"its entry {key!r} has no known format")
    for key, contained in backward.items():
        channel, name = split_section(key)
        if not is_conda_name(name):
            raise _invalid(origin, f"{name!r} is not the name of a conda package")
        for project in contained:
            forward[channel + project] = (*forward.get(channel + project, ()), name)
    return ExtraMap(conda_names=forward, projects=backward, origin=origin, fetched=fetched)


def _load(data: bytes, origin: str) -> object:
    if len(data) > LARGEST:
        raise _invalid(origin, f"it is larger than {LARGEST >> 20} MB")
    try:
        return json.loads(data)
    except RecursionError as error:
        raise _invalid(origin, "it is nested too deeply") from error
    except ValueError:
        pass
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        refuse_bombs(data.decode())
        return YAML(typ="safe", pure=True).load(data.decode())
    except (YAMLError, ValueError, TypeError, RecursionError) as error:
        raise _invalid(origin, "it is neither JSON nor YAML") from error


def _invalid(origin: str, reason: str) -> InteropError:
    return InteropError(
        "invalid-map",
        f"{origin} is not a map of names: {reason}. The previous map is kept.",
        hints=(
            'A map is JSON like {"torch": {"conda_name": "pytorch"}} or {"pytorch": ["torch"]}.',
        ),
    )


def read_map(file: Path) -> ExtraMap | None:
    """Read the stored map; None if there is no valid one."""
    try:
        document = json.loads(read_regular(file))
    except (OSError, ValueError, RecursionError):
        return None
    match document:
        case {
            "version": version,
            "origin": str(origin),
            "fetched": int() | float() as fetched,
            "conda_names": dict(forward),
            "projects": dict(backward),
        } if version == _VERSION and _has_lists(forward) and _has_lists(backward):
            return ExtraMap(
                conda_names={key: tuple(value) for key, value in forward.items()},
                projects={key: tuple(value) for key, value in backward.items()},
                origin=origin,
                fetched=float(fetched),
            )
    return None


def _has_lists(entries: dict[str, object]) -> bool:
    return all(isinstance(one, list) for one in entries.values())


def write_map(file: Path, extra: ExtraMap) -> None:
    """Store a map; raises OSError if it cannot be written."""
    document = {
        "version": _VERSION,
        "origin": extra.origin,
        "fetched": extra.fetched,
        "conda_names": extra.conda_names,
        "projects": extra.projects,
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    replace_file(file, json.dumps(document).encode())


def list_channel_names(channels: Iterable[str]) -> list[str]:
    """List the names that channels go by: every part of a name or URL.

    `https://…/conda-forge` is conda-forge, `pkgs/main` is main.
    """
    return [part for channel in channels for part in channel.split("/") if part]


def split_section(key: str) -> tuple[str, str]:
    """Split a key into its channel with the `::` (empty if it has none) and the name."""
    channel, separator, name = key.rpartition("::")
    return channel + separator, name


def choose_entries(entries: Mapping[str, Value], channels: Iterable[str]) -> dict[str, Value]:
    """Choose the entries that apply to channels: a channel's own first, in channel order."""
    chosen = {key: value for key, value in entries.items() if "::" not in key}
    sections = [(*split_section(key), value) for key, value in entries.items() if "::" in key]
    for channel in reversed(list_channel_names(channels)):
        chosen.update((name, value) for prefix, name, value in sections if prefix == f"{channel}::")
    return chosen
