"""Session: what one conda process remembers between our hooks."""

from __future__ import annotations

from dataclasses import field
from functools import cache
from typing import TYPE_CHECKING

from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import ExitStack
    from pathlib import Path

    from conda import CondaError
    from packaging.specifiers import SpecifierSet
    from packaging.utils import NormalizedName

    from conda_pip_interop.changes.exclusive_files import StashPlan
    from conda_pip_interop.changes.state import State
    from conda_pip_interop.environment.conda_meta.records import CondaRecord
    from conda_pip_interop.environment.paths import PrefixPath
    from conda_pip_interop.environment.site_packages.distributions import Distribution
    from conda_pip_interop.environment.site_packages.provenance import Provenance
    from conda_pip_interop.environment.target import Target


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

    `install` does, and returns the error if that fails.
    """

    prefix: Path
    install: Callable[[], CondaError | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class CopiedOverride:
    """A conda package, pip's distribution in its place, and the files that conda does not copy."""

    record: CondaRecord
    by: Distribution
    files: tuple[PrefixPath, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class CloneSource:
    """What a clone needs of its source; with `is_moved`, that is gone when the clone is there."""

    target: Target
    is_moved: bool
    overrides: tuple[CopiedOverride, ...]
    origins: tuple[Provenance, ...]
    state: State


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenStash:
    """What was moved aside, and the operation that is still open."""

    plan: StashPlan
    operation: ExitStack


@dataclass(kw_only=True)
class Session:
    """What is remembered until the process ends.

    - `running`: the commands between their pre- and post-command hooks
    - `variables`: what was set for a `pip:` section, to be removed again; `spared`: what pip is
      told to spare in it
    - `reported`: the prefixes whose new findings were reported; `judged`: those whose transaction
      the guard has seen; `told_links`: the links out of an environment that were reported
    - `kept_records`: the contents and modes of records that conda may delete
    - `cloned`: the environment that is being cloned or renamed
    - `stashes`: those that are open until conda's transaction ends
    - `rest`: what comes after conda's part of a file
    - `spinning`: a spinner is shown; `progress`: what was said to be done meanwhile
    - `complained`: source and name of the settings that were reported as wrong
    - `names`: conda's names by those of PyPI, as files map them
    - `unchanged`: the environments that were, before the command, as they had been checked, each
      with the stats of what conda's transactions change
    - `builds`: the temporary folder of build environments, where the user's cannot be used
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
    unchanged: dict[Path, list[str]] = field(default_factory=dict)
    builds: Path | None = None


@cache
def current_session() -> Session:
    """Return the session of this process."""
    return Session()
