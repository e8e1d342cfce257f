"""PEP 508 requirements → conda's ``depends``. Simple: the plugin has its own, tested one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.specifiers import Specifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.world.table import CONDA_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.world.pythons import Interpreter


def conda_name(project: str) -> str:
    """Return conda-forge's spelling of a PyPI project."""
    normalized = canonicalize_name(project)
    return CONDA_NAMES.get(normalized, normalized)


def _translate(specifier: Specifier) -> str:
    version = specifier.version.partition("+")[0]
    if specifier.operator == "~=":
        release = Version(version).release
        return f">={version},{'.'.join(map(str, release[:-1]))}.*"
    if specifier.operator == "==" and version.endswith(".*"):
        return version
    if specifier.operator == "===":
        return f"=={version}"
    return f"{specifier.operator}{version}"


def conda_version(specifiers: SpecifierSet) -> str:
    """Return a conda version expression; empty for any version."""
    return ",".join(_translate(specifier) for specifier in sorted(specifiers, key=str))


def _spec(name: str, specifiers: SpecifierSet) -> str:
    return f"{name} {conda_version(specifiers)}".rstrip()


def build_depends(
    requirements: Iterable[str], requires_python: str, pythons: Iterable[Interpreter]
) -> tuple[str, ...]:
    """Return the ``depends`` of a distribution for `pythons`, without extras.

    A requirement that holds for some of them only is required for all, as conda-forge does in
    ``noarch`` packages.
    """
    depends = {_spec("python", SpecifierSet(requires_python))}
    environments = [
        {"python_version": python.short, "python_full_version": python.version, "extra": ""}
        for python in pythons
    ]
    for text in requirements:
        requirement = Requirement(text)
        marker = requirement.marker
        if marker is None or any(marker.evaluate(dict(each)) for each in environments):
            depends.add(_spec(conda_name(requirement.name), requirement.specifier))
    return tuple(sorted(depends))
