"""`shadowed`: Python finds another distribution before the environment's.

Not sought after conda's commands: nothing that they do makes one, and it leads out of the prefix.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from packaging.utils import NormalizedName

from conda_pip_interop.environment.ownership import ByConda
from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.environment.site_packages.distributions import Distribution
from conda_pip_interop.environment.site_packages.shadows import Shadow, read_shadows
from conda_pip_interop.findings.base import Evidence, Finding
from conda_pip_interop.protection.markers import Absent, read_snapshot_marker
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.findings.base import BuildCommand

#: Python then leaves the user's site-packages out, from the next activation on.
_SWITCH_OFF: Final = ("conda", "env", "config", "vars", "set", "PYTHONNOUSERSITE=1")


@dataclass(frozen=True, kw_only=True)
class ShadowedFinding(Finding):
    """`hidden`, which `owner` has installed, is not what Python imports: `by` is.

    `uninstall` is how pip uninstalls it, `removal` the command that takes the line out of a
    `.pth` file, None on Windows.
    """

    kind: ClassVar[str] = "shadowed"
    repairable: ClassVar[bool] = False

    hidden: Distribution
    owner: str
    by: Shadow
    uninstall: tuple[str, ...] | None
    removal: str | None = None

    @property
    def summary(self) -> str:
        """See `Finding.summary`."""
        one, by = self.hidden, self.by
        what = f"{by.name} {by.version}".strip()
        return f"{self.owner}'s {one.name} {one.version} is hidden by {what}, {describe(by)}."

    @property
    def remedy(self) -> tuple[tuple[str, ...], ...]:
        """See `Finding.remedy`: pip uninstalls what Python finds first."""
        switch = (_SWITCH_OFF,) if self.by.source == "user-site" else ()
        if self.uninstall is None or not self.by.is_removable:
            return switch
        return (*switch, (*self.uninstall, self.by.name))

    def render_commands(self, command: BuildCommand) -> list[str]:
        """See `Finding.render_commands`: what pip cannot uninstall is put first by a line."""
        found = super().render_commands(command)
        if self.removal is not None and (self.uninstall is None or not self.by.is_removable):
            found.append(self.removal)
        return found

    @property
    def project(self) -> NormalizedName:
        """See `Finding.project`."""
        return self.hidden.name

    @property
    def pip_version(self) -> str | None:
        """See `Finding.pip_version`."""
        return self.hidden.version if self.owner == "pip" else None

    @property
    def key(self) -> str:
        """See `Finding.key`."""
        return f"{super().key}:{self.by.path}"

    @property
    def details(self) -> Mapping[str, object]:
        """See `Finding.details`."""
        by = self.by
        return {
            "hidden": {"version": self.hidden.version, "path": self.hidden.metadata},
            "by": {
                "version": by.version,
                "path": str(by.path),
                "source": by.source,
                "file": None if by.file is None else str(by.file),
                "line": by.line or None,
            },
        }


def describe(by: Shadow) -> str:
    """Describe where Python finds a distribution first."""
    if by.file is not None:
        return f"which line {by.line} of {by.file} puts first ({by.path})"
    return f"in the user's site-packages ({by.path.parent})"


def find(snapshot: Snapshot, _earlier: Sequence[Finding]) -> Iterator[Finding]:
    """Find the environment's distributions that another one of their name hides."""
    uninstall = _build_uninstall(snapshot)
    for one in snapshot.distributions:
        by = find_shadow(snapshot, one)
        if by is None:
            continue
        found = snapshot.ownership.owner_of(one)
        owner = "conda" if isinstance(found, ByConda) else "pip"
        yield ShadowedFinding(
            record=found.record if isinstance(found, ByConda) else None,
            hidden=one,
            owner=owner,
            by=by,
            uninstall=uninstall,
            removal=_build_removal(by) if snapshot.prefix.platform != "windows" else None,
            evidence=(
                Evidence(
                    path=one.metadata,
                    claimed_by=(f"{owner}:{one.name}",),
                    expected=one.version,
                    found=by.version,
                ),
                # outside of the prefix, so it has its whole path
                Evidence(path=PrefixPath(str(by.path))),
            ),
        )


def _build_uninstall(snapshot: Snapshot) -> tuple[str, ...] | None:
    """Return how the environment's pip uninstalls what Python finds first; None without pip."""
    if all(one.name != "pip" for one in snapshot.distributions):
        return None
    words = ("conda", "run", "python", "-m", "pip", "uninstall", "-y")
    is_marked = not isinstance(read_snapshot_marker(snapshot), Absent)
    return (*words, "--break-system-packages") if is_marked else words


def _build_removal(by: Shadow) -> str | None:
    """Return the command that comments out the line of a `.pth` file; others keep their number."""
    if by.file is None or by.line == 0:
        return None
    return f"sed -i.bak '{by.line}s/^/# /' {shlex.quote(str(by.file))}"


def find_shadow(snapshot: Snapshot, one: Distribution) -> Shadow | None:
    """Return what Python finds before a distribution, None if it finds that itself."""
    by = snapshot.view(_read_shadows).get(one.name)
    return None if by is None or _is_itself(one, by) else by


def _read_shadows(snapshot: Snapshot) -> Mapping[NormalizedName, Shadow]:
    return read_shadows(snapshot.prefix, os.environ)


def _is_itself(one: Distribution, by: Shadow) -> bool:
    """Return whether both are one development install: its link, and its folder."""
    if one.layout == "egg-link":
        return True
    source = one.editable
    return bool(source) and os.path.realpath(str(source)) == os.path.realpath(by.path.parent)
