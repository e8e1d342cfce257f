"""Requirements translated for Linux with Python 3.11, with or without a channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from conda_pip_interop.names.channel_index import build_index
from conda_pip_interop.names.lookup import NameSources, find_conda_names
from conda_pip_interop.names.requirement import TranslationContext
from tests.support.version_judges import ask_rattler

#: The marker environment (PEP 508).
LINUX: Final = {
    "os_name": "posix",
    "sys_platform": "linux",
    "platform_system": "Linux",
    "platform_machine": "x86_64",
    "python_version": "3.11",
    "python_full_version": "3.11.7",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
    "implementation_version": "3.11.7",
    "platform_release": "",
    "platform_version": "",
}


def build_context(versions: Mapping[str, Sequence[str]] | None = None) -> TranslationContext:
    """A context with a channel of these versions by package name, or without a channel."""
    index = None if versions is None else build_index(versions)
    sources = NameSources(index=index)
    return TranslationContext(
        look_up=lambda name: find_conda_names(name, sources),
        environment=LINUX,
        versions=None if versions is None else lambda name, _: versions[name],
        matches=None if versions is None else lambda *pair: ask_rattler([pair])[0],
    )
