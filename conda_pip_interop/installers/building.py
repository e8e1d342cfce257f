"""Building: what is no wheel is built in an environment that has what its build asks for.

pip's own way fetches that from the index, in versions that the environment need not have; here
`prepare` makes such environments, and pip builds in them without isolation. What a build needs is
what pyproject.toml states (PEP 518), and then what the backend asks for (PEP 517).
"""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from conda_pip_interop.errors import InteropError
from conda_pip_interop.installers.interface import Line, is_wheel
from conda_pip_interop.installers.pip.input_files import write_stub
from conda_pip_interop.text import hide_password, write_text
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from conda_pip_interop.installers.interface import (
        BuildEnvironment,
        Installer,
        Pin,
        ProvidedDistribution,
    )
    from conda_pip_interop.installers.pip.process import PipProcess
    from conda_pip_interop.installers.pip.report import ReportItem

    Prepare = Callable[["BuildNeeds"], "BuildEnvironment"]
    from conda_pip_interop.errors import PipFailedError
    from conda_pip_interop.installers.not_found import PythonMismatch


_UNISOLATED: Final = ("--no-build-isolation",)
#: pip stops before it builds what lacks something, and says so.
_CHECKED: Final = (*_UNISOLATED, "--check-build-dependencies")


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildNeeds:
    """What a build needs: distributions (PEP 508), and the compilers of some languages."""

    requires: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()


@dataclass(kw_only=True)
class BuildingInstaller:
    """An installer (see `Installer`) whose sources pip builds, in environments of `prepare`'s.

    Without `prepare` they run in the environment itself, which must have what they need;
    `isolated` ones are pip's own affair. `wheels` does what needs no build, pip where it is None.
    """

    process: PipProcess
    prepare: Prepare | None
    isolated: bool = False
    wheels: Installer | None = None
    _sources: dict[str, ReportItem] = field(default_factory=dict)
    _archives: dict[str, ReportItem] = field(default_factory=dict)
    _unbuilt: set[NormalizedName] = field(default_factory=set)
    _needs: dict[str, BuildNeeds] = field(default_factory=dict)

    @property
    def _ready(self) -> Installer:
        return self.wheels or self.process

    def resolve(
        self,
        lines: tuple[Line, ...],
        *,
        provided: tuple[ProvidedDistribution, ...],
        with_deps: bool = True,
        ignore_installed: bool = False,
    ) -> tuple[ReportItem, ...]:
        """See `Installer.resolve`; a source is looked into once, and a stub stands for it then."""
        for line in lines:
            if _is_source(line) and line.text not in self._sources:
                (self._sources[line.text],) = self._look_into(line)
        with tempfile.TemporaryDirectory(prefix="pip-interop-") as folder:
            stood_in = tuple(self._stand_in(line, Path(folder)) for line in lines)

            def ask(process: Installer) -> tuple[ReportItem, ...]:
                return process.resolve(
                    stood_in,
                    provided=provided,
                    with_deps=with_deps,
                    ignore_installed=ignore_installed,
                )

            if self.wheels is None:
                items = self._resolve_unbuilt(ask, Path(folder))
            else:
                items = ask(self.wheels)
        sources = {one.name: one for one in self._sources.values()}
        items = tuple(
            replace(sources[one.name], requested_extras=one.requested_extras)
            if one.is_direct and one.name in sources
            else self._tell_archive(one)
            for one in items
        )
        self._unbuilt |= {one.name for one in items if not is_wheel(one.url)}
        return items

    def _resolve_unbuilt(
        self, ask: Callable[[PipProcess], tuple[ReportItem, ...]], folder: Path
    ) -> tuple[ReportItem, ...]:
        """Resolve with no build of pip's: each source archive that it meets is looked into here.

        What cannot be done so (`--no-binary`, an archive by a URL that another one needs, hashes)
        is done in pip's own way.
        """
        options = self.process.options.add(_CHECKED)
        while True:
            links = [write_stub(one, folder)[0] for one in self._archives.values()]
            urls = (link.partition(" @ ")[2] for link in links)
            process = replace(self.process, options=options, links=(*self.process.links, *urls))
            try:
                return ask(process)
            except InteropError as error:
                from conda_pip_interop.installers.source_trees import find_archive  # seldom needed

                met = find_archive(error.message)
                if met is not None and met not in self._archives:
                    (self._archives[met],) = self._look_into(Line(text=met, in_file=True))
                elif met or self._archives or _is_build_failure(error.message):
                    return ask(self.process)
                else:
                    raise

    def _tell_archive(self, item: ReportItem) -> ReportItem:
        """Of a stub, the archive that it stands for."""
        archive = self._archives.get(f"{item.name}=={item.version}")
        if archive is None:
            return item
        return replace(archive, requested=item.requested, requested_extras=item.requested_extras)

    def _look_into(self, line: Line) -> tuple[ReportItem, ...]:
        """Name, version and requirements of a source, and at which commit it is."""
        if self.wheels is not None and self.process.show:
            write_text(f"pip, and not uv, is to build {hide_password(line.text)}\n", sys.stderr)
        process = self._enter(self._learn_needs(line))
        return process.resolve((line,), provided=(), with_deps=False, ignore_installed=True)

    def _stand_in(self, line: Line, folder: Path) -> Line:
        item = self._sources.get(line.text)
        if item is None:
            return line
        text, sha256 = write_stub(item, folder)
        hashes = (f"sha256:{sha256}",) if line.hashes else ()
        return replace(line, text=text, editable=False, hashes=hashes, settings=())

    def find_mismatch(self, error: PipFailedError) -> PythonMismatch | None:
        """See `Installer.find_mismatch`."""
        return self.process.find_mismatch(error)

    def find_refusals(self, error: PipFailedError) -> PipFailedError:
        """See `Installer.find_refusals`."""
        return self.process.find_refusals(error)

    def fetch(self, pins: tuple[Pin, ...], *, into: Path) -> None:
        """See `Installer.fetch`."""
        unbuilt = {one.name for one in pins if one.name in self._unbuilt or _is_source(one.line)}
        located = tuple(one for one in pins if one.is_located and one.name not in unbuilt)
        ready = tuple(one for one in pins if one.name not in unbuilt and one not in located)
        if located:
            self.process.fetch(located, into=into)
        if ready:
            self._ready.fetch(ready, into=into)
        for pin in pins:
            if pin.name in unbuilt and not pin.editable:
                self._enter(self._find_needs(pin)).fetch((pin,), into=into)

    def stage(self, pins: tuple[Pin, ...], *, wheels: Path, into: Path) -> None:
        """See `Installer.stage`."""
        self._ready.stage(tuple(one for one in pins if not one.editable), wheels=wheels, into=into)
        for pin in pins:
            if pin.editable:
                process = self._enter(self._find_needs(pin), in_place=True)
                process.stage((pin,), wheels=wheels, into=into)

    def list_index_options(self) -> tuple[str, ...]:
        """See `Installer.list_index_options`."""
        return self.process.list_index_options()

    def list_releases(
        self, names: Collection[NormalizedName]
    ) -> Mapping[NormalizedName, frozenset[Version]]:
        """See `Installer.list_releases`."""
        return self.process.list_releases(names)

    def _find_needs(self, pin: Pin) -> BuildNeeds:
        """What a build needs, by the line that was looked into, which need not be the pin's."""
        for text, item in self._sources.items():
            if item.name == pin.name:
                return self._needs.get(text, BuildNeeds())
        return self._learn_needs(pin.line)

    def _learn_needs(self, line: Line) -> BuildNeeds:
        from conda_pip_interop.installers.source_trees import find_source  # as above

        if self.isolated:
            return BuildNeeds()
        if line.text not in self._needs:
            with tempfile.TemporaryDirectory(prefix="pip-interop-") as folder:
                source = find_source(line, self.process, Path(folder))
                needs = BuildNeeds() if source is None else self._ask(line, source)
            self._needs[line.text] = needs
        return self._needs[line.text]

    def _ask(self, line: Line, source: Path) -> BuildNeeds:
        from conda_pip_interop.installers.source_trees import (
            ask_backend,
            find_languages,
            find_missing,
            read_build_system,
        )

        system = read_build_system(source)
        stated = BuildNeeds(requires=system.requires, languages=find_languages(source))
        process = self._enter(stated)
        behind = (one.partition("=")[2] for one in line.settings if one.startswith("--config-"))
        settings = _read_settings((*self.process.options.values("-C"), *behind))
        asked = ask_backend(system, process, editable=line.editable, settings=settings)
        missing = find_missing(process.prefix, asked)
        return replace(stated, requires=(*stated.requires, *missing))

    def _enter(self, needs: BuildNeeds, *, in_place: bool = False) -> PipProcess:
        """pip where a build has what it needs, its programs included.

        `in_place`: with the environment's own Python, which sees what the build needs.
        """
        if self.isolated:
            return self.process
        options = self.process.options.add(_UNISOLATED)
        if self.prepare is None:
            from conda_pip_interop.installers.source_trees import find_missing

            missing = find_missing(self.process.prefix, needs.requires)
            if missing:
                raise _not_there(missing, self.process.prefix)
            environ = {**self.process.environ, **_with_programs(self.process.python.parent)}
            return replace(self.process, options=options, environ=environ)
        there = self.prepare(needs)
        environ = {**self.process.environ, **there.environ, **_with_programs(there.scripts)}
        if in_place:
            environ["PYTHONPATH"] = str(there.site_packages)
            return replace(self.process, options=options, environ=environ)
        return replace(
            self.process,
            options=options,
            environ=environ,
            python=there.python,
            runner=there.python,
            stand_in=None,
        )


def _is_build_failure(message: str) -> bool:
    return "subprocess-exited-with-error" in message or "BackendUnavailable" in message


def _with_programs(scripts: Path) -> dict[str, str]:
    return {"PATH": os.pathsep.join([str(scripts), os.environ.get("PATH", os.defpath)])}


def _read_settings(texts: Iterable[str]) -> dict[str, Any]:
    """Settings as pip gives them to a backend: one that is given twice is a list."""
    found: dict[str, Any] = {}
    for text in texts:
        key, _, value = text.partition("=")
        known = found.get(key)
        if known is None:
            found[key] = value
        else:
            found[key] = [*(known if isinstance(known, list) else [known]), value]
    return found


def _is_source(line: Line) -> bool:
    """Whether a line names a place where something is to be built."""
    is_local = line.editable or "/" in line.text or os.sep in line.text
    return is_local and (line.editable or not is_wheel(line.text))


def _not_there(missing: tuple[str, ...], prefix: Path) -> InteropError:
    names = " ".join(f'"{one}"' if set(one) & set("<>=!~; [") else one for one in missing)
    return InteropError(
        "build-requirements",
        f"--no-build-isolation: the environment lacks build requirements: {', '.join(missing)}.",
        hints=(
            f"Install them first: `conda pip install -p {shlex.quote(str(prefix))} {names}`.",
            "Or remove --no-build-isolation.",
        ),
    )
