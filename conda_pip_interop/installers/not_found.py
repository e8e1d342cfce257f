"""Why an index has nothing that fits: it is for other Pythons, or its server refused the page."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from conda_pip_interop.errors import PipFailedError
from conda_pip_interop.installers.failures import advise, find_refused, is_not_found
from conda_pip_interop.text import hide_password
from conda_pip_interop.values import dataclass, regex

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.installers.pip.runs import PipCommand

#: pip's words: a requirement, and what requires it, that no version satisfies.
_UNSATISFIED: Final = regex(
    r"satisfies the requirement (?P<requirement>.+?)(?P<by> \(from [^()]*\))? \(from versions: "
)
#: pip's words: the name of a project of which no index has anything.
_NOTHING: Final = regex(
    r"satisfies the requirement (?P<name>[A-Za-z0-9._-]+).* \(from versions: none\)"
)
#: pip's words: versions for other Pythons, of every project that it has looked at.
_IGNORED: Final = regex(r"(?P<version>[^\s;:]+) Requires-Python (?P<python>[^;\n]+)")
#: pip's words about the only candidate for a requirement.
_DIFFERENT: Final = regex(
    r"Package '(?P<name>[^']+)' requires a different Python: \S+ not in '(?P<python>[^']*)'"
)
#: pip's words about the candidates for one or more requirements.
_DIFFERENTS: Final = regex(
    r"^\s*'(?P<python>[^']*)' \(required by (?P<name>[A-Za-z0-9._-]+) (?P<version>[^\s()]+)",
    re.MULTILINE,
)
#: uv's words.
_DEPENDS: Final = regex(
    r"does not satisfy Python(?P<python>\S+) and "
    r"(?P<name>[A-Za-z0-9._-]+)(?:==|>=|<=)(?P<version>[^\s,]+) depends on Python"
)
_AVAILABLE: Final = regex(r"^Available versions: (.+)$", re.MULTILINE)
#: pip's options that say where, and for what, an index is searched.
_SEARCHING: Final = {
    *("--index-url", "--extra-index-url", "--no-index", "--find-links", "--pre"),
    *("--only-binary", "--no-binary", "--trusted-host", "--cert", "--client-cert", "--proxy"),
}
_SHOWN: Final = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class PythonMismatch:
    """A project whose `version`, None if unknown, requires another Python.

    `fitting` are its versions for this Python, newest first; None if that is not known: files that
    are not from an index say their Python only inside. `direct`: the user has asked for it, and
    not another project.
    """

    name: str
    requires_python: str
    version: str | None = None
    fitting: tuple[str, ...] | None = None
    direct: bool = False

    def describe(self, label: str, python: str) -> str:
        """Describe it for the environment `label`, which has `python`."""
        what = self.name if self.version is None else f"{self.name} {self.version}"
        text = f"{what} requires Python {self.requires_python}, but {label} has Python {python}."
        if self.fitting is None:
            return text
        if not self.fitting:
            return f"{text} No version of {self.name} is for this Python."
        shown = ", ".join(self.fitting[:_SHOWN]) + (", …" if len(self.fitting) > _SHOWN else "")
        return f"{text} Versions of {self.name} for this Python: {shown}."

    def list_hints(self, target: Target) -> tuple[str, ...]:
        """Return what to do, as commands."""
        hints = []
        if self.fitting and self.direct:
            newest = f"{self.name}=={self.fitting[0]}"
            command = target.command("conda", "pip", "install", newest)
            hints.append(f"To install the newest for this Python: `{command}`.")
        wanted = f"python{self.requires_python}".replace(" ", "")
        hints.append(f"To use another Python: `conda create -n NEW '{wanted}' pip`.")
        return tuple(hints)


def find_mismatch(output: str, pip: PipCommand) -> PythonMismatch | None:
    """Find what pip or uv did not install because of its Python, by their output; None if nothing.

    pip lists versions for other Pythons of all projects, so the index is asked for those of the
    project in question.
    """
    different = _DIFFERENT.search(output)
    if different is not None:
        return PythonMismatch(name=different["name"], requires_python=different["python"])
    newest = _DIFFERENTS.search(output)
    if "require a different Python" in output and newest is not None:
        return PythonMismatch(
            name=newest["name"], version=newest["version"], requires_python=newest["python"]
        )
    depends = {canonicalize_name(one["name"]): one for one in _DEPENDS.finditer(output)}
    if depends:
        name, last = next(reversed(depends.items()))
        required = re.search(rf"\byou require {re.escape(last['name'])}\b", output)
        return PythonMismatch(
            name=name,
            version=last["version"],
            requires_python=last["python"],
            fitting=list_versions(name, pip),
            direct=required is not None,
        )
    return _find_ignored(output, pip)


def _find_ignored(output: str, pip: PipCommand) -> PythonMismatch | None:
    unsatisfied = _UNSATISFIED.search(output)
    ignored = {one["version"]: one["python"].strip() for one in _IGNORED.finditer(output)}
    if unsatisfied is None or not ignored:
        return None
    try:
        requirement = Requirement(unsatisfied["requirement"])
    except InvalidRequirement:
        return None
    fitting = list_versions(requirement.name, pip)
    every = list_versions(requirement.name, pip, any_python=True) or ()
    others = [
        version
        for version in every
        if version in ignored
        and version not in (fitting or ())
        and _allows(requirement.specifier, version)
    ]
    if not others:
        return None
    return PythonMismatch(
        name=canonicalize_name(requirement.name),
        version=others[0],
        requires_python=ignored[others[0]],
        fitting=fitting,
        direct=unsatisfied["by"] is None,
    )


def _allows(specifier: SpecifierSet, version: str) -> bool:
    try:
        return specifier.contains(Version(version), prereleases=True)
    except (InvalidVersion, InvalidSpecifier):
        return False


def add_refusals(error: PipFailedError, pip: PipCommand) -> PipFailedError:
    """Put what a server said before pip's own words, and advise on it.

    pip skips a page that it does not get, and says so in its log only: its page is asked for again.
    """
    nothing = _NOTHING.search(error.output)
    if nothing is None or not is_not_found(error):
        return error
    with tempfile.TemporaryDirectory(prefix="pip-interop-") as folder:
        log = Path(folder, "pip.log")
        ask_index(nothing["name"], pip, "--log", str(log))
        lines = find_refused(log.read_text("utf-8", "replace") if log.exists() else "")
    if not lines:
        return error
    head, _, words = error.message.partition("\n")
    told = "\n".join(f"    {hide_password(line)}" for line in lines)
    return PipFailedError(
        f"{head}\n{told}\n{words}",
        hints=advise(told),
        exit_code=error.exit_code,
        missing=error.missing,
        output="\n".join([*lines, error.output]),
    )


def list_versions(
    name: str, pip: PipCommand, *, any_python: bool = False
) -> tuple[str, ...] | None:
    """List the versions of a project on pip's indexes, newest first; None where pip fails."""
    done = ask_index(name, pip, *(["--ignore-requires-python"] if any_python else []))
    found = _AVAILABLE.search(done.stdout)
    if found is not None:
        return tuple(one.strip() for one in found[1].split(","))
    return () if "No matching distribution found" in done.stderr else None


def ask_index(name: str, pip: PipCommand, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `pip index versions` with the index that a pip asks."""
    given = ["index", "versions", name, "--disable-pip-version-check", "--no-input", *words]
    return subprocess.run(
        [*pip.command, *given, *_list_search_words(pip)],
        env=pip.build_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )


def _list_search_words(pip: PipCommand) -> Iterable[str]:
    for one in pip.options.arguments:
        if _SEARCHING.intersection(one.option.names):
            yield from one.words
