"""Building: what is no wheel is built in an environment that has what its build asks for.

pip's own way fetches that from the index, in versions that the environment need not have; here
`prepare` makes such environments, and pip builds in them without isolation. What a build needs is
what pip says is missing (`--check-build-dependencies`): first what pyproject.toml states (PEP 518),
then what the backend asks for (PEP 517).
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from conda_pip_interop.errors import InteropError
from conda_pip_interop.pip.missing import parse_missing
from conda_pip_interop.pip.options import BY_NAME, Passed, PipArgument, PipOptions
from conda_pip_interop.pip.stub import write_stub

if TYPE_CHECKING:
    from collections.abc import Callable

    from packaging.utils import NormalizedName

    from conda_pip_interop.pip.interface import HeldDistribution, Line, Pin
    from conda_pip_interop.pip.process import PipProcess
    from conda_pip_interop.pip.report import ReportItem

    Prepare = Callable[[tuple[str, ...]], "BuildEnvironment"]
    T = TypeVar("T")

_UNISOLATED: Final = ("--no-build-isolation", "--check-build-dependencies")


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildEnvironment:
    """Where a build runs, or what it sees: an interpreter, its packages, its programs."""

    python: Path
    site_packages: Path
    scripts: Path


@dataclass(kw_only=True)
class BuildingInstaller:
    """pip (see `Installer`), with builds in environments of `prepare`'s.

    Without `prepare` they run in the environment itself, which must have what they need.
    """

    process: PipProcess
    prepare: Prepare | None
    _sources: dict[str, ReportItem] = field(default_factory=dict)
    _unbuilt: set[NormalizedName] = field(default_factory=set)
    _requires: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def resolve(
        self,
        lines: tuple[Line, ...],
        *,
        held: tuple[HeldDistribution, ...],
        with_deps: bool = True,
        anew: bool = False,
    ) -> tuple[ReportItem, ...]:
        """See `Installer.resolve`; a source is looked into once, and a stub stands for it then."""
        for line in lines:
            if _is_source(line) and line.text not in self._sources:
                (self._sources[line.text],) = self._look_into(line)
        with tempfile.TemporaryDirectory(prefix="pip-interop-") as folder:
            items = self.process.resolve(
                tuple(self._stand_in(line, Path(folder)) for line in lines),
                held=held,
                with_deps=with_deps,
                anew=anew,
            )
        sources = {one.name: one for one in self._sources.values()}
        items = tuple(
            replace(sources[one.name], requested_extras=one.requested_extras)
            if one.is_direct and one.name in sources
            else one
            for one in items
        )
        self._unbuilt |= {one.name for one in items if not _is_wheel(one.url)}
        return items

    def _look_into(self, line: Line) -> tuple[ReportItem, ...]:
        """Name, version and requirements of a source, and at which commit it is."""
        return self._run_build(
            line.text,
            lambda process: process.resolve((line,), held=(), with_deps=False, anew=True),
        )

    def _stand_in(self, line: Line, folder: Path) -> Line:
        item = self._sources.get(line.text)
        if item is None:
            return line
        text, sha256 = write_stub(item, folder)
        hashes = (f"sha256:{sha256}",) if line.hashes else ()
        return replace(line, text=text, editable=False, hashes=hashes, settings=())

    def fetch(self, pins: tuple[Pin, ...], *, into: Path) -> tuple[Path, ...]:
        """See `Installer.fetch`."""
        ready = tuple(one for one in pins if one.name not in self._unbuilt)
        if ready:
            self.process.fetch(ready, into=into)
        for pin in pins:
            if pin.name in self._unbuilt and not pin.editable:
                self._run_build(self._find_key(pin), partial(_fetch, pin=pin, into=into))
        return tuple(sorted(into.glob("*.whl")))

    def stage(self, pins: tuple[Pin, ...], *, wheels: Path, into: Path) -> None:
        """See `Installer.stage`."""
        self.process.stage(tuple(one for one in pins if not one.editable), wheels=wheels, into=into)
        for pin in pins:
            if pin.editable:
                stage = partial(_stage, pin=pin, wheels=wheels, into=into)
                self._run_build(self._find_key(pin), stage, in_place=True)

    def _find_key(self, pin: Pin) -> str:
        """What a source's requirements were remembered by."""
        texts = [text for text, one in self._sources.items() if one.name == pin.name]
        return texts[0] if texts else pin.line.text

    def _run_build(self, key: str, run: Callable[[PipProcess], T], *, in_place: bool = False) -> T:
        """Run pip where a build has what it needs, which pip says one after the other.

        `in_place`: with the environment's own Python, which sees what the build needs.
        """
        options = _leave_isolation_out(self.process.options)
        requires = self._requires.get(key, ())
        while True:
            process = replace(self.process, options=options)
            if self.prepare is not None:
                process = self._move(process, self.prepare(requires), in_place=in_place)
            try:
                return run(process)
            except InteropError as error:
                missing = parse_missing(error.message) if error.code == "pip-failed" else ()
                if self.prepare is None and missing:
                    raise _not_there(missing) from error
                fresh = tuple(one for one in missing if one not in requires)
                if not fresh:
                    raise
                requires = self._requires[key] = (*requires, *fresh)

    def _move(
        self, process: PipProcess, environment: BuildEnvironment, *, in_place: bool
    ) -> PipProcess:
        if not in_place:
            return replace(process, python=environment.python, runner=environment.python)
        path = os.pathsep.join([str(environment.scripts), os.environ.get("PATH", os.defpath)])
        view = {"PYTHONPATH": str(environment.site_packages), "PATH": path}
        return replace(process, environ=view)


def _fetch(process: PipProcess, *, pin: Pin, into: Path) -> None:
    process.fetch((pin,), into=into)


def _stage(process: PipProcess, *, pin: Pin, wheels: Path, into: Path) -> None:
    process.stage((pin,), wheels=wheels, into=into)


def _is_source(line: Line) -> bool:
    """Whether a line names a place where something is to be built."""
    place = line.editable or "/" in line.text or os.sep in line.text
    return place and (line.editable or not _is_wheel(line.text))


def _is_wheel(url: str) -> bool:
    return url.partition("#")[0].partition(" ;")[0].rstrip().endswith(".whl")


def _leave_isolation_out(options: PipOptions) -> PipOptions:
    given = [
        PipArgument(option=option)
        for name in _UNISOLATED
        if not options.has(name) and isinstance(option := BY_NAME[name], Passed)
    ]
    return replace(options, arguments=(*options.arguments, *given))


def _not_there(missing: tuple[str, ...]) -> InteropError:
    names = " ".join(f'"{one}"' if set(one) & set("<>=!~; [") else one for one in missing)
    return InteropError(
        "build-requirements",
        f"Without build isolation the environment must have what the build needs; it lacks: "
        f"{', '.join(missing)}.",
        hints=(
            f"Install them first: `conda pip install {names}`.",
            "Or leave --no-build-isolation out: the build gets an environment of its own.",
        ),
    )
