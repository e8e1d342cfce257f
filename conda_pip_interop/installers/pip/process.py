"""Run pip as a process for one environment's Python."""

from __future__ import annotations

import os
import tempfile
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from conda_pip_interop.installers.failures import (
    find_unreached,
    name_origins,
    number_lines,
    pip_failed,
)
from conda_pip_interop.installers.pip.configuration import hides_unreached
from conda_pip_interop.installers.pip.input_files import (
    LIMITS,
    PROVIDED,
    REQUIREMENTS,
    build_words,
    write_constraints,
    write_links,
    write_overlay,
)
from conda_pip_interop.installers.pip.options import PipOptions
from conda_pip_interop.installers.pip.report import parse_report
from conda_pip_interop.installers.pip.runs import BuildProgress, PipServer, run_child
from conda_pip_interop.installers.scripts import rename_interpreter
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from conda_pip_interop.errors import PipFailedError
    from conda_pip_interop.installers.interface import (
        BuildEnvironment,
        Line,
        Pin,
        ProvidedDistribution,
    )
    from conda_pip_interop.installers.not_found import PythonMismatch
    from conda_pip_interop.installers.pip.options import Stage
    from conda_pip_interop.installers.pip.report import ReportItem

#: Settings of pip that would send an installation elsewhere or widen it, and take a value. Those of
#: pip.conf are outweighed by arguments (`_stay_in`): pip takes an empty variable for none.
_PLACES = ("TARGET", "PREFIX", "ROOT", "PYTHON", "REPORT", "REQUIREMENT", "EDITABLE", "GROUP")
#: Settings that forbid an installation or make it another one: off, wherever they were set.
_SWITCHES = (
    "USER",
    "REQUIRE_VIRTUALENV",
    "DRY_RUN",
    "NO_DEPS",
    "ONLY_DEPS",
    "IGNORE_INSTALLED",
    "FORCE_REINSTALL",
    "UPGRADE",
)

_WHEEL = ("wheel", "--no-deps", "--wheel-dir")
_STAGING = ("--no-deps", "--ignore-installed", "--no-warn-script-location")
#: What a marker, limits and hashes have to say was heard before the plan was agreed on.
_AGREED = {"PIP_BREAK_SYSTEM_PACKAGES": "1", "PIP_CONSTRAINT": "", "PIP_REQUIRE_HASHES": "0"}


@dataclass(frozen=True, kw_only=True, slots=True)
class PipProcess:
    """pip for the environment whose interpreter is `python`.

    `runner` is the interpreter whose pip does the work: `python` itself where it has pip, another
    one (conda's own) where it has none. Without a runner, that is the interpreter of an environment
    that `prepare_pip` makes, with pip and the same Python; it also stands for `python` until that
    exists. `stand_in` finds an interpreter that stands for `python` while that has another version:
    conda changes it before what is staged is placed. `show` passes pip's output on to stderr.
    `options` are handed on; `constraints` limit what is chosen; `links` are archives that an index
    need not have; `resolving` are switches for the resolution alone (`--upgrade` …). `report` is
    told what is being built, unless the output is shown. `environ` is added to the environment's
    variables. `server` runs pip, where it is that of `runner`.
    """

    python: Path
    runner: Path | None
    prepare_pip: Callable[[], BuildEnvironment] | None = None
    stand_in: Callable[[], Path] | None = None
    show: bool = False
    options: PipOptions = field(default_factory=PipOptions)
    constraints: tuple[Line, ...] = ()
    links: tuple[str, ...] = ()
    resolving: tuple[str, ...] = ()
    report: Callable[[str], None] | None = None
    environ: Mapping[str, str] = field(default_factory=dict)
    server: PipServer | None = field(default=None, compare=False)

    @property
    def prefix(self) -> Path:
        """The environment's folder."""
        windows = self.python.suffix == ".exe"
        return self.python.parent if windows else self.python.parent.parent

    @property
    def interpreter(self) -> Path:
        """The environment's interpreter, or another of its version until that exists."""
        if self.stand_in is not None:
            return self.stand_in()
        if self.prepare_pip is None or self.python.exists():
            return self.python
        return self.prepare_pip().python

    @property
    def command(self) -> list[str]:
        """How to run pip for the environment: its own, or another one that is told the Python."""
        runner = self.runner
        if runner is None:
            runner = self.python if self.prepare_pip is None else self.prepare_pip().python
        command = [str(runner), "-m", "pip"]
        return command if runner == self.python else [*command, "--python", str(self.interpreter)]

    def resolve(
        self,
        lines: tuple[Line, ...],
        *,
        provided: tuple[ProvidedDistribution, ...],
        with_deps: bool = True,
        ignore_installed: bool = False,
    ) -> tuple[ReportItem, ...]:
        """See `Installer.resolve`: a dry run with a report, which a marker does not forbid."""
        with tempfile.TemporaryDirectory(prefix="pip-interop-") as name:
            folder = Path(name)
            overlay = folder / "overlay"
            overlay.mkdir()
            write_overlay(overlay, provided)
            pinned = "".join(f"{one.name}=={one.version}\n" for one in provided)
            constraints = folder / PROVIDED
            constraints.write_text(pinned, encoding="utf-8")
            report = folder / "report.json"
            self._run(
                [
                    *("install", "--dry-run", "--report", str(report)),
                    *("--constraint", str(constraints), "--src", str(folder / "src")),
                    *(() if with_deps else ("--no-deps",)),
                    *(("--ignore-installed",) if ignore_installed else ()),
                    *self.resolving,
                    *self._looking("resolve", folder),
                    *build_words(lines, folder, self.options),
                ],
                environ={"PYTHONPATH": str(overlay)},
                origins=self._find_origins(lines, folder, provided),
            )
            return parse_report(report.read_text(encoding="utf-8"))

    def fetch(self, pins: tuple[Pin, ...], *, into: Path, download: Sequence[str] = ()) -> None:
        """See `Installer.fetch`: `pip wheel`, so that a failing build fails before any change.

        What has hashes has a run of its own: pip would demand them of all the others. With options
        in `download`, `pip download`.
        """
        lines = [one.line for one in pins if not one.editable]
        versions = [(one.name, one.version) for one in pins]
        for part in (
            tuple(one for one in lines if one.hashes),
            tuple(one for one in lines if not one.hashes),
        ):
            if part:
                with tempfile.TemporaryDirectory(prefix="pip-interop-") as folder:
                    self._run(
                        [
                            *(("download", *download, "--dest") if download else _WHEEL),
                            str(into),
                            *self._looking("fetch", Path(folder)),
                            *build_words(part, Path(folder), self.options),
                        ],
                        origins=self._find_origins(part, Path(folder)),
                        versions=versions,
                    )

    def stage(self, pins: tuple[Pin, ...], *, wheels: Path, into: Path) -> None:
        """See `Installer.stage`. The plan was agreed on, so a marker does not stop it."""
        fetched = find_fetched(wheels)
        built = [str(one) for one in pins if one.name in fetched and not one.editable]
        if built:
            self._run(
                [
                    *("install", *_STAGING, "--no-index", "--only-binary=:all:"),
                    *(*self.options.words("install"), "--", *built),
                ],
                into=into,
                environ={**_AGREED, "PIP_FIND_LINKS": wheels.as_uri()},
            )
        ready = [one for one in pins if one.name not in fetched and not one.editable]
        for part in (ready, [one for one in pins if one.editable]):
            if part:
                self._stage_looking(part, into)
        self.name_python(into)

    def name_python(self, folder: Path) -> None:
        """Let the scripts in a folder run with the environment's Python, not with its stand-in."""
        if self.stand_in is not None:
            rename_interpreter(folder, self.stand_in(), self.python)

    def list_index_options(self) -> tuple[str, ...]:
        """See `Installer.list_index_options`."""
        from conda_pip_interop.installers.indexes import list_index_options

        return list_index_options(self)

    def list_releases(
        self, names: Collection[NormalizedName]
    ) -> Mapping[NormalizedName, frozenset[Version]]:
        """See `Installer.list_releases`; pip itself lists those of one project at a time."""
        from conda_pip_interop.installers.indexes import open_indexes

        return open_indexes(self).list_releases(names)

    def _stage_looking(self, pins: Sequence[Pin], into: Path) -> None:
        """Install wheels of an index, or editable projects, whose builds may need one.

        Clones go to the prefix, where they are to stay.
        """
        lines = tuple(map(_add_hash, pins))
        with tempfile.TemporaryDirectory(prefix="pip-interop-") as name:
            folder = Path(name)
            self._run(
                [
                    *("install", *_STAGING, "--src", str(self.prefix / "src")),
                    *self._looking("editable", folder),
                    *build_words(lines, folder, self.options),
                ],
                into=into,
                environ=_AGREED,
                origins=self._find_origins(lines, folder),
                versions=[(one.name, one.version) for one in pins],
            )

    def _find_origins(
        self,
        lines: Iterable[Line],
        folder: Path,
        provided: Iterable[ProvidedDistribution] = (),
    ) -> Mapping[str, str]:
        """Find what the lines of the files in `folder` are for the user (see `name_origins`)."""
        first = len(self.options.lines) + 1
        written = (one for one in lines if one.in_file)
        return {
            **number_lines("-r", folder / REQUIREMENTS, (one.told for one in written), first=first),
            **number_lines("-c", folder / LIMITS, (one.told for one in self.constraints)),
            **number_lines("-c", folder / PROVIDED, (f"conda's {one.name}" for one in provided)),
        }

    def _looking(self, stage: Stage, folder: Path) -> list[str]:
        """The options of a run that looks for something: those handed on, limits, links."""
        words = [*self.options.words(stage)]
        if self.constraints and stage == "resolve":
            words += ["--constraint", str(write_constraints(folder, self.constraints))]
        if self.links:
            words += ["--find-links", write_links(folder, self.links).as_uri()]
        return words

    def build_environment(self) -> dict[str, str]:
        """Return the variables for a run."""
        return {**neutral_environment(os.environ), **self.environ}

    def find_mismatch(self, error: PipFailedError) -> PythonMismatch | None:
        """See `Installer.find_mismatch`."""
        from conda_pip_interop.installers.not_found import find_mismatch

        return find_mismatch(error.output, self)

    def find_refusals(self, error: PipFailedError) -> PipFailedError:
        """See `Installer.find_refusals`; pip only logs them, so it is asked again."""
        from conda_pip_interop.installers.not_found import add_refusals

        return add_refusals(error, self)

    def _run(
        self,
        arguments: list[str],
        *,
        into: Path | None = None,
        environ: Mapping[str, str] | None = None,
        origins: Mapping[str, str] | None = None,
        versions: Iterable[tuple[str, str]] = (),
    ) -> None:
        child = {**self.build_environment(), **(environ or {})}
        progress = None
        if self.report is not None and not self.show:
            progress = BuildProgress(report=self.report, versions=dict(versions)).read
        with tempfile.TemporaryDirectory(prefix="pip-interop-") as folder:
            log = Path(folder, "pip.log")
            command = [*self.command, arguments[0], "--no-input", "--disable-pip-version-check"]
            command += (
                ["--log", str(log)] if hides_unreached(self.prefix, child, self.options) else []
            )
            command += _stay_in(into or self.prefix) if arguments[0] == "install" else []
            command += arguments[1:]
            served = self._find_server(command)
            if served is not None:
                run = served.run(command[3:], child, show=self.show, on_line=progress)
            else:
                run = run_child(command, child, show=self.show, on_line=progress)
            returncode, output = run
            if returncode and log.exists():
                output = f"{find_unreached(log.read_text('utf-8', 'replace'))}{output}"
        if returncode:
            output = name_origins(output, origins or {})
            raise pip_failed(returncode, output, offline="PIP_NO_INDEX" in self.environ)

    def _find_server(self, command: Sequence[str]) -> PipServer | None:
        """Find the server that does the same as a command: it knows one pip, and no other paths."""
        if self.server is None or "PYTHONPATH" in self.environ:
            return None
        return self.server if command[:3] == [str(self.server.python), "-m", "pip"] else None


def find_fetched(wheels: Path) -> Mapping[NormalizedName, Path]:
    """Find the wheels in a folder by their distributions."""
    return {canonicalize_name(one.name.partition("-")[0]): one for one in wheels.glob("*.whl")}


def _add_hash(pin: Pin) -> Line:
    """The line of a pin; for a wheel of an index with the hash of the very file."""
    if not pin.is_index_wheel:
        return pin.line
    return replace(pin.line, in_file=True, hashes=(f"sha256:{pin.sha256}",))


def neutral_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` without what would make pip install elsewhere; index, proxy and keys are kept."""
    dropped = {"PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", *(f"PIP_{name}" for name in _PLACES)}
    kept = {key: value for key, value in environ.items() if key.upper() not in dropped}
    kept.update({f"PIP_{name}": "0" for name in _SWITCHES})
    kept["PYTHONNOUSERSITE"] = "1"
    return kept


def _stay_in(prefix: Path) -> list[str]:
    """Arguments that install into `prefix`, which override pip.conf.

    An empty `--target` means none; an empty `--prefix` or `--root` would be a relative path.
    """
    return ["--target=", f"--prefix={prefix}", f"--root={prefix.anchor}"]
