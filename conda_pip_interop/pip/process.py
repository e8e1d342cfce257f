"""The real pip, run as a process for one environment's Python."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from conda_pip_interop.errors import InteropError
from conda_pip_interop.pip.overlay import write_overlay
from conda_pip_interop.pip.report import parse_report

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from conda_pip_interop.pip.interface import HeldDistribution
    from conda_pip_interop.pip.report import ReportItem

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


@dataclass(frozen=True, kw_only=True, slots=True)
class PipProcess:
    """pip for the environment whose interpreter is `python`.

    `runner` is the interpreter whose pip does the work: `python` itself where it has pip, another
    one (conda's own) where it has none. `show` passes pip's output on to stderr.
    """

    python: Path
    runner: Path
    show: bool = False

    def resolve(
        self,
        requirements: tuple[str, ...],
        *,
        held: tuple[HeldDistribution, ...],
        with_deps: bool = True,
    ) -> tuple[ReportItem, ...]:
        """See `Installer.resolve`: a dry run with a report, which a marker does not forbid."""
        with tempfile.TemporaryDirectory(prefix="pip-interop-") as name:
            folder = Path(name)
            overlay = folder / "overlay"
            overlay.mkdir()
            write_overlay(overlay, held)
            constraints = folder / "constraints.txt"
            constraints.write_text(
                "".join(f"{one.name}=={one.version}\n" for one in held), encoding="utf-8"
            )
            report = folder / "report.json"
            self._run(
                [
                    *("install", "--dry-run", "--report", str(report)),
                    *(() if with_deps else ("--no-deps",)),
                    *("--constraint", str(constraints), "--", *requirements),
                ],
                environ={"PYTHONPATH": str(overlay)},
            )
            return parse_report(report.read_text(encoding="utf-8"))

    def fetch(self, pins: tuple[str, ...], *, into: Path) -> tuple[Path, ...]:
        """See `Installer.fetch`: `pip wheel`, so that a failing build fails before any change."""
        self._run(["wheel", "--no-deps", "--wheel-dir", str(into), "--", *pins])
        return tuple(sorted(into.glob("*.whl")))

    def stage(self, pins: tuple[str, ...], *, wheels: Path, into: Path) -> None:
        """See `Installer.stage`. The plan was agreed on, so a marker does not stop it."""
        self._run(
            [
                *("install", "--no-deps", "--no-index", "--find-links", str(wheels)),
                *("--ignore-installed", "--no-warn-script-location", "--", *pins),
            ],
            into=into,
            environ={"PIP_BREAK_SYSTEM_PACKAGES": "1", "PIP_CONSTRAINT": ""},
        )

    def _run(
        self,
        arguments: list[str],
        *,
        into: Path | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        command = [str(self.runner), "-m", "pip"]
        if self.runner != self.python:
            command += ["--python", str(self.python)]
        command += [*arguments[:1], "--no-input", "--disable-pip-version-check"]
        if arguments[0] == "install":
            command += _stay_in(into or _prefix_of(self.python))
        command += arguments[1:]
        done = subprocess.run(
            command,
            env={**neutral_environment(os.environ), **(environ or {})},
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr if self.show else subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode:
            raise pip_failed(done.returncode, done.stdout or "")


def neutral_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` without what would make pip install elsewhere; index, proxy and keys are kept."""
    dropped = {"PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", *(f"PIP_{name}" for name in _PLACES)}
    kept = {key: value for key, value in environ.items() if key.upper() not in dropped}
    kept.update({f"PIP_{name}": "0" for name in _SWITCHES})
    kept["PYTHONNOUSERSITE"] = "1"
    return kept


def _prefix_of(python: Path) -> Path:
    return python.parent if os.name == "nt" else python.parent.parent


def _stay_in(prefix: Path) -> list[str]:
    """Arguments that name `prefix` as the place to install to, which pip.conf may not say.

    An empty `--target` means none; an empty `--prefix` or `--root` would be a relative path.
    """
    return ["--target=", f"--prefix={prefix}", f"--root={prefix.anchor}"]


def pip_failed(returncode: int, output: str) -> InteropError:
    """pip's own words about its failure, with its own exit code."""
    return InteropError(
        "pip-failed",
        f"pip failed (exit code {returncode}):\n{_indent(_last_words(output.splitlines()))}",
        exit_code=returncode,
    )


def _last_words(lines: list[str]) -> Iterable[str]:
    """From the first line that reports an error on; without one, the last twenty."""
    for number, line in enumerate(lines):
        if line.lstrip().lower().startswith("error"):
            return lines[number:]
    return lines[-20:]


def _indent(lines: Iterable[str]) -> str:
    return "\n".join(f"    {line}" for line in lines)
