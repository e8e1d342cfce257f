"""The table of hooks: each imports its handler when it is called.

Every conda command loads this module, so it imports nothing that conda has not imported already.
Beside each hook stands the first conda that has it; an older one never calls it.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from conda.plugins.hookspec import CondaSpecs, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conda.plugins import types

CHANGERS = frozenset(
    ("create", "install", "update", "remove", "rename", "env_create", "env_update", "env_remove")
)
READERS = frozenset(("list", "export", "env_export", "compare", "doctor"))


@hookimpl
def conda_subcommands() -> Iterable[types.CondaSubcommand]:  # 22.11
    from conda.plugins.types import CondaSubcommand

    if not _has_rival():
        yield CondaSubcommand(
            name="pip", summary="Install with pip beside conda, and keep both in step.", action=_run
        )


def _has_rival() -> bool:
    """conda-pypi <= 0.2 has a subcommand `pip` too, and two of one name break every command."""
    if "conda_pypi" not in sys.modules:
        return False
    from importlib.metadata import version

    major, minor, *_ = (*version("conda-pypi").split("."), "0")
    return (major, minor) in {("0", "0"), ("0", "1"), ("0", "2")}


def _run(argv: tuple[str, ...]) -> int:
    from conda_pip_interop.conda_adapter.cli import run

    return run(argv)


@hookimpl
def conda_settings() -> Iterable[types.CondaSetting]:  # 24.3
    from conda_pip_interop.conda_adapter.settings import build_settings

    yield from build_settings()


@hookimpl
def conda_pre_commands() -> Iterable[types.CondaPreCommand]:  # 23.7
    from conda.plugins.types import CondaPreCommand

    yield CondaPreCommand("pip-interop-before", _lazy("before_command"), CHANGERS)
    if not hasattr(CondaSpecs, "conda_prefix_data_loaders"):
        yield CondaPreCommand("pip-interop-keep", _lazy("keep_records.keep_records"), READERS)


@hookimpl
def conda_post_commands() -> Iterable[types.CondaPostCommand]:  # 23.7
    from conda.plugins.types import CondaPostCommand

    yield CondaPostCommand("pip-interop-after", _lazy("after_command"), CHANGERS)
    yield CondaPostCommand("pip-interop-keep", _lazy("keep_records.put_back_records"), READERS)


@hookimpl
def conda_post_solves() -> Iterable[types.CondaPostSolve]:  # 24.1
    from conda.plugins.types import CondaPostSolve

    yield CondaPostSolve("pip-interop-guard", _lazy("guard"))


@hookimpl
def conda_pre_transaction_actions() -> Iterable[Any]:  # 25.5
    from conda.plugins.types import CondaPreTransactionAction

    from conda_pip_interop.conda_adapter.transaction_actions import StashAction

    yield CondaPreTransactionAction("pip-interop", StashAction)


@hookimpl
def conda_post_transaction_actions() -> Iterable[Any]:  # 25.5
    from conda.plugins.types import CondaPostTransactionAction

    from conda_pip_interop.conda_adapter.transaction_actions import NoticeAction

    yield CondaPostTransactionAction("pip-interop", NoticeAction)


@hookimpl
def conda_prefix_data_loaders() -> Iterable[Any]:  # 25.5; the name sorts before conda's `pypi`
    from conda.plugins.types import CondaPrefixDataLoader

    yield CondaPrefixDataLoader("pip-interop", _lazy("keep_records.spare_records"))


@hookimpl
def conda_health_checks() -> Iterable[types.CondaHealthCheck]:  # 23.11; called by doctor alone
    from conda_pip_interop.conda_adapter.health_checks import build_health_checks

    yield from build_health_checks()


def _lazy(name: str) -> Any:
    def call(*args: Any) -> Any:
        from conda_pip_interop.conda_adapter.boundary import call_hook

        return call_hook(name, *args)

    return call
