"""Packages that cannot be mixed in one environment: the rules of `families.tsv`."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, cast, get_args

from packaging.version import InvalidVersion, Version

from conda_pip_interop.values import dataclass, regex

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conda_pip_interop.environment.ownership import Manager

Rule: TypeAlias = Literal["one", "provider", "build"]

_FIELDS: Final = 5
_PREFIX: Final = "conda:"
#: The labels of builds for one kind of processor; others say something else.
_LABEL: Final = regex(r"cpu|xpu|cu\d+|rocm[\d.]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Family:
    """One row of `families.tsv`; of its names the first is kept rather than the last."""

    name: str
    rule: Rule
    names: tuple[str, ...]
    reason: str
    source: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """Something installed, as a row names it: a distribution, or `conda:NAME`.

    `package` is the same for all that one conda package carries.
    """

    name: str
    version: str
    manager: Manager
    package: str

    @property
    def project(self) -> str:
        """The name without the prefix of conda's packages."""
        return self.name.removeprefix(_PREFIX)

    def __str__(self) -> str:
        return f"{self.manager}'s {self.project} {self.version}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Mixture:
    """Members of a family that are installed against its rule, one of each package."""

    family: Family
    members: tuple[Member, ...]

    @property
    def key(self) -> tuple[str, str, frozenset[str]]:
        """What tells it from others."""
        packages = frozenset(f"{one.manager}:{one.package}" for one in self.members)
        return (self.family.name, self.family.rule, packages)

    def __str__(self) -> str:
        *others, last = map(str, self.members)
        return f"{', '.join(others)} and {last}"


def build_conda_member(package: str, version: str) -> Member:
    """Build the member that a conda package is by its own name."""
    return Member(name=f"{_PREFIX}{package}", version=version, manager="conda", package=package)


@cache
def read_families() -> tuple[Family, ...]:
    """Read the rules; raises ValueError for a file that is not right."""
    text = (files("conda_pip_interop.names") / "families.tsv").read_text("utf-8")
    return tuple(_parse(text))


def _parse(text: str) -> Iterator[Family]:
    _, *rows = (line for line in text.splitlines() if not line.startswith("#"))
    for row in rows:
        fields = row.split("\t")
        if len(fields) != _FIELDS or fields[1] not in get_args(Rule):
            raise ValueError(row)
        name, rule, names, reason, source = fields
        yield Family(
            name=name,
            rule=cast("Rule", rule),
            names=tuple(names.split()),
            reason=reason,
            source=source,
        )


def find_mixtures(installed: Iterable[Member]) -> Iterator[Mixture]:
    """Find what is installed against the rules, if pip has installed a part of it."""
    members = tuple(installed)
    for family in read_families():
        found: dict[tuple[str, str], Member] = {}
        for one in sorted(members, key=lambda one: (one.name.startswith(_PREFIX), one.name)):
            if one.name in family.names:
                found.setdefault((one.manager, one.package), one)
        managers = {one.manager for one in found.values()}
        chosen = tuple(found.values())
        if family.rule == "build":
            chosen = tuple(one for one in chosen if one.manager == "pip")
            is_mixed = len({_find_label(one.version) for one in chosen}) > 1
        elif family.rule == "one":
            is_mixed = len(chosen) > 1 and "pip" in managers
        else:
            is_mixed = len(managers) > 1
        if is_mixed:
            yield Mixture(family=family, members=chosen)


def _find_label(version: str) -> str:
    try:
        local = Version(version).local or ""
    except InvalidVersion:
        return ""
    return local if _LABEL.fullmatch(local) else ""
