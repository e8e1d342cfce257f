"""Environments of a conda base, and what makes them."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from tests.support.output_schema import validate_output

if TYPE_CHECKING:
    from pathlib import Path

    from tests.world.base import Base


@dataclass(frozen=True, kw_only=True, slots=True)
class Env:
    """An environment of a base, and the ways to work in it."""

    base: Base
    name: str

    @property
    def prefix(self) -> Path:
        """Its folder."""
        return self.base.envs / self.name

    @property
    def site_packages(self) -> Path:
        """Where its Python finds distributions."""
        (folder,) = (self.prefix / "lib").glob("python3.*/site-packages")
        return folder

    def conda(
        self, command: str, *arguments: str, check: bool = True, **extra: str
    ) -> subprocess.CompletedProcess[str]:
        """`conda COMMAND -n NAME ARGUMENTS`; COMMAND may be two words (`pip list`)."""
        return self.base.run(*command.split(), "-n", self.name, *arguments, check=check, **extra)

    def json(self, command: str, *arguments: str, check: bool = True, **extra: str) -> Any:
        """The document of `conda COMMAND -n NAME ARGUMENTS --json`: stdout must hold one alone."""
        done = self.conda(command, *arguments, "--json", check=check, **extra)
        document = json.loads(done.stdout)
        if command.startswith("pip "):
            validate_output((*command.split()[1:], *arguments), document)
        return document

    def pip(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """The environment's own pip, as a person runs it."""
        return self.base.run_in(self.prefix, "python", "-m", "pip", *arguments, check=check)

    def python(self, code: str) -> str:
        """What a line of Python prints there."""
        return self.base.run_in(self.prefix, "python", "-c", code).stdout.strip()

    def owners(self) -> dict[str, tuple[str, str]]:
        """Name → (version, owner) by `conda pip list`."""
        rows = self.json("pip list")["distributions"]
        return {row["name"]: (row["version"], row["owner"]) for row in rows}

    def records(self) -> dict[str, str]:
        """Name → version of the records on disk, read without conda."""
        documents = [
            json.loads(path.read_text()) for path in (self.prefix / "conda-meta").glob("*.json")
        ]
        return {document["name"]: document["version"] for document in documents}

    def findings(self) -> list[tuple[str, str | None]]:
        """(kind, conda's name or the distribution's) of each finding of `conda pip check`."""
        document = self.json("pip check", check=False)
        return [(one["kind"], one["conda"] or one["distribution"]) for one in document["findings"]]


class MakeEnv(Protocol):
    """Makes an environment of a base, by default of the session's, from specs."""

    def __call__(self, *specs: str, base: Base = ..., like: Env | None = None) -> Env:
        """Make one, or a copy of another; `python` is the minor version that the tests run on."""
        ...
