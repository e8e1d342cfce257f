"""The host of `conda pip`: conda's solver, channels, environments, prompt and terminal."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import field, replace
from functools import cached_property
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from conda.base.context import context

from conda_pip_interop.conda_adapter.boundary import guarded
from conda_pip_interop.conda_adapter.console import is_silent, print_stderr, show_progress
from conda_pip_interop.conda_adapter.environments import add_channels, build_target, find_target_by
from conda_pip_interop.conda_adapter.session import current_session
from conda_pip_interop.conda_adapter.settings import read_names_map, read_policy, report_unknown
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from packaging.utils import NormalizedName

    from conda_pip_interop.changes.atomic.journal import CondaChange
    from conda_pip_interop.commands.host import ChannelNames, CommonOptions
    from conda_pip_interop.conda_adapter.transactions.package_contents import ChannelInspector
    from conda_pip_interop.conda_adapter.transactions.solver import CondaEnvironment
    from conda_pip_interop.environment.conda_meta.history import Linked
    from conda_pip_interop.environment.conda_meta.records import CondaRecord
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.errors import InteropError
    from conda_pip_interop.installers.interface import Installer
    from conda_pip_interop.installers.pip.process import PipProcess
    from conda_pip_interop.names.names_map import ExtraMap
    from conda_pip_interop.protection.policy import Policy
    from conda_pip_interop.resolve.request.request import Preferences, Request
    from conda_pip_interop.resolve.solver import ComingPython, CondaPackage, Updating

T = TypeVar("T")

#: From which number of environments on processes are faster than threads.
_MANY: Final = 8


def open_host(options: CommonOptions) -> CondaHost:
    """Initialise conda's context with our command line, in the names that conda's parser uses."""
    arguments = {
        "name": options.name,
        "prefix": options.prefix,
        "json": options.json,
        "quiet": options.quiet or options.json,
        "verbosity": options.verbose,
        "always_yes": options.yes or None,
        "dry_run": options.dry_run,
        "channel": options.channels or None,
        "override_channels": options.override_channels,
        "solver": options.solver,
        "offline": options.offline or None,
    }
    known = dict(context._argparse_args or {})  # noqa: SLF001 - conda has no other way to ask
    known.update({key: value for key, value in arguments.items() if value is not None})
    context.__init__(argparse_args=Namespace(**known))
    guarded(report_unknown)
    return CondaHost(target=build_target(context.target_prefix), verbose=options.verbose > 0)


@dataclass(frozen=True, kw_only=True)
class CondaHost:
    """See `commands.host.Host`; `verbose` shows what pip and uv print themselves."""

    target: Target
    verbose: bool = False
    standalone: bool = field(default=False, init=False)

    @property
    def policy(self) -> Policy:
        """See `Host.policy`."""
        return read_policy()

    @cached_property
    def _environment(self) -> CondaEnvironment:
        from conda_pip_interop.conda_adapter.transactions.solver import CondaEnvironment

        return CondaEnvironment(target=self.target)

    def solver(self, updating: Updating = "none") -> CondaEnvironment:
        """See `Host.solver`."""
        if updating == "none":
            return self._environment
        return replace(self._environment, updating=updating)

    def relink(self, records: tuple[CondaRecord, ...]) -> None:
        """See `Linker.relink`."""
        self._environment.relink(records)

    def revert(self, change: CondaChange) -> None:
        """See `Reverter.revert`."""
        self._environment.revert(change)

    def fetch(self, linked: Linked, *, cached: bool = False) -> Path | None:
        """See `Reverter.fetch`."""
        return self._environment.fetch(linked, cached=cached)

    def open_installer(
        self,
        snapshot: Snapshot,
        request: Request,
        *,
        versions: Mapping[NormalizedName, str],
    ) -> Installer:
        """See `Host.open_installer`."""
        from conda_pip_interop.conda_adapter.installers import open_installer

        return open_installer(snapshot, request, self.target, versions, show=self.verbose)

    def choose_python(
        self, request: Request, preferences: Preferences, snapshot: Snapshot
    ) -> ComingPython:
        """See `Host.choose_python`."""
        from conda_pip_interop.conda_adapter.transactions.coming_python import choose_python

        return choose_python(self._environment, request, preferences, snapshot.prefix.platform)

    def find_python(self, version: str, spec: str, snapshot: Snapshot) -> ComingPython | None:
        """See `Host.find_python`."""
        from conda_pip_interop.conda_adapter.transactions.coming_python import find_python

        return find_python(self._environment, version, spec, snapshot.prefix.platform)

    def open_pip(self, snapshot: Snapshot) -> PipProcess:
        """See `Host.open_pip`."""
        from conda_pip_interop.conda_adapter.installers import open_pip

        return open_pip(snapshot, self.target)

    def find_newer(self, records: Iterable[CondaRecord]) -> Mapping[str, str]:
        """See `Host.find_newer`."""
        from conda.models.version import VersionOrder

        newer = {}
        records = tuple(records)
        self._environment.naming.repodata.fetch(one.name for one in records)
        for record in records:
            fitting = self._environment.find_fitting(record.name)
            if fitting and VersionOrder(fitting[-1].version) > VersionOrder(record.version):
                newer[record.name] = str(fitting[-1].version)
        return newer

    def find_versions(self, project: NormalizedName, target: Target) -> tuple[str, ...] | None:
        """See `Host.find_versions`."""
        from conda.exceptions import CondaError

        try:
            conda = replace(self._environment, target=target)
            return tuple(one.version for one in conda.find_candidates(project))
        except (CondaError, OSError):
            return None

    def guard(
        self,
        unlinked: tuple[CondaPackage, ...],
        linked: tuple[CondaPackage, ...],
        replaced: Mapping[NormalizedName, str],
        snapshot: Snapshot | None,
    ) -> InteropError | None:
        """See `Host.guard`."""
        from conda_pip_interop.conda_adapter.hooks.guard import judge_transaction

        return judge_transaction(self.target.prefix, unlinked, linked, replaced, snapshot)

    def add_channels(self, channels: Sequence[str], *, only: bool) -> None:
        """See `Host.add_channels`."""
        add_channels(tuple(channels), only=only)

    def add_names(self, names: Mapping[NormalizedName, str | None]) -> None:
        """See `Host.add_names`."""
        current_session().names.update(names)

    def list_channels(self) -> tuple[str, ...]:
        """See `Host.list_channels`."""
        return tuple(map(str, context.channels))

    def list_other_channels(self, stated: tuple[str, ...]) -> tuple[str, ...]:
        """See `Host.list_other_channels`."""
        from conda_pip_interop.conda_adapter.environments import find_other_channels

        return find_other_channels(self.list_channels(), stated)

    def list_channel_urls(self) -> tuple[str, ...]:
        """See `Host.list_channel_urls`."""
        from conda.models.channel import Channel

        return tuple(url for one in context.channels for url in Channel(one).base_urls)

    def channels(self) -> ChannelInspector:
        """See `Host.channels`."""
        from conda_pip_interop.conda_adapter.transactions.package_contents import ChannelInspector

        return ChannelInspector(conda=self._environment)

    def channel_names(self, *, with_channels: bool) -> ChannelNames:
        """See `Host.channel_names`."""
        from conda_pip_interop.conda_adapter.channels.channel_names import ChannelNames as Names
        from conda_pip_interop.conda_adapter.transactions.solver import CondaEnvironment

        names = Names(with_channels=with_channels)
        return CondaEnvironment(target=self.target, naming=names)

    def read_extra_map(self) -> ExtraMap | None:
        """See `Host.read_extra_map`."""
        return self._environment.naming.sources.extra

    @property
    def cache_folder(self) -> Path:
        """See `Host.cache_folder`."""
        from conda_pip_interop.conda_adapter.channels.channel_names import user_folder

        return user_folder()

    @property
    def extra_map_file(self) -> Path:
        """See `Host.extra_map_file`."""
        from conda_pip_interop.conda_adapter.channels.channel_names import map_file

        return map_file()

    @property
    def extra_map_origin(self) -> str:
        """See `Host.extra_map_origin`."""
        return read_names_map()

    def download(self, url: str, *, limit: int) -> bytes:
        """See `Host.download`."""
        from conda_pip_interop.conda_adapter.channels.channel_names import download

        return download(url, limit=limit)

    @property
    def subdir(self) -> str:
        """See `Host.subdir`."""
        return str(context.subdir)

    @property
    def base_prefix(self) -> Path:
        """See `Host.base_prefix`."""
        return Path(context.root_prefix)

    def find_target(self, option: str, value: str) -> Target:
        """See `Host.find_target`."""
        return find_target_by(option, value)

    def list_targets(self) -> list[Target]:
        """See `Host.list_targets`."""
        from conda.core.envs_manager import list_all_known_prefixes

        targets = [build_target(prefix) for prefix in list_all_known_prefixes()]
        return sorted(targets, key=lambda one: (not one.is_base, one.label))

    def forget_environment(self) -> None:
        """See `Host.forget_environment`."""
        from conda.core.envs_manager import unregister_env

        unregister_env(str(self.target.prefix))

    def for_each(
        self, targets: Sequence[Target], work: Callable[[Target], T], *, in_processes: bool = False
    ) -> list[T]:
        """See `Host.for_each`."""
        from tqdm.auto import tqdm

        silent = is_silent() or not sys.stderr.isatty()
        with _open_pool(len(targets) if in_processes else 0) as pool:
            results = pool.map(work, targets)
            return list(tqdm(results, total=len(targets), disable=silent, leave=False))

    @property
    def asks(self) -> bool:
        """See `Host.asks`."""
        return not context.always_yes

    def confirm(self, dangerous: str | None = None) -> None:
        """See `Host.confirm`; Ctrl-C is KeyboardInterrupt, of which conda makes a no."""
        from conda.exceptions import CondaSystemExit

        try:
            from conda.reporters import confirm_yn
        except ImportError:  # conda < 24.11
            from conda.cli.common import confirm_yn
        try:
            if dangerous is None:
                confirm_yn()
            else:
                confirm_yn(dangerous, default="no")
        except CondaSystemExit as answer:
            if isinstance(answer.__context__, KeyboardInterrupt):
                raise KeyboardInterrupt from answer
            raise

    def progress(self, message: str) -> AbstractContextManager[Any]:
        """See `Host.progress`."""
        return show_progress(message)

    def print_stderr(self, text: str) -> None:
        """See `Host.print_stderr`."""
        print_stderr(text)

    def report_waiting(self) -> None:
        """See `Linker.report_waiting`."""
        from conda_pip_interop.changes.atomic.lock import report_waiting

        report_waiting(self.target.label, print_stderr)

    @property
    def colours(self) -> bool:
        """See `Host.colours`."""
        return sys.stdout.isatty() and "NO_COLOR" not in os.environ

    @property
    def ascii_only(self) -> bool:
        """See `Host.ascii_only`."""
        from conda_pip_interop.commands.graph_text import can_draw

        return not can_draw(sys.stdout.encoding)

    def before_change(self) -> None:
        """See `Host.before_change`."""
        from conda_pip_interop.conda_adapter.hooks.command_hooks import before_command

        guarded(before_command, "pip")

    def after_change(self) -> None:
        """See `Host.after_change`."""
        from conda_pip_interop.conda_adapter.hooks.command_hooks import after_command

        guarded(after_command, "pip")


def _open_pool(size: int) -> Executor:
    """Open a pool of processes for many environments if a fork is cheap, otherwise of threads."""
    if size < _MANY or not sys.platform.startswith("linux"):
        return ThreadPoolExecutor()
    return ProcessPoolExecutor(mp_context=get_context("fork"))
