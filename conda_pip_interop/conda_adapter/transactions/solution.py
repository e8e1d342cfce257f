"""conda's transactions: a solution to execute, packages to link again, and the way back."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conda import CondaError, CondaMultiError
from conda.common.io import argv
from conda.core.link import PrefixSetup, UnlinkLinkTransaction
from conda.core.prefix_data import PrefixData
from conda.exceptions import CondaSignalInterrupt
from conda.models.match_spec import MatchSpec
from conda.models.records import PackageRecord

from conda_pip_interop.conda_adapter.channels.channel_names import ChannelNames
from conda_pip_interop.conda_adapter.console import clean_stdout
from conda_pip_interop.conda_adapter.environments import build_target
from conda_pip_interop.conda_adapter.transactions.conda_rollback import (
    keep_history,
    list_created,
    remove_leftovers_on_failure,
    write_history,
)
from conda_pip_interop.conda_adapter.transactions.extracted_packages import (
    find_extracted,
    read_archive_paths,
    read_contained,
)
from conda_pip_interop.conda_adapter.transactions.full_disk import explain_full_disk
from conda_pip_interop.conda_adapter.transactions.link_targets import list_targets
from conda_pip_interop.conda_adapter.transactions.spoilt_packages import replace_spoilt
from conda_pip_interop.environment.conda_meta.records import read_conda_records, separate_name
from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.errors import InteropError
from conda_pip_interop.names.package_contents import (
    find_distributions,
    has_module,
    read_packaged_distributions,
)
from conda_pip_interop.names.wrong_matches import explain_other_project
from conda_pip_interop.resolve.solver import CondaPackage
from conda_pip_interop.text import hide_password
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from packaging.utils import NormalizedName

    from conda_pip_interop.environment.conda_meta.records import CondaRecord
    from conda_pip_interop.names.package_contents import PackagedDistribution
    from conda_pip_interop.resolve.solver import ListReleases


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
        with clean_stdout(), explain_full_disk(self.prefix):
            self.transaction.download_and_extract()
            replace_spoilt(self.link_records, quick=True)

    @property
    def link_records(self) -> tuple[Any, ...]:
        """conda's own records of `linked`."""
        return tuple(self.transaction.prefix_setups[str(self.prefix)].link_precs)

    def read_contents(self, package: CondaPackage) -> tuple[PackagedDistribution, ...] | None:
        """See `Solution.read_contents`."""
        record = next(one for one in self.link_records if one.name == package.name)
        folder = find_extracted(record)
        return None if folder is None else read_packaged_distributions(folder)

    def find_wrong(self, expected: Mapping[NormalizedName, str]) -> tuple[str, ...]:
        """See `Solution.find_wrong`; a metapackage may have the files in what it depends on."""
        contained = {
            name for record in self.link_records for name, _ in read_contained(record) or ()
        }
        if expected.keys() - contained:
            records, _ = read_conda_records(self.prefix)
            installed = find_distributions(file.path for one in records for file in one.files)
            contained |= {one.name for one in installed}
        linked = {one.name: one for one in self.linked}
        missing = {one: str(one) for one in expected if one not in contained}
        missing |= self._find_missing_modules(expected)
        wrong = []
        for project, name in sorted(expected.items()):
            if project in missing and name in linked:
                self.naming.remember_wrong_match(linked[name], project)
                version = linked[name].version
                wrong.append(f"conda's {name} {version} does not contain {missing[project]}")
        return tuple(wrong)

    def _find_missing_modules(
        self, expected: Mapping[NormalizedName, str]
    ) -> dict[NormalizedName, str]:
        """Find the projects whose metadata names a module (PEP 794) that no package contains."""
        found = (self.read_contents(one) or () for one in self.linked)
        stated = {
            one.name: one.metadata.import_names
            for packaged in found
            for one in packaged
            if one.name in expected and one.metadata.import_names
        }
        if not stated:
            return {}
        paths = [path for one in self.link_records for path in read_archive_paths(one) or ()]
        records, _ = read_conda_records(self.prefix)
        paths += (file.path for record in records for file in record.files)
        return {
            project: f"the module {name}"
            for project, names in stated.items()
            for name in names
            if not has_module(paths, name)
        }

    def find_unreleased(
        self, expected: Mapping[NormalizedName, str], list_releases: ListReleases
    ) -> tuple[str, ...]:
        """See `Solution.find_unreleased`."""
        linked = {one.name: one for one in self.linked}
        guessed = {
            project: linked[name]
            for project, name in sorted(expected.items())
            if name in linked and self.naming.look_up(project).source == "channels"
        }
        foreign = []
        for project, released in (list_releases(tuple(guessed)) if guessed else {}).items():
            package = guessed[project]
            records = (*self.naming.repodata.find(package.name), package)
            versions = (str(one.version) for one in records)
            reason = explain_other_project(package.name, versions, released)
            if reason is not None:
                self.naming.exclude(project, reason)
                foreign.append(reason)
        return tuple(foreign)

    def find_versions(self) -> Mapping[NormalizedName, str]:
        """See `Solution.find_versions`."""
        found = (read_contained(one) or () for one in self.link_records)
        return {name: version for one in found for name, version in one}

    def note_specs(self, specs: Mapping[str, str]) -> None:
        """See `Solution.note_specs`: conda writes the transaction's update specs."""
        setups = self.transaction.prefix_setups
        setup = setups[str(self.prefix)]
        noted = {one.name: MatchSpec(specs.get(one.name) or one) for one in setup.update_specs}
        kept = (spec for name, spec in noted.items() if specs.get(name) != "")
        neutered = tuple(one for one in setup.neutered_specs if one.name not in specs)
        setups[str(self.prefix)] = setup._replace(update_specs=tuple(kept), neutered_specs=neutered)

    def execute(self) -> None:
        """See `Solution.execute`; conda rolls back what fails, except for some leftovers.

        conda writes the command line into its history, so passwords in URLs are hidden.
        """
        command_line = argv([hide_password(word) for word in sys.argv])
        with (
            clean_stdout(),
            explain_full_disk(self.prefix),
            _raise_interrupts(),
            command_line,
            remove_leftovers_on_failure(self.transaction, self.prefix),
        ):
            self.transaction.execute()

    def list_created(self) -> tuple[PrefixPath, ...]:
        """See `Solution.list_created`."""
        with clean_stdout():
            return list_created(self.transaction, self.prefix)

    def find_goal(self) -> PrefixPath | None:
        """See `Solution.find_goal`."""
        return find_goal(self.prefix, self.link_records)

    def roll_back(self) -> None:
        """See `Solution.roll_back`: the reverse transaction."""
        done = self.transaction.prefix_setups[str(self.prefix)]
        linked = {record.name for record in done.link_precs}
        reverse(self.prefix, linked, tuple(done.unlink_precs), self.history, strict=False)


def build_package(record: Any) -> CondaPackage:
    """Build a package from conda's record."""
    return CondaPackage(
        name=record.name,
        version=record.version,
        build=record.build,
        channel=str(record.channel.canonical_name),
        depends=tuple(separate_name(str(one)) for one in record.depends),
    )


def link_again(prefix: Path, records: tuple[CondaRecord, ...]) -> None:
    """Unlink the packages of records and link them again, in one transaction.

    Raises InteropError `not-available` for one that cannot be downloaded any more.
    """
    installed = PrefixData(str(prefix))
    installed.reload()  # some of the records may have been written just now
    for record in records:  # a name may have several: the very one, not the one conda took
        installed._load_single_record(str(prefix / record.path))  # noqa: SLF001 - no other way
    current = tuple(installed.get(record.name) for record in records)
    try:
        _carry_out(prefix, unlink=current, link=current)
    except CondaError as error:
        packages = map(PackageRecord.from_objects, current)
        absent = next((one for one in packages if find_extracted(one) is None), None)
        if absent is None:
            raise
        raise _build_absence(prefix, absent, error) from error


def _build_absence(prefix: Path, package: Any, error: CondaError) -> InteropError:
    target = build_target(prefix)
    install = target.command("conda", "install", package.name)
    return InteropError(
        "not-available",
        f"Nothing was changed in {target.label}: {package.name} {package.version} is not in the "
        f"package cache, and conda cannot download it.\n{hide_password(str(error)).strip()}",
        hints=(
            "Check the network and the channel, and run the command again.",
            f"If the channel does not have it any more: `{install}` installs another version.",
        ),
    )


def reverse(
    prefix: Path,
    linked: Collection[str],
    unlinked: Iterable[Any],
    history: bytes,
    *,
    strict: bool = True,
) -> None:
    """Unlink the packages named `linked`, link `unlinked`, and write the history back.

    `strict`: see `replace_spoilt`.
    """
    installed = PrefixData(str(prefix))
    installed.reload()
    going = tuple(one for one in installed.iter_records() if one.name in linked)
    _carry_out(prefix, unlink=going, link=tuple(unlinked), strict=strict)
    write_history(prefix, history)


def find_goal(prefix: Path, linked: Sequence[Any]) -> PrefixPath | None:
    """Find the new record that conda writes last; None if there is none.

    A noarch package that is linked again for another Python has a record of the same name already.
    """
    for one in reversed(linked):
        path = PrefixPath(f"conda-meta/{one.name}-{one.version}-{one.build}.json")
        if not (prefix / path).exists():
            return path
    return None


def _carry_out(
    prefix: Path, *, unlink: tuple[Any, ...], link: tuple[Any, ...], strict: bool = True
) -> None:
    """Download the packages of `link`, and change all; `strict`: see `replace_spoilt`."""
    setup = PrefixSetup(
        str(prefix),
        unlink,
        tuple(map(PackageRecord.from_objects, link)),
        (),
        tuple(MatchSpec(one.requested_spec) for one in link if _is_requested(one)),
        (),
    )
    with clean_stdout(), explain_full_disk(prefix), _raise_interrupts(), keep_history(prefix):
        transaction = UnlinkLinkTransaction(setup)
        transaction.download_and_extract()
        replace_spoilt(setup.link_precs, strict=strict)
        transaction.prepare()
        list_targets(transaction, prefix)  # refuses those outside
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


def _is_requested(record: Any) -> bool:
    """Return whether the user requested the package; if not, conda writes the word None."""
    return record.get("requested_spec") not in (None, "", "None")
