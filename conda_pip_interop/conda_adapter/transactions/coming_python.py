"""The Python that conda will install: into an environment that has none, or another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conda.models.match_spec import MatchSpec
from conda.models.version import VersionOrder
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from conda_pip_interop.environment.conda_meta.conda_python import (
    build_python,
    is_free_threaded,
    name_series,
)
from conda_pip_interop.errors import InteropError, UnsatisfiableError
from conda_pip_interop.names.versions import NotExpressible, build_conda_spec, select_versions
from conda_pip_interop.resolve.solver import ComingPython, CondaSpec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conda_pip_interop.conda_adapter.transactions.solution import CondaSolution
    from conda_pip_interop.conda_adapter.transactions.solver import CondaEnvironment
    from conda_pip_interop.environment.prefix import Platform
    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.resolve.request.request import Preferences, Request


def choose_python(
    conda: CondaEnvironment, request: Request, preferences: Preferences, platform: Platform
) -> ComingPython:
    """Return the Python with which conda can install what is requested of it, else the newest.

    Raises InteropError `unsatisfiable` if the channels have none that the request allows.
    """
    solution = find_conda_part(conda, request, preferences)
    (record,) = (one for one in solution.link_records if one.name == "python")
    spec = CondaSpec(name="python", version=f"=={record.version}")
    return _build(conda, record, spec, platform)


def find_python(
    conda: CondaEnvironment, version: str, spec: str, platform: Platform
) -> ComingPython | None:
    """Find the Python that conda installs for a spec in the environment as it is.

    None if that is installed already. Raises InteropError `no-such-python`, `unsatisfiable`.
    """
    wanted = CondaSpec(name="python", version="*", text=spec)
    if conda.has_all((wanted,)):
        return None
    known = conda.naming.repodata.find("python")
    match = MatchSpec(spec)
    if not any(match.match(one) for one in known):
        raise _build_absence(version, known, conda.target)
    solution = conda.solve((wanted,))
    (record,) = (one for one in solution.link_records if one.name == "python")
    build = f"build='*_{record.build.rpartition('_')[2]}'" if is_free_threaded(record.build) else ""
    exact = f"python[version='=={record.version}'{build and ','}{build}]"
    return _build(conda, record, replace(wanted, text=exact), platform)


def _build_absence(version: str, known: Iterable[Any], target: Target) -> InteropError:
    ordered = sorted(known, key=lambda one: VersionOrder(one.version))
    series = dict.fromkeys(name_series(one.version, one.build) for one in ordered)
    search = target.command("conda", "pip", "upgrade-python", "-c", "CHANNEL", version)
    return InteropError(
        "no-such-python",
        f"The channels have no Python {version}; they have {', '.join(series) or 'none'}.",
        hints=(f"To search another channel, too: `{search}`.",),
    )


def _build(
    conda: CondaEnvironment, record: Any, spec: CondaSpec, platform: Platform
) -> ComingPython:
    return ComingPython(
        install=build_python(
            str(record.version),
            str(record.build),
            platform,
            site_packages=record.get("python_site_packages_path"),
        ),
        spec=spec,
        solver=replace(conda, python=record),
    )


def find_conda_part(
    conda: CondaEnvironment, request: Request, preferences: Preferences
) -> CondaSolution:
    """Solve for what conda can install of a request in an empty environment, with its Python.

    Raises InteropError `unsatisfiable`.
    """
    wanted = _read_demand(request)
    try:
        specs = _find_specs(conda, request, preferences)
        return conda.solve((wanted, *request.conda, *specs))
    except UnsatisfiableError:
        return conda.solve((wanted, *request.conda))


def _read_demand(request: Request) -> CondaSpec:
    """Return what the files of a request demand of Python (`requires-python`)."""
    demands = SpecifierSet()
    for text, _ in request.pythons:
        try:
            demands &= SpecifierSet(text)
        except InvalidSpecifier:
            continue  # it is refused by name later
    spec = build_conda_spec(demands)
    return CondaSpec(name="python", version="*" if isinstance(spec, NotExpressible) else spec)


def _find_specs(
    conda: CondaEnvironment, request: Request, preferences: Preferences
) -> Iterator[CondaSpec]:
    """Find what conda may be asked to install, for any Python."""
    for one in request.requirements:
        if one.name in preferences.from_pypi or one.requirement.marker is not None:
            continue
        specifiers = one.requirement.specifier & request.limits.get(one.name, SpecifierSet())
        packages = conda.find_candidates(one.name)
        spec = build_conda_spec(specifiers)
        fitting = select_versions(specifiers, [package.version for package in packages])
        if fitting and not isinstance(spec, NotExpressible):
            yield CondaSpec(name=packages[-1].name, version=spec)
