"""The table of hooks: each imports its handler when it is called, inside the boundary.

Every conda command loads this module, so it imports nothing that conda has not imported already.
Beside each hook stands the first conda that has it; an older one never calls it.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from conda.plugins.hookspec import CondaSpecs, hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from conda.plugins import types

CHANGERS = frozenset(
    ("create", "install", "update", "remove", "rename", "env_create", "env_update", "env_remove")
)
EXPORTERS = frozenset(("export", "env_export"))
READERS = EXPORTERS | {"list", "compare", "doctor"}


@hookimpl
def conda_subcommands() -> Iterable[types.CondaSubcommand]:  # 22.11
    from conda.plugins.types import CondaSubcommand

    if not _has_rival():
        yield CondaSubcommand(
            name="pip", summary="Install from conda channels and PyPI together.", action=_run
        )


def _has_rival() -> bool:
    """Return whether conda-pypi <= 0.2 is there: its subcommand `pip` would break every command."""
    if "conda_pypi" not in sys.modules:
        return False
    from importlib.metadata import version

    major, minor, *_ = (*version("conda-pypi").split("."), "0")
    return (major, minor) in {("0", "0"), ("0", "1"), ("0", "2")}


def _run(argv: tuple[str, ...]) -> int:
    from conda_pip_interop.commands.command_line.run import run
    from conda_pip_interop.conda_adapter.host import open_host

    return run(argv, open_host)


@hookimpl
def conda_settings() -> Iterable[types.CondaSetting]:  # 24.3
    yield from _call(_build_settings)


def _build_settings() -> tuple[types.CondaSetting, ...]:
    from conda_pip_interop.conda_adapter.settings import build_settings

    return tuple(build_settings())


@hookimpl
def conda_pre_commands() -> Iterable[types.CondaPreCommand]:  # 23.7
    from conda.plugins.types import CondaPreCommand

    yield CondaPreCommand("pip-interop-before", _guard(_before_command), CHANGERS)
    if not hasattr(CondaSpecs, "conda_prefix_data_loaders"):
        yield CondaPreCommand("pip-interop-keep", _guard(_keep_records), READERS)
    else:
        yield CondaPreCommand("pip-interop-history", _guard(_hide_from_history), EXPORTERS)


def _before_command(command: str) -> Any:
    from conda_pip_interop.conda_adapter.hooks.command_hooks import before_command

    return before_command(command)


def _keep_records(command: str) -> None:
    from conda_pip_interop.conda_adapter.hooks.keep_records import keep_records

    keep_records(command)


def _hide_from_history(command: str) -> None:
    from conda_pip_interop.conda_adapter.hooks.keep_records import hide_from_history

    hide_from_history(command)


@hookimpl
def conda_post_commands() -> Iterable[types.CondaPostCommand]:  # 23.7
    from conda.plugins.types import CondaPostCommand

    yield CondaPostCommand("pip-interop-after", _guard(_after_command), CHANGERS)
    if not hasattr(CondaSpecs, "conda_prefix_data_loaders"):
        yield CondaPostCommand("pip-interop-keep", _guard(_put_back_records), READERS)


def _after_command(command: str) -> Any:
    from conda_pip_interop.conda_adapter.hooks.command_hooks import after_command

    return after_command(command)


def _put_back_records(command: str) -> None:
    from conda_pip_interop.conda_adapter.hooks.keep_records import put_back_records

    put_back_records(command)


@hookimpl
def conda_post_solves() -> Iterable[types.CondaPostSolve]:  # 24.1
    from conda.plugins.types import CondaPostSolve

    yield CondaPostSolve("pip-interop-guard", _guard(_judge_solution))


def _judge_solution(*solution: Any) -> Any:
    from conda_pip_interop.conda_adapter.hooks.command_hooks import guard

    return guard(*solution)


@hookimpl
def conda_pre_transaction_actions() -> Iterable[Any]:  # 25.5
    yield from _call(_build_pre_actions)


def _build_pre_actions() -> tuple[Any, ...]:
    from conda.plugins.types import CondaPreTransactionAction

    from conda_pip_interop.conda_adapter.hooks.transaction_actions import StashAction

    return (CondaPreTransactionAction("pip-interop", StashAction),)


@hookimpl
def conda_post_transaction_actions() -> Iterable[Any]:  # 25.5
    yield from _call(_build_post_actions)


def _build_post_actions() -> tuple[Any, ...]:
    from conda.plugins.types import CondaPostTransactionAction

    from conda_pip_interop.conda_adapter.hooks.transaction_actions import NoticeAction

    return (CondaPostTransactionAction("pip-interop", NoticeAction),)


@hookimpl
def conda_prefix_data_loaders() -> Iterable[Any]:  # 25.5; the name sorts before conda's `pypi`
    from conda.plugins.types import CondaPrefixDataLoader

    yield CondaPrefixDataLoader("pip-interop", _guard(_spare_records))


def _spare_records(prefix: Any, records: Any) -> Any:
    from conda_pip_interop.conda_adapter.hooks.keep_records import spare_records

    return spare_records(prefix, records)


@hookimpl
def conda_health_checks() -> Iterable[types.CondaHealthCheck]:  # 23.11; called by doctor alone
    yield from _call(_build_health_checks)


def _build_health_checks() -> tuple[types.CondaHealthCheck, ...]:
    from conda_pip_interop.conda_adapter.extensions.health_checks import build_health_checks

    return tuple(build_health_checks())


@hookimpl
def conda_environment_exporters() -> Iterable[Any]:  # 25.7; called by export and by help alone
    yield from _call(_build_exporters)


def _build_exporters() -> tuple[Any, ...]:
    from conda_pip_interop.conda_adapter.extensions.exporters import build_exporters

    return tuple(build_exporters())


@hookimpl
def conda_environment_specifiers() -> Iterable[Any]:  # 25.5; called for files and by help alone
    yield from _call(_build_specifiers)


def _build_specifiers() -> tuple[Any, ...]:
    from conda_pip_interop.conda_adapter.extensions.specifiers import build_specifiers

    return tuple(build_specifiers())


@hookimpl
def conda_error_hints(error: Exception) -> Iterable[Any]:  # 26.7
    if not _has_rival():
        yield from _call(_build_hints, error)


def _build_hints(error: Exception) -> tuple[Any, ...]:
    from conda_pip_interop.conda_adapter.extensions.error_hints import build_hints

    return build_hints(error)


def _guard(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Make a hook of a handler: what fails in it, its imports included, never reaches conda."""

    def call(*args: Any) -> Any:
        return _call(handler, *args)

    return call


def _call(handler: Callable[..., Any], *args: Any) -> Any:
    from conda_pip_interop.conda_adapter.boundary import guarded

    return guarded(handler, *args)
