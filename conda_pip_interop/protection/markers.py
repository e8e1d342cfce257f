"""The EXTERNALLY-MANAGED marker: absent, ours or foreign.

Format: "Externally Managed Environments" (PEP 668): an INI file in the interpreter's stdlib folder,
section ``[externally-managed]``, keys ``Error`` and ``Error-LANG``, read without interpolation.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import quote, unquote_to_bytes

from conda_pip_interop.environment.paths import PrefixPath, read_regular, to_disk
from conda_pip_interop.environment.prefix import Prefix, read_lib_folders
from conda_pip_interop.protection.marker_texts import build_messages
from conda_pip_interop.values import dataclass, regex

if TYPE_CHECKING:
    from conda_pip_interop.environment.snapshot import Snapshot

MARKER_NAME = "EXTERNALLY-MANAGED"
_SIGNATURE = regex(
    r"# conda-pip-interop (?P<version>\S+) policy=(?P<policy>\S*) prefix=(?P<prefix>\S*) "
    r"sha256=(?P<sha256>[0-9a-f]{64})"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Absent:
    """No marker; ``path`` is where it would be, None if there is no Python."""

    path: PrefixPath | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Ours:
    """An unedited marker that this project wrote; ``stale``: it was written for another prefix.

    ``conda create --clone`` copies untracked files and replaces the old prefix in text files, so
    the prefix in the signature is percent-encoded, and the digest ignores prefixes in the text.
    ``policy`` is the source of the policy, ``version`` the version of this project.
    """

    path: PrefixPath
    version: str
    policy: str
    prefix: str
    stale: bool
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Foreign:
    """A marker of another tool; ``owner`` is the conda record that lists it, if any."""

    path: PrefixPath
    owner: str | None


MarkerState: TypeAlias = Absent | Ours | Foreign


def find_marker_paths(prefix: Prefix) -> tuple[PrefixPath, ...]:
    """List the paths of markers: for the current Python first, then for former Pythons."""
    folders = [prefix.python.stdlib] if prefix.python else []
    if prefix.platform == "posix":
        folders += [folder.path for folder in read_lib_folders(prefix.root)]
    by_location: dict[str, PrefixPath] = {}
    for folder in folders:
        by_location.setdefault(os.path.realpath(prefix.root / folder), folder)
    return tuple(PrefixPath(f"{folder}/{MARKER_NAME}") for folder in by_location.values())


def read_marker(prefix: Prefix, *, owners: Mapping[PrefixPath, str] | None = None) -> MarkerState:
    """Read the marker of the current Python.

    ``owners`` maps paths to the conda record that lists them; such a marker is foreign.
    """
    return read_markers(prefix, owners=owners)[0]


def read_snapshot_marker(snapshot: Snapshot) -> MarkerState:
    """Read the marker of the current Python; one in a conda package is foreign."""
    owners = {
        path: claim.record.name
        for path in find_marker_paths(snapshot.prefix)
        for claim in snapshot.claims.of(path)[:1]
    }
    return read_marker(snapshot.prefix, owners=owners)


def read_markers(
    prefix: Prefix, *, owners: Mapping[PrefixPath, str] | None = None
) -> tuple[MarkerState, ...]:
    """Read the current marker, which may be absent, then those of former Pythons."""
    paths = find_marker_paths(prefix)
    states = [_read_at(prefix.root, path, (owners or {}).get(path)) for path in paths]
    if prefix.python is None:
        states.insert(0, Absent(path=None))
    return (states[0], *(state for state in states[1:] if not isinstance(state, Absent)))


def _read_at(root: Path, path: PrefixPath, owner: str | None) -> MarkerState:
    disk = to_disk(root, path)
    if not os.path.lexists(disk):
        return Absent(path=path)
    if owner is not None:
        return Foreign(path=path, owner=owner)
    try:
        text = read_regular(disk).decode()
    except (OSError, UnicodeDecodeError):
        return Foreign(path=path, owner=None)
    return parse_marker(text, path=path, root=root) or Foreign(path=path, owner=None)


def parse_marker(text: str, *, path: PrefixPath, root: Path) -> Ours | None:
    """Parse an unedited marker of this project; None for any other text."""
    first, _, rest = text.partition("\n")
    match = _SIGNATURE.fullmatch(first)
    if match is None:
        return None
    written_for = os.fsdecode(unquote_to_bytes(match["prefix"]))
    if match["sha256"] != _digest(rest, written_for, str(root)):
        return None
    return Ours(
        path=path,
        version=match["version"],
        policy=unquote_to_bytes(match["policy"]).decode(errors="replace"),
        prefix=written_for,
        stale=os.path.realpath(written_for) != os.path.realpath(root),
        text=text,
    )


def render_marker(
    *,
    env_name: str | None,
    prefix: Path,
    path: PrefixPath,
    is_base: bool,
    policy_source: str,
    message: str | None,
    version: str,
) -> str:
    """Render the text of the marker at ``path``, with its signature line."""
    messages = build_messages(
        env_name=env_name, prefix=prefix, file=prefix / path, is_base=is_base, message=message
    )
    lines = ["[externally-managed]"]
    for language, text in messages.items():
        key = "Error" if language == "en" else f"Error-{language}"
        first, *others = text.split("\n")
        lines.append(f"{key}={first}")
        lines.extend(f" {line}" if line else "" for line in others)
    rest = "\n".join(lines) + "\n"
    where = quote(os.fsencode(prefix), safe="")
    return (
        f"# conda-pip-interop {version} policy={quote(policy_source)} prefix={where} "
        f"sha256={_digest(rest, str(prefix))}\n{rest}"
    )


def _digest(rest: str, *prefixes: str) -> str:
    for prefix in prefixes:
        rest = rest.replace(prefix, "PREFIX")
    return hashlib.sha256(rest.encode()).hexdigest()
