"""Plan the move of what pip installed to conda, in the same version unless another is allowed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import field, replace
from typing import TYPE_CHECKING

from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.changes.plan import Keep, LinkConda
from conda_pip_interop.dependencies.read_graph import is_requested, read_graph
from conda_pip_interop.environment.target import not_installed
from conda_pip_interop.environment.versions import parse_version
from conda_pip_interop.errors import InteropError
from conda_pip_interop.resolve.agreement.conflicts import find_smallest_move
from conda_pip_interop.resolve.agreement.known_packages import KnownPackages
from conda_pip_interop.resolve.agreement.plan_steps import find_dependent
from conda_pip_interop.resolve.install import build_plan, resolve
from conda_pip_interop.resolve.request.request import Preferences, Request, require_installed
from conda_pip_interop.resolve.request.requested_versions import build_history_spec
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet

    from conda_pip_interop.changes.plan import PackageStep, Plan
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.installers.interface import Installer
    from conda_pip_interop.resolve.agreement.resolution import Resolution
    from conda_pip_interop.resolve.lifecycle.adoptable import Adoptable
    from conda_pip_interop.resolve.solver import Conda


class _NeedsOtherError(InteropError):
    """conda would have to replace `other`, which pip has and which cannot move."""

    def __init__(self, other: NormalizedName, message: str) -> None:
        super().__init__("not-adoptable", message)
        self.other = other


@dataclass(kw_only=True)
class Adopter:
    """Moves distributions of pip's to conda, those and in the versions that `adoptable` allows."""

    snapshot: Snapshot
    target: Target
    solver: Conda
    open_installer: Callable[[Request], Installer]
    adoptable: Adoptable
    _known: KnownPackages = field(init=False)
    _resolved: dict[frozenset[NormalizedName], Resolution | InteropError] = field(
        default_factory=dict
    )

    def __post_init__(self) -> None:
        """Read who owns what."""
        self._known = KnownPackages(self.snapshot, self.solver)
        self._distributions = {one.name: one for one in self.snapshot.distributions}

    def plan_named(self, names: Iterable[str]) -> Plan:
        """Plan the move of `names`, and of what they need.

        Raises InteropError `not-installed`, `not-adoptable`, and what `resolve` raises.
        """
        wanted = list(dict.fromkeys(map(canonicalize_name, names)))
        absent = [name for name in wanted if name not in self._distributions]
        if absent:
            raise not_installed(absent, self.target, installed=self.snapshot.names)
        pips = [name for name in wanted if self._known.is_from_pip(name)]
        refused = {name: why for name in pips if isinstance(why := self._judge(name), str)}
        if refused:
            raise self._build_refusal(refused, refused)
        found = self._resolve(pips)
        if isinstance(found, _NeedsOtherError):
            reasons = dict.fromkeys(pips, found.message.rstrip("."))
            raise self._build_refusal(reasons, (*pips, found.other))
        if isinstance(found, InteropError):
            raise found
        done = {name: "already installed by conda" for name in wanted if name not in pips}
        return self._build_plan(found, pips, done)

    def plan_all(self) -> Plan:
        """Plan the move of all that can move; the rest stays, each with the reason."""
        pips = sorted(filter(self._known.is_from_pip, self._distributions))
        staying = {name: why for name in pips if isinstance(why := self._judge(name), str)}
        moving = [name for name in pips if name not in staying]
        found = self._resolve(moving)
        if isinstance(found, InteropError):
            given_up = find_smallest_move(moving, self._works) or dict.fromkeys(moving, ())
            staying |= {name: self._explain(name, others) for name, others in given_up.items()}
            moving = [name for name in moving if name not in given_up]
            found = self._resolve(moving)
        if isinstance(found, InteropError):
            raise found
        return self._build_plan(found, moving, staying)

    def _judge(self, name: NormalizedName) -> SpecifierSet | str:
        return self.adoptable.judge(self._distributions[name])

    def _works(self, names: frozenset[NormalizedName]) -> bool:
        return not isinstance(self._resolve(names), InteropError)

    def _resolve(self, names: Iterable[NormalizedName]) -> Resolution | InteropError:
        key = frozenset(names)
        if key not in self._resolved:
            try:
                self._resolved[key] = self._resolve_closed(key)
            except InteropError as error:
                self._resolved[key] = error
        return self._resolved[key]

    def _resolve_closed(self, names: frozenset[NormalizedName]) -> Resolution:
        """Resolve until all that conda replaces of pip's is among what moves."""
        moves = {name: self._judge(name) for name in names}
        while True:
            found = self._ask(moves)
            solution = found.solution
            coming = self._known.find_contained(solution.linked if solution else ())
            fresh = [one for one in coming if self._known.is_from_pip(one) and one not in moves]
            if not fresh:
                return found
            for name in fresh:
                versions = self._judge(name)
                if isinstance(versions, str):
                    reason = (
                        f"it needs conda's {name} {coming[name]}, and pip's {name} "
                        f"{self._known.installed[name].version} cannot move: {versions}."
                    )
                    raise _NeedsOtherError(name, reason)
                moves[name] = versions

    def _ask(self, moves: Mapping[NormalizedName, SpecifierSet | str]) -> Resolution:
        request = Request(
            requirements=tuple(
                require_installed(f"{name}{versions}") for name, versions in sorted(moves.items())
            )
        )
        return resolve(
            request,
            snapshot=self.snapshot,
            target=self.target,
            solver=self.solver,
            installer=self.open_installer(request),
            preferences=Preferences(from_conda=frozenset(moves)),
        )

    def _explain(self, name: NormalizedName, others: Iterable[NormalizedName]) -> str:
        """Return why a name cannot move: what it conflicts with, or what is wrong with it alone."""
        beside = ", ".join(others)
        if beside:
            return f"conda cannot install it beside {beside}"
        found = self._resolve((name,))
        if isinstance(found, InteropError):
            return found.message.splitlines()[0].rstrip(".:")
        return "conda cannot install it beside the others"

    def _build_refusal(
        self, refused: Mapping[NormalizedName, str], moving: Iterable[NormalizedName]
    ) -> InteropError:
        """Build the refusal to move `refused`; `moving` are all that would move with them."""
        told = [
            f"{name} {self._known.installed[name].version} cannot move to conda: {reason}."
            for name, reason in refused.items()
        ]
        return InteropError(
            "not-adoptable",
            "\n".join((f"Nothing was changed in {self.target.label}.", *told)),
            hints=tuple(self._suggest(tuple(moving))),
        )

    def _suggest(self, refused: Collection[NormalizedName]) -> Iterator[str]:
        """Yield the options with which all of them can move."""
        for option, allowing in (
            ("--allow-newer", replace(self.adoptable, newer=True)),
            ("--allow-older", replace(self.adoptable, older=True)),
        ):
            if not any(
                isinstance(allowing.judge(self._distributions[one]), str) for one in refused
            ):
                adopt = self.target.command("conda", "pip", "adopt", option, *refused)
                yield f"To allow {option[8:]} versions: `{adopt}`."

    def _build_plan(
        self,
        found: Resolution,
        named: Iterable[NormalizedName],
        staying: Mapping[NormalizedName, str],
    ) -> Plan:
        moved = {
            name: found.expected[name] for name in found.expected if self._known.is_from_pip(name)
        }
        installer = self.open_installer(found.request)
        names = (*sorted(moved), *(f"{one.name}=={one.version}" for one in found.items))
        history = {
            package: self._build_spec(name, package, moved) for name, package in moved.items()
        }
        plan = build_plan(found, "adopt", self.snapshot, installer, names=names, history=history)
        needed = {package for name, package in moved.items() if self._is_needed(name, moved)}
        needed |= found.needed
        kept = (
            Keep(
                manager=self._known.installed[name].manager,
                name=name,
                version=self._known.installed[name].version,
                reason=reason,
            )
            for name, reason in sorted(staying.items())
        )
        return replace(
            plan,
            steps=(*kept, *self._tell_moves(found, set(named), moved)),
            requests={},  # what is moved is requested in the same words as before
            needed=frozenset(needed),
        )

    def _is_needed(self, name: NormalizedName, moved: Collection[NormalizedName]) -> bool:
        """Return whether nobody requested it, and a package that stays with pip requires it."""
        dependents = read_graph(self.snapshot).find_dependents().get(f"pip:{name}", [])
        return not self._is_requested(name) and any(
            one.owner == "pip" and canonicalize_name(one.name) not in moved for one, _ in dependents
        )

    def _is_requested(self, name: NormalizedName) -> bool:
        return name in self.adoptable.requests or is_requested(self._distributions[name])

    def _build_spec(
        self, name: NormalizedName, package: str, moved: Collection[NormalizedName]
    ) -> str:
        """Return what conda's history gets: none (`""`) for what only packages of conda's need.

        Their `depends` keep it.
        """
        if not self._is_requested(name) and not self._is_needed(name, moved):
            return ""
        return build_history_spec(package, self.adoptable.requests.get(name, ""))

    def _tell_moves(
        self,
        found: Resolution,
        named: set[NormalizedName],
        moved: Mapping[NormalizedName, str],
    ) -> Iterator[PackageStep]:
        projects = {package: name for name, package in moved.items()}
        for step in found.steps:
            name = projects.get(step.name)
            if not isinstance(step, LinkConda) or name is None:
                yield step
                continue
            before = self._known.installed[name].version
            linked = found.solution.linked if found.solution else ()
            dependent = None if name in named else find_dependent(step.name, linked)
            yield replace(
                step,
                previous=None if parse_version(before) == parse_version(step.version) else before,
                reason=f"needed by {dependent}, moves from pip" if dependent else "moves from pip",
            )
