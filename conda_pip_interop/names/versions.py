"""What a PEP 440 specifier says, as a conda version spec.

The two languages agree on most of what people write and differ where it hurts: `<2` lets `2.0rc1`
through in conda, `>=1.0.dev0` shuts `1.0rc1` out, `==1.*` beside another clause is read as `==1`.
PEP 440 is the version specifiers specification; conda's order is that of `conda.models.version`.
"""

from __future__ import annotations

from dataclasses import dataclass

from packaging.specifiers import Specifier, SpecifierSet
from packaging.version import InvalidVersion, Version


@dataclass(frozen=True, kw_only=True, slots=True)
class NotExpressible:
    """A specifier that no conda version can mean, and why."""

    specifier: str
    reason: str


def build_conda_spec(specifiers: SpecifierSet) -> str | NotExpressible:
    """The conda version spec that means `specifiers`; `*` for an empty set.

    Clauses come out in the (sorted) order of the specifier set, so that equal sets give equal text.
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
        prefix = f"{_release(Version(text[:-2]))}.*"
        return prefix if operator == "==" else f"!={prefix}"
    try:
        version = Version(text)
    except InvalidVersion:  # only `===` may carry such a text (arbitrary equality)
        return NotExpressible(specifier=str(specifier), reason=f"{text} is not a PEP 440 version")
    match operator:
        case "===":
            return f"=={version}"
        case "~=":
            series = _release(version, drop_last=True)
            return f"{_at_least(version)},{series}.*"
        case ">=":
            return _at_least(version)
        case "<":
            return _below(version)
        case ">":
            return _above(version)
        case _:
            return f"{operator}{version}"


def _release(version: Version, *, drop_last: bool = False) -> str:
    """Epoch and release segments as text, without pre, post, dev and local parts."""
    release = version.release[:-1] if drop_last else version.release
    epoch = f"{version.epoch}!" if version.epoch else ""
    return epoch + ".".join(map(str, release))


def _without_trailing_zeros(version: Version) -> str:
    release = list(version.release)
    while len(release) > 1 and release[-1] == 0:
        release.pop()
    epoch = f"{version.epoch}!" if version.epoch else ""
    return epoch + ".".join(map(str, release))


def _at_least(version: Version) -> str:
    """`>=`: a dev bound is spelled `>=1dev0`, since conda sorts `1.0.dev0` above `1.0rc1`."""
    if version.is_devrelease and version.pre is None and version.post is None:
        return f">={_without_trailing_zeros(version)}dev0"
    return f">={version}"


def _below(version: Version) -> str:
    """`<`: PEP 440 keeps the pre-releases of the bound out, conda needs `<2dev0` for that.

    The bound drops its trailing zeros because `2a1` has fewer segments than `2.0.0dev0` and would
    sort below it.
    """
    if version.is_prerelease or version.is_postrelease:
        return f"<{version}"
    return f"<{_without_trailing_zeros(version)}dev0"


def _above(version: Version) -> str:
    """`>`: PEP 440 keeps the post-releases of the bound out, however many zeros they have.

    Those with one segment more than the bound are named, and with three in any case.
    """
    if version.is_prerelease or version.is_postrelease:
        return f">{version}"
    spellings = [_without_trailing_zeros(version)]
    while len(spellings[-1].split(".")) <= max(len(version.release), 2):
        spellings.append(f"{spellings[-1]}.0")
    return ",".join([f">{version}", *(f"!={spelling}.post.*" for spelling in spellings)])
