"""conda for one environment: candidates, solver, transactions."""

from __future__ import annotations

import itertools
import json
from dataclasses import field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from conda.base.constants import DepsModifier, UpdateModifier
from conda.base.context import context
from conda.core.link import PrefixSetup, UnlinkLinkTransaction
from conda.core.prefix_data import PrefixData
from conda.exceptions import (
    PackagesNotFoundError,
    ResolvePackageNotFound,
    SpecsConfigurationConflictError,
    UnsatisfiableError,
)
from conda.history import History
from conda.models.match_spec import MatchSpec
from conda.models.records import PrefixRecord
from conda.models.version import VersionOrder, VersionSpec

from conda_pip_interop import errors
from conda_pip_interop.conda_adapter.channels.channel_names import ChannelNames, fetch_package
from conda_pip_interop.conda_adapter.channels.repodata import works_with
from conda_pip_interop.conda_adapter.console import clean_stdout, quiet_stdout
from conda_pip_interop.conda_adapter.transactions.extracted_packages import read_contained
from conda_pip_interop.conda_adapter.transactions.solution import (
    CondaSolution,
    build_package,
    link_again,
    reverse,
)
from conda_pip_interop.conda_adapter.transactions.specs import build_spec, build_specs
from conda_pip_interop.names.lookup import list_projects
from conda_pip_interop.resolve.solver import CondaPackage, Updating
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from packaging.utils import NormalizedName

    from conda_pip_interop.changes.atomic.journal import CondaChange
    from conda_pip_interop.conda_adapter.channels.channel_depends import ChannelDepends
    from conda_pip_interop.conda_adapter.transactions.exact_packages import ExactPackages
    from conda_pip_interop.environment.conda_meta.history import Linked
    from conda_pip_interop.environment.conda_meta.records import CondaRecord
    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.locks.lock import LockedPackage
    from conda_pip_interop.locks.offline import OfflineFolder
    from conda_pip_interop.names.lookup import Lookup
    from conda_pip_interop.resolve.solver import CondaSpec, Solution


#: The classic solver raises the first, commands of conda's make the second of it.
_NOT_FOUND: Final = (ResolvePackageNotFound, PackagesNotFoundError)
_UNSOLVABLE: Final = (UnsatisfiableError, SpecsConfigurationConflictError, *_NOT_FOUND)
_NOT_FOUND_HINTS: Final = (
    "Check the names and versions, or add the channel that has them.",
    "What only PyPI has belongs into the pip section of an environment.yml.",
)
_CONFLICT_HINTS: Final = (
    "Request other versions.",
    "To use a new environment: `conda create -n NEW python pip`.",
)


@dataclass(frozen=True, kw_only=True)
class CondaEnvironment:
    """conda, for one environment; the context must have been initialised for it.

    `python` is conda's record of the Python that an environment without one will have. `updating`
    tells which installed packages become as new as they can be.
    """

    target: Target
    naming: ChannelNames = field(default_factory=ChannelNames)
    python: Any = None
    updating: Updating = "none"

    def find_candidates(self, name: NormalizedName) -> tuple[CondaPackage, ...]:
        """See `Conda.find_candidates`; oldest first, all of the first name that has packages."""
        lookup = self.naming.look_up(name)
        for conda_name in lookup.names:
            packages = map(build_package, self.find_fitting(conda_name))
            usable = self.naming.drop_wrong_matches(
                (one for one in packages if one.needs_python or lookup.trusted), name
            )
            if usable:
                return usable
        return ()

    def explain_absence(self, name: NormalizedName) -> str:
        """See `Conda.explain_absence`."""
        lookup = self.naming.look_up(name)
        excluded = self.naming.explain_exclusion(name)
        if excluded is not None or not lookup.names:
            return excluded or lookup.reason
        conda_name = lookup.names[0]
        packages = [build_package(record) for record in self.find_fitting(conda_name)]
        if not packages:
            return f"conda's {conda_name} is for another Python"
        if not any(package.needs_python for package in packages):
            return f"conda's {conda_name} is a program or library, without a Python distribution"
        return f"conda's {conda_name} does not contain {name}"

    def list_projects(self) -> frozenset[str]:
        """See `Conda.list_projects`."""
        return list_projects(self.naming.sources)

    def find_projects(self, package: CondaPackage) -> tuple[NormalizedName, ...]:
        """See `Conda.find_projects`."""
        return self.naming.find_projects(package)

    def matches(self, spec: str, version: str) -> bool:
        """See `Conda.matches`."""
        return bool(VersionSpec(spec).match(version))

    def list_packages(self, conda_name: str) -> tuple[CondaPackage, ...]:
        """See `ChannelNames.list_packages`."""
        return tuple(map(build_package, _sort(self.naming.repodata.find(conda_name))))

    def list_versions(self, conda_name: str, project: NormalizedName) -> tuple[str, ...]:
        """See `ChannelNames.list_versions`."""
        packages = (one for one in self.list_packages(conda_name) if one.needs_python)
        left = self.naming.drop_wrong_matches(packages, project)
        return tuple(dict.fromkeys(one.version for one in left))

    def find_fitting(self, conda_name: str) -> list[Any]:
        """Return the records of a name that work with the environment's Python, oldest first."""
        python = self.python or PrefixData(str(self.target.prefix)).get("python", None)
        records = self.naming.repodata.find(conda_name)
        return _sort(one for one in records if python is None or works_with(one, python))

    def has_all(self, specs: Iterable[CondaSpec]) -> bool:
        """See `Conda.has_all`."""
        installed = PrefixData(str(self.target.prefix))
        return all(any(installed.query(build_spec(one))) for one in specs)

    def explain_unavailable(self, spec: CondaSpec) -> str | None:
        """See `Conda.explain_unavailable`."""
        return self._depends.explain_unavailable(reversed(self._find_matching(spec)))

    def find_hindrance(self, spec: CondaSpec) -> tuple[str, ...]:
        """See `Conda.find_hindrance`."""
        matching = self._find_matching(spec)
        return self._depends.find_hindrance(matching[-1]) if matching else ()

    def find_incompatible(
        self, specs: Iterable[CondaSpec]
    ) -> frozenset[tuple[CondaSpec, CondaSpec]]:
        """See `Conda.find_incompatible`: they allow no package in common that both depend on."""
        allowed = {one: self._depends.find_allowed(self._find_matching(one)) for one in specs}
        return frozenset(
            (one, other)
            for one, other in itertools.combinations(allowed, 2)
            if any(
                not (allowed[one][name] & allowed[other][name])
                for name in allowed[one].keys() & allowed[other].keys()
            )
        )

    @cached_property
    def _depends(self) -> ChannelDepends:
        from conda_pip_interop.conda_adapter.channels.channel_depends import ChannelDepends

        return ChannelDepends(
            prefix=self.target.prefix, find=self.naming.repodata.find, python=self.python
        )

    def _find_matching(self, spec: CondaSpec) -> list[Any]:
        wanted = build_spec(spec)
        return [one for one in self.find_fitting(spec.name) if wanted.match(one)]

    def can_solve(self, specs: tuple[CondaSpec, ...], *, with_deps: bool = True) -> bool:
        """See `Conda.can_solve`: with updates allowed, and without a search for the conflict."""
        try:
            with quiet_stdout():
                self._solve(build_specs(specs), self._updating, with_deps)
        except _UNSOLVABLE:
            return False
        return True

    def solve(
        self, specs: tuple[CondaSpec, ...], *, with_deps: bool = True, explain: bool = False
    ) -> CondaSolution:
        """See `Conda.solve`: frozen first, then with updates allowed."""
        wanted = build_specs(specs)
        updating = self._updating
        frozen = UpdateModifier.FREEZE_INSTALLED if self.updating == "none" else updating
        try:
            with quiet_stdout():
                try:
                    transaction = self._solve(wanted, frozen, with_deps)
                except (UnsatisfiableError, SpecsConfigurationConflictError):
                    transaction = self._solve(wanted, updating, with_deps, explain=explain)
        except _UNSOLVABLE as error:
            words = str(error).strip("\n")
            if isinstance(error, ResolvePackageNotFound):
                words = f"The channels do not have:\n{words}"
            raise errors.UnsatisfiableError(
                f"conda cannot install {', '.join(map(str, wanted))} in {self.target.label}:\n"
                f"{words}",
                hints=(*self.naming.suggest(one.name for one in wanted), *_NOT_FOUND_HINTS)
                if isinstance(error, _NOT_FOUND)
                else _CONFLICT_HINTS,
            ) from error
        return self._build_solution(transaction)

    @property
    def _updating(self) -> UpdateModifier:
        every = self.updating == "all"
        return UpdateModifier.UPDATE_ALL if every else UpdateModifier.UPDATE_SPECS

    def unlink(
        self, names: Collection[str], *, needed: Collection[str], beside: Solution | None
    ) -> CondaSolution:
        """See `Conda.unlink`."""
        prefix = str(self.target.prefix)
        installed = PrefixData(prefix)
        going = tuple(installed.get(name) for name in sorted(names))
        done = PrefixSetup(prefix, (), (), (), (), ())
        if isinstance(beside, CondaSolution):
            done = beside.transaction.prefix_setups[prefix]
        setup = done._replace(
            unlink_precs=(*done.unlink_precs, *going),
            remove_specs=(*done.remove_specs, *(MatchSpec(one.name) for one in going)),
            update_specs=(*done.update_specs, *map(MatchSpec, sorted(needed))),
        )
        return self._build_solution(UnlinkLinkTransaction(setup))

    def _build_solution(self, transaction: Any) -> CondaSolution:
        setup = transaction.prefix_setups[str(self.target.prefix)]
        history = self.target.prefix / "conda-meta" / "history"
        return CondaSolution(
            prefix=self.target.prefix,
            naming=self.naming,
            history=history.read_bytes() if history.is_file() else b"",
            transaction=transaction,
            linked=tuple(
                replace(build_package(one), contained=read_contained(one))
                for one in setup.link_precs
            ),
            unlinked=tuple(map(build_package, setup.unlink_precs)),
        )

    def _solve(
        self,
        wanted: list[MatchSpec],
        modifier: UpdateModifier,
        with_deps: bool,
        *,
        explain: bool = False,
    ) -> Any:
        """Solve; only search for the conflict to explain: that takes longer than the solve.

        conda's update of all packages forgets the versions in the history. Those of a clone have
        a build and a platform: nobody requested them.
        """
        if self.updating == "all":
            names = {one.name for one in wanted}
            specs = History(str(self.target.prefix)).get_requested_specs_map()
            wanted = [
                *wanted,
                *(
                    one
                    for name, one in specs.items()
                    if name not in names
                    and not (one.get_exact_value("build") and one.get_exact_value("subdir"))
                ),
            ]
        backend = context.plugin_manager.get_cached_solver_backend()
        solver = backend(
            str(self.target.prefix),
            context.channels,
            context.subdirs,
            specs_to_add=wanted,
            command="install",
        )
        deps = DepsModifier.NOT_SET if with_deps else DepsModifier.NO_DEPS
        return solver.solve_for_transaction(
            update_modifier=modifier, deps_modifier=deps, should_retry_solve=not explain
        )

    def relink(self, records: tuple[CondaRecord, ...]) -> None:
        """See `Conda.relink`."""
        link_again(self.target.prefix, records)

    def prepare_exact(
        self,
        link: tuple[LockedPackage, ...],
        unlink: tuple[str, ...],
        *,
        offline: OfflineFolder | None = None,
    ) -> ExactPackages:
        """See `Conda.prepare_exact`."""
        from conda_pip_interop.conda_adapter.transactions.exact_packages import ExactPackages

        return ExactPackages(
            prefix=self.target.prefix,
            naming=self.naming,
            link=link,
            unlink=unlink,
            offline=offline,
        )

    def save_packages(self, packages: Iterable[LockedPackage], folder: OfflineFolder) -> None:
        """See `Conda.save_packages`."""
        from conda_pip_interop.conda_adapter.transactions.exact_packages import save_packages

        save_packages(packages, folder)

    def revert(self, change: CondaChange) -> None:
        """See `Reverter.revert`."""
        linked = {name.rsplit("-", 2)[0] for name in change.linked}
        unlinked = [PrefixRecord(**json.loads(text)) for text in change.unlinked.values()]
        history = change.history.encode("utf-8", errors="surrogateescape")
        reverse(self.target.prefix, linked, unlinked, history)

    def report_waiting(self) -> None:
        """See `Linker.report_waiting`; only our own build environments are executed here."""

    def look_up(self, project: NormalizedName) -> Lookup:
        """See `ChannelNames.look_up`."""
        return self.naming.look_up(project)

    def guess_projects(self, conda_name: str) -> tuple[NormalizedName, ...]:
        """See `ChannelNames.guess_projects`."""
        return self.naming.guess_projects(conda_name)

    def fetch(self, linked: Linked, *, cached: bool = False) -> Path | None:
        """See `Conda.fetch`; `cached`: None also for what is not downloaded yet."""
        with clean_stdout():
            return fetch_package(linked, cached=cached)


def _sort(records: Iterable[Any]) -> list[Any]:
    """Sort records of one name, oldest first."""
    return sorted(records, key=lambda one: (VersionOrder(one.version), one.build_number))
