"""Host: what a command needs of the world: conda, pip, the environment, the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from packaging.utils import NormalizedName

    from conda_pip_interop.changes.atomic.journal import CondaChange
    from conda_pip_interop.commands.names.name_matches import Channels
    from conda_pip_interop.environment.conda_meta.history import Linked
    from conda_pip_interop.environment.conda_meta.records import CondaRecord
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.errors import InteropError
    from conda_pip_interop.installers.interface import Installer
    from conda_pip_interop.installers.pip.process import PipProcess
    from conda_pip_interop.names.lookup import Lookup
    from conda_pip_interop.names.names_map import ExtraMap
    from conda_pip_interop.protection.policy import Policy
    from conda_pip_interop.resolve.request.request import Preferences, Request
    from conda_pip_interop.resolve.solver import ComingPython, Conda, CondaPackage, Updating

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class CommonOptions:
    """What the command line says to the host, in the names that conda's own parser uses.

    `name` and `prefix`: at most one; neither selects the active environment.
    """

    name: str | None = None
    prefix: str | None = None
    json: bool = False
    quiet: bool = False
    verbose: int = 0
    yes: bool = False
    dry_run: bool = False
    channels: tuple[str, ...] = ()
    override_channels: bool = False
    solver: str | None = None
    offline: bool = False


class ChannelNames(Protocol):
    """Names and versions as the channels have them; without channels, names only."""

    def look_up(self, project: NormalizedName) -> Lookup:
        """Return what the sources of names say about a project."""
        ...

    def guess_projects(self, conda_name: str) -> tuple[NormalizedName, ...]:
        """Return the projects that a package carries, as far as its name tells."""
        ...

    def list_packages(self, conda_name: str) -> tuple[CondaPackage, ...]:
        """Return the channels' packages of a name, for any Python, oldest first."""
        ...

    def list_versions(self, conda_name: str, project: NormalizedName) -> tuple[str, ...]:
        """Return the versions of a package, for any Python, that may carry a project."""
        ...

    def matches(self, spec: str, version: str) -> bool:
        """Return whether conda's version spec `spec` matches `version`."""
        ...


class Host(Protocol):
    """The world of one command: one environment, its policy, conda, pip, and the terminal.

    A Host is a `changes.execute.Linker`. The plain host raises InteropError `needs-conda` where
    only conda can answer.
    """

    @property
    def target(self) -> Target:
        """The environment that the command is about."""
        ...

    @property
    def policy(self) -> Policy:
        """The settings (`plugins.pip_interop_…`)."""
        ...

    @property
    def standalone(self) -> bool:
        """Whether conda is missing, and neither conda nor pip is run."""
        ...

    # -- conda and pip

    def solver(self, updating: Updating = "none") -> Conda:
        """Return conda's solver for the environment; the same object each time but for updates."""
        ...

    def revert(self, change: CondaChange) -> None:
        """See `changes.execute.Reverter`."""
        ...

    def fetch(self, linked: Linked, *, cached: bool = False) -> Path | None:
        """See `changes.execute.Reverter`; `cached`: None also for what is not downloaded yet."""
        ...

    def relink(self, records: tuple[CondaRecord, ...]) -> None:
        """Link the very packages of `records` again (see `changes.execute.Linker`)."""
        ...

    def open_installer(
        self,
        snapshot: Snapshot,
        request: Request,
        *,
        versions: Mapping[NormalizedName, str],
    ) -> Installer:
        """Return pip or uv, as the policy says, that builds as the request says.

        The environment's own pip where it has pip >= 23.0, else conda's. `versions` is read at the
        time of a build and may grow until then: what conda has installed by then. Raises
        InteropError `no-pip`, `no-uv`, `no-uv-option`.
        """
        ...

    def choose_python(
        self, request: Request, preferences: Preferences, snapshot: Snapshot
    ) -> ComingPython:
        """Choose the Python that conda will install into an environment without one.

        Raises InteropError `unsatisfiable`.
        """
        ...

    def find_python(self, version: str, spec: str, snapshot: Snapshot) -> ComingPython | None:
        """Find the Python that conda will install for a spec; None if it is installed already.

        `version` is to be told. Raises InteropError `no-such-python`, `unsatisfiable`.
        """
        ...

    def open_pip(self, snapshot: Snapshot) -> PipProcess:
        """Return the environment's own pip, else conda's, working for the environment's Python.

        Raises InteropError `no-python`, `no-pip`.
        """
        ...

    def find_newer(self, records: Iterable[CondaRecord]) -> Mapping[str, str]:
        """Return the newest versions in the channels of what is older: conda name to version.

        Only packages that work with the Python of the environment count.
        """
        ...

    def find_versions(self, project: NormalizedName, target: Target) -> tuple[str, ...] | None:
        """Return the versions of a project that the channels have for the Python of `target`.

        None if the channels cannot be read.
        """
        ...

    def guard(
        self,
        unlinked: tuple[CondaPackage, ...],
        linked: tuple[CondaPackage, ...],
        replaced: Mapping[NormalizedName, str],
        snapshot: Snapshot | None,
    ) -> InteropError | None:
        """Warn of what conda's transaction breaks, or return the refusal if the policy says so.

        `replaced`: the distributions that the plan itself replaces, with the version that pip
        installs, or `""`. The environment is read where `snapshot` is None.
        """
        ...

    # -- channels and names

    def add_channels(self, channels: Sequence[str], *, only: bool) -> None:
        """Search these channels before conda's own, or `only` these, as for a file's."""
        ...

    def add_names(self, names: Mapping[NormalizedName, str | None]) -> None:
        """Look up PyPI's names as a file says; None is for never from conda."""
        ...

    def list_channels(self) -> tuple[str, ...]:
        """Return the channels as conda is configured, in order, as they are written into a file."""
        ...

    def list_other_channels(self, stated: tuple[str, ...]) -> tuple[str, ...]:
        """Return the channels of `list_channels` that none of the `stated` is, by its URL."""
        ...

    def list_channel_urls(self) -> tuple[str, ...]:
        """Return the URLs of the channels as conda is configured, in order, without credentials."""
        ...

    def channels(self) -> Channels:
        """Return what the channels carry for the Python of the environment (`names`)."""
        ...

    def channel_names(self, *, with_channels: bool) -> ChannelNames:
        """Return the names of the channels (`translate`); without channels no repodata is read."""
        ...

    def read_extra_map(self) -> ExtraMap | None:
        """Return the additional names map that was fetched earlier."""
        ...

    @property
    def cache_folder(self) -> Path | None:
        """Our folder in the user's cache, which may not exist; None where nothing is kept."""
        ...

    @property
    def extra_map_file(self) -> Path:
        """Where the fetched additional names map is kept."""
        ...

    @property
    def extra_map_origin(self) -> str:
        """The setting `pip_interop_names_map`: a file or URL, or an empty string."""
        ...

    def download(self, url: str, *, limit: int) -> bytes:
        """Download an https URL with conda's proxies and certificates; at most `limit` + 1 bytes.

        Raises OSError with the reason as its message, a redirect away from https included.
        """
        ...

    @property
    def subdir(self) -> str:
        """conda's platform, such as `linux-64`."""
        ...

    @property
    def base_prefix(self) -> Path:
        """conda's own environment."""
        ...

    # -- environments

    def find_target(self, option: str, value: str) -> Target:
        """Return the environment with a `name` or `prefix`, which need not exist."""
        ...

    def list_targets(self) -> list[Target]:
        """Return every environment that conda knows: base first, then by name or path."""
        ...

    def for_each(
        self, targets: Sequence[Target], work: Callable[[Target], T], *, in_processes: bool = False
    ) -> list[T]:
        """Call `work` for each target in parallel, with a progress bar; results in order.

        `in_processes`: it takes long, and it and its results can be pickled.
        """
        ...

    def forget_environment(self) -> None:
        """Remove the environment, which is gone, from conda's list of environments."""
        ...

    # -- the terminal

    @property
    def asks(self) -> bool:
        """Whether `confirm` asks: not under `--yes`, nor where conda's settings say so."""
        ...

    def confirm(self, dangerous: str | None = None) -> None:
        """Ask conda's `Proceed ([y]/n)?`, or `DANGEROUS (y/[n])?`; a no is conda's exception."""
        ...

    def progress(self, message: str) -> AbstractContextManager[Any]:
        """Show a spinner, unless the user asked for quiet or JSON."""
        ...

    def print_stderr(self, text: str) -> None:
        """Print a line for a person on stderr."""
        ...

    def report_waiting(self) -> None:
        """Say that another process changes the environment and that we wait for it."""
        ...

    @property
    def colours(self) -> bool:
        """Whether stdout is a terminal that shows colours (NO_COLOR is respected)."""
        ...

    @property
    def ascii_only(self) -> bool:
        """Whether the encoding of stdout lacks the lines of a tree."""
        ...

    # -- our own hooks around a command that changes the environment

    def before_change(self) -> None:
        """Do what is done before each conda command (`command_hooks.before_command("pip")`)."""
        ...

    def after_change(self) -> None:
        """Do what is done after each conda command (`command_hooks.after_command("pip")`)."""
        ...


#: Makes the host once the command line is parsed.
OpenHost: TypeAlias = "Callable[[CommonOptions], Host]"
