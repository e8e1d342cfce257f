"""The guard: warn of a conda transaction that would break pip's distributions."""

from __future__ import annotations

import shlex
from types import MappingProxyType
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from conda_pip_interop.dependencies.impact import Breakage, PackageChange, forecast
from conda_pip_interop.dependencies.mixtures import find_new_mixtures
from conda_pip_interop.dependencies.removal import build_uninstall
from conda_pip_interop.dependencies.replaced import (
    describe_refused,
    find_refused,
    find_replaced,
)
from conda_pip_interop.dependencies.requirements import fits
from conda_pip_interop.environment.origin import (
    build_install_words,
    describe_unlisted,
    is_unrecorded,
)
from conda_pip_interop.environment.site_packages.distributions import read_requirements
from conda_pip_interop.errors import InteropError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from packaging.utils import NormalizedName

    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target

#: How many distributions are named that a change of Python would strand.
_SHOWN = 5


def find_breakages(
    snapshot: Snapshot,
    changes: Iterable[PackageChange],
    replaced: Mapping[NormalizedName, str] = MappingProxyType({}),
) -> tuple[Breakage, ...]:
    """Find what `changes` would break, with the metadata on disk.

    `replaced`: distributions that are about to be replaced themselves, and cannot break, with the
    version that pip installs, or `""`.
    """
    changes = tuple(changes)
    found = (
        *forecast(snapshot, changes, lambda one: read_requirements(snapshot.prefix, one)),
        *_find_refused(snapshot, changes),
        *_find_removed(snapshot, changes),
        *_find_mixed(snapshot, changes),
    )
    return tuple(
        one for one in found if one.distribution not in replaced and not _is_met(one, replaced)
    )


def _is_met(breakage: Breakage, installed: Mapping[NormalizedName, str]) -> bool:
    """Return whether pip installs what a distribution would lack."""
    if breakage.kind != "unmet" or breakage.requirement is None:
        return False
    requirement = Requirement(breakage.requirement)
    version = installed.get(canonicalize_name(requirement.name), "")
    return version != "" and fits(version, requirement.specifier)


def _find_removed(snapshot: Snapshot, changes: Iterable[PackageChange]) -> Iterator[Breakage]:
    """Find pip's distributions that conda would remove with the package that they replaced."""
    removed = {one.name: one for one in changes if one.after is None}
    for one in snapshot.distributions if removed else ():
        replaced = snapshot.ownership.override_of(one)
        if replaced is not None and replaced.record.name in removed:
            change = removed[replaced.record.name]
            yield Breakage(kind="removed", installed=one, change=change, expected=change.named)


def _find_mixed(snapshot: Snapshot, changes: tuple[PackageChange, ...]) -> Iterator[Breakage]:
    """Find what of pip's cannot be mixed with what conda would link (`names.families`)."""
    installed = {one.name: one for one in snapshot.distributions}
    for mixture, change in find_new_mixtures(snapshot, changes):
        pips = (one.name for one in mixture.members if one.manager == "pip")
        one = installed[canonicalize_name(next(pips))]
        removal = build_uninstall(snapshot, [one])
        yield Breakage(kind="mixed", installed=one, change=change, mixture=mixture, removal=removal)


def _find_refused(snapshot: Snapshot, changes: tuple[PackageChange, ...]) -> Iterator[Breakage]:
    """Find requirements of new records that pip's replacements of other packages do not satisfy.

    Requirements that the installed version of a package had too are omitted.
    """
    moved = {change.name for change in changes}
    replaced = [one for one in find_replaced(snapshot) if one.record.name not in moved]
    depends = {one.name: one.depends for one in snapshot.records}
    for change in changes if replaced else ():
        before = find_refused(change.name, depends.get(change.name, ()), replaced)
        known = {one.by.name for one in before}
        for refused in find_refused(change.name, change.depends, replaced):
            if refused.by.name not in known:
                yield Breakage(
                    kind="refused",
                    installed=refused.by,
                    change=change,
                    requirement=refused.requirement,
                )


def render_warning(breakages: tuple[Breakage, ...], target: Target) -> str:
    """Render one line per breakage, and one for all distributions that Python strands."""
    lines = [*_describe_all(breakages), *_suggest_upgrade(breakages, target)]
    return "\n".join(
        [f"conda-pip-interop: {_head(breakages, target)}", *(f"  {line}" for line in lines)]
    )


def render_expected(breakages: tuple[Breakage, ...], target: Target) -> str:
    """Render what happens to pip's distributions as the user asked, a line each."""
    lines = []
    for one in breakages:
        pips, package = describe_unlisted(one.installed), f"conda's {one.change.name}"
        if one.kind == "removed":
            lines.append(f"{pips}, which replaced {package} {one.change.before}, will be removed")
        else:
            lines.append(f"{package} {one.change.after} will replace {pips}")
    if len(lines) == 1:
        return f"conda-pip-interop: {target.label}: {lines[0]}"
    head = f"conda-pip-interop: {target.label}: changes to packages {_whose(breakages)}:"
    return "\n".join([head, *(f"  {line}" for line in lines)])


def build_refusal(breakages: tuple[Breakage, ...], target: Target) -> InteropError:
    """Build the error of `pip_interop_guard: error`, with the possible fixes."""
    hints = [
        *_suggest_upgrade(breakages, target),
        *dict.fromkeys(hint for one in breakages for hint in _suggest(one, target)),
        "To skip this check once, set CONDA_PLUGINS_PIP_INTEROP_GUARD=off.",
    ]
    return InteropError(
        "guarded",
        f"Nothing was changed: {_head(breakages, target)}\n"
        + "\n".join(f"  {line}" for line in _describe_all(breakages)),
        hints=tuple(hints),
    )


def _head(breakages: tuple[Breakage, ...], target: Target) -> str:
    only_refused = all(one.kind == "refused" for one in breakages)
    verb = "is not compatible with" if only_refused else "would break"
    return f"this transaction {verb} packages {_whose(breakages)} in {target.label}:"


def _whose(breakages: Iterable[Breakage]) -> str:
    if all(is_unrecorded(one.installed) for one in breakages):
        return "whose conda records are missing"
    return "that pip installed"


def _describe_all(breakages: tuple[Breakage, ...]) -> Iterable[str]:
    stranded = [one for one in breakages if one.kind == "stranded"]
    if stranded:
        names = [f"{one.distribution} {one.version}" for one in stranded]
        rest = len(names) - _SHOWN
        more = f" and {rest} more" if rest > 0 else ""
        after = stranded[0].change.after
        yield (
            f"Python {stranded[0].change.before} would be "
            f"{f'replaced by {after}' if after else 'removed'}; "
            f"these packages would no longer be found: {', '.join(names[:_SHOWN])}{more}"
        )
    for one in breakages:
        if one.kind == "unmet":
            after = one.change.after
            name = one.change.name
            result = f"{name} would be {after}" if after else f"{name} would be removed"
            yield f"{one.distribution} {one.version} requires {one.requirement}, but {result}"
        elif one.kind == "overwritten":
            yield (
                f"{describe_unlisted(one.installed)} would be overwritten by conda's "
                f"{one.change.name} {one.change.after}"
            )
        elif one.kind == "removed":
            yield (
                f"pip's {one.distribution} {one.version} would be removed with conda's "
                f"{one.change.name} {one.change.before}, which it replaced"
            )
        elif one.mixture is not None:
            yield f"{one.mixture} would be installed together: {one.mixture.family.reason}"
        elif one.kind == "refused":
            package = f"{one.change.name} {one.change.after}"
            by = f"{one.distribution} {one.version}"
            yield describe_refused(package, one.requirement or "", by)


def _suggest_upgrade(breakages: Iterable[Breakage], target: Target) -> Iterator[str]:
    """Suggest the command that takes pip's distributions along to another Python; not in base."""
    for one in breakages:
        if one.kind == "stranded" and one.change.after is not None and not target.is_base:
            command = target.command("conda", "pip", "upgrade-python", one.change.series[1])
            yield f"To reinstall them for the new Python in one step: `{command}`."
            return


def _suggest(breakage: Breakage, target: Target) -> Iterator[str]:
    """Suggest fixes: first one that keeps both packages, then one that keeps one of them."""
    change, name = breakage.change, breakage.distribution
    match breakage.kind:
        case "stranded" if change.after is not None:
            yield _add(f"python={change.series[0].removesuffix('t')}")
            over = target.command("conda", "pip", "repair")
            yield f"Or continue, and reinstall pip's packages afterwards: `{over}`."
        case "stranded":
            yield "Keep Python: pip's packages require it."
        case "unmet" if change.after is not None:
            spec = _as_spec(change.name, breakage.requirement)
            yield _replace(spec) if change.named else _add(spec)
            if breakage.installed.direct_url is None and breakage.installed.editable is None:
                newer = target.command("conda", "pip", "install", "--upgrade", name)
                yield f"Or try a newer {name}: `{newer}`."
        case "unmet":
            first = target.command("conda", "pip", "uninstall", name)
            yield f"Uninstall pip's {name} first: `{first}`."
        case "mixed":
            first = target.command(*breakage.removal)
            yield f"To use conda's {change.name}, uninstall pip's {name} first: `{first}`."
        case "overwritten":
            yield _add(change.name, f"To use conda's {change.name}")
            verb = "uninstall" if change.before is None else "restore"
            verb = "repair" if is_unrecorded(breakage.installed) else verb
            first = target.command("conda", "pip", verb, name)
            yield f"Or run first: `{first}`."
        case "removed":
            words = build_install_words(breakage.installed)
            again = target.command("conda", "run", "python", "-m", "pip", "install", *words)
            yield f"Or continue, and install it again afterwards: `{again}`."
        case "refused":
            first = target.command("conda", "pip", "restore", name)
            yield f"Restore conda's {name} first: `{first}`."
            other = target.command("conda", "pip", "install", breakage.requirement or name)
            yield f"Or try a compatible version: `{other}`."


def _add(spec: str, purpose: str = "To keep both") -> str:
    quoted = shlex.quote(spec)
    return f"{purpose}: add {quoted} to the command (of `conda install`, not `conda update`)."


def _replace(spec: str) -> str:
    quoted = shlex.quote(spec)
    return f"To keep both: request {quoted} instead (with `conda install`, not `conda update`)."


def _as_spec(conda_name: str, requirement: str | None) -> str:
    """Return a requirement as a package spec for conda's command line."""
    return f"{conda_name}{Requirement(requirement or conda_name).specifier}"
