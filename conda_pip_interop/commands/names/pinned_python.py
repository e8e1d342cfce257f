"""The Python of an environment file: pinned there, or required by a project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from conda_pip_interop.dependency_files.commented_lists import Item
from conda_pip_interop.dependency_files.environment_yml import EnvironmentFile
from conda_pip_interop.errors import InteropError
from conda_pip_interop.names.conda_depends import parse_environment_dependency
from conda_pip_interop.names.versions import NotExpressible, build_conda_spec

#: More than Python 3 has had of series, and of releases in one.
_SERIES: Final = 30
_RELEASES: Final = 30

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conda_pip_interop.dependency_files.requirements_txt import Dependencies


def parse_package_name(text: str) -> str | None:
    """Parse the name of the package in a dependency of conda's; None if it is not plain."""
    dependency = parse_environment_dependency(text)
    return dependency.name if dependency is not None else None


def find_pinned_python(environment: EnvironmentFile) -> dict[str, str] | None:
    """Find the Python that an environment file pins, in the terms of markers; None if it does not.

    A pinned series (`python=3.11`, `python >=3.11,<3.12`) stands for its first release.
    """
    for item in environment.conda:
        dependency = parse_environment_dependency(item.value)
        if dependency is None or dependency.name != "python":
            continue
        allowed = _find_allowed(dependency.specifiers)
        if allowed:
            return {
                "python_version": allowed.rpartition(".")[0],
                "python_full_version": allowed,
                "implementation_version": allowed,
            }
    return None


def _find_allowed(specifiers: SpecifierSet) -> str | None:
    """Find the first release that is allowed; None if it is not of the only series allowed."""
    first = None
    for minor in range(_SERIES):
        releases = (f"3.{minor}.{patch}" for patch in range(_RELEASES))
        allowed = next((one for one in releases if specifiers.contains(one)), None)
        if allowed is not None and first is not None:
            return None
        first = first or allowed
    return first


def find_python(dependencies: Iterable[Dependencies], base: EnvironmentFile) -> Iterator[Item]:
    """The Python that a project requires, unless the environment file has one."""
    if any(parse_package_name(item.value) == "python" for item in base.conda):
        return
    specifiers = SpecifierSet()
    for one in dependencies:
        try:
            specifiers &= SpecifierSet(one.requires_python or "")
        except InvalidSpecifier as error:
            raise InteropError(
                "invalid-requirement", f"requires-python is not valid: {error}"
            ) from error
    spec = build_conda_spec(specifiers)
    if len(specifiers) and not isinstance(spec, NotExpressible):
        yield Item(value=f"python {spec}")
