"""Requirements (PEP 508) of installed distributions: where they apply, and whether they are met."""

from __future__ import annotations

import os
import platform
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache

from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from conda_pip_interop.environment.prefix import Prefix
from conda_pip_interop.environment.snapshot import Snapshot

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


def find_subdir(snapshot: Snapshot) -> str | None:
    """Find the platform word of a prefix (``linux-64``) in its records, noarch ones left out."""
    subdirs = (record.subdir for record in snapshot.records if record.subdir != "noarch")
    return next((subdir for subdir in subdirs if subdir), None)


@lru_cache(maxsize=4096)
def parse_requirement(text: str) -> Requirement | None:
    """Parse a requirement; None if it is invalid. The result is shared: it must not be changed."""
    try:
        return Requirement(text)
    except (InvalidRequirement, RecursionError):
        return None


def applies(
    requirement: Requirement, environment: Mapping[str, str], extras: Collection[str] = ("",)
) -> bool:
    """Return whether a requirement applies with one of these extras; `""` is without any."""
    if requirement.marker is None:
        return True
    try:
        return any(requirement.marker.evaluate({**environment, "extra": one}) for one in extras)
    except (InvalidVersion, RecursionError, UndefinedComparison, UndefinedEnvironmentName):
        return False


def parse_applying(texts: Iterable[str], environment: Mapping[str, str]) -> Iterator[Requirement]:
    """Parse the requirements that apply here; what cannot be understood cannot be judged."""
    for text in texts:
        requirement = parse_requirement(text)
        if requirement is not None and applies(requirement, environment):
            yield requirement


def parse_added(
    texts: Iterable[str], extra: str, environment: Mapping[str, str]
) -> Iterator[Requirement]:
    """Parse the requirements that only an extra adds here."""
    for text in texts:
        requirement = parse_requirement(text) if "extra" in text.partition(";")[2] else None
        if (
            requirement is not None
            and applies(requirement, environment, (extra,))
            and not applies(requirement, environment)
        ):
            yield requirement


def find_wanted_extras(
    requires: Mapping[NormalizedName, Iterable[str]], environment: Mapping[str, str]
) -> Mapping[NormalizedName, set[str]]:
    """Find the extras that distributions want, extras wanted by extras included.

    `requires` are the requirements of each installed distribution.
    """
    with_extras = {
        name: [text for text in texts if "[" in text.partition(";")[0]]
        for name, texts in requires.items()
    }
    wanted: dict[NormalizedName, set[str]] = defaultdict(set)
    waiting = [(name, "") for name, texts in with_extras.items() if texts]
    while waiting:
        name, extra = waiting.pop()
        for text in with_extras.get(name, ()):
            requirement = parse_requirement(text)
            if requirement is None or not applies(requirement, environment, (extra,)):
                continue
            target = canonicalize_name(requirement.name)
            new = {canonicalize_name(one) for one in requirement.extras} - wanted[target]
            wanted[target] |= new
            waiting += [(target, one) for one in new]
    return wanted


def fits(version: str, specifiers: SpecifierSet | None) -> bool:
    """Return whether a version satisfies a range, if there is one, or cannot be judged."""
    return specifiers is None or satisfies(specifiers, version) is not False


def satisfies(specifiers: SpecifierSet, version: str) -> bool | None:
    """Return whether an installed version satisfies a range; None if it is not PEP 440.

    A pre-release that is installed counts: somebody chose to have it.
    """
    try:
        return specifiers.contains(Version(version), prereleases=True)
    except InvalidVersion:
        return None


def is_satisfied(version: str, specifiers: SpecifierSet) -> bool:
    """Return whether a version satisfies; one that is not PEP 440 satisfies only any version."""
    met = satisfies(specifiers, version)
    return not specifiers if met is None else met
