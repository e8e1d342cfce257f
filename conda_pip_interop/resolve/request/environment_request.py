"""What an environment.yml requests: conda's part as it stands, and which of pip's part is pip's."""

from __future__ import annotations

from dataclasses import field, replace
from typing import TYPE_CHECKING, Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.changes.plan import WriteFile
from conda_pip_interop.dependencies.requirements import satisfies
from conda_pip_interop.dependency_files.environment_yml import parse_environment, read_pip_entries
from conda_pip_interop.dependency_files.requirements_txt import (
    CONSTRAINT,
    REQUIREMENT,
    find_file,
    read_requirements_file,
    split_option,
    unreadable,
)
from conda_pip_interop.environment.conda_meta.variables import (
    VARIABLES_FILE,
    read_document,
    render_document,
)
from conda_pip_interop.grammar import is_conda_name
from conda_pip_interop.resolve.solver import CondaSpec
from conda_pip_interop.text import quoted
from conda_pip_interop.values import dataclass, regex

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from conda_pip_interop.changes.plan import Plan
    from conda_pip_interop.dependency_files.environment_yml import EnvironmentFile
    from conda_pip_interop.dependency_files.requirements_txt import Entry
    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.resolve.request.request import Request

#: `channel::name version`, `name=version=build`, `name[version=…]`; the channel may be a URL.
_SPEC: Final = regex(r"(?:\S+::)?(?P<name>[^\s=<>!~\[:/\\]+)(?P<rest>[\s=<>!~\[].*)?")
#: How `conda pip export` marks what pip has put in the place of a conda package.
_OVERRIDE: Final = regex(r"# in place of conda's \S+")


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvironmentRequest:
    """What an environment.yml requests.

    `from_pypi` are the names of its `pip:` section that conda does not install by the same file,
    `overwrite` those that are to replace conda's.
    """

    conda: tuple[CondaSpec, ...]
    entries: tuple[Entry, ...]
    from_pypi: frozenset[NormalizedName]
    overwrite: frozenset[NormalizedName]
    channels: tuple[str, ...] = ()
    only_channels: bool = False
    variables: Mapping[str, str] = field(default_factory=dict)


def parse_environment_request(text: str, *, origin: str, folder: Path) -> EnvironmentRequest:
    """Parse an environment file; raises UsageError `unreadable-file`."""
    environment = parse_environment(text, origin=origin)
    listed = read_pip_entries(environment, origin=origin, folder=folder)
    return build_environment_request(environment, listed, origin=origin, folder=folder)


def build_environment_request(
    environment: EnvironmentFile, listed: Iterable[Entry], *, origin: str, folder: Path
) -> EnvironmentRequest:
    """Build what an environment file and `listed`, pip's part of it, request.

    Raises UsageError `unreadable-file`.
    """
    conda = tuple(_parse_spec(str(one.value), origin) for one in environment.conda)
    entries = tuple(_include_files(listed, folder))
    condas = {canonicalize_name(one.name) for one in conda}
    named = dict(_find_names(entries))
    overwrite = {name for name, one in named.items() if _OVERRIDE.match(one.comment)}
    return EnvironmentRequest(
        conda=conda,
        entries=entries,
        from_pypi=frozenset(name for name in named if name not in condas or name in overwrite),
        overwrite=frozenset(overwrite),
        channels=environment.channels,
        only_channels=environment.excludes_others,
        variables=_read_variables(environment, origin),
    )


def _include_files(entries: Iterable[Entry], folder: Path) -> Iterator[Entry]:
    """Read the files that a `pip:` section includes (`-r`); constraints are among the entries.

    conda runs pip in the folder of the file.
    """
    for entry in entries:
        option, value = split_option(entry.text)
        if option in REQUIREMENT:
            included = read_requirements_file(find_file(folder, value))
            yield from (replace(one, run_in=folder) for one in included)
        elif option in CONSTRAINT:
            find_file(folder, value)  # which refuses a URL
        else:
            yield entry


def leave_to_conda(request: Request, versions: Mapping[NormalizedName, str]) -> Request:
    """Leave to conda what it has installed as the `pip:` section wants it, as pip does.

    `versions` are those of conda's distributions.
    """
    served = {
        one.name
        for one in request.requirements
        if one.name in request.reasons
        and one.name in versions
        and satisfies(one.requirement.specifier, versions[one.name])
    }
    if not served:
        return request
    names = tuple(name for name in request.options.from_pypi if name not in served)
    return replace(request, options=replace(request.options, from_pypi=names))


def add_variables(plan: Plan, request: Request, target: Target) -> Plan:
    """Add the variables of an environment.yml to a plan; raises what `read_document` raises."""
    if not request.variables:
        return plan
    document, before = read_document(target)
    after = {**before, **request.variables}
    if after == before:
        return plan
    names = sorted(name for name in after if before.get(name) != after[name])
    note = f"Sets the environment variables {', '.join(names)}."
    content = render_document(document, after)
    action = WriteFile(path=VARIABLES_FILE, content=content, reason="variables of the file")
    return replace(plan, steps=(*plan.steps, action), notes=(*plan.notes, note))


def _parse_spec(text: str, origin: str) -> CondaSpec:
    found = _SPEC.fullmatch(text.strip())
    if found is None or not is_conda_name(found["name"]):
        raise unreadable(
            origin,
            f"{quoted(text)} is not a package and its versions",
            hint=f"To install a file of conda's: `conda install {text}`.",
        )
    return CondaSpec(name=found["name"].lower(), version="", text=text.strip())


def _find_names(entries: tuple[Entry, ...]) -> Iterator[tuple[NormalizedName, Entry]]:
    for one in entries:
        if one.kind == "requirement":
            try:
                yield canonicalize_name(Requirement(one.text).name), one
            except (InvalidRequirement, RecursionError):
                continue  # it is refused, with its line, by what reads the request


def _read_variables(environment: EnvironmentFile, origin: str) -> Mapping[str, str]:
    found = environment.document.get("variables") or {}
    if not isinstance(found, dict):
        raise unreadable(origin, "its variables are not a mapping")
    return {str(key): str(value) for key, value in found.items()}
