"""Write and remove the marker, by the policy or on the user's request.

Each conda command that changes environments imports this module: what writes is imported late.
"""

from __future__ import annotations

import contextlib
import dataclasses
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from conda_pip_interop import __version__
from conda_pip_interop.changes.atomic.journal import ORIGINALS_FOLDER
from conda_pip_interop.changes.atomic.write_errors import explain_write_errors
from conda_pip_interop.changes.state import State, read_state, write_state
from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.environment.prefix import Prefix, read_prefix
from conda_pip_interop.errors import InteropError, NotAllowedError
from conda_pip_interop.protection.markers import (
    MARKER_NAME,
    Absent,
    Foreign,
    MarkerState,
    Ours,
    read_marker,
    read_markers,
    render_marker,
)
from conda_pip_interop.protection.policy import DEFAULT_SOURCE, Policy, decide_protection
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from conda_pip_interop.environment.target import Target

#: The policy source in a marker that `conda pip protect` wrote.
REQUESTED: Final = "request"

#: The package that conda and pip know this project by.
PROJECT: Final = "conda-pip-interop"
_SHOWN: Final = 5

MarkerChange: TypeAlias = Literal["written", "removed", "none"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Protection:
    """What became of a marker, and the sentence that says so."""

    message: str
    change: MarkerChange


def has_our_marker(root: Path) -> bool:
    """Return whether the environment at `root`, if any, has a marker of this project."""
    try:
        return isinstance(read_markers(read_prefix(root))[0], Ours)
    except (InteropError, OSError):
        return False


def is_protected(root: Path) -> bool:
    """Return whether the environment at `root`, if any, has a marker, of whatever tool."""
    try:
        return not isinstance(read_markers(read_prefix(root))[0], Absent)
    except (InteropError, OSError):
        return False


def settle_marker(target: Target, policy: Policy) -> MarkerChange:
    """Write or remove the markers of `target` by the policy; foreign ones are not changed.

    Raises OSError if the environment is not writable.
    """
    prefix = read_prefix(target.prefix)
    current, *others = read_markers(prefix)
    source = _decide_source(target, policy, read_state(prefix.root), (current, *others))
    change: MarkerChange = "none"
    if not isinstance(current, Foreign) and current.path is not None:
        if source is not None:
            change = _write(prefix, current, target, policy, source=source)
        elif isinstance(current, Ours):
            _remove(prefix, current)
            change = "removed"
    for marker in others:  # of a former Python
        if isinstance(marker, Ours):
            _remove(prefix, marker)
            change = "removed" if change == "none" else change
    return change


def explain_leaving(targets: Iterable[Target]) -> tuple[str, ...]:
    """Return what uninstalling this project means: for its markers, and for overridden records."""
    targets = tuple(targets)
    told = _shorten([target.label for target in targets if has_our_marker(target.prefix)])
    notes = [f"The protection is removed too, from {told}: plain pip can install there again."]
    overridden = {target: _find_overridden(target.prefix) for target in targets}
    for target, names in overridden.items():
        if names:
            restore = target.command("conda", "pip", "restore", *names)
            notes.append(
                f"{target.label}: pip has replaced or removed conda's {_shorten(names)}, which "
                f"conda does not see without this plugin. To bring back conda's first: {restore}"
            )
    return tuple(notes if told else notes[1:])


def _find_overridden(root: Path) -> tuple[str, ...]:
    """Find the conda packages whose records list what pip installed; no record is read."""
    kept = {path.name for path in (root / ORIGINALS_FOLDER).glob("*.json")}
    linked = {path.name for path in (root / "conda-meta").glob("*.json")}
    return tuple(sorted(name.rsplit("-", 2)[0] for name in kept & linked))


def _shorten(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def remove_our_markers(root: Path) -> None:
    """Remove the markers of this project, whoever asked for them: the project is uninstalled.

    Raises InteropError or OSError if the environment is not writable.
    """
    prefix = read_prefix(root)
    for marker in read_markers(prefix):
        if isinstance(marker, Ours):
            _remove(prefix, marker)


def _decide_source(
    target: Target, policy: Policy, state: State, markers: tuple[MarkerState, ...]
) -> str | None:
    """Return the source that requires a marker, None if there is none.

    A marker that `conda pip protect` wrote is kept when Python is upgraded, but not in a clone.
    """
    if _is_wanted(target, policy, state):
        return policy.protect_source
    requested = any(isinstance(one, Ours) and is_requested(one) for one in markers)
    return REQUESTED if requested else None


def is_requested(marker: Ours) -> bool:
    """Return whether `conda pip protect` wrote a marker, for this very prefix."""
    return marker.policy == REQUESTED and not marker.stale


def is_wanted(target: Target, policy: Policy) -> bool:
    """Return whether the policy requires a marker in `target`."""
    return _is_wanted(target, policy, read_state(target.prefix))


def _is_wanted(target: Target, policy: Policy, state: State) -> bool:
    """Return what the policy requires; `unprotect` overrides only the default policy."""
    if state.unprotected and policy.protect_source == DEFAULT_SOURCE:
        return False
    return decide_protection(
        policy, name=target.name, path=str(target.prefix), is_base=target.is_base
    )


def _write(
    prefix: Prefix, marker: Absent | Ours, target: Target, policy: Policy, *, source: str
) -> MarkerChange:
    """Write the marker, or update one of a clone or with an older message."""
    if marker.path is None:
        return "none"
    text = _render(prefix, marker.path, target, policy, source=source)
    if isinstance(marker, Ours) and marker.text == text:
        return "none"
    from conda_pip_interop.changes.atomic.files import write_file

    write_file(prefix.root, marker.path, text.encode())
    return "written"


def _remove(prefix: Prefix, marker: Ours) -> None:
    """Remove a marker, and the folders of a former Python that are empty without it."""
    from conda_pip_interop.changes.atomic.files import remove_file
    from conda_pip_interop.changes.atomic.held_folders import HeldFolders

    remove_file(prefix.root, marker.path)
    folders = HeldFolders(root=prefix.root)
    above = marker.path.rpartition("/")[0]
    with contextlib.suppress(OSError):  # not empty
        while above:
            folders.remove_folder(PrefixPath(above))
            above = above.rpartition("/")[0]


def _render(
    prefix: Prefix, path: PrefixPath, target: Target, policy: Policy, *, source: str
) -> str:
    return render_marker(
        env_name=target.name,
        prefix=prefix.root,
        path=path,
        is_base=target.is_base,
        policy_source=source,
        message=policy.message,
        version=__version__,
    )


def protect(target: Target, policy: Policy) -> Protection:
    """Write a marker because a person asks for it, whatever the policy says of the environment.

    Raises InteropError: `no-python`, `not-writable`.
    """
    with explain_write_errors(target.prefix):
        return _protect(target, policy)


def _protect(target: Target, policy: Policy) -> Protection:
    prefix = read_prefix(target.prefix)
    change: MarkerChange
    match _read_current(prefix):
        case Absent(path=None):
            raise InteropError(
                "no-python",
                f"The environment {target.label} has no Python, so it cannot be protected.",
                hints=(f"To install Python: `{target.command('conda', 'install', 'python')}`.",),
            )
        case Absent() as marker:
            _write(prefix, marker, target, policy, source=_find_source(target, policy))
            told = f"{target.label} is now protected: pip refuses to install into it."
            change = "written"
        case Ours() as marker:  # may be a copy, or written for an older policy
            told = f"{target.label} is already protected."
            change = _write(prefix, marker, target, policy, source=_find_source(target, policy))
        case Foreign(path=path, owner=owner):
            whose = f"conda's {owner}" if owner is not None else "another tool"
            told = f"{target.label} is already protected: {whose} created the marker {path}."
            change = "none"
    state = read_state(prefix.root)
    if state.unprotected:
        write_state(prefix.root, dataclasses.replace(state, unprotected=False))
    return Protection(message=told, change=change)


def _read_current(prefix: Prefix) -> MarkerState:
    """Read the current marker; one that a record of conda's lists is that package's."""
    from conda_pip_interop.environment.conda_meta.records import read_conda_records

    records, _ = read_conda_records(
        prefix.root, concerns=lambda _, content: MARKER_NAME.encode() in content
    )
    owners = {file.path: one.name for one in reversed(records) for file in one.files}
    return read_marker(prefix, owners=owners)


def _find_source(target: Target, policy: Policy) -> str:
    return policy.protect_source if _is_wanted(target, policy, State()) else REQUESTED


def unprotect(target: Target, policy: Policy) -> Protection:
    """Take our marker away, and keep it away; refused where somebody has set the policy.

    Raises InteropError: `policy-forbids`, `foreign-marker`, `not-writable`.
    """
    with explain_write_errors(target.prefix):
        return _unprotect(target, policy)


def _unprotect(target: Target, policy: Policy) -> Protection:
    prefix = read_prefix(target.prefix)
    wanted = _is_wanted(target, policy, State())
    change: MarkerChange
    if wanted and policy.protect_source != DEFAULT_SOURCE:
        raise NotAllowedError(
            "policy-forbids",
            f"Cannot unprotect {target.label}: pip_interop_protect is set to "
            f"{', '.join(policy.protect)} by {policy.protect_source}.",
            hints=("Change the setting, or ask the administrator to change it.",),
        )
    match _read_current(prefix):
        case Foreign(path=path, owner=owner):
            whose = f"conda's {owner}" if owner is not None else "another tool"
            raise InteropError(
                "foreign-marker",
                f"The marker {path} in {target.label} was created by {whose}.",
                hints=("Remove it with the tool that created it.",),
            )
        case Ours() as marker:
            _remove(prefix, marker)
            told = f"{target.label} is no longer protected: pip can install into it."
            change = "removed"
        case Absent():
            told, change = f"{target.label} is not protected.", "none"
    if wanted:
        state = read_state(prefix.root)
        write_state(prefix.root, dataclasses.replace(state, unprotected=True))
    return Protection(message=told, change=change)
