"""Find which distributions of pip's can follow to another Python, and what carries them there."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from packaging.specifiers import SpecifierSet

from conda_pip_interop.dependencies.read_graph import read_graph
from conda_pip_interop.errors import InteropError, PipFailedError, UnsatisfiableError
from conda_pip_interop.installers.failures import is_about_packages, is_build_failure
from conda_pip_interop.installers.interface import is_wheel
from conda_pip_interop.installers.pip.options import (
    BY_NAME,
    ForwardedOption,
    PipArgument,
    PipOptions,
)
from conda_pip_interop.names.versions import select_versions
from conda_pip_interop.resolve.agreement.conflicts import find_smallest_move
from conda_pip_interop.resolve.install import resolve
from conda_pip_interop.resolve.lifecycle.followers import find_only_required
from conda_pip_interop.resolve.request.install_options import InstallOptions
from conda_pip_interop.resolve.request.request import (
    NamedRequirement,
    Preferences,
    Request,
    require_installed,
)
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.installers.interface import Installer, Line
    from conda_pip_interop.protection.policy import Preference
    from conda_pip_interop.resolve.agreement.resolution import Resolution
    from conda_pip_interop.resolve.lifecycle.followers import Follower
    from conda_pip_interop.resolve.solver import ComingPython

#: Which versions may change: of those that must, of those that others need, too, or of all.
_Loosened: TypeAlias = Literal["none", "needed", "all"]
_LOOSENING: Final[tuple[_Loosened, ...]] = ("none", "needed", "all")
#: What another question to conda and pip may mend.
_CONFLICTS: Final = frozenset(("conflict", "no-agreement", "unsatisfiable", "would-overwrite"))


@dataclass(kw_only=True)
class Following:
    """Resolves for a coming Python; `left` has what cannot follow, each with the reason.

    `snapshot` is the environment as it is, `future` with that Python and without pip's
    distributions. `stays` are those that conda does not take over, each with the reason.
    """

    snapshot: Snapshot
    future: Snapshot
    target: Target
    coming: ComingPython
    python: str
    followers: tuple[Follower, ...]
    stays: dict[NormalizedName, str]
    prefer: Preference
    open_installer: Callable[[Request], Installer]
    left: dict[NormalizedName, str] = field(default_factory=dict)
    _excluded: dict[NormalizedName, SpecifierSet] = field(default_factory=dict)
    _free: dict[NormalizedName, str] = field(default_factory=dict)
    _options: InstallOptions = field(default_factory=InstallOptions)
    _installers: dict[tuple[NamedRequirement, ...], Installer] = field(default_factory=dict)

    def find(self) -> Resolution:
        """Find what conda and pip install; fills `left`.

        Raises InteropError where conda itself cannot change Python, or an index does not answer.
        """
        lines = self._find_index_options()
        if lines:
            arguments = tuple(map(_parse_option, lines))
            self._options = InstallOptions(pip=PipOptions(arguments=arguments))
        self._find_unavailable()
        while True:
            found = self._resolve()
            broken = self._find_unbuildable(found)
            if not broken:
                return found
            self._give_up(broken)

    def _find_index_options(self) -> tuple[str, ...]:
        """Find the indexes that pip's packages came from, and that are not configured."""
        having = [one for one in self.followers if one.options]
        configured = {*self.open_installer(Request()).list_index_options()} if having else set()
        lines: dict[str, None] = {}
        for one in having:
            for line in (line for line in one.options if line not in configured):
                self.stays.setdefault(one.name, "from another index than pip's usual")
                extra = line.startswith("--index-url ")
                lines[f"--extra-{line.removeprefix('--')}" if extra else line] = None
        return tuple(lines)

    def open(self, request: Request) -> Installer:
        """Open the installer of a request: it looks into a source once."""
        known = self._installers.get(request.constraints)
        if known is None:
            known = self._installers[request.constraints] = self.open_installer(request)
        return known

    @property
    def _installer(self) -> Installer:
        return self.open(Request(options=self._options))

    def _find_unavailable(self) -> None:
        """Find what cannot be had for the coming Python, in its version or in any."""
        for one in self.followers:
            if one.gone is not None:
                self.left[one.name] = f"was installed from {one.gone}, which does not exist"
            elif one.source is not None and (error := self._try((one.source.line,))) is not None:
                self.left[one.name] = self._explain(error)
        indexed = [one for one in self.followers if one.source is None and one.gone is None]
        named = {one.name: one.pin.line for one in indexed if not self._has_conda(one)}
        unavailable = self._find_failing(named)
        for one in indexed:
            if one.name not in unavailable:
                continue
            reason = self._explain(unavailable[one.name])
            other = one.build_other(SpecifierSet())
            candidates = self._find_versions(one)
            if select_versions(one.versions, candidates) or self._try((other.line,)) is None:
                self._free[one.name] = reason
            else:
                within = f" within {one.versions}" if one.versions else ""
                self.left[one.name] = f"{reason}; no other version{within} works"

    def _has_conda(self, one: Follower) -> bool:
        """Return whether the channels have its version, and conda may take it over."""
        return bool(select_versions(one.pin.requirement.specifier, self._find_versions(one)))

    def _find_versions(self, one: Follower) -> list[str]:
        if one.name in self.stays or self.prefer == "pypi":
            return []
        return [package.version for package in self.coming.solver.find_candidates(one.name)]

    def _find_failing(
        self, lines: Mapping[NormalizedName, Line]
    ) -> dict[NormalizedName, PipFailedError]:
        """Find the lines that pip cannot resolve by themselves; first it is asked for all."""
        failing: dict[NormalizedName, PipFailedError] = {}
        waiting = dict(lines)
        while waiting:
            error = self._try(tuple(waiting.values()))
            if error is None:
                break
            named = [name for name, line in waiting.items() if line.text in error.missing]
            if len(named) != 1:  # pip does not say which
                found = {name: self._try((line,)) for name, line in waiting.items()}
                return failing | {name: one for name, one in found.items() if one is not None}
            failing[named[0]] = error
            del waiting[named[0]]
        return failing

    def _try(self, lines: tuple[Line, ...]) -> PipFailedError | None:
        """Return how pip fails to resolve lines without their dependencies."""
        try:
            self._installer.resolve(lines, provided=(), with_deps=False, ignore_installed=True)
        except PipFailedError as error:
            if not is_about_packages(error):
                raise
            return error
        return None

    def _explain(self, error: InteropError) -> str:
        """Return why a version cannot follow, to be read after it."""
        if not isinstance(error, PipFailedError):
            return f"cannot be installed: {error.message.splitlines()[0].rstrip('.:')}"
        if is_build_failure(error):
            return self._not_built
        mismatch = self._installer.find_mismatch(error)
        if mismatch is not None:
            return f"requires Python {mismatch.requires_python}"
        return f"is not available for Python {self.python}"

    @property
    def _not_built(self) -> str:
        return f"cannot be built for Python {self.python}"

    def _resolve(self) -> Resolution:
        """Resolve with as few other versions as it takes; gives up what is in the way."""
        found = self._ask_loosening(self._choose())
        if not isinstance(found, InteropError):
            return found
        names = [one.name for one in self._choose() if one.wanted]
        given_up = find_smallest_move(names, self._works)
        if given_up is None:
            raise found
        for name, others in given_up.items():
            self.left[name] = self._explain_conflict(name, others)
        found = self._ask_loosening(self._choose())
        if isinstance(found, InteropError):
            raise found
        return found

    def _ask_loosening(self, chosen: Collection[Follower]) -> Resolution | InteropError:
        for loosened in _LOOSENING:
            found = self._ask(chosen, loosened)
            if not isinstance(found, InteropError):
                break
        return found

    def _choose(self) -> tuple[Follower, ...]:
        """Choose what is installed again: not what only those that cannot follow required."""
        only = find_only_required(self.left, self.snapshot)
        return tuple(one for one in self.followers if one.name not in {*self.left, *only})

    def _works(self, names: Collection[NormalizedName]) -> bool:
        chosen = tuple(one for one in self._choose() if one.name in names)
        return not isinstance(self._ask(chosen, "all"), InteropError)

    def _explain_conflict(self, name: NormalizedName, others: Iterable[NormalizedName]) -> str:
        """Return what a name conflicts with, or what it requires that cannot follow."""
        package = read_graph(self.snapshot).packages.get(f"pip:{name}")
        needs = {need.name for need in package.dependencies} if package is not None else set()
        missing = sorted(needs & self.left.keys())
        if missing:
            return f"requires {', '.join(missing)}"
        beside = ", ".join(others)
        if beside:
            return f"does not work with {beside} for Python {self.python}"
        (one,) = (one for one in self.followers if one.name == name)
        found = self._ask((one,), "all")
        if isinstance(found, InteropError):
            return self._explain(found)
        return "does not work with the other packages"

    def _ask(self, chosen: Collection[Follower], loosened: _Loosened) -> Resolution | InteropError:
        """Resolve; return the error if other versions or fewer packages may help."""
        request = self._build_request(chosen, loosened)
        try:
            return resolve(
                request,
                snapshot=self.future,
                target=self.target,
                solver=self.coming.solver,
                installer=self.open(request),
                preferences=self._build_preferences(chosen, request),
                always=frozenset((self.coming.spec,)),
            )
        except UnsatisfiableError as error:
            return error
        except PipFailedError as error:
            if not is_about_packages(error):
                raise
            return error
        except InteropError as error:
            if error.code not in _CONFLICTS:
                raise
            return error

    def _build_request(self, chosen: Collection[Follower], loosened: _Loosened) -> Request:
        named = []
        for one in chosen:
            if one.source is not None:
                continue
            pinned = loosened == "none" or (loosened == "needed" and one.wanted)
            if pinned and one.name not in self._free:
                named.append(one.pin)
            elif one.wanted:
                named.append(one.build_other(SpecifierSet()))
        return Request(
            requirements=tuple(named),
            direct=tuple(one.source for one in chosen if one.source is not None),
            constraints=tuple(
                require_installed(f"{name}{versions}") for name, versions in self._excluded.items()
            ),
            locked=True,  # some have hashes, some cannot
            options=self._options,
        )

    def _build_preferences(self, chosen: Collection[Follower], request: Request) -> Preferences:
        names = {one.name for one in request.requirements}
        return Preferences(
            from_pypi=frozenset(names & self.stays.keys()),
            overwrite=frozenset(one.name for one in chosen if one.overrides is not None),
            prefer=self.prefer,
            reasons=self.stays,
        )

    def _find_unbuildable(self, found: Resolution) -> dict[NormalizedName, str]:
        """Find what pip would build, and cannot: name to version."""
        editable = {one.location.name for one in found.request.direct if one.location.editable}
        sources = {one.name for one in found.items if not is_wheel(one.url)} - editable
        broken = {}
        for pin in found.pins:
            if pin.name in sources and not pin.editable:
                try:
                    with tempfile.TemporaryDirectory(prefix="pip-interop-") as folder:
                        self._installer.fetch((pin,), into=Path(folder))
                except PipFailedError as error:
                    if not is_about_packages(error):
                        raise
                    broken[pin.name] = pin.version
        return broken

    def _give_up(self, broken: Mapping[NormalizedName, str]) -> None:
        """Look for another version of what does not build; leave what has no other."""
        followers = {one.name: one for one in self.followers}
        for name, version in broken.items():
            one = followers.get(name)
            if one is not None and one.source is not None:
                self.left[name] = self._not_built
                continue
            excluded = self._excluded.get(name, SpecifierSet()) & SpecifierSet(f"!={version}")
            self._excluded[name] = excluded
            if one is not None:
                self._free.setdefault(name, self._not_built)
                if self._try((one.build_other(excluded).line,)) is not None:
                    self.left[name] = self._not_built

    def explain_version(self, name: NormalizedName) -> str:
        """Return why a name gets another version, to be read after the one that it had."""
        return self._free.get(name, "does not work with the other packages")


def _parse_option(line: str) -> PipArgument:
    """Parse a line of a requirements file, in which pip expands variables."""
    name, _, value = line.partition(" ")
    option = BY_NAME[name]
    if not isinstance(option, ForwardedOption):
        raise TypeError(name)
    return PipArgument(option=option, value=value, in_file=True)


def build_future(snapshot: Snapshot, coming: ComingPython, pips: Collection[object]) -> Snapshot:
    """Build what the environment is with the coming Python, before pip's part is placed."""
    python = snapshot.prefix.python
    others = snapshot.prefix.other_site_packages
    if python is not None and python.site_packages != coming.install.site_packages:
        others = (*others, python.site_packages)
    return replace(
        snapshot,
        prefix=replace(snapshot.prefix, python=coming.install, other_site_packages=others),
        distributions=tuple(one for one in snapshot.distributions if one not in pips),
    )
