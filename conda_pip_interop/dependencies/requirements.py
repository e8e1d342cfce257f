"""Requirements across both managers: what an installed distribution asks for and does not find."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from conda_pip_interop.environment.claims import Claims
from conda_pip_interop.environment.distributions import Distribution
from conda_pip_interop.environment.metadata import Metadata
from conda_pip_interop.environment.ownership import ByConda
from conda_pip_interop.environment.prefix import Prefix
from conda_pip_interop.environment.snapshot import Snapshot
from conda_pip_interop.findings.base import Evidence, Finding, FindingKind

_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_SYSTEMS: Mapping[str, tuple[str, str]] = {
    "linux": ("linux", "Linux"),
    "osx": ("darwin", "Darwin"),
    "win": ("win32", "Windows"),
    "freebsd": ("freebsd", "FreeBSD"),
}
_MACHINES: Mapping[tuple[str, str], str] = {
    ("linux", "64"): "x86_64",
    ("linux", "32"): "i686",
    ("osx", "64"): "x86_64",
    ("win", "64"): "AMD64",
    ("win", "32"): "x86",
    ("win", "arm64"): "ARM64",
}


def marker_environment(prefix: Prefix, *, subdir: str | None = None) -> dict[str, str]:
    """Build the environment of dependency specifiers (PEP 508) without running the Python.

    ``subdir`` is conda's platform word (``linux-64``); without it, this machine's is taken.
    What only the running system knows (its release) is this machine's in either case.
    """
    python = prefix.python
    version = python.version if python else ""
    full = version if version.count(".") > 1 or not version else f"{version}.0"
    pypy = python is not None and python.implementation == "pypy"
    word, _, machine = (subdir or "").partition("-")
    sys_platform, system = _SYSTEMS.get(word) or _tell_system(prefix)
    return {
        "implementation_name": "pypy" if pypy else "cpython",
        "implementation_version": full,
        "os_name": "nt" if system == "Windows" else "posix",
        "platform_machine": _MACHINES.get((word, machine), machine) or platform.machine(),
        "platform_python_implementation": "PyPy" if pypy else "CPython",
        "platform_release": platform.release(),
        "platform_system": system,
        "platform_version": platform.version(),
        "python_full_version": full,
        "python_version": python.minor if python else "",
        "sys_platform": sys_platform,
    }


def _tell_system(prefix: Prefix) -> tuple[str, str]:
    """Tell (sys.platform, platform.system()) of a prefix that does not name its platform."""
    if prefix.platform == "windows":
        return _SYSTEMS["win"]
    here = platform.system()
    if os.name == "nt" or not here:
        return _SYSTEMS["linux"]
    return here.lower(), here


@dataclass(frozen=True, kw_only=True, slots=True)
class _Installed:
    """What is installed, by name, and which part of it is pip's."""

    by_name: Mapping[NormalizedName, Distribution]
    pips: frozenset[NormalizedName]
    bare: frozenset[NormalizedName]
    """Names of conda packages without Python metadata: there, of a version nobody states."""


def find_unmet(
    snapshot: Snapshot, read_metadata: Callable[[Distribution], Metadata]
) -> tuple[Finding, ...]:
    """Find requirements that no installed distribution satisfies and where pip has a part.

    ``read_metadata`` is called once a distribution; requirements between two conda packages, or of
    a conda package on something that is nowhere, are conda's affair. Extras are not looked at:
    nothing records which were asked for.
    """
    installed = _build_installed(snapshot)
    if not installed.pips:
        return ()
    environment = marker_environment(snapshot.prefix, subdir=find_subdir(snapshot))
    return tuple(
        _build_unmet(snapshot.claims, installed, distribution, requirement)
        for name, distribution in sorted(installed.by_name.items())
        for requirement in parse_applying(
            [
                text
                for text in read_metadata(distribution).requires_dist
                if _concerns_pip(installed, name, text)
            ],
            environment,
        )
        if not _is_met(installed, requirement)
    )


def _build_installed(snapshot: Snapshot) -> _Installed:
    """Take one distribution a name: conda's, unless pip's is in its place or conda has none."""
    owners = [(d, snapshot.ownership.owner_of(d)) for d in snapshot.distributions]
    condas = {d.name for d, owner in owners if isinstance(owner, ByConda)}
    by_name: dict[NormalizedName, Distribution] = {}
    pips: set[NormalizedName] = set()
    for distribution, owner in owners:
        if isinstance(owner, ByConda):
            by_name.setdefault(distribution.name, distribution)
        elif owner.in_place_of is not None or distribution.name not in condas:
            by_name[distribution.name] = distribution
            pips.add(distribution.name)
    carrying = {c.record.path for found in snapshot.claims.by_name.values() for c in found}
    bare = {canonicalize_name(r.name) for r in snapshot.records if r.path not in carrying}
    return _Installed(by_name=by_name, pips=frozenset(pips), bare=frozenset(bare))


def find_subdir(snapshot: Snapshot) -> str | None:
    """Find the platform word of a prefix (``linux-64``) in its records, noarch ones left out."""
    subdirs = (record.subdir for record in snapshot.records if record.subdir != "noarch")
    return next((subdir for subdir in subdirs if subdir), None)


def _concerns_pip(installed: _Installed, name: NormalizedName, text: str) -> bool:
    """Tell, before the costly parsing, whether either side of a requirement is pip's."""
    if name in installed.pips:
        return True
    match = _NAME.match(text)
    return match is not None and canonicalize_name(match[1]) in installed.pips


def parse_applying(texts: Iterable[str], environment: Mapping[str, str]) -> Iterator[Requirement]:
    """Parse the requirements that apply here; what cannot be understood cannot be judged."""
    scope = {**environment, "extra": ""}
    for text in texts:
        try:
            requirement = Requirement(text)
            applies = requirement.marker is None or requirement.marker.evaluate(scope)
        except (InvalidRequirement, InvalidVersion, UndefinedComparison, UndefinedEnvironmentName):
            continue
        if applies:
            yield requirement


def _is_met(installed: _Installed, requirement: Requirement) -> bool:
    name = canonicalize_name(requirement.name)
    distribution = installed.by_name.get(name)
    if distribution is None:
        return name in installed.bare
    if requirement.url is not None:
        return True
    try:
        version = Version(distribution.version)
    except InvalidVersion:
        return True
    return requirement.specifier.contains(version, prereleases=True)


def _build_unmet(
    claims: Claims, installed: _Installed, distribution: Distribution, requirement: Requirement
) -> Finding:
    name = canonicalize_name(requirement.name)
    there = installed.by_name.get(name)
    asked = f"{name}{requirement.specifier}" if str(requirement.specifier) else name
    by_pip = distribution.name in installed.pips
    record = next((c.record for c in claims.of(distribution.metadata_file) if not by_pip), None)
    state = (
        f"{name} is not installed"
        if there is None
        else f"{_name_manager(installed, name)}'s {name} is {there.version}"
    )
    evidence = [_build_evidence(installed, distribution, None)]
    evidence += [_build_evidence(installed, there, asked)] if there else []
    return Finding(
        kind=FindingKind.UNMET,
        conda=record.name if record else None,
        distribution=distribution.name,
        conda_version=record.version if record else None,
        pip_version=distribution.version if by_pip else None,
        metadata=distribution.metadata,
        evidence=tuple(evidence),
        summary=f"{_name_manager(installed, distribution.name)}'s {distribution.name} "
        f"{distribution.version} requires {asked}, but {state}.",
        remedy=(("conda", "pip", "install", asked),),
        details={"requirement": str(requirement), "installed": there.version if there else None},
    )


def _build_evidence(installed: _Installed, one: Distribution, asked: str | None) -> Evidence:
    return Evidence(
        path=one.metadata_file,
        claimed_by=(f"{_name_manager(installed, one.name)}:{one.name}",),
        expected=asked,
        found=one.version,
    )


def _name_manager(installed: _Installed, name: NormalizedName) -> str:
    return "pip" if name in installed.pips else "conda"
