"""The options of pip that say where distributions come from, as lines of a requirements file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda_pip_interop.changes.origins import INDEX_OPTIONS
from conda_pip_interop.installers.uv.options import find_url, read_configured
from conda_pip_interop.text import replace_credentials

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conda_pip_interop.installers.pip.options import PipArgument, PipOptions


def build_index_options(options: PipOptions, configured: Mapping[str, str]) -> tuple[str, ...]:
    """Build the lines for what was given and for pip's configuration, which comes first.

    Variables take the place of credentials, and paths become URLs. Of `--index-url` the last one
    counts.
    """
    arguments = (*read_configured(configured), *options.arguments)
    last = {one.name: one for one in arguments}
    lines = [
        _render(one)
        for one in arguments
        if one.name in INDEX_OPTIONS and (one.name != "--index-url" or last[one.name] is one)
    ]
    return tuple(dict.fromkeys(lines))


def _render(argument: PipArgument) -> str:
    return " ".join([argument.name, *_find_value(argument)])


def _find_value(argument: PipArgument) -> Iterator[str]:
    if argument.value is None:
        return
    if argument.name in ("--find-links", "--index-url", "--extra-index-url"):
        yield replace_credentials(find_url(argument.value.strip()))
    else:
        yield "".join(argument.value.split())
