"""`conda export --format pip-interop-…`: the formats of `conda pip export` (conda 25.7).

conda gives an exporter its own list of pip's packages, as `name==version`. It is not used: the
environment is read as `conda pip export` reads it.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from conda.base.context import context
from conda.exceptions import CondaValueError
from conda.plugins import types

from conda_pip_interop.commands.host import CommonOptions
from conda_pip_interop.errors import InteropError
from conda_pip_interop.exports.formats import FORMATS
from conda_pip_interop.text import escape_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conda_pip_interop.exports.formats import ExportFormat

#: One space of names for all plugins: a name that two of them have breaks `conda export`.
_PREFIX: Final = "pip-interop-"
#: The file names that no other plugin has; two that match one file break `conda export`, too.
_FREE_FILES: Final = {"pylock": ("pylock.toml", "pylock.*.toml")}
_LOCKS: Final = ("pylock", "explicit", "conda-lock", "pixi-lock")


def build_exporters() -> Iterator[Any]:
    """Build an exporter for each format; an older conda has fewer of their fields."""
    known = {one.name for one in dataclasses.fields(types.CondaEnvironmentExporter)}
    for chosen in FORMATS.values():
        values = {
            "name": f"{_PREFIX}{chosen.name}",
            "aliases": (),
            "default_filenames": _FREE_FILES.get(chosen.name, ()),
            "export": _build_export(chosen),
            "description": f"conda-pip-interop: {chosen.summary}",
        }
        kinds = getattr(types, "EnvironmentFormat", None)
        if kinds is not None:
            values["environment_format"] = (
                kinds.lockfile if chosen.name in _LOCKS else kinds.environment
            )
        yield types.CondaEnvironmentExporter(
            **{name: value for name, value in values.items() if name in known}
        )


def _build_export(chosen: ExportFormat) -> Callable[[Any], str]:
    def export(environment: Any) -> str:
        try:
            return _export(chosen, environment)
        except InteropError as error:
            raise CondaValueError("\n".join([error.message, *error.hints])) from error

    return export


def _export(chosen: ExportFormat, environment: Any) -> str:
    """Render the environment; the options of `conda export` are on its command line alone."""
    from conda_pip_interop.commands.inspect.export_files import read_environment
    from conda_pip_interop.conda_adapter.host import open_host
    from conda_pip_interop.environment.snapshot import read_snapshot
    from conda_pip_interop.exports.layout import Layout

    if environment.platform != context.subdir:
        raise InteropError(
            "wrong-platform",
            f"{_PREFIX}{chosen.name} writes what is installed, which is for {context.subdir}, "
            f"not for {environment.platform}.",
            hints=(f"Export it on {environment.platform}.",),
        )
    host = open_host(CommonOptions(prefix=str(environment.prefix)))
    contents = read_environment(read_snapshot(host.target.prefix, depth="names"), host)
    args = getattr(context, "_argparse_args", None)
    file = getattr(args, "file", None)
    layout = Layout(
        folder=Path(file).parent if isinstance(file, str) else None,
        conda=_choose_part(args),
        add_channels=getattr(args, "ignore_channels", False) is not True,
    )
    text = chosen.render(contents, layout)
    if chosen.comments:
        for note in (*contents.notes, *chosen.list_comments(contents, layout)):
            host.print_stderr(f"conda-pip-interop: {escape_line(note)}")
    return text


def _choose_part(args: Any) -> Any:
    if getattr(args, "from_history", False) is True:
        return "requested"
    return "versions" if getattr(args, "no_builds", False) is True else "builds"
