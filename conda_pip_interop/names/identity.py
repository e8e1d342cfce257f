"""Whether a conda package and a project of the same name are the same: by their versions."""

from __future__ import annotations

from collections.abc import Iterable

from packaging.version import Version

from conda_pip_interop.environment.versions import parse_version


def explain_other_project(
    conda_name: str, offered: Iterable[str], released: frozenset[Version]
) -> str | None:
    """Explain that a package is another project: it has no version that the project has released.

    None if it has one, and if that cannot be told: the project has released nothing, or a version
    of the package is not one of PEP 440.
    """
    versions = [parse_version(one) for one in offered]
    known = [one for one in versions if one is not None]
    public = {Version(one.public) for one in known}
    if not released or not known or len(known) < len(versions) or public & released:
        return None
    return (
        f"conda's {conda_name} is another project: the index has {max(released)}, and none of "
        f"conda's versions such as {max(known)}"
    )
