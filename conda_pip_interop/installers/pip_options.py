"""pip's own options: which run of pip each belongs to, and which are refused, and why."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

#: The runs of pip that an installation is made of: a dry run with a report; the download and the
#: build of wheels; their installation, without an index; the installation of editable projects.
Stage: TypeAlias = Literal["resolve", "fetch", "install", "editable"]

_ALL: Final[tuple[Stage, ...]] = ("resolve", "fetch", "install", "editable")
#: Where something is looked for, downloaded or built.
_LOOKING: Final[tuple[Stage, ...]] = ("resolve", "fetch", "editable")
_INSTALLING: Final[tuple[Stage, ...]] = ("install", "editable")


@dataclass(frozen=True, kw_only=True, slots=True)
class Passed:
    """An option that is handed to pip, in the runs where it means something.

    `metavar` is None for a switch. `in_files`: pip takes it in requirements files, too. `help` is
    empty for what help names without explaining it.
    """

    names: tuple[str, ...]
    stages: tuple[Stage, ...]
    metavar: str | None = None
    in_files: bool = False
    help: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Implied:
    """An option that changes nothing: pip is always run so."""

    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """An option that is refused by name. `instead` is a sentence: what to do."""

    names: tuple[str, ...]
    instead: str
    metavar: str | None = None


PipOption: TypeAlias = Passed | Implied | Refused

_HERE: Final = "`-n NAME` or `-p PATH` says which environment to install into."
_ITS_PYTHON: Final = "Packages are chosen for the Python that the environment has."

#: Every option of `pip install` (23.0 to 26.3) that `conda pip install` does not define itself.
PIP_OPTIONS: Final[tuple[PipOption, ...]] = (
    Passed(
        names=("-i", "--index-url", "--pypi-url"),
        stages=_LOOKING,
        metavar="URL",
        in_files=True,
        help="pip's index, in the place of the one that is configured",
    ),
    Passed(
        names=("--extra-index-url",),
        stages=_LOOKING,
        metavar="URL",
        in_files=True,
        help="another index for pip",
    ),
    Passed(
        names=("--no-index",),
        stages=_LOOKING,
        in_files=True,
        help="pip asks no index, only --find-links",
    ),
    Passed(
        names=("-f", "--find-links"),
        stages=_LOOKING,
        metavar="URL",
        in_files=True,
        help="a folder or a page with archives, for pip",
    ),
    Passed(names=("--pre",), stages=_LOOKING, in_files=True, help="pre-releases, too"),
    Passed(names=("--all-releases",), stages=_LOOKING, metavar="NAMES", in_files=True),
    Passed(names=("--only-final",), stages=_LOOKING, metavar="NAMES", in_files=True),
    Passed(
        names=("--only-binary",),
        stages=_LOOKING,
        metavar="NAMES",
        in_files=True,
        help="pip takes wheels alone for NAMES (:all: for every one)",
    ),
    Passed(
        names=("--no-binary",),
        stages=_LOOKING,
        metavar="NAMES",
        in_files=True,
        help="pip builds NAMES from source (:all: for every one)",
    ),
    Passed(names=("--prefer-binary",), stages=_LOOKING, in_files=True),
    Passed(
        names=("--require-hashes",),
        stages=("resolve", "fetch"),
        in_files=True,
        help="whatever pip downloads must have a hash to be checked against",
    ),
    Passed(names=("--no-require-hashes",), stages=("resolve", "fetch"), in_files=True),
    Passed(names=("--refresh-package",), stages=_LOOKING, metavar="NAMES"),
    Passed(names=("--uploaded-prior-to",), stages=_LOOKING, metavar="DATE"),
    Passed(names=("--ignore-requires-python",), stages=_ALL),
    Passed(
        names=("--no-build-isolation",),
        stages=_LOOKING,
        help="build in the environment itself",
    ),
    Passed(names=("--check-build-dependencies",), stages=_LOOKING),
    Passed(names=("--build-constraint",), stages=_LOOKING, metavar="FILE"),
    Passed(
        names=("-C", "--config-settings", "--config-setting"),
        stages=_LOOKING,
        metavar="KEY=VALUE",
        help="a setting for the build of what was asked for",
    ),
    Passed(names=("--global-option",), stages=_LOOKING, metavar="OPTION"),
    Passed(names=("--use-pep517",), stages=_LOOKING),
    Passed(names=("--no-use-pep517",), stages=_LOOKING),
    Passed(
        names=("--src",),
        stages=("editable",),
        metavar="DIR",
        help="where clones of `-e git+…` go (default: src in the environment)",
    ),
    Passed(names=("--compile",), stages=_INSTALLING),
    Passed(names=("--no-compile",), stages=_INSTALLING),
    Passed(names=("--no-warn-conflicts",), stages=_INSTALLING),
    Passed(names=("--root-user-action",), stages=_INSTALLING, metavar="ACTION"),
    Passed(names=("--no-clean",), stages=_ALL),
    Passed(names=("--progress-bar",), stages=_ALL, metavar="KIND"),
    Passed(names=("--debug",), stages=_ALL),
    Passed(names=("--log", "--log-file"), stages=_ALL, metavar="FILE"),
    Passed(names=("--keyring-provider",), stages=_ALL, metavar="KIND"),
    Passed(names=("--proxy",), stages=_ALL, metavar="URL"),
    Passed(names=("--no-proxy-env",), stages=_ALL),
    Passed(names=("--retries",), stages=_ALL, metavar="N"),
    Passed(names=("--resume-retries",), stages=_ALL, metavar="N"),
    Passed(names=("--timeout", "--default-timeout"), stages=_ALL, metavar="SECONDS"),
    Passed(names=("--exists-action",), stages=_ALL, metavar="ACTION"),
    Passed(names=("--trusted-host",), stages=_ALL, metavar="HOST", in_files=True),
    Passed(names=("--cert",), stages=_ALL, metavar="FILE"),
    Passed(names=("--client-cert",), stages=_ALL, metavar="FILE"),
    Passed(names=("--cache-dir",), stages=_ALL, metavar="DIR"),
    Passed(names=("--no-cache-dir",), stages=_ALL),
    Passed(names=("--no-color",), stages=_ALL),
    Passed(names=("--use-feature",), stages=_ALL, metavar="NAME", in_files=True),
    Passed(names=("--use-deprecated",), stages=_ALL, metavar="NAME"),
    Passed(names=("--no-python-version-warning",), stages=_ALL),
    Implied(names=("--no-input",)),
    Implied(names=("--disable-pip-version-check",)),
    Implied(names=("--no-warn-script-location",)),
    Refused(names=("--user",), instead=_HERE),
    Refused(names=("-t", "--target"), instead=_HERE, metavar="DIR"),
    Refused(names=("--root",), instead=_HERE, metavar="DIR"),
    Refused(names=("--python",), instead=_HERE, metavar="PYTHON"),
    Refused(names=("--require-virtualenv",), instead=_HERE),
    Refused(names=("--platform",), instead=_ITS_PYTHON, metavar="PLATFORM"),
    Refused(names=("--python-version",), instead=_ITS_PYTHON, metavar="VERSION"),
    Refused(names=("--implementation",), instead=_ITS_PYTHON, metavar="KIND"),
    Refused(names=("--abi",), instead=_ITS_PYTHON, metavar="ABI"),
    Refused(
        names=("--break-system-packages",),
        instead="A marker does not stop this command; to let pip replace what conda owns, name it:"
        " `--break-other-managers=NAME`.",
    ),
    Refused(
        names=("-I", "--ignore-installed"),
        instead="It would leave files of what is installed behind: `--force-reinstall` removes"
        " them first.",
    ),
    Refused(
        names=("--report",),
        instead="`--dry-run --json` tells what would be installed, by conda and by pip.",
        metavar="FILE",
    ),
    Refused(
        names=("--isolated",),
        instead="`PIP_CONFIG_FILE=/dev/null` in the environment keeps pip's configuration out.",
    ),
    Refused(
        names=("--install-option",),
        instead="pip 23.1 has removed it: use `--config-settings`.",
        metavar="OPTION",
    ),
)

#: Each spelling, with what becomes of it.
BY_NAME: Final = {name: option for option in PIP_OPTIONS for name in option.names}


@dataclass(frozen=True, kw_only=True, slots=True)
class PipArgument:
    """An option as it was given; `value` is None for a switch. May hold a password: never shown.

    `in_file` is true where a requirements file gave it.
    """

    option: Passed
    value: str | None = None
    in_file: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """As pip takes it on its command line: by its long name, which takes any value."""
        return (self.name,) if self.value is None else (f"{self.name}={self.value}",)

    @property
    def name(self) -> str:
        """The option's long name."""
        return next(name for name in self.option.names if name.startswith("--"))

    @property
    def line(self) -> str:
        """As a requirements file has it."""
        return self.name if self.value is None else f"{self.name}={shlex.quote(self.value)}"


@dataclass(frozen=True, kw_only=True, slots=True)
class PipOptions:
    """What is handed to pip: `arguments` in their order, and `verbatim`, what stood behind `--`.

    `verbatim` are options that we do not know; they go to the runs of `pip install`.
    """

    arguments: tuple[PipArgument, ...] = ()
    verbatim: tuple[str, ...] = ()

    def words(self, stage: Stage) -> tuple[str, ...]:
        """The words for one run of pip."""
        due = [one for one in self.arguments if stage in one.option.stages and not one.in_file]
        known = [word for one in due for word in one.words]
        return (*known, *(() if stage == "fetch" else self.verbatim))

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines of a requirements file for what requirements files have said."""
        return tuple(one.line for one in self.arguments if one.in_file)

    def add(self, names: Iterable[str]) -> PipOptions:
        """These switches too, where they were not given."""
        fresh = (BY_NAME[name] for name in names if not self.has(name))
        given = (PipArgument(option=one) for one in fresh if isinstance(one, Passed))
        return replace(self, arguments=(*self.arguments, *given))

    def has(self, name: str) -> bool:
        """Whether an option was given, by any of its names."""
        return any(name in one.option.names for one in self.arguments)

    def values(self, name: str) -> tuple[str, ...]:
        """The values of an option, by any of its names, in their order."""
        return tuple(
            one.value
            for one in self.arguments
            if name in one.option.names and one.value is not None
        )
