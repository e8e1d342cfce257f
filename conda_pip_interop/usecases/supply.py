"""Supply: who provides a needed name, and why; and what the command line wishes of that."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packaging.specifiers import SpecifierSet
    from packaging.utils import NormalizedName

    from conda_pip_interop.core.plan import Manager
    from conda_pip_interop.core.policy import Preference
    from conda_pip_interop.usecases.conda import CondaSpec


@dataclass(frozen=True, kw_only=True, slots=True)
class Wishes:
    """What the command line says of who supplies what; names are of PyPI projects.

    `over`: what pip may put in the place of conda's. `upgrade`: whose newest version is wanted
    though another serves: nobody's, that of what is asked for, or of all that is needed too.
    `only_deps`: what is asked for stays out, what it needs comes in. `limits` are the ranges that
    constraints state: they ask for nothing. `pre`: pre-releases are as good as releases.
    `reasons` stand in the plan for what is pip's by such a wish.
    """

    from_pypi: frozenset[NormalizedName] = frozenset()
    from_conda: frozenset[NormalizedName] = frozenset()
    over: frozenset[NormalizedName] = frozenset()
    prefer: Preference = "conda"
    upgrade: Literal["none", "asked", "all"] = "none"
    no_deps: bool = False
    only_deps: bool = False
    limits: Mapping[NormalizedName, SpecifierSet] = field(default_factory=dict, hash=False)
    pre: bool = False
    reasons: Mapping[NormalizedName, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Installed:
    """A distribution that the environment has, and its manager."""

    version: str
    manager: Manager


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """The environment has it, in a version that serves."""

    installed: Installed
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FromConda:
    """conda will supply it: the spec states the range that is needed, never a pin of pip's."""

    spec: CondaSpec
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FromPip:
    """pip will supply it."""

    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftOut:
    """Nobody supplies it: only what it needs was asked for."""


Supply: TypeAlias = Kept | FromConda | FromPip | LeftOut
