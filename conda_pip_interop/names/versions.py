"""The translation of PEP 440 version specifiers into conda version specs.

Most specifiers mean the same in both, with exceptions: for conda, `<2` matches `2.0rc1`,
`>=1.0.dev0` does not match `1.0rc1`, and `==1.*` next to another clause means `==1`. PEP 440 is the
version specifiers specification; conda's order of versions is that of `conda.models.version`.
"""

from __future__ import annotations

from packaging.specifiers import Specifier, SpecifierSet
from packaging.version import Version

from conda_pip_interop.environment.versions import parse_version
from conda_pip_interop.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class NotExpressible:
    """A specifier that no conda version spec can express, and why."""

    specifier: str
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
        return NotExpressible(specifier=str(specifier), reason=f"{text} is not a PEP 440 version")
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
