"""The translation of PEP 440 version specifiers into conda version specs.

Most specifiers mean the same in both, with exceptions: for conda, `<2` matches `2.0rc1`,
`>=1.0.dev0` does not match `1.0rc1`, and `==1.*` next to another clause means `==1`. PEP 440 is the
version specifiers specification; conda's order of versions is that of `conda.models.version`.

A translated spec still differs for some versions: conda sorts `1.7+cu118` below `1.7`, and
`1.0rc1` and `1.0.0rc1` are two versions for it. If the versions of a channel are known,
`correct_spec` names each version for which conda's answer would differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from packaging.specifiers import Specifier, SpecifierSet
from packaging.version import Version

from conda_pip_interop.environment.versions import parse_version
from conda_pip_interop.values import dataclass

#: (spec, version) → whether it matches, by the solver that will read the spec (conda or rattler).
Matches: TypeAlias = Callable[[str, str], bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class NotExpressible:
    """Why no conda version spec can express a specifier."""

    reason: str


def build_conda_spec(specifiers: SpecifierSet) -> str | NotExpressible:
    """Build the conda version spec for a specifier set; `*` for an empty one.

    The clauses are sorted, so that equal sets give equal text.
    """
    clauses: list[str] = []
    for specifier in sorted(specifiers, key=str):
        clause = _build_clause(specifier)
        if isinstance(clause, NotExpressible):
            return clause
        clauses.append(clause)
    return ",".join(clauses) or "*"


def _build_clause(specifier: Specifier) -> str | NotExpressible:  # noqa: PLR0911 - one a case
    operator, text = specifier.operator, specifier.version
    if operator in ("==", "!=") and text.endswith(".*"):
        prefix = f"{format_release(Version(text[:-2]))}.*"
        return prefix if operator == "==" else f"!={prefix}"
    version = parse_version(text)
    if version is None:  # only `===` allows such a text (arbitrary equality)
        return NotExpressible(reason=f"{text} is not a PEP 440 version")
    match operator:
        case "===":
            return f"=={version}"
        case "~=":
            series = format_release(version, drop_last=True)
            return f"{_build_at_least(version)},{series}.*"
        case ">=":
            return _build_at_least(version)
        case "<":
            return _build_below(version)
        case ">":
            return _build_above(version)
        case _:
            return f"{operator}{version}"


def format_release(
    version: Version, *, drop_last: bool = False, trailing_zeros: bool = True
) -> str:
    """Epoch and release segments as text, without pre, post, dev and local parts."""
    release = list(version.release[:-1] if drop_last else version.release)
    while not trailing_zeros and len(release) > 1 and release[-1] == 0:
        release.pop()
    epoch = f"{version.epoch}!" if version.epoch else ""
    return epoch + ".".join(map(str, release))


def _build_at_least(version: Version) -> str:
    """`>=`: a dev bound is written `>=1dev0`, because conda sorts `1.0.dev0` above `1.0rc1`."""
    if version.is_devrelease and version.pre is None and version.post is None:
        return f">={format_release(version, trailing_zeros=False)}dev0"
    return f">={version}"


def _build_below(version: Version) -> str:
    """`<`: PEP 440 excludes the pre-releases of the bound, for which conda needs `<2dev0`.

    The bound has no trailing zeros: `2a1` has fewer segments than `2.0.0dev0` and sorts below it.
    """
    if version.is_prerelease or version.is_postrelease:
        return f"<{version}"
    return f"<{format_release(version, trailing_zeros=False)}dev0"


def _build_above(version: Version) -> str:
    """`>`: PEP 440 excludes the post-releases of the bound, however many zeros they have.

    Excluded by name are those with up to one segment more than the bound, and at least up to three.
    """
    if version.is_prerelease or version.is_postrelease:
        return f">{version}"
    spellings = [format_release(version, trailing_zeros=False)]
    while len(spellings[-1].split(".")) <= max(len(version.release), 2):
        spellings.append(f"{spellings[-1]}.0")
    return ",".join([f">{version}", *(f"!={spelling}.post.*" for spelling in spellings)])


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
