"""Let pip spare what conda has installed, when conda runs it for the `pip:` section of a file.

conda calls `pip install -U`, which upgrades every name in the section past conda's version
(conda#11559). A constraint holds those that conda has in a version that the section accepts. It
says nothing of other names: pip leaves them alone unless something needs another version.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from conda_pip_interop.commands.change.install import list_versions
from conda_pip_interop.conda_adapter.environments import list_files, locate_file
from conda_pip_interop.conda_adapter.session import SparedNames, current_session
from conda_pip_interop.conda_adapter.transactions.extracted_packages import read_contained
from conda_pip_interop.conda_adapter.transactions.solution import build_package
from conda_pip_interop.dependencies.requirements import satisfies
from conda_pip_interop.dependency_files.environment_yml import parse_environment, read_pip_entries
from conda_pip_interop.dependency_files.requirements_txt import read_text
from conda_pip_interop.environment.snapshot import read_snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from packaging.utils import NormalizedName

    from conda_pip_interop.conda_adapter.session import Session

#: pip takes several files, separated by blanks.
VARIABLE = "PIP_CONSTRAINT"


def spare(prefix: Path) -> None:
    """Set the variable of constraints, if a file of the command names distributions for pip."""
    wanted: dict[NormalizedName, SpecifierSet] = {}
    direct: set[NormalizedName] = set()
    for one in _read_requirements():
        name = canonicalize_name(one.name)
        wanted[name] = wanted.get(name, SpecifierSet()) & one.specifier
        direct |= {name} if one.url is not None else set()
    wanted = {name: one for name, one in wanted.items() if name not in direct}
    if not wanted:
        return
    descriptor, path = tempfile.mkstemp(prefix="pip-interop-", suffix=".txt")
    os.close(descriptor)
    before, file = os.environ.get(VARIABLE), Path(path)
    current_session().spared = SparedNames(file=file, wanted=wanted, before=before)
    os.environ[VARIABLE] = " ".join(filter(None, (before, file.as_uri())))
    if any((prefix / "conda-meta").glob("*.json")):
        _write(_find_versions(prefix))


def _read_requirements() -> Iterator[Requirement]:
    for name in list_files():
        file = locate_file(name)
        if file.suffix not in (".yml", ".yaml"):
            continue
        environment = parse_environment(read_text(file), origin=name)
        for entry in read_pip_entries(environment, origin=name, folder=file.parent):
            if entry.kind == "requirement":
                try:
                    yield Requirement(entry.text)
                except (InvalidRequirement, RecursionError):
                    continue  # pip refuses it, by name


def _find_versions(prefix: Path) -> dict[NormalizedName, str]:
    return list_versions(read_snapshot(prefix, depth="names"))


def update(prefix: Path, unlinked: Iterable[Any], linked: Iterable[Any]) -> None:
    """Write what conda has after its transaction: what is not downloaded yet, by its name."""
    versions = _find_versions(prefix) if (prefix / "conda-meta").is_dir() else {}
    for record in unlinked:
        versions.pop(canonicalize_name(record.name), None)
    for record in linked:
        contained = read_contained(record)
        if contained is not None:
            versions.update(contained)
        elif build_package(record).needs_python:
            versions[canonicalize_name(record.name)] = record.version
    _write(versions)


def _write(versions: Mapping[NormalizedName, str]) -> None:
    spared = current_session().spared
    if spared is not None:
        lines = (
            f"{name}=={versions[name]}\n"
            for name, specifiers in sorted(spared.wanted.items())
            if name in versions and satisfies(specifiers, versions[name])
        )
        spared.file.write_text("".join(lines), encoding="utf-8")


def stop_sparing(session: Session) -> None:
    """Put the variable back to what it was."""
    spared, session.spared = session.spared, None
    if spared is None:
        return
    if spared.before is None:
        os.environ.pop(VARIABLE, None)
    else:
        os.environ[VARIABLE] = spared.before
    spared.file.unlink(missing_ok=True)
