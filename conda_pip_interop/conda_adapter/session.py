"""Session: what one conda process remembers between our hooks."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from conda_pip_interop.conda_adapter.hooks.stash import OpenStash
    from conda_pip_interop.environment.conda_records import CondaRecord
    from conda_pip_interop.environment.target import Target


@dataclass(kw_only=True)
class Session:
    """`running` are the commands between their pre- and post-command hooks.

    `variables` were set for a `pip:` section, and are removed again; `reported` are the prefixes
    whose new findings were reported, `judged` those whose transaction the guard has seen;
    `kept_records` are the contents of records that conda may delete; `overridden` are the records
    of a clone's source that pip has overridden; `stashes` are open until conda's transaction ends;
    `complained` are the settings whose wrong value was reported.
    """

    running: set[str] = field(default_factory=set)
    variables: set[str] = field(default_factory=set)
    reported: set[Path] = field(default_factory=set)
    judged: set[Path] = field(default_factory=set)
    kept_records: dict[Path, bytes] = field(default_factory=dict)
    overridden: dict[Target, tuple[CondaRecord, ...]] = field(default_factory=dict)
    stashes: dict[Path, OpenStash] = field(default_factory=dict)
    complained: set[str] = field(default_factory=set)


@cache
def current_session() -> Session:
    """Return the session of this process."""
    return Session()
