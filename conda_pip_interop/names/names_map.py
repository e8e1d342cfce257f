"""An additional map of names, out of either of the two formats that are published.

One goes from PyPI (`{"torch": {"conda_name": "pytorch", …}}`), the other from conda
(`{"pytorch": ["torch"], "zlib": null}`, or a bare name in place of the list). A key may name the
channel that it is about, `bioconda::salmon`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.changes.files import replace_file
from conda_pip_interop.errors import InteropError
from conda_pip_interop.names.channel_sections import choose_entries, split_section

#: Bytes; the published maps have some 5 MB.
LARGEST: Final = 100 << 20
_VERSION: Final = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class ExtraMap:
    """A map of names, with where it came from and when (seconds since the epoch).

    `projects` are those of each conda package that the map lists; an empty tuple means that it is
    known to carry none.
    """

    conda_names: Mapping[str, tuple[str, ...]]
    projects: Mapping[str, tuple[NormalizedName, ...]] = field(default_factory=dict)
    origin: str = ""
    fetched: float = 0.0

    def choose(self, channels: Sequence[str]) -> ExtraMap:
        """The map as it counts for channels: what is said of others is left out."""
        return replace(
            self,
            conda_names=choose_entries(self.conda_names, channels),
            projects=choose_entries(self.projects, channels),
        )

    def find(self, project: NormalizedName) -> tuple[str, ...]:
        """The conda names of a project, as the map has them."""
        return self.conda_names.get(project, ())

    def may_carry(self, conda_name: str, project: NormalizedName) -> bool:
        """Whether the map leaves it open that a conda package carries a project."""
        known = self.projects.get(conda_name)
        return known is None or project in known


def parse_map(data: bytes, *, origin: str, fetched: float) -> ExtraMap:
    """Read a map in either format, JSON or (where it is no JSON) YAML.

    Raises InteropError `invalid-map` for everything else: a page that a proxy put in its place,
    a file that was cut off.
    """
    document = _load(data, origin)
    if not isinstance(document, dict) or not document:
        raise _invalid(origin, "it holds no names")
    forward: dict[str, tuple[str, ...]] = {}
    backward: dict[str, tuple[NormalizedName, ...]] = {}
    for key, value in document.items():
        match value:
            case {"conda_name": str(name)}:
                channel, project = split_section(str(key))
                forward[channel + canonicalize_name(project)] = (name,)
            case None:
                backward[str(key)] = ()
            case str(project):
                backward[str(key)] = (canonicalize_name(project),)
            case [*projects] if all(isinstance(one, str) for one in projects):
                backward[str(key)] = tuple(map(canonicalize_name, projects))
            case _:
                raise _invalid(origin, f"its entry {key!r} is of no known form")
    for key, carried in backward.items():
        channel, name = split_section(key)
        for project in carried:
            forward[channel + project] = (*forward.get(channel + project, ()), name)
    return ExtraMap(conda_names=forward, projects=backward, origin=origin, fetched=fetched)


def _load(data: bytes, origin: str) -> object:
    if len(data) > LARGEST:
        raise _invalid(origin, f"it has more than {LARGEST >> 20} MB")
    try:
        return json.loads(data)
    except RecursionError as error:
        raise _invalid(origin, "it is nested too deeply") from error
    except ValueError:
        pass
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="safe", pure=True).load(data.decode())
    except (YAMLError, ValueError, RecursionError) as error:
        raise _invalid(origin, "it is neither JSON nor YAML") from error


def _invalid(origin: str, reason: str) -> InteropError:
    return InteropError(
        "invalid-map",
        f"{origin} is no map of names: {reason}. The map that was there before is kept.",
        hints=(
            'A map is JSON such as {"torch": {"conda_name": "pytorch"}}, or from conda\'s side.',
        ),
    )


def read_map(file: Path) -> ExtraMap | None:
    """The map that was kept, if there is one that can be read."""
    try:
        document = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return None
    match document:
        case {
            "version": version,
            "origin": str(origin),
            "fetched": int() | float() as fetched,
            "conda_names": dict(forward),
            "projects": dict(backward),
        } if version == _VERSION:
            return ExtraMap(
                conda_names={key: tuple(value) for key, value in forward.items()},
                projects={key: tuple(value) for key, value in backward.items()},
                origin=origin,
                fetched=float(fetched),
            )
    return None


def write_map(file: Path, extra: ExtraMap) -> None:
    """Keep a map; raises OSError where nothing can be written."""
    document = {
        "version": _VERSION,
        "origin": extra.origin,
        "fetched": extra.fetched,
        "conda_names": extra.conda_names,
        "projects": extra.projects,
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    replace_file(file, json.dumps(document).encode())
