"""The translation of conda's `depends` into PyPI requirements, exact or with what differs.

Exact means: PEP 440 and conda give the same answer for releases, and for pre- and post-releases
with as many release segments as the bound.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final

from packaging.requirements import Requirement
from packaging.specifiers import Specifier, SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from conda_pip_interop.environment.versions import parse_version
from conda_pip_interop.grammar import is_conda_name
from conda_pip_interop.names.versions import format_release
from conda_pip_interop.values import dataclass, regex

_DEPENDENCY: Final = regex(r"([A-Za-z0-9_.-]+)(?:\s+([^\s\[]+)(?:\s+([^\s\[]+))?)?")
_IN_ENVIRONMENT_YML: Final = regex(
    r"(?:[^\s=:]+::)?([A-Za-z0-9_.-]+)\s*((?:[=<>!~*\d][^\[]*)?)(?:\[([^\[\]]*)\])?"
)
#: A version and a build that the environment.yml puts behind a single `=`.
_WITH_BUILD: Final = regex(r"(.*[^=<>!~,|])=([^=<>!~,|]+)")
#: A key in brackets, with its value.
_KEY: Final = regex(r"""(?<!\w)(\w+)\s*=\s*('[^']*'|"[^"]*"|[^,'"]*)""")
#: The blanks that conda ignores in a version: around commas and bars, and behind an operator.
_IGNORED_BLANKS: Final = regex(r"(?<=[=<>!~]) | ?([,|]) ?")
_ABOVE: Final = regex(r"(?:(?<=,)|^)>([0-9]+(?:[.!][0-9]+)*)(?=,|$)")
_EXCLUDED_POSTS: Final = regex(r"!=([0-9]+(?:[.!][0-9]+)*)\.post\.\*")
_PLAIN_BOUND: Final = regex(r"[<>][0-9]+(?:[.!][0-9]+)*")
_CLAUSE: Final = regex(r"(==|!=|<=|>=|~=|=|<|>|)([^=<>!~].*)")
#: What PEP 508 has not: a channel, a single `=`, alternatives, a bare version, `[key=value]`, a
#: build.
_NOT_PEP_508: Final = regex(
    r"::|(?<![=<>!~])=(?!=)|\||^\S+\s+[\d*]|\[\w+=|^\S+\s+[=<>!~]+\s*\S*\w\s+[\w*]\S*$"
)
#: A path, a URL, or a requirement with a marker: no match spec.
_LOCATION: Final = regex(r"^[./~\\]|://|[#@;]|^file:|(?:^|\s)-")

NOT_PLAIN: Final = "not a plain name, version and build"


@dataclass(frozen=True, kw_only=True, slots=True)
class CondaDependency:
    """A conda match spec (CEP 29) as a name and PEP 440 specifiers.

    `inexact` says how the specifiers differ from the match spec; None if they mean the same. If
    they differ for pre- and post-releases only, `exact_for_releases` is True.
    """

    name: str
    specifiers: SpecifierSet
    inexact: str | None
    exact_for_releases: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class PypiRequirement:
    """A dependency of a conda package as a PyPI requirement; None if it has no distribution.

    For `inexact` and `exact_for_releases`, see `CondaDependency`.
    """

    dependency: str
    requirement: str | None
    inexact: str | None
    exact_for_releases: bool = False

    def refuses(self, version: str) -> bool:
        """Whether the dependency certainly excludes a version of the project."""
        found = parse_version(version)
        if found is None or self.requirement is None:
            return False
        is_release = not (found.is_prerelease or found.is_postrelease)
        if self.inexact and not (self.exact_for_releases and is_release):
            return False
        return any(
            not one.contains(found, prereleases=True) and not _is_local_of_bound(found, one)
            for one in Requirement(self.requirement).specifier
        )


def _is_local_of_bound(version: Version, specifier: Specifier) -> bool:
    """Whether it is a local version of the bound; conda may sort those above or below the bound."""
    bound = Specifier(f"=={specifier.version}")
    return version.local is not None and bound.contains(version.public, prereleases=True)


def build_requirements(
    depends: Iterable[str], find_projects: Callable[[str], tuple[NormalizedName, ...]]
) -> tuple[PypiRequirement, ...]:
    """Translate the `depends` of a record, with one requirement for each project of a package.

    `find_projects` gives the projects that a conda package contains.
    """
    return tuple(
        one
        for dependency in depends
        for one in _build_requirements_of(dependency.strip(), find_projects)
    )


def _build_requirements_of(
    text: str, find_projects: Callable[[str], tuple[NormalizedName, ...]]
) -> Iterator[PypiRequirement]:
    dependency = parse_dependency(text)
    if dependency is None:
        yield PypiRequirement(dependency=text, requirement=None, inexact=NOT_PLAIN)
        return
    projects = find_projects(dependency.name)
    if not projects:
        inexact = f"the conda package {dependency.name} contains no distribution"
        yield PypiRequirement(dependency=text, requirement=None, inexact=inexact)
    for project in projects:
        yield PypiRequirement(
            dependency=text,
            requirement=f"{project}{dependency.specifiers}",
            inexact=dependency.inexact,
            exact_for_releases=dependency.exact_for_releases,
        )


def parse_dependency(text: str) -> CondaDependency | None:
    """Parse `name`, `name version` or `name version build`; None for any other match spec."""
    match = _DEPENDENCY.fullmatch(text.strip())
    if match is None:
        return None
    name, version, build = match.groups()
    dependency = _translate_spec(name, version or "*")
    if build not in (None, "*"):
        inexact = f"limited to the build {build}"
        return replace(dependency, inexact=inexact, exact_for_releases=False)
    return dependency


def parse_environment_dependency(text: str) -> CondaDependency | None:
    """Parse a dependency as it is written in an environment.yml, such as `numpy=1.26=py312_0`.

    A channel in front (`conda-forge::numpy`) is ignored. `conda env export --from-history` writes
    versions in brackets: `numpy[version='>=1.26,<2']`.
    """
    match = _IN_ENVIRONMENT_YML.fullmatch(text.strip())
    if match is None:
        return None
    name, rest, brackets = match.groups()
    keys = {key: value.strip(" '\"") for key, value in _KEY.findall(brackets or "")}
    if not is_conda_name(name) or _KEY.sub("", brackets or "").strip(" ,"):
        return None
    version = " ".join(keys.pop("version", rest).split())
    version = _IGNORED_BLANKS.sub(r"\1", version)
    with_build = _WITH_BUILD.fullmatch(version)
    if with_build is not None:
        version, keys["build"] = with_build[1].strip(), with_build[2].strip()
        version = version if version.startswith("==") else version.removeprefix("=")
    elif " " in version:
        version, _, keys["build"] = version.partition(" ")
    dependency = parse_dependency(f"{name} {version}")
    limits = [f"the {key} {value}" for key, value in keys.items() if value != "*"]
    if dependency is None or " " in keys.get("build", ""):
        return None
    if not limits:
        return dependency
    inexact = f"limited to {' and '.join(limits)}"
    return replace(dependency, inexact=inexact, exact_for_releases=False)


def _translate_spec(name: str, spec: str) -> CondaDependency:
    """Translate a version spec, without the terms that only conda needs.

    `names.versions` adds them: in PEP 440, `>1.0` excludes the post-releases of 1.0 by itself, and
    `>=1.7` includes 1.7+cu118.
    """
    first, *alternatives = spec.split("|")
    posts = {Version(one) for one in _EXCLUDED_POSTS.findall(first)}
    bounds = posts & {Version(one) for one in _ABOVE.findall(first)}
    clauses: list[str] = []
    inexact = None
    exact_for_releases = True
    for clause in first.split(","):
        bound = _EXCLUDED_POSTS.fullmatch(clause) or _ABOVE.fullmatch(clause)
        if bound is not None and Version(bound[1]) in bounds:
            clauses += [clause] if clause.startswith(">") else []
            continue
        specifier, difference = _translate_clause(clause)
        clauses += [specifier] if specifier else []
        inexact = inexact or difference
        exact_for_releases &= difference is None or _PLAIN_BOUND.fullmatch(clause) is not None
    specifiers = SpecifierSet(",".join(clauses))
    if not all(_is_included(one, specifiers) for one in alternatives):
        specifiers, inexact, exact_for_releases = SpecifierSet(), _no_equivalent(spec), False
    return CondaDependency(
        name=name, specifiers=specifiers, inexact=inexact, exact_for_releases=exact_for_releases
    )


def _is_included(alternative: str, specifiers: SpecifierSet) -> bool:
    version = parse_version(alternative.removeprefix("=="))
    return (
        alternative.startswith("==")
        and version is not None
        and specifiers.contains(version, prereleases=True)
    )


def _translate_clause(clause: str) -> tuple[str, str | None]:  # noqa: PLR0911 - one a case
    """Translate a clause into a specifier (empty if there is none) and how the two differ."""
    if clause == "*":
        return "", None
    match = _CLAUSE.fullmatch(clause)
    if match is None or "(" in clause:
        return "", _no_equivalent(clause)
    operator, text = match.groups()
    stem = re.sub(r"\.?\*$", "", text)
    version = parse_version(stem)
    if version is None:  # PEP 440 has no such version to exclude
        return "", None if operator == "!=" else f"{stem} is not a PEP 440 version"
    if version.local is not None:
        return "", f"{clause} has a local version"
    if stem != text and operator not in ("", "=", "!="):
        return f"{operator}{stem}", f"{clause}: conda ignores the asterisk"
    if stem != text or operator == "=":
        return _translate_series("!=" if operator == "!=" else "==", version)
    if operator == "~=":
        return _translate_compatible(clause, version)
    return _translate_bound(operator or "==", version)


def _no_equivalent(spec: str) -> str:
    return f"{spec} has no equivalent in PEP 440"


def _translate_series(operator: str, version: Version) -> tuple[str, str | None]:
    if version.is_prerelease or version.is_postrelease:
        return f"{operator}{version}", f"PEP 440 has no prefix match for {version}"
    return f"{operator}{version}.*", None


def _translate_compatible(clause: str, version: Version) -> tuple[str, str | None]:
    if len(version.release) == 1:
        return f">={version}", f"{clause} has one release segment"
    if version.is_prerelease or version.is_postrelease:
        return clause, f"conda matches another series for {clause}"
    return clause, None


def _translate_bound(operator: str, version: Version) -> tuple[str, str | None]:
    """For conda, `<2.0a0` and `<2dev0` mean what `<2.0` means in PEP 440."""
    if operator == "<" and (version.pre == ("a", 0) or version.dev == 0) and version.post is None:
        return f"<{format_release(version)}", None
    difference = None
    if version.is_prerelease or version.is_postrelease:
        difference = f"conda sorts {version} differently if the number of segments differs"
    elif operator in ("<", ">"):
        kind = "pre-releases" if operator == "<" else "post-releases"
        difference = f"conda's {operator}{version} includes the {kind} of {version}"
    return f"{operator}{version}", difference


def hint_at_conda_spec(text: str) -> str | None:
    """Hint at what to do with a match spec where pip's syntax belongs; None for other texts."""
    if _NOT_PEP_508.search(text) is None or _LOCATION.search(text) is not None:
        return None
    found = parse_environment_dependency(text)
    spec = shlex.quote(text)
    lost = found is None or (found.inexact is not None and not found.specifiers)
    if found is None or lost or found.name == "python":
        return f"{text} is conda's syntax; to install it: `conda install -n ENV {spec}`."
    pip = f"{found.name}{found.specifiers}"
    return f"{text} is conda's syntax: write {pip} for pip, or run `conda install -n ENV {spec}`."
