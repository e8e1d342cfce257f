"""conda for one environment: candidates, solver, transactions."""

from __future__ import annotations

import contextlib
import json
import stat
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conda import CondaMultiError
from conda.base.constants import DepsModifier, UpdateModifier
from conda.base.context import context
from conda.common.io import argv
from conda.core.link import PrefixSetup, UnlinkLinkTransaction
from conda.core.package_cache_data import PackageCacheData
from conda.core.prefix_data import PrefixData
from conda.exceptions import (
    CondaSignalInterrupt,
    PackagesNotFoundError,
    SpecsConfigurationConflictError,
    UnsatisfiableError,
)
from conda.models.match_spec import MatchSpec
from conda.models.records import PackageRecord, PrefixRecord
from conda.models.version import VersionOrder, VersionSpec

from conda_pip_interop import errors
from conda_pip_interop.changes.files import replace_file
from conda_pip_interop.conda_adapter.channels import ChannelNames, fetch_package, query_name
from conda_pip_interop.conda_adapter.conda_rollback import remove_leftovers_on_failure
from conda_pip_interop.conda_adapter.console import clean_stdout, quiet_stdout
from conda_pip_interop.environment.conda_records import read_conda_records
from conda_pip_interop.names.package_contents import (
    ContainedDistribution,
    find_distributions,
    read_package_paths,
)
from conda_pip_interop.resolve.solver import CondaPackage
from conda_pip_interop.text import hide_password

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from packaging.utils import NormalizedName

    from conda_pip_interop.changes.journal import CondaChange
    from conda_pip_interop.environment.conda_history import Linked
    from conda_pip_interop.environment.conda_records import CondaRecord
    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.names.lookup import Lookup
    from conda_pip_interop.resolve.solver import CondaSpec


@dataclass(frozen=True, kw_only=True, slots=True)
class CondaSolution:
    """The solver's answer: a transaction that is not executed yet."""

    prefix: Path
    naming: ChannelNames
    transaction: Any
    linked: tuple[CondaPackage, ...]
    unlinked: tuple[CondaPackage, ...]
    history: bytes

    def download(self) -> None:
        """See `Solution.download`."""
        with clean_stdout():
            self.transaction.download_and_extract()

    def find_wrong(self, expected: Mapping[NormalizedName, str]) -> tuple[str, ...]:
        """See `Solution.find_wrong`; a metapackage may have the files in what it depends on."""
        records = self.transaction.prefix_setups[str(self.prefix)].link_precs
        contained = {
            one.name for record in records for one in find_distributions(_read_paths(record))
        }
        if expected.keys() - contained:
            contained |= {one.name for one in _find_contained_in(self.prefix)}
        linked = {one.name: one for one in self.linked}
        wrong = []
        for project, name in sorted(expected.items()):
            if project not in contained and name in linked:
                self.naming.remember_wrong_match(linked[name], project)
                wrong.append(f"conda's {name} {linked[name].version} does not contain {project}")
        return tuple(wrong)

    def execute(self) -> None:
        """See `Solution.execute`; conda rolls back what fails, except for some leftovers.

        conda writes the command line into its history, so passwords in URLs are hidden.
        """
        command_line = argv([hide_password(word) for word in sys.argv])
        with (
            clean_stdout(),
            _raise_interrupts(),
            command_line,
            remove_leftovers_on_failure(self.transaction, self.prefix),
        ):
            self.transaction.execute()

    def roll_back(self) -> None:
        """See `Solution.roll_back`: the reverse transaction."""
        done = self.transaction.prefix_setups[str(self.prefix)]
        linked = {record.name for record in done.link_precs}
        _reverse(self.prefix, linked, tuple(done.unlink_precs), self.history)


@dataclass(frozen=True, kw_only=True, slots=True)
class CondaEnvironment:
    """conda, for one environment; the context must have been initialised for it."""

    target: Target
    naming: ChannelNames = field(default_factory=ChannelNames)

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
        if not lookup.names:
            return lookup.reason
        conda_name = lookup.names[0]
        packages = [build_package(record) for record in self.find_fitting(conda_name)]
        if not packages:
            return f"conda's {conda_name} is for another Python"
        if not any(package.needs_python for package in packages):
            return f"conda's {conda_name} is a program or library, without a Python distribution"
        return f"conda's {conda_name} does not contain {name}"

    def find_projects(self, package: CondaPackage) -> tuple[NormalizedName, ...]:
        """See `Conda.find_projects`."""
        return self.naming.find_projects(package)

    def matches(self, spec: str, version: str) -> bool:
        """See `Conda.matches`."""
        return bool(VersionSpec(spec).match(version))

    def list_packages(self, conda_name: str) -> tuple[CondaPackage, ...]:
        """See `ChannelNames.list_packages`."""
        return tuple(map(build_package, _sort(query_name(conda_name))))

    def list_versions(self, conda_name: str, project: NormalizedName) -> tuple[str, ...]:
        """See `ChannelNames.list_versions`."""
        packages = (one for one in self.list_packages(conda_name) if one.needs_python)
        left = self.naming.drop_wrong_matches(packages, project)
        return tuple(dict.fromkeys(one.version for one in left))

    def find_fitting(self, conda_name: str) -> list[Any]:
        """Return the records of a name that work with the environment's Python, oldest first."""
        python = PrefixData(str(self.target.prefix)).get("python", None)
        records = query_name(conda_name)
        return _sort(one for one in records if python is None or _works_with(one, python))

    def solve(self, specs: tuple[CondaSpec, ...], *, with_deps: bool = True) -> CondaSolution:
        """See `Conda.solve`: frozen first, then with updates allowed."""
        wanted = [MatchSpec(name=one.name, version=one.version) for one in specs]
        names = ", ".join(map(str, wanted))
        try:
            with quiet_stdout():
                try:
                    transaction = self._solve(wanted, UpdateModifier.FREEZE_INSTALLED, with_deps)
                except (UnsatisfiableError, SpecsConfigurationConflictError):
                    transaction = self._solve(wanted, UpdateModifier.UPDATE_SPECS, with_deps)
        except (
            UnsatisfiableError,
            SpecsConfigurationConflictError,
            PackagesNotFoundError,
        ) as error:
            raise errors.UnsatisfiableError(
                f"conda cannot install {names} in {self.target.label}:\n{error}",
                hints=(
                    "Request other versions.",
                    "To use a new environment: `conda create -n NEW python pip`.",
                ),
            ) from error
        setup = transaction.prefix_setups[str(self.target.prefix)]
        history = self.target.prefix / "conda-meta" / "history"
        return CondaSolution(
            prefix=self.target.prefix,
            naming=self.naming,
            history=history.read_bytes() if history.is_file() else b"",
            transaction=transaction,
            linked=tuple(map(build_package, setup.link_precs)),
            unlinked=tuple(map(build_package, setup.unlink_precs)),
        )

    def _solve(self, wanted: list[MatchSpec], modifier: UpdateModifier, with_deps: bool) -> Any:
        backend = context.plugin_manager.get_cached_solver_backend()
        solver = backend(
            str(self.target.prefix),
            context.channels,
            context.subdirs,
            specs_to_add=wanted,
            command="install",
        )
        deps = DepsModifier.NOT_SET if with_deps else DepsModifier.NO_DEPS
        return solver.solve_for_transaction(update_modifier=modifier, deps_modifier=deps)

    def relink(self, records: tuple[CondaRecord, ...]) -> None:
        """See `Conda.relink`: one transaction that unlinks the records and links them again."""
        prefix = str(self.target.prefix)
        installed = PrefixData(prefix)
        installed.reload()  # some of the records may have been written just now
        for record in records:  # a name may have several: the very one, not the one conda took
            installed._load_single_record(str(self.target.prefix / record.path))  # noqa: SLF001 - no other way
        current = tuple(installed.get(record.name) for record in records)
        setup = PrefixSetup(
            prefix,
            current,
            tuple(PackageRecord.from_objects(record) for record in current),
            (),
            tuple(MatchSpec(one.requested_spec) for one in current if _is_requested(one)),
            (),
        )
        _carry_out(setup)

    def revert(self, change: CondaChange) -> None:
        """See `Reverter.revert`."""
        linked = {name.rsplit("-", 2)[0] for name in change.linked}
        unlinked = [PrefixRecord(**json.loads(text)) for text in change.unlinked.values()]
        history = change.history.encode("utf-8", errors="surrogateescape")
        _reverse(self.target.prefix, linked, unlinked, history)

    def report_waiting(self) -> None:
        """See `Linker.report_waiting`; only our own build environments are executed here."""

    def look_up(self, project: NormalizedName) -> Lookup:
        """See `ChannelNames.look_up`."""
        return self.naming.look_up(project)

    def guess_projects(self, conda_name: str) -> tuple[NormalizedName, ...]:
        """See `ChannelNames.guess_projects`."""
        return self.naming.guess_projects(conda_name)

    def fetch(self, linked: Linked) -> Path | None:
        """See `Conda.fetch`."""
        with clean_stdout():
            return fetch_package(linked)


def _reverse(
    prefix: Path, linked: Collection[str], unlinked: Iterable[Any], history: bytes
) -> None:
    """Unlink the packages named `linked`, link `unlinked`, and write the history back."""
    installed = PrefixData(str(prefix))
    installed.reload()
    unlinked = tuple(unlinked)
    setup = PrefixSetup(
        str(prefix),
        tuple(one for one in installed.iter_records() if one.name in linked),
        tuple(PackageRecord.from_objects(one) for one in unlinked),
        (),
        tuple(MatchSpec(one.requested_spec) for one in unlinked if _is_requested(one)),
        (),
    )
    _carry_out(setup)
    file = prefix / "conda-meta" / "history"
    replace_file(file, history, mode=stat.S_IMODE(file.stat().st_mode))


def _carry_out(setup: PrefixSetup) -> None:
    """Download the packages, and execute the transaction."""
    with (
        clean_stdout(),
        _raise_interrupts(),
        _drop_empty_section(Path(setup.target_prefix, "conda-meta", "history")),
    ):
        transaction = UnlinkLinkTransaction(setup)
        transaction.download_and_extract()
        transaction.execute()


@contextlib.contextmanager
def _raise_interrupts() -> Iterator[None]:
    """Raise KeyboardInterrupt for Ctrl-C, which conda turns into an error of its own."""
    try:
        yield
    except CondaSignalInterrupt as interrupt:
        raise KeyboardInterrupt from interrupt
    except CondaMultiError as errors:
        if any(isinstance(one, CondaSignalInterrupt) for one in errors.errors):
            raise KeyboardInterrupt from errors
        raise


@contextlib.contextmanager
def _drop_empty_section(history: Path) -> Iterator[None]:
    """Leave no section without packages: `conda install --revision` to it removes everything."""
    before = history.read_bytes()
    yield
    added = history.read_bytes()[len(before) :]
    if not any(line.startswith((b"+", b"-")) for line in added.splitlines()):
        replace_file(history, before, mode=stat.S_IMODE(history.stat().st_mode))


def _read_paths(record: Any) -> tuple[str, ...]:
    """Return the paths of a downloaded and extracted package."""
    folder = PackageCacheData.get_entry_to_link(record).extracted_package_dir
    return read_package_paths(Path(folder)) or ()


def _find_contained_in(prefix: Path) -> tuple[ContainedDistribution, ...]:
    records, _ = read_conda_records(prefix)
    return find_distributions(file.path for record in records for file in record.files)


def _sort(records: Iterable[Any]) -> list[Any]:
    """Sort records of one name, oldest first."""
    return sorted(records, key=lambda one: (VersionOrder(one.version), one.build_number))


def build_package(record: Any) -> CondaPackage:
    """Build a package from conda's record."""
    return CondaPackage(
        name=record.name,
        version=record.version,
        build=record.build,
        channel=str(record.channel.canonical_name),
        depends=tuple(map(str, record.depends)),
    )


def _is_requested(record: Any) -> bool:
    """Return whether the user requested the package; if not, conda writes the word None."""
    return record.get("requested_spec") not in (None, "", "None")


def _works_with(record: Any, python: Any) -> bool:
    """Return whether a package's requirements of Python allow the installed one."""
    requirements: Iterable[MatchSpec] = (
        MatchSpec(text) for text in record.depends if text.split()[:1] == ["python"]
    )
    return all(one.match(python) for one in requirements)
