"""Findings in tests: samples that only have texts, and what real ones say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.findings.base import Evidence, Finding
from conda_pip_interop.values import dataclass


@dataclass(frozen=True, kw_only=True)
class SampleFinding(Finding):
    """A finding with fixed texts; `sample_kind` is what tells kinds apart."""

    kind: ClassVar[str] = "overridden"

    name: str = "click"
    text: str = ""
    commands: tuple[tuple[str, ...], ...] = (("conda", "pip", "restore", "click"),)
    version: str | None = "2"
    more: Mapping[str, object] | None = None

    @property
    def summary(self) -> str:
        """See `Finding.summary`."""
        return self.text or f"something about {self.name}"

    @property
    def remedy(self) -> tuple[tuple[str, ...], ...]:
        """See `Finding.remedy`."""
        return self.commands

    @property
    def details(self) -> Mapping[str, object]:
        """See `Finding.details`."""
        return self.more or {}

    @property
    def conda_name(self) -> str:
        """See `Finding.conda_name`."""
        return self.name

    @property
    def conda_version(self) -> str:
        """See `Finding.conda_version`."""
        return "1"

    @property
    def project(self) -> NormalizedName:
        """See `Finding.project`."""
        return canonicalize_name(self.name)

    @property
    def pip_version(self) -> str | None:
        """See `Finding.pip_version`."""
        return self.version


@dataclass(frozen=True, kw_only=True)
class VanishedSample(SampleFinding):
    """A sample of another kind."""

    kind: ClassVar[str] = "vanished"


def describe(findings: Iterable[Finding]) -> list[dict[str, object]]:
    """Return all that findings say: those of two snapshots hold different objects."""
    return [one.to_dict(lambda *words: " ".join(words)) for one in findings]


def build_sample(paths: int = 1, remedy: tuple[tuple[str, ...], ...] = ()) -> Finding:
    """A finding with some paths as its evidence."""
    return SampleFinding(
        evidence=tuple(
            Evidence(
                path=PrefixPath(f"lib/{number}.py"),
                claimed_by=("conda:click", "pip:click"),
                expected="aa",
                found="bb",
            )
            for number in range(paths)
        ),
        text="pip replaced click 8.0 by 8.1",
        commands=remedy,
    )
