"""The host of `python -m conda_pip_interop`: any prefix, without conda."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from conda_pip_interop.environment.target import Target
from conda_pip_interop.errors import InteropError
from conda_pip_interop.protection.policy import Policy
from conda_pip_interop.text import write_text
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from packaging.utils import NormalizedName

    from conda_pip_interop.commands.host import CommonOptions

T = TypeVar("T")


def open_plain_host(options: CommonOptions) -> PlainHost:
    """Open the host for the prefix that the command line names."""
    return PlainHost(target=_build_target(options.prefix or ""))


def _build_target(prefix: str) -> Target:
    root = Path(prefix).absolute()
    return Target(prefix=root, name=None, is_base=(root / "condabin").is_dir())


def _need_conda(*_args: object, **_options: object) -> NoReturn:
    raise InteropError("needs-conda", "This needs conda: run it as `conda pip`.")


_NEEDS_CONDA: Any = staticmethod(_need_conda)


@dataclass(frozen=True, kw_only=True)
class PlainHost:
    """See `Host`; what only conda can answer raises InteropError `needs-conda`."""

    target: Target
    policy: Policy = field(default_factory=Policy)
    standalone: bool = True
    colours: bool = False
    asks: bool = True

    solver = relink = revert = fetch = open_installer = open_pip = find_newer = guard = _NEEDS_CONDA
    choose_python = find_python = forget_environment = _NEEDS_CONDA
    add_channels = add_names = list_channels = channels = channel_names = _NEEDS_CONDA
    list_other_channels = read_extra_map = download = list_targets = confirm = _NEEDS_CONDA

    def find_versions(self, _project: NormalizedName, _target: Target) -> tuple[str, ...] | None:
        """See `Host.find_versions`: without conda there are no channels."""
        return None

    @property
    def ascii_only(self) -> bool:
        """See `Host.ascii_only`."""
        from conda_pip_interop.commands.graph_text import can_draw

        return not can_draw(sys.stdout.encoding)

    @property
    def cache_folder(self) -> Path | None:
        """See `Host.cache_folder`."""
        return None

    @property
    def extra_map_file(self) -> Path:
        """See `Host.extra_map_file`."""
        _need_conda()

    @property
    def extra_map_origin(self) -> str:
        """See `Host.extra_map_origin`."""
        return ""

    @property
    def subdir(self) -> str:
        """See `Host.subdir`."""
        _need_conda()

    @property
    def base_prefix(self) -> Path:
        """See `Host.base_prefix`."""
        _need_conda()

    def list_channel_urls(self) -> tuple[str, ...]:
        """See `Host.list_channel_urls`; nothing is configured."""
        return ()

    def find_target(self, option: str, value: str) -> Target:
        """See `Host.find_target`; there are no names."""
        return _need_conda() if option == "name" else _build_target(value)

    def for_each(
        self, targets: Sequence[Target], work: Callable[[Target], T], *, in_processes: bool = False
    ) -> list[T]:
        """See `Host.for_each`."""
        del in_processes
        return [work(one) for one in targets]

    def progress(self, message: str) -> contextlib.AbstractContextManager[Any]:
        """See `Host.progress`; there is no spinner."""
        return contextlib.nullcontext(message)

    def print_stderr(self, text: str) -> None:
        """See `Host.print_stderr`."""
        write_text(f"{text}\n", sys.stderr)

    def report_waiting(self) -> None:
        """See `Host.report_waiting`."""
        from conda_pip_interop.changes.atomic.lock import report_waiting

        report_waiting(self.target.label, self.print_stderr)

    def before_change(self) -> None:
        """See `Host.before_change`; there are no hooks."""

    def after_change(self) -> None:
        """See `Host.after_change`; there are no hooks."""
