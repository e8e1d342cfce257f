"""Conda version specs that select exactly the versions of a channel that PEP 440 selects.

A translated spec (`names.versions`) differs for some versions: conda sorts `1.7+cu118` below `1.7`,
and `1.0rc1` and `1.0.0rc1` are two versions for it. If the channel's versions are known, a spec
names each version for which conda's answer would differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from packaging.specifiers import SpecifierSet

from conda_pip_interop.environment.versions import parse_version

#: (spec, version) → whether it matches, by the solver that will read the spec (conda or rattler).
Matches: TypeAlias = Callable[[str, str], bool]


def select_versions(
    specifiers: SpecifierSet, versions: Iterable[str], *, prereleases: bool | None = None
) -> tuple[str, ...]:
    """Select the versions that match a specifier set, in their order.

    By default, pre-releases match as PEP 440 says: if a specifier names one, or if nothing else
    matches. Versions that are not valid in PEP 440 never match.
    """
    known = tuple(dict.fromkeys(one for one in versions if parse_version(one) is not None))
    return tuple(specifiers.filter(known, prereleases=prereleases))


def correct_spec(
    spec: str, *, versions: Iterable[str], accepted: Sequence[str], matches: Matches
) -> str:
    """Add terms to `spec` until it matches exactly the `accepted` ones of `versions`.

    If only some of the versions that are equal for conda (`1.0`, `1.0.0`) are accepted, the spec
    matches all of them.
    """
    wanted = set(accepted)
    others = dict.fromkeys(version for version in versions if version not in wanted)
    surplus = [version for version in others if matches(spec, version)]
    excluded = [one for one in surplus if not any(matches(f"=={one}", other) for other in accepted)]
    terms = [] if spec == "*" and excluded else [spec]
    terms += [f"!={version}" for version in excluded]
    narrowed = ",".join(terms)
    missing = [version for version in dict.fromkeys(accepted) if not matches(narrowed, version)]
    return "|".join([narrowed, *(f"=={version}" for version in missing)])
