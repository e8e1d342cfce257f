"""pip's own options: which run of pip each belongs to, and which are refused, and why."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import replace
from typing import Final, Literal, TypeAlias

from conda_pip_interop.values import dataclass

#: The runs of pip that an installation is made of: a dry run with a report; the download and the
#: build of wheels; their installation, without an index; the installation of the others, wheels of
#: an index and editable projects.
Stage: TypeAlias = Literal["resolve", "fetch", "install", "editable"]

_ALL: Final[tuple[Stage, ...]] = ("resolve", "fetch", "install", "editable")
#: Where something is looked for, downloaded or built.
_LOOKING: Final[tuple[Stage, ...]] = ("resolve", "fetch", "editable")
_INSTALLING: Final[tuple[Stage, ...]] = ("install", "editable")


@dataclass(frozen=True, kw_only=True, slots=True)
class ForwardedOption:
    """An option that is forwarded to pip, in the runs where it applies.

    `metavar` is None for a switch. `in_files`: pip takes it in requirements files, too. `help` is
    empty for what help names without explaining it.
    """

    names: tuple[str, ...]
    stages: tuple[Stage, ...]
    metavar: str | None = None
    in_files: bool = False
    help: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ImpliedOption:
    """An option that changes nothing: pip is always run with it."""

    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class RefusedOption:
    """An option that is refused; `instead` is a sentence that says what to do."""

    names: tuple[str, ...]
    instead: str
    metavar: str | None = None


PipOption: TypeAlias = ForwardedOption | ImpliedOption | RefusedOption

_HERE: Final = "`-n NAME` or `-p PATH` says which environment to install into."
_ITS_PYTHON: Final = "Packages are chosen for the Python that the environment has."

#: Every option of `pip install` (23.0 to 26.3) that `conda pip install` does not define itself.
PIP_OPTIONS: Final[tuple[PipOption, ...]] = (
    ForwardedOption(
        names=("-i", "--index-url", "--pypi-url"),
        stages=_LOOKING,
        metavar="URL",
        in_files=True,
        help="pip's index, in the place of the one that is configured",
    ),
    ForwardedOption(
        names=("--extra-index-url",),
        stages=_LOOKING,
        metavar="URL",
        in_files=True,
        help="another index for pip",
    ),
    ForwardedOption(
        names=("--no-index",),
        stages=_LOOKING,
        in_files=True,
        help="pip asks no index, only --find-links",
    ),
    ForwardedOption(
        names=("-f", "--find-links"),
        stages=_LOOKING,
        metavar="URL",
        in_files=True,
        help="a folder or a page with archives, for pip",
    ),
    ForwardedOption(names=("--pre",), stages=_LOOKING, in_files=True, help="pre-releases, too"),
    ForwardedOption(names=("--all-releases",), stages=_LOOKING, metavar="NAMES", in_files=True),
    ForwardedOption(names=("--only-final",), stages=_LOOKING, metavar="NAMES", in_files=True),
    ForwardedOption(
        names=("--only-binary",),
        stages=_LOOKING,
        metavar="NAMES",
        in_files=True,
        help="pip takes wheels alone for NAMES (:all: for every one)",
    ),
    ForwardedOption(
        names=("--no-binary",),
        stages=_LOOKING,
        metavar="NAMES",
        in_files=True,
        help="pip builds NAMES from source (:all: for every one)",
    ),
    ForwardedOption(names=("--prefer-binary",), stages=_LOOKING, in_files=True),
    ForwardedOption(
        names=("--require-hashes",),
        stages=("resolve", "fetch"),
        in_files=True,
        help="whatever pip downloads must have a hash to be checked against",
    ),
    ForwardedOption(names=("--no-require-hashes",), stages=("resolve", "fetch"), in_files=True),
    ForwardedOption(names=("--refresh-package",), stages=_LOOKING, metavar="NAMES"),
    ForwardedOption(names=("--uploaded-prior-to",), stages=_LOOKING, metavar="DATE"),
    ForwardedOption(names=("--ignore-requires-python",), stages=_ALL),
    ForwardedOption(
        names=("--no-build-isolation",),
        stages=_LOOKING,
        help="build in the environment itself",
    ),
    ForwardedOption(names=("--check-build-dependencies",), stages=_LOOKING),
    ForwardedOption(names=("--build-constraint",), stages=_LOOKING, metavar="FILE"),
    ForwardedOption(
        names=("-C", "--config-settings", "--config-setting"),
        stages=_LOOKING,
        metavar="KEY=VALUE",
        help="a setting for the build of what was asked for",
    ),
    ForwardedOption(names=("--global-option",), stages=_LOOKING, metavar="OPTION"),
    ForwardedOption(names=("--use-pep517",), stages=_LOOKING),
    ForwardedOption(names=("--no-use-pep517",), stages=_LOOKING),
    ForwardedOption(
        names=("--src",),
        stages=("editable",),
        metavar="DIR",
        help="where clones of `-e git+…` go (default: src in the environment)",
    ),
    ForwardedOption(names=("--compile",), stages=_INSTALLING),
    ForwardedOption(names=("--no-compile",), stages=_INSTALLING),
    ForwardedOption(names=("--no-warn-conflicts",), stages=_INSTALLING),
    ForwardedOption(names=("--root-user-action",), stages=_INSTALLING, metavar="ACTION"),
    ForwardedOption(names=("--no-clean",), stages=_ALL),
    ForwardedOption(names=("--progress-bar",), stages=_ALL, metavar="KIND"),
    ForwardedOption(names=("--debug",), stages=_ALL),
    ForwardedOption(names=("--log", "--log-file"), stages=_ALL, metavar="FILE"),
    ForwardedOption(names=("--keyring-provider",), stages=_ALL, metavar="KIND"),
    ForwardedOption(names=("--proxy",), stages=_ALL, metavar="URL"),
    ForwardedOption(names=("--no-proxy-env",), stages=_ALL),
    ForwardedOption(names=("--retries",), stages=_ALL, metavar="N"),
    ForwardedOption(names=("--resume-retries",), stages=_ALL, metavar="N"),
    ForwardedOption(names=("--timeout", "--default-timeout"), stages=_ALL, metavar="SECONDS"),
    ForwardedOption(names=("--exists-action",), stages=_ALL, metavar="ACTION"),
    ForwardedOption(names=("--trusted-host",), stages=_ALL, metavar="HOST", in_files=True),
    ForwardedOption(names=("--cert",), stages=_ALL, metavar="FILE"),
    ForwardedOption(names=("--client-cert",), stages=_ALL, metavar="FILE"),
    ForwardedOption(names=("--cache-dir",), stages=_ALL, metavar="DIR"),
    ForwardedOption(names=("--no-cache-dir",), stages=_ALL),
    ForwardedOption(names=("--no-color",), stages=_ALL),
    ForwardedOption(names=("--use-feature",), stages=_ALL, metavar="NAME", in_files=True),
    ForwardedOption(names=("--use-deprecated",), stages=_ALL, metavar="NAME"),
    ForwardedOption(names=("--no-python-version-warning",), stages=_ALL),
    ImpliedOption(names=("--no-input",)),
    ImpliedOption(names=("--disable-pip-version-check",)),
    ImpliedOption(names=("--no-warn-script-location",)),
    RefusedOption(names=("--user",), instead=_HERE),
    RefusedOption(names=("-t", "--target"), instead=_HERE, metavar="DIR"),
    RefusedOption(names=("--root",), instead=_HERE, metavar="DIR"),
    RefusedOption(names=("--python",), instead=_HERE, metavar="PYTHON"),
    RefusedOption(names=("--require-virtualenv",), instead=_HERE),
    RefusedOption(names=("--platform",), instead=_ITS_PYTHON, metavar="PLATFORM"),
    RefusedOption(names=("--python-version",), instead=_ITS_PYTHON, metavar="VERSION"),
    RefusedOption(names=("--implementation",), instead=_ITS_PYTHON, metavar="KIND"),
    RefusedOption(names=("--abi",), instead=_ITS_PYTHON, metavar="ABI"),
    RefusedOption(
        names=("--break-system-packages",),
        instead="A marker does not stop this command; to let pip replace what conda owns, name it:"
        " `--break-other-managers=NAME`.",
    ),
    RefusedOption(
        names=("-I", "--ignore-installed"),
        instead="It would leave files of what is installed behind: `--force-reinstall` removes"
        " them first.",
    ),
    RefusedOption(
        names=("--report",),
        instead="`--dry-run --json` tells what would be installed, by conda and by pip.",
        metavar="FILE",
    ),
    RefusedOption(
        names=("--isolated",),
        instead="`PIP_CONFIG_FILE=/dev/null` in the environment keeps pip's configuration out.",
    ),
    RefusedOption(
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

    option: ForwardedOption
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
        given = (PipArgument(option=one) for one in fresh if isinstance(one, ForwardedOption))
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
