"""Which of pip's distributions can move to conda, and in which versions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import NormalizedName

from conda_pip_interop.changes.exclusive_files import find_edited
from conda_pip_interop.dependencies.read_graph import read_graph
from conda_pip_interop.dependencies.requirements import parse_requirement
from conda_pip_interop.environment.origin import find_origin
from conda_pip_interop.environment.versions import parse_version
from conda_pip_interop.names.versions import select_versions
from conda_pip_interop.resolve.uninstall import find_obstacle
from conda_pip_interop.text import count
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from conda_pip_interop.environment.site_packages.distributions import Distribution
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.resolve.solver import Conda


def choose_versions(
    installed: str, available: Iterable[str], *, limits: SpecifierSet, newer: bool, older: bool
) -> SpecifierSet | None:
    """Choose the versions that may replace the installed one, None if the channels have none.

    The same version is preferred, then newer ones, then older ones, if they are allowed.
    """
    version = parse_version(installed)
    if version is None:
        return None
    known = tuple(available)
    choices = [SpecifierSet(f"=={version}")]
    choices += [SpecifierSet(f">{version.public}") & limits] if newer else []
    choices += [SpecifierSet(f"<{version.public}") & limits] if older else []
    return next((one for one in choices if select_versions(one, known)), None)


@dataclass(kw_only=True)
class Adoptable:
    """Judges distributions of pip's; `newer` and `older` versions count if they are allowed.

    `requests` are the recorded requirements of the user, by name.
    """

    snapshot: Snapshot
    target: Target
    solver: Conda
    requests: Mapping[str, str]
    newer: bool = False
    older: bool = False
    _known: dict[NormalizedName, SpecifierSet | str] = field(default_factory=dict, init=False)

    def judge(self, one: Distribution) -> SpecifierSet | str:
        """Return the versions that a distribution may move to, or why it cannot move."""
        if one.name not in self._known:
            self._known[one.name] = self.find_obstacle(one) or self._find_versions(one)
        return self._known[one.name]

    def find_obstacle(self, one: Distribution) -> str | None:
        """Return what of the distribution itself is in the way."""
        origin = find_origin(self.snapshot, one)
        if origin.in_place_of:
            return f"it replaces conda's {origin.in_place_of} (see `conda pip restore`)"
        if origin.is_direct:
            return f"it is not from an index: {origin}"
        obstacle = find_obstacle(one, self.snapshot, self.target)
        if obstacle is not None:
            return "its files are not known" if obstacle.code == "no-record" else obstacle.message
        return None

    def _find_versions(self, one: Distribution) -> SpecifierSet | str:
        packages = self.solver.find_candidates(one.name)
        if not packages:
            return self.solver.explain_absence(one.name)
        edited = find_edited(one, self.snapshot.prefix.root)
        if edited:
            return f"{count(len(edited), 'file')} changed since pip installed it: {edited[0]}"
        versions = list(dict.fromkeys(package.version for package in packages))
        limits = self._find_limits(one.name)
        chosen = choose_versions(
            one.version, versions, limits=limits, newer=self.newer, older=self.older
        )
        if chosen is not None:
            return chosen
        required = f", required {limits}" if limits and (self.newer or self.older) else ""
        shown = " to ".join(dict.fromkeys((versions[0], versions[-1])))
        return f"the channels have {shown}, not {one.version}{required}"

    def _find_limits(self, name: NormalizedName) -> SpecifierSet:
        """Find what the other packages of the environment, and the user, require of a name."""
        dependents = read_graph(self.snapshot).find_dependents().get(f"pip:{name}", [])
        texts = [need.specifier for _, need in dependents if need.from_metadata]
        recorded = parse_requirement(self.requests.get(name, ""))
        limits = SpecifierSet() if recorded is None else recorded.specifier
        for text in texts:
            try:
                limits &= SpecifierSet(text)
            except InvalidSpecifier:
                continue  # pip ignores such a requirement, too
        return limits
