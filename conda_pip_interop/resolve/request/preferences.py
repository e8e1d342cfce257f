"""Which manager installs what, as the command line and the policy say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Literal

from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet
    from packaging.utils import NormalizedName

    from conda_pip_interop.protection.policy import Preference


@dataclass(frozen=True, kw_only=True, slots=True)
class Preferences:
    """Which manager installs what, according to the command line; names are PyPI projects.

    `overwrite`: names of conda's packages that pip may replace. `upgrade`: which names are upgraded
    although the installed version satisfies: none, the requested ones, or all; without
    `to_newest`, conda's solver chooses among the newer versions, and may leave the installed one.
    `only_deps`: install only the dependencies of what is requested. `limits` are the ranges of
    constraints, which request nothing. `pre`: pre-releases are allowed. `reasons` are shown in the
    plan for names in `from_pypi`.
    """

    from_pypi: frozenset[NormalizedName] = frozenset()
    from_conda: frozenset[NormalizedName] = frozenset()
    overwrite: frozenset[NormalizedName] = frozenset()
    prefer: Preference = "conda"
    upgrade: Literal["none", "requested", "all"] = "none"
    to_newest: bool = True
    no_deps: bool = False
    only_deps: bool = False
    limits: Mapping[NormalizedName, SpecifierSet] = field(default_factory=dict, hash=False)
    pre: bool = False
    reasons: Mapping[NormalizedName, str] = field(default_factory=dict, hash=False)
