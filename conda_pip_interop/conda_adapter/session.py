"""Session: what one conda process remembers between our hooks."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from packaging.specifiers import SpecifierSet
    from packaging.utils import NormalizedName

    from conda_pip_interop.conda_adapter.hooks.clones import CloneSource
    from conda_pip_interop.conda_adapter.hooks.stash import OpenStash


@dataclass(frozen=True, kw_only=True, slots=True)
class SparedNames:
    """What a `pip:` section names: constraints in `file` let pip spare conda's versions of it.

    `before` is the value of pip's variable before, None if it was not set.
    """

    file: Path
    wanted: Mapping[NormalizedName, SpecifierSet]
    before: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class RestOfFile:
    """What conda does not install of the file that it creates an environment from.

    `words` are those of the command of ours that does.
    """

    prefix: Path
    file: Path
    words: tuple[str, ...]


@dataclass(kw_only=True)
class Session:
    """`running` are the commands between their pre- and post-command hooks.

    `variables` were set for a `pip:` section, and are removed again; `spared` is what pip is told
    to spare in it; `reported` are the prefixes
    whose new findings were reported, `judged` those whose transaction the guard has seen;
    `kept_records` are the contents and modes of records that conda may delete; `cloned` is the
    environment that is being cloned or renamed; `stashes` are open until conda's transaction ends;
    `rest` is what comes after conda's part of a file;
    `told_links` are the links out of an environment that were reported;
    `spinning`: a spinner is shown; `progress` is what was said to be done meanwhile; `complained`
    are the source and name of the settings that were reported as wrong; `names` are conda's by
    those of PyPI, as files map them.
    """

    running: set[str] = field(default_factory=set)
    variables: set[str] = field(default_factory=set)
    spared: SparedNames | None = None
    reported: set[Path] = field(default_factory=set)
    judged: set[Path] = field(default_factory=set)
    kept_records: dict[Path, tuple[bytes, int]] = field(default_factory=dict)
    cloned: CloneSource | None = None
    stashes: dict[Path, OpenStash] = field(default_factory=dict)
    rest: RestOfFile | None = None
    told_links: set[Path] = field(default_factory=set)
    spinning: bool = False
    progress: set[str] = field(default_factory=set)
    complained: set[tuple[str, str]] = field(default_factory=set)
    names: dict[NormalizedName, str | None] = field(default_factory=dict)


@cache
def current_session() -> Session:
    """Return the session of this process."""
    return Session()
