"""Run uv for one environment's Python, instead of pip.

uv knows no report and no overlay of pip's: conda's part is fixed by constraints that name wheels of
metadata alone, what is installed is preferred where it still serves, as pip prefers it, and what
distributions require is read from where uv puts them for a look. uv is for wheels: what is none,
pip looks into, and `installers.building` has it built by pip.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name, parse_wheel_filename

from conda_pip_interop.dependency_files.locations import is_archive
from conda_pip_interop.installers.failures import find_filtered, uv_failed
from conda_pip_interop.installers.indexes import open_indexes
from conda_pip_interop.installers.interface import Line, Pin, ProvidedDistribution, is_wheel
from conda_pip_interop.installers.pip.input_files import (
    write_constraints,
    write_links,
    write_requirements,
    write_stub_wheel,
)
from conda_pip_interop.installers.pip.process import find_fetched, neutral_environment
from conda_pip_interop.installers.pip.report import ReportItem
from conda_pip_interop.installers.pip.runs import run_child
from conda_pip_interop.installers.uv.lock import Package, parse_answer, read_metadata
from conda_pip_interop.installers.uv.options import UvSettings
from conda_pip_interop.values import dataclass, regex

if TYPE_CHECKING:
    from packaging.version import Version

    from conda_pip_interop.errors import PipFailedError
    from conda_pip_interop.installers.not_found import PythonMismatch
    from conda_pip_interop.installers.pip.process import PipProcess


#: Variables of uv's that say how it works; all others say what, or where, which pip's settings do.
_KEPT: Final = regex(
    r"UV_(CACHE_DIR|LINK_MODE|CONCURRENT_\w+|HTTP_\w+|SYSTEM_CERTS|NATIVE_TLS|OFFLINE)"
)
_LOCK: Final = 'lock-version = "1.0"\ncreated-by = "conda-pip-interop"\n'


@dataclass(kw_only=True)
class UvProcess:
    """uv (see `Installer`). `pip` has the environment, its constraints and what shows.

    The two functions are called where there is something to do for uv: they take their time.
    """

    uv: Path
    pip: PipProcess
    read_settings: Callable[[], UvSettings] = UvSettings
    read_installed: Callable[[], Iterable[ProvidedDistribution]] = tuple
    _seen: dict[str, ReportItem] = field(default_factory=dict)

    @cached_property
    def settings(self) -> UvSettings:
        """What pip's options and configuration are to uv."""
        return self.read_settings()

    @cached_property
    def installed(self) -> tuple[ProvidedDistribution, ...]:
        """The environment's distributions, each with all its requirements."""
        return tuple(self.read_installed())

    def resolve(
        self,
        lines: tuple[Line, ...],
        *,
        provided: tuple[ProvidedDistribution, ...],
        with_deps: bool = True,
        ignore_installed: bool = False,
    ) -> tuple[ReportItem, ...]:
        """See `Installer.resolve`."""
        fixed = {one.name for one in provided}
        there = (
            ()
            if ignore_installed
            else tuple(one for one in self.installed if one.name not in fixed)
        )
        with tempfile.TemporaryDirectory(prefix="pip-interop-") as name:
            folder = Path(name)
            packages = self._compile(
                [
                    *_write_provided(provided, folder),
                    *self._limits(folder),
                    *(() if with_deps else ("--no-deps",)),
                    str(self._write_asked(lines, folder, there)),
                ],
                preferred=self._find_preferred(lines, there),
                folder=folder,
            )
        known = {one.name: one.version for one in there}
        due = [
            one
            for one in packages
            if one.name not in fixed and (one.direct or known.get(one.name) != one.version)
        ]
        return self._describe(due, lines)

    def list_releases(
        self, names: Collection[NormalizedName]
    ) -> Mapping[NormalizedName, frozenset[Version]]:
        """See `Installer.list_releases`."""
        return self.pip.list_releases(names)

    def find_mismatch(self, error: PipFailedError) -> PythonMismatch | None:
        """See `Installer.find_mismatch`; pip is asked, since uv lists no versions."""
        return self.pip.find_mismatch(error)

    def find_refusals(self, error: PipFailedError) -> PipFailedError:
        """See `Installer.find_refusals`; uv says so itself."""
        return error

    def fetch(self, pins: tuple[Pin, ...], *, into: Path) -> None:
        """See `Installer.fetch`; wheels are in uv's cache already, and it installs from there."""

    def stage(self, pins: tuple[Pin, ...], *, wheels: Path, into: Path) -> None:
        """See `Installer.stage`; what was built lies in `wheels`."""
        built = find_fetched(wheels)
        local = tuple(Line(text=str(one)) for one in pins if one.name in built)
        if local:
            from_here = ("--no-index", f"--find-links {wheels.as_uri()}")
            self._install(local, "--prefix", into, looking=from_here)
        rest = tuple(one.line for one in pins if one.name not in built)
        if rest:
            self._install(rest, "--prefix", into)
        (into / ".lock").unlink(missing_ok=True)
        self.pip.name_python(into)

    def list_index_options(self) -> tuple[str, ...]:
        """See `Installer.list_index_options`; uv has pip's configuration."""
        return self.pip.list_index_options()

    def _compile(
        self, words: list[str], *, preferred: tuple[ProvidedDistribution, ...], folder: Path
    ) -> list[Package]:
        lock = folder / "pylock.toml"
        if preferred:
            rows = [
                f'[[packages]]\nname = "{one.name}"\nversion = "{one.version}"\n'
                for one in preferred
            ]
            lock.write_text("".join([_LOCK, *rows]), encoding="utf-8")
        output = ("--format=pylock.toml", f"--output-file={lock}")
        self._run(["compile", *output, *self.settings.resolving, *words])
        return parse_answer(lock.read_text(encoding="utf-8"))

    def _find_preferred(
        self, lines: tuple[Line, ...], there: tuple[ProvidedDistribution, ...]
    ) -> tuple[ProvidedDistribution, ...]:
        """What stays in its version where it can, by pip's rules for `--upgrade`."""
        if "--upgrade" not in self.pip.resolving:
            return there
        if "--upgrade-strategy=eager" in self.pip.resolving:
            return ()
        asked = _read_asked(lines)
        return tuple(one for one in there if one.name not in asked)

    def _write_asked(
        self, lines: tuple[Line, ...], folder: Path, there: tuple[ProvidedDistribution, ...]
    ) -> Path:
        """The requirements file; what is installed need be on no index."""
        stubs = folder / "installed"
        stubs.mkdir()
        for one in there:
            _write_stub(one, stubs)
        links = f"--find-links {stubs.as_uri()}"
        return self._write((*self.settings.lines, links), lines, folder)

    def _write(self, words: Iterable[str], lines: Iterable[Line], folder: Path) -> Path:
        links = self.pip.links
        found = (f"--find-links {write_links(folder, links).as_uri()}",) if links else ()
        return write_requirements(folder, (*words, *found), map(_name_wheel, lines))

    def _limits(self, folder: Path) -> Iterable[str]:
        if self.pip.constraints:
            yield f"--constraint={write_constraints(folder, self.pip.constraints)}"
        yield from (f"--constraint={file}" for file in self.settings.constraints)

    def _describe(self, packages: list[Package], lines: tuple[Line, ...]) -> tuple[ReportItem, ...]:
        """Their metadata, from an installation for a look; of sources, from pip.

        Hashes are checked there, by pip's rule: where one has some, all must have.
        """
        asked = _read_asked(lines)
        texts = {name: line for name, (line, _) in asked.items()}
        unseen = [one for one in packages if one.key not in self._seen]
        wheels = [one for one in unseen if one.wheel]
        if wheels:
            with tempfile.TemporaryDirectory(prefix="pip-interop-") as name:
                target = Path(name)
                self._install(
                    tuple(one.line(texts.get(one.name)) for one in wheels),
                    *("--target", target),
                    hashes=self.settings.require_hashes or any(one.hashes for one in lines),
                    UV_LINK_MODE="symlink",
                )
                found = read_metadata(target)
            self._seen |= {one.key: one.describe(found[one.name]) for one in wheels}
        for one in unseen:
            if not one.wheel:
                line = one.line(texts.get(one.name))
                (self._seen[one.key],) = self.pip.resolve(
                    (line,), provided=(), with_deps=False, ignore_installed=True
                )
        return tuple(
            replace(
                self._seen[one.key],
                requested=one.name in asked,
                requested_extras=asked[one.name][1] if one.name in asked else (),
            )
            for one in packages
        )

    def _install(
        self,
        lines: tuple[Line, ...],
        where: str,
        into: Path,
        *,
        hashes: bool = False,
        looking: tuple[str, ...] | None = None,
        **environ: str,
    ) -> None:
        """Install just these wheels into a folder. `hashes`: each of them must have one.

        `looking`: where to look, in the place of where pip's settings say.
        """
        words = self.settings.lines if looking is None else looking
        with tempfile.TemporaryDirectory(prefix="pip-interop-") as folder:
            self._run(
                [
                    *("install", where, str(into), "--no-deps", "--no-build"),
                    *(("--require-hashes",) if hashes else ()),
                    *self.settings.installing,
                    *("--requirement", str(self._write(words, lines, Path(folder)))),
                ],
                **environ,
            )

    def _run(self, arguments: list[str], **environ: str) -> None:
        quiet = () if self.pip.show else ("--quiet",)
        command = [
            *(str(self.uv), "pip", arguments[0], "--no-config", "--no-progress", *quiet),
            *("--python", str(self.pip.interpreter), *self.settings.words, *arguments[1:]),
        ]
        child = {
            **_neutral(os.environ),
            **self.pip.environ,
            **self.settings.environ,
            **environ,
            # a marker, which does not forbid a plan, and a folder for a look even less
            "UV_BREAK_SYSTEM_PACKAGES": "1",
            "UV_PYTHON_DOWNLOADS": "never",
        }
        returncode, output = run_child(command, child, show=self.pip.show, stdout=False)
        if returncode:
            filtered = find_filtered(output)
            ageless = open_indexes(self.pip).find_ageless(filtered) if filtered else ()
            offline = "PIP_NO_INDEX" in self.pip.environ
            raise uv_failed(returncode, output, ageless=ageless, offline=offline)


def _read_asked(lines: Iterable[Line]) -> dict[NormalizedName, tuple[Line, tuple[str, ...]]]:
    """The lines by the names that they ask for, with their extras."""
    asked: dict[NormalizedName, tuple[Line, tuple[str, ...]]] = {}
    for line in lines:
        try:
            requirement = Requirement(_name_wheel(line).text)
        except (InvalidRequirement, RecursionError):  # uv will say so
            continue
        name = canonicalize_name(requirement.name)
        known = asked[name][1] if name in asked else ()
        asked[name] = (line, tuple(sorted({*known, *requirement.extras})))
    return asked


def _name_wheel(line: Line) -> Line:
    """A path or URL of a wheel as a requirement: its name is in its file's (binary format)."""
    location, bracket, extras = line.text.partition("[") if " @ " not in line.text else ("", "", "")
    file = unquote(urlsplit(location).path if "://" in location else location)
    if line.editable or not (is_archive(file) and is_wheel(file)):
        return line
    name = parse_wheel_filename(file.rpartition("/")[2].rpartition(os.sep)[2])[0]
    url = location if "://" in location else Path(location).as_uri()
    return replace(line, text=f"{name}{bracket}{extras} @ {url}")


def _write_provided(provided: Iterable[ProvidedDistribution], folder: Path) -> Iterable[str]:
    stubs = folder / "provided"
    stubs.mkdir()
    lines = [f"{one.name} @ {_write_stub(one, stubs).as_uri()}\n" for one in provided]
    (folder / "provided.txt").write_text("".join(lines), encoding="utf-8")
    return (f"--constraint={folder / 'provided.txt'}",)


def _write_stub(one: ProvidedDistribution, folder: Path) -> Path:
    return write_stub_wheel(
        folder,
        name=one.name,
        version=one.version,
        requires=one.extra_requirements,
        extras=one.extras,
    )


def _neutral(environ: Mapping[str, str]) -> dict[str, str]:
    """Without what would make uv install elsewhere, or something else than pip would."""
    kept = neutral_environment(environ)
    return {key: one for key, one in kept.items() if key[:3] != "UV_" or _KEPT.fullmatch(key)}
