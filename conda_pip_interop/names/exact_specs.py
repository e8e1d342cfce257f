"""Specs made exact: for every version that a channel has, conda's answer is PEP 440's.

Text alone cannot say some of it (`names.versions`): conda sorts `1.7+cu118` below `1.7`, and takes
`1.0rc1` and `1.0.0rc1` for two versions. With the channel's versions at hand, each on which the two
would differ is named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

#: (spec, version) → conda's own answer; each conda has its own (conda's, rattler's).
Matches: TypeAlias = Callable[[str, str], bool]


def select_versions(
    specifiers: SpecifierSet, versions: Iterable[str], *, prereleases: bool | None = None
) -> tuple[str, ...]:
    """The versions that a specifier set takes, in their order, as an index would be asked.

    Pre-releases count by PEP 440's own rule: where a specifier names one, or nothing else serves.
    What is no PEP 440 version at all is never taken: no requirement can mean it.
    """
    known = tuple(dict.fromkeys(one for one in versions if _is_version(one)))
    return tuple(specifiers.filter(known, prereleases=prereleases))


def correct_spec(
    spec: str, *, versions: Iterable[str], accepted: Sequence[str], matches: Matches
) -> str:
    """Add terms to `spec` until it matches, of `versions`, just those that are `accepted`.

    Versions that conda itself takes for equal (`1.0`, `1.0.0`) are accepted together or not at all;
    where only some are, all of them stay.
    """
    wanted = set(accepted)
    others = [version for version in dict.fromkeys(versions) if version not in wanted]
    surplus = [version for version in others if matches(spec, version)]
    kept = [one for one in surplus if not any(matches(f"=={one}", other) for other in accepted)]
    terms = [] if spec == "*" and kept else [spec]
    terms += [f"!={version}" for version in kept]
    narrowed = ",".join(terms)
    missing = [version for version in dict.fromkeys(accepted) if not matches(narrowed, version)]
    return "|".join([narrowed, *(f"=={version}" for version in missing)])


def _is_version(text: str) -> bool:
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True
