"""What a conda record depends on, as requirements of PyPI's: exact, or saying that it is not.

Exact means: for releases, and for pre- and post-releases that are spelled as long as the bound,
both sides give the same answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from packaging.requirements import Requirement
from packaging.specifiers import Specifier, SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import InvalidVersion, Version

_DEPEND: Final = re.compile(r"([A-Za-z0-9_.-]+)(?:\s+([^\s\[]+)(?:\s+([^\s\[]+))?)?")
_WRITTEN: Final = re.compile(r"(?:[^\s=:]+::)?([A-Za-z0-9_.-]+)\s*((?:[=<>!~*\d][^\[]*)?)")
_EXACT: Final = re.compile(r"=([^=\s]+)=([^=\s]+)")
_ABOVE: Final = re.compile(r"(?:(?<=,)|^)>([0-9]+(?:[.!][0-9]+)*)(?=,|$)")
_POSTS: Final = re.compile(r"!=([0-9]+(?:[.!][0-9]+)*)\.post\.\*")
_PLAIN_BOUND: Final = re.compile(r"[<>][0-9]+(?:[.!][0-9]+)*")
_CLAUSE: Final = re.compile(r"(==|!=|<=|>=|~=|=|<|>|)([^=<>!~].*)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Depend:
    """A match spec of conda's (CEP 29) read as a name and PEP 440 specifiers.

    `inexact` says what the specifiers leave out or add; None where they mean the same. For
    releases they do all the same where `suits_releases`: it is about pre- or post-releases.
    """

    name: str
    specifiers: SpecifierSet
    inexact: str | None
    suits_releases: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class PypiRequirement:
    """A line of `depends` and what it asks of PyPI's: None where conda's package has nothing."""

    depend: str
    requirement: str | None
    inexact: str | None
    suits_releases: bool = False

    def refuses(self, version: str) -> bool:
        """Whether it is certain that conda's line does not take a version of the project."""
        try:
            found = Version(version)
        except InvalidVersion:
            return False
        is_release = not (found.is_prerelease or found.is_postrelease)
        if self.requirement is None or (self.inexact and not (self.suits_releases and is_release)):
            return False
        return any(
            not one.contains(found, prereleases=True) and not _is_local_at_bound(found, one)
            for one in Requirement(self.requirement).specifier
        )


def _is_local_at_bound(version: Version, specifier: Specifier) -> bool:
    """Whether it is a local version of the bound: conda sorts it above or below, by its letters."""
    bound = Specifier(f"=={specifier.version}")
    return version.local is not None and bound.contains(version.public, prereleases=True)


def build_requirements(
    depends: Iterable[str], find_projects: Callable[[str], tuple[NormalizedName, ...]]
) -> tuple[PypiRequirement, ...]:
    """Translate the `depends` of a record; one line for each project that a package carries.

    `find_projects` tells the projects of a conda package: for certain out of what is installed,
    else as guessed.
    """
    return tuple(
        one for depend in depends for one in _build_requirement(depend.strip(), find_projects)
    )


def _build_requirement(
    text: str, find_projects: Callable[[str], tuple[NormalizedName, ...]]
) -> Iterator[PypiRequirement]:
    depend = parse_depend(text)
    if depend is None:
        inexact = "a match spec that is more than name, version and build"
        yield PypiRequirement(depend=text, requirement=None, inexact=inexact)
        return
    projects = find_projects(depend.name)
    if not projects:
        inexact = f"conda's {depend.name} carries no distribution"
        yield PypiRequirement(depend=text, requirement=None, inexact=inexact)
    for project in projects:
        yield PypiRequirement(
            depend=text,
            requirement=f"{project}{depend.specifiers}",
            inexact=depend.inexact,
            suits_releases=depend.suits_releases,
        )


def parse_depend(text: str) -> Depend | None:
    """Read `name`, `name version` or `name version build`; None for any other form."""
    match = _DEPEND.fullmatch(text.strip())
    if match is None:
        return None
    name, version, build = match.groups()
    depend = _read_spec(name, version or "*")
    if build not in (None, "*"):
        return replace(depend, inexact=f"only builds {build}", suits_releases=False)
    return depend


def _read_spec(name: str, spec: str) -> Depend:
    """PEP 440's specifiers and how they differ.

    What `names.versions` and `names.exact` add for conda's sake is taken back: PEP 440 means by
    itself that `>1.0` shuts out the post-releases of 1.0, and that `>=1.7` takes 1.7+cu118.
    """
    first, *others = spec.split("|")
    posts = {Version(one) for one in _POSTS.findall(first)}
    exceeded = posts & {Version(one) for one in _ABOVE.findall(first)}
    clauses: list[str] = []
    inexact = None
    suits_releases = True
    for clause in first.split(","):
        bound = _POSTS.fullmatch(clause) or _ABOVE.fullmatch(clause)
        if bound is not None and Version(bound[1]) in exceeded:
            clauses += [clause] if clause.startswith(">") else []
            continue
        specifier, difference = _read_clause(clause)
        clauses += [specifier] if specifier else []
        inexact = inexact or difference
        suits_releases &= difference is None or _PLAIN_BOUND.fullmatch(clause) is not None
    found = SpecifierSet(",".join(clauses))
    if not all(_is_taken(one, found) for one in others):
        found, inexact, suits_releases = SpecifierSet(), f"{spec} has no like in PEP 440", False
    return Depend(name=name, specifiers=found, inexact=inexact, suits_releases=suits_releases)


def _is_taken(alternative: str, specifiers: SpecifierSet) -> bool:
    try:
        version = Version(alternative.removeprefix("=="))
    except InvalidVersion:
        return False
    return alternative.startswith("==") and specifiers.contains(version, prereleases=True)


def parse_environment_depend(text: str) -> Depend | None:
    """Read a dependency as people write it into an environment.yml: `numpy=1.26=py312_0`, too.

    A channel in front (`conda-forge::numpy`) is passed over.
    """
    match = _WRITTEN.fullmatch(text.strip())
    if match is None:
        return None
    name, rest = match.groups()
    exact = _EXACT.fullmatch(rest)
    if exact is not None:
        return parse_depend(f"{name} {exact[1]} {exact[2]}")
    return parse_depend(f"{name} {rest}".replace(", ", ","))


def _read_clause(clause: str) -> tuple[str, str | None]:  # noqa: PLR0911 - one a case
    """A PEP 440 specifier and how it differs; no specifier where there is none like it."""
    if clause == "*":
        return "", None
    match = _CLAUSE.fullmatch(clause)
    if match is None or "(" in clause:
        return "", f"{clause} has no like in PEP 440"
    operator, text = match.groups()
    stem = re.sub(r"\.?\*$", "", text)
    try:
        version = Version(stem)
    except InvalidVersion:
        foreign = f"{stem} is not a PEP 440 version"
        return "", None if operator == "!=" else foreign  # which PEP 440 takes nowhere
    if version.local is not None:
        return "", f"{clause} names a local version"
    if stem != text and operator not in ("", "=", "!="):
        return f"{operator}{stem}", f"{clause}: conda passes over the asterisk"
    if stem != text or operator == "=":
        return _read_series("!=" if operator == "!=" else "==", version)
    if operator == "~=":
        return _read_compatible(clause, version)
    return _read_bound(operator or "==", version)


def _read_series(operator: str, version: Version) -> tuple[str, str | None]:
    if version.is_prerelease or version.is_postrelease:
        return f"{operator}{version}", f"PEP 440 has no series below {version}"
    return f"{operator}{version}.*", None


def _read_compatible(clause: str, version: Version) -> tuple[str, str | None]:
    if len(version.release) == 1:
        return f">={version}", f"{clause} has one segment"
    odd = version.is_prerelease or version.is_postrelease
    return clause, f"conda takes another series for {clause}" if odd else None


def _read_bound(operator: str, version: Version) -> tuple[str, str | None]:
    """`<2.0a0` and `<2dev0` are how conda says `<2.0` and means it as PEP 440 does."""
    final = not (version.is_prerelease or version.is_postrelease)
    if operator == "<" and (version.pre == ("a", 0) or version.dev == 0) and version.post is None:
        epoch = f"{version.epoch}!" if version.epoch else ""
        return f"<{epoch}{'.'.join(map(str, version.release))}", None
    difference = None
    if not final:
        difference = f"conda sorts {version} otherwise where its release is spelled otherwise"
    elif operator in ("<", ">"):
        taken = "pre-releases" if operator == "<" else "post-releases"
        difference = f"conda's {operator}{version} takes its {taken}"
    return f"{operator}{version}", difference
