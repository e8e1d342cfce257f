"""Run pip as a process for one environment's Python."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from conda_pip_interop.errors import PipFailedError
from conda_pip_interop.installers.pip_input_files import build_words, write_constraints, write_links
from conda_pip_interop.installers.pip_options import PipOptions
from conda_pip_interop.installers.pip_report import parse_report
from conda_pip_interop.installers.stubs import write_overlay
from conda_pip_interop.text import hide_password

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from conda_pip_interop.installers.interface import Line, Pin, ProvidedDistribution
    from conda_pip_interop.installers.pip_options import Stage
    from conda_pip_interop.installers.pip_report import ReportItem

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

_STAGING = ("--no-deps", "--ignore-installed", "--no-warn-script-location")
#: What a marker, limits and hashes have to say was heard before the plan was agreed on.
_AGREED = {"PIP_BREAK_SYSTEM_PACKAGES": "1", "PIP_CONSTRAINT": "", "PIP_REQUIRE_HASHES": "0"}

#: How many warnings before an error are told.
_WARNINGS = 5
#: Words of pip's for a project that does not build, and for an address that does not answer.
_NOT_BUILT = ("metadata-generation-failed", "subprocess-exited-with-error")
_NOT_REACHED = ("Max retries exceeded", "connection broken by", "HTTP error")


#: A pinned requirement that pip or uv could not find.
_MISSING: Final = re.compile(
    r"(?:requirement |there is no version of )([A-Za-z0-9._-]+==[^\s,;)]+)"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class PipProcess:
    """pip for the environment whose interpreter is `python`.

    `runner` is the interpreter whose pip does the work: `python` itself where it has pip, another
    one (conda's own) where it has none. `show` passes pip's output on to stderr. `options` are
    handed on; `constraints` limit what is chosen; `links` are archives that an index need not have;
    `resolving` are switches for the resolution alone (`--upgrade` …). `environ` is added to the
    environment's variables.
    """

    python: Path
    runner: Path
    show: bool = False
    options: PipOptions = field(default_factory=PipOptions)
    constraints: tuple[Line, ...] = ()
    links: tuple[str, ...] = ()
    resolving: tuple[str, ...] = ()
    environ: Mapping[str, str] = field(default_factory=dict)

    @property
    def prefix(self) -> Path:
        """The environment's folder."""
        return self.python.parent if os.name == "nt" else self.python.parent.parent

    @property
    def command(self) -> list[str]:
        """How to run pip for the environment: its own, or another one that is told the Python."""
        command = [str(self.runner), "-m", "pip"]
        return command if self.runner == self.python else [*command, "--python", str(self.python)]

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
            constraints = folder / "constraints.txt"
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
            )
            return parse_report(report.read_text(encoding="utf-8"))

    def fetch(self, pins: tuple[Pin, ...], *, into: Path) -> None:
        """See `Installer.fetch`: `pip wheel`, so that a failing build fails before any change.

        What has hashes has a run of its own: pip would demand them of all the others.
        """
        lines = [one.line for one in pins if not one.editable]
        for part in (
            tuple(one for one in lines if one.hashes),
            tuple(one for one in lines if not one.hashes),
        ):
            if part:
                with tempfile.TemporaryDirectory(prefix="pip-interop-") as folder:
                    self._run(
                        [
                            *("wheel", "--no-deps", "--wheel-dir", str(into)),
                            *self._looking("fetch", Path(folder)),
                            *build_words(part, Path(folder), self.options),
                        ]
                    )

    def stage(self, pins: tuple[Pin, ...], *, wheels: Path, into: Path) -> None:
        """See `Installer.stage`. The plan was agreed on, so a marker does not stop it."""
        built = [str(one) for one in pins if not one.editable]
        if built:
            self._run(
                [
                    *("install", *_STAGING, "--no-index", "--only-binary=:all:"),
                    *(*self.options.words("install"), "--", *built),
                ],
                into=into,
                environ={**_AGREED, "PIP_FIND_LINKS": wheels.as_uri()},
            )
        editable = tuple(one.line for one in pins if one.editable)
        if editable:
            self._stage_editable(editable, into)

    def _stage_editable(self, lines: tuple[Line, ...], into: Path) -> None:
        """Their builds may need an index; clones go to the prefix, where they are to stay."""
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
            )

    def _looking(self, stage: Stage, folder: Path) -> list[str]:
        """The options of a run that looks for something: those handed on, limits, links."""
        words = [*self.options.words(stage)]
        if self.constraints and stage == "resolve":
            words += ["--constraint", str(write_constraints(folder, self.constraints))]
        if self.links:
            words += ["--find-links", write_links(folder, self.links).as_uri()]
        return words

    def _run(
        self,
        arguments: list[str],
        *,
        into: Path | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        command = [*self.command, arguments[0], "--no-input", "--disable-pip-version-check"]
        if arguments[0] == "install":
            command += _stay_in(into or self.prefix)
        command += arguments[1:]
        child = {**neutral_environment(os.environ), **self.environ, **(environ or {})}
        returncode, output = run_child(command, child, show=self.show)
        if returncode:
            raise pip_failed(returncode, output)


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


def pip_failed(returncode: int, output: str) -> PipFailedError:
    """pip's own words about its failure, with its own exit code, and with no password."""
    words = _indent(_last_words(hide_password(output).rstrip().splitlines()))
    return PipFailedError(
        f"pip failed (exit code {returncode}):\n{words}",
        hints=_advise(words),
        exit_code=returncode,
        missing=find_missing(output),
    )


def find_missing(output: str) -> frozenset[str]:
    """Find the pinned requirements that pip's or uv's output reports as not found."""
    return frozenset(_MISSING.findall(output))


def _advise(words: str) -> tuple[str, ...]:
    """What to look at where pip's words tell that names and versions are not to blame."""
    if any(word in words for word in _NOT_BUILT):
        return ("The project does not build: fix it, or choose another version.",)
    if any(word in words for word in _NOT_REACHED):
        return (
            "Check the network and the address.",
            "To list pip's indexes and proxies: `conda pip config list`.",
        )
    return ()


def _last_words(lines: list[str]) -> Iterable[str]:
    """From the first line that reports an error on, with the warnings before it; else the end.

    An index that cannot be reached, or wants a password, is a warning of pip's; the error that
    follows only says that nothing was found.
    """
    for number, line in enumerate(lines):
        if line.lstrip().lower().startswith("error"):
            warnings = dict.fromkeys(one for one in lines[:number] if one.startswith("WARNING:"))
            return [*list(warnings)[-_WARNINGS:], *lines[number:]]
    return lines[-20:]


def _indent(lines: Iterable[str]) -> str:
    return "\n".join(f"    {line}" for line in lines)


def run_child(
    command: Sequence[str], environ: Mapping[str, str], *, show: bool, stdout: bool = True
) -> tuple[int, str]:
    """Run to the end; its exit code, and what it said, on stderr alone without `stdout`.

    `show` passes that on to our stderr as it comes. Whatever interrupts us ends the child first: it
    would write on where we clean up.
    """
    with subprocess.Popen(
        command,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if stdout else subprocess.DEVNULL,
        stderr=subprocess.STDOUT if stdout else subprocess.PIPE,
        text=True,
        errors="replace",
    ) as process:
        lines: list[str] = []
        try:
            for line in (process.stdout if stdout else process.stderr) or ():
                lines.append(line)
                if show:
                    sys.stderr.write(line)
            process.wait()
        except BaseException:  # an interruption too ends the process
            process.terminate()
            process.wait()
            raise
    return process.returncode, "".join(lines)
