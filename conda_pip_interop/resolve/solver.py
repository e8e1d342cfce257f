"""What `resolve` needs of conda; `conda_adapter` provides it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from packaging.utils import NormalizedName

    from conda_pip_interop.environment.conda_history import Linked
    from conda_pip_interop.environment.conda_records import CondaRecord


@dataclass(frozen=True, kw_only=True, slots=True)
class CondaPackage:
    """A conda package, on a channel or about to be linked.

    `depends` are conda's match specs as text; `needs_python` tells whether it can contain a
    distribution at all.
    """

    name: str
    version: str
    build: str
    channel: str
    depends: tuple[str, ...]

    @property
    def needs_python(self) -> bool:
        """Whether it depends on Python; a tool that does not contains no distribution (ninja)."""
        return any(spec.split()[:1] == ["python"] for spec in self.depends)


@dataclass(frozen=True, kw_only=True, slots=True)
class CondaSpec:
    """A package name as conda spells it, and a version spec in conda's language."""

    name: str
    version: str


class Solution(Protocol):
    """What conda's solver answered; nothing has been changed yet."""

    @property
    def linked(self) -> tuple[CondaPackage, ...]:
        """What conda would link."""
        ...

    @property
    def unlinked(self) -> tuple[CondaPackage, ...]:
        """What conda would unlink, earlier versions of `linked` included."""
        ...

    def download(self) -> None:
        """Download and extract what is to be linked; the environment is not touched."""
        ...

    def find_wrong(self, expected: Mapping[NormalizedName, str]) -> tuple[str, ...]:
        """Describe the downloaded packages that do not contain the project they were chosen for.

        `expected`: project → package name. Wrong packages are not candidates any more.
        """
        ...

    def execute(self) -> None:
        """Execute the transaction, hooks included."""
        ...

    def roll_back(self) -> None:
        """Put the environment back to what it was before `execute`, history included."""
        ...


class Conda(Protocol):
    """conda, for one environment."""

    def find_candidates(self, name: NormalizedName) -> tuple[CondaPackage, ...]:
        """Find the packages that may contain a project and that the environment can use."""
        ...

    def explain_absence(self, name: NormalizedName) -> str:
        """Return why a project has no candidates, to be read after its name."""
        ...

    def find_projects(self, package: CondaPackage) -> tuple[NormalizedName, ...]:
        """Return the projects that a package contains, judged by its name."""
        ...

    def matches(self, spec: str, version: str) -> bool:
        """Return whether a conda version spec matches a version."""
        ...

    def solve(self, specs: tuple[CondaSpec, ...], *, with_deps: bool = True) -> Solution:
        """Solve for `specs` beside what is installed; raises InteropError `unsatisfiable`."""
        ...

    def relink(self, records: tuple[CondaRecord, ...]) -> None:
        """Link exactly the packages of `records` again, replacing what the records list now."""
        ...

    def fetch(self, linked: Linked) -> Path | None:
        """The extracted folder of a package that was linked once; None if it is not available."""
        ...
