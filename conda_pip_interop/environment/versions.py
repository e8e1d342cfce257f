"""The version of a distribution that conda installed: its package's, or that of its METADATA."""

from __future__ import annotations

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    NormalizedName,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version


def choose_version(
    project: NormalizedName, stated: str, *, package: str, package_version: str
) -> str:
    """Return the version that counts of a distribution in a conda package.

    ``stated`` is that of METADATA. Packages are built from sources without their version control,
    so METADATA may say 0.0.0, or the version before; the package's version is the true one. Where
    METADATA is plausible it counts in two cases: for a project of another name (py-opencv 4.9.0
    contains opencv-python 4.9.0.80), and if both mean the same version, up to a local part.
    """
    if stated == package_version:  # as nearly always: parsing is slow
        return stated
    recorded, own = parse_version(package_version), parse_version(stated)
    if recorded is None:
        return stated
    if own is None or not is_plausible(stated):
        return package_version
    is_namesake = canonicalize_name(package) == project
    return package_version if is_namesake and not is_same(own, recorded) else stated


def is_plausible(stated: str) -> bool:
    """Return whether the version in METADATA says anything; 0.0.0 and 0+unknown do not."""
    version = parse_version(stated)
    return version is not None and any(version.release)


def is_same(one: Version, other: Version) -> bool:
    """Return whether two versions are equal but for their local parts."""
    return Version(one.public) == Version(other.public)


def parse_version(text: str) -> Version | None:
    """Parse a PEP 440 version; None if it is not valid."""
    try:
        return Version(text)
    except InvalidVersion:
        return None


def is_newer(version: str, than: str) -> bool:
    """Return whether a version is newer; False if one of the two is not of PEP 440."""
    new, old = parse_version(version), parse_version(than)
    return new is not None and old is not None and new > old


def parse_file_version(file: str) -> str:
    """Return the version in the name of a wheel or an sdist; empty if there is none."""
    try:
        parse = parse_wheel_filename if file.endswith(".whl") else parse_sdist_filename
        return str(parse(file)[1])
    except (InvalidWheelFilename, InvalidSdistFilename):
        return ""
