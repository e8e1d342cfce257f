"""What we remember of a prefix, in `conda-meta/pip-interop/state.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING

from conda_pip_interop.changes.atomic.journal import (
    STATE_FOLDER,
    parse_texts,
    read_own_text,
    refuse_foreign_state,
)
from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """`unprotected`: the user removed our marker for good. `told`: keys of reported findings.

    `left_alone`: keys of findings whose fix the user has undone. `announced`: the user was told
    that base is protected. `checked`: a digest of what the hooks found nothing more to do about.
    `requests`: what the user requested of `conda pip install`, by name (`{"six": "six<2"}`).
    `needed`: conda's packages that it installed because others need them, each with the heading of
    the section of conda's history that names it.
    `overwritten`: paths of conda's files that another package has overwritten, each with the sha256
    (hex) of what it wrote: once that package is gone, nothing else tells it from a person's edit.
    `no_user_site`: we have set the variable that keeps the user's site-packages out.
    `newer`: a newer version wrote it, so it is left alone.
    """

    unprotected: bool = False
    told: frozenset[str] = frozenset()
    left_alone: frozenset[str] = frozenset()
    announced: bool = False
    checked: str = ""
    requests: Mapping[str, str] = field(default_factory=dict, hash=False)
    needed: Mapping[str, str] = field(default_factory=dict, hash=False)
    overwritten: Mapping[str, str] = field(default_factory=dict, hash=False)
    no_user_site: bool = False
    newer: bool = False


def state_file(prefix: Path) -> Path:
    """Where the state of `prefix` is kept."""
    return prefix / STATE_FOLDER / "state.json"


def read_state(prefix: Path) -> State:
    """The state of `prefix`; the initial one where there is no file that can be read."""
    return parse_state(read_own_text(state_file(prefix)))


def parse_state(text: str) -> State:
    """Parse a state; the initial one if it is not one of ours (it holds no user's data).

    Until 0.1 `told` held all three kinds of keys, told apart by their beginning.
    """
    try:
        document = json.loads(text)
        if document["format"] != FORMAT:
            unprotected = document.get("unprotected") is True
            return State(unprotected=unprotected, newer=document["format"] > FORMAT)
        keys = frozenset(str(key) for key in document["told"])
        left_alone = frozenset(str(key) for key in document.get("left_alone", ()))
        return State(
            unprotected=document["unprotected"] is True,
            told=frozenset(key for key in keys if key.startswith("finding:")),
            left_alone=left_alone | {key for key in keys if key.startswith("leave:")},
            announced=document.get("announced") is True or "protected" in keys,
            checked=str(document.get("checked", "")),
            requests=parse_texts(document.get("requests", {})),
            needed=parse_texts(document.get("needed", {})),
            overwritten=parse_texts(document.get("overwritten", {})),
            no_user_site=document.get("no_user_site") is True,
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return State()


def render_state(state: State) -> str:
    """Render a state as text."""
    document = {
        "format": FORMAT,
        "announced": state.announced,
        "checked": state.checked,
        "left_alone": sorted(state.left_alone),
        "needed": dict(sorted(state.needed.items())),
        "no_user_site": state.no_user_site,
        "overwritten": dict(sorted(state.overwritten.items())),
        "requests": dict(sorted(state.requests.items())),
        "told": sorted(state.told),
        "unprotected": state.unprotected,
    }
    return json.dumps(document, indent=2) + "\n"


def write_state(prefix: Path, state: State) -> None:
    """Write what we remember of `prefix`, unless a newer version has written there.

    Raises InteropError `untrusted-state`.
    """
    refuse_foreign_state(prefix)
    if read_state(prefix).newer:
        return
    path = PrefixPath(f"{STATE_FOLDER}/state.json")
    from conda_pip_interop.changes.atomic.files import write_file  # as in `protection.protect`

    write_file(prefix, path, render_state(state).encode())
