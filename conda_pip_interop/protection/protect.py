"""The marker: as the policy asks for it, or as the user does."""

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

#: The policy source in the signature of a marker that a person asked for by `conda pip protect`.
REQUESTED: Final = "request"

Change: TypeAlias = Literal["written", "removed", "none"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Protection:
    """What became of a marker, and the sentence that says so."""

    message: str
    change: Change


def has_our_marker(root: Path) -> bool:
    """Whether a marker of ours stands in the environment at `root`; no if there is none there."""
    try:
        return isinstance(read_markers(read_prefix(root))[0], Ours)
    except (InteropError, OSError):
        return False


def settle_marker(target: Target, policy: Policy) -> Change:
    """Make the markers of `target` what the policy says; foreign ones are left alone.

    Raises OSError where the environment cannot be written to.
    """
    prefix = read_prefix(target.prefix)
    current, *others = read_markers(prefix)
    source = _decide_source(target, policy, read_state(prefix.root), (current, *others))
    change: Change = "none"
    if not isinstance(current, Foreign) and current.path is not None:
        if source is not None:
            change = _write(prefix, current, target, policy, source=source)
        elif isinstance(current, Ours):
            _remove(prefix, current)
            change = "removed"
    for marker in others:  # of a Python that is no longer the environment's
        if isinstance(marker, Ours):
            _remove(prefix, marker)
            change = "removed" if change == "none" else change
    return change


def _decide_source(
    target: Target, policy: Policy, state: State, markers: tuple[MarkerState, ...]
) -> str | None:
    """Who wants a marker, None for nobody: the policy, else whom an earlier marker names.

    A person's request holds for the environment that it was made for: not for a copy of it, but
    for its next Python.
    """
    if _is_wanted(target, policy, state):
        return policy.protect_source
    asked = any(isinstance(one, Ours) and _is_requested(one) for one in markers)
    return REQUESTED if asked else None


def _is_requested(marker: Ours) -> bool:
    return marker.policy == REQUESTED and not marker.stale


def is_wanted(target: Target, policy: Policy) -> bool:
    """Whether the policy, or what its user chose, wants a marker in `target`."""
    return _is_wanted(target, policy, read_state(target.prefix))


def _is_wanted(target: Target, policy: Policy, state: State) -> bool:
    """The policy's word; a person's `unprotect` outweighs only what nobody has set."""
    if state.unprotected and policy.protect_source == DEFAULT_SOURCE:
        return False
    return decide_protection(
        policy, name=target.name, path=str(target.prefix), is_base=target.is_base
    )


def _write(
    prefix: Prefix, marker: Absent | Ours, target: Target, policy: Policy, *, source: str
) -> Change:
    """Put the marker in place, or bring it up to date (a clone's, an older message)."""
    text = _render(prefix, target, policy, source=source)
    if marker.path is None or (isinstance(marker, Ours) and marker.text == text):
        return "none"
    replace_file(resolve_for_write(prefix.root, marker.path), text.encode())
    return "written"


def _remove(prefix: Prefix, marker: Ours) -> None:
    """Remove a marker of ours, and the folders of a former Python that only it kept alive."""
    path = resolve_for_write(prefix.root, marker.path)
    remove_file(path)
    for folder in (path.parent, path.parent.parent):
        try:
            folder.rmdir()
        except OSError:  # something else is there
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
    change: Change
    match read_markers(prefix)[0]:
        case Absent(path=None):
            raise InteropError(
                "no-python",
                f"The environment {target.label} has no Python, so there is nothing to protect.",
                hints=(f"Add one: `{target.command('conda', 'install', 'python')}`.",),
            )
        case Absent() as marker:
            _write(prefix, marker, target, policy, source=_name_asker(target, policy))
            told = f"{target.label} is now protected: plain pip is refused there."
            change = "written"
        case Ours() as marker:  # maybe a copied one, or of a policy that no longer holds
            told = f"{target.label} is protected already."
            change = _write(prefix, marker, target, policy, source=_name_asker(target, policy))
        case Foreign(path=path, owner=owner):
            whose = f"conda's {owner} put" if owner is not None else "somebody else has put"
            told = f"{target.label} is protected already: {whose} a marker at {path}."
            change = "none"
    state = read_state(prefix.root)
    if state.unprotected:
        write_state(prefix.root, dataclasses.replace(state, unprotected=False))
    return Protection(message=told, change=change)


def _name_asker(target: Target, policy: Policy) -> str:
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
    change: Change
    if wanted and policy.protect_source != DEFAULT_SOURCE:
        raise InteropError(
            "policy-forbids",
            f"{target.label} stays protected: pip_interop_protect is set to "
            f"{', '.join(policy.protect)} by {policy.protect_source}.",
            hints=("Change the setting there, or ask who maintains it.",),
        )
    match read_markers(prefix)[0]:
        case Foreign(path=path, owner=owner):
            whose = f"conda's {owner}" if owner is not None else "somebody else"
            raise InteropError(
                "foreign-marker",
                f"The marker at {path} in {target.label} is not ours: it comes from {whose}.",
                hints=("Remove it the way it came, or ask who put it there.",),
            )
        case Ours() as marker:
            _remove(prefix, marker)
            told, change = f"{target.label} is no longer protected: pip may write there.", "removed"
        case Absent():
            told, change = f"{target.label} is not protected.", "none"
    if wanted:
        state = read_state(prefix.root)
        write_state(prefix.root, dataclasses.replace(state, unprotected=True))
    return Protection(message=told, change=change)
