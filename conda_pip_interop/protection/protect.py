"""Write and remove the marker, by the policy or on the user's request."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from conda_pip_interop import __version__
from conda_pip_interop.changes.files import remove_file, replace_file
from conda_pip_interop.changes.state import State, read_state, write_state
from conda_pip_interop.changes.write_errors import explain_write_errors
from conda_pip_interop.environment.paths import resolve_for_write
from conda_pip_interop.environment.prefix import Prefix, read_prefix
from conda_pip_interop.errors import InteropError
from conda_pip_interop.protection.markers import (
    Absent,
    Foreign,
    MarkerState,
    Ours,
    read_markers,
    render_marker,
)
from conda_pip_interop.protection.policy import DEFAULT_SOURCE, Policy, decide_protection

if TYPE_CHECKING:
    from pathlib import Path

    from conda_pip_interop.environment.target import Target

#: The policy source in a marker that `conda pip protect` wrote.
REQUESTED: Final = "request"

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


def _decide_source(
    target: Target, policy: Policy, state: State, markers: tuple[MarkerState, ...]
) -> str | None:
    """Return the source that requires a marker, None if there is none.

    A marker that `conda pip protect` wrote is kept when Python is upgraded, but not in a clone.
    """
    if _is_wanted(target, policy, state):
        return policy.protect_source
    requested = any(isinstance(one, Ours) and _is_requested(one) for one in markers)
    return REQUESTED if requested else None


def _is_requested(marker: Ours) -> bool:
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
    text = _render(prefix, target, policy, source=source)
    if marker.path is None or (isinstance(marker, Ours) and marker.text == text):
        return "none"
    replace_file(resolve_for_write(prefix.root, marker.path), text.encode())
    return "written"


def _remove(prefix: Prefix, marker: Ours) -> None:
    """Remove a marker, and the folders of a former Python that are empty without it."""
    path = resolve_for_write(prefix.root, marker.path)
    remove_file(path)
    for folder in (path.parent, path.parent.parent):
        try:
            folder.rmdir()
        except OSError:  # not empty
            return


def _render(prefix: Prefix, target: Target, policy: Policy, *, source: str) -> str:
    return render_marker(
        env_name=target.name,
        prefix=prefix.root,
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
    match read_markers(prefix)[0]:
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
        raise InteropError(
            "policy-forbids",
            f"Cannot unprotect {target.label}: pip_interop_protect is set to "
            f"{', '.join(policy.protect)} by {policy.protect_source}.",
            hints=("Change the setting, or ask the administrator to change it.",),
        )
    match read_markers(prefix)[0]:
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
