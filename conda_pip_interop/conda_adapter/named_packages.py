"""The packages that the user named to a conda command, as arguments or in its files."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from conda.base.context import context
from conda.exceptions import CondaError
from conda.models.match_spec import MatchSpec

from conda_pip_interop.conda_adapter.environments import list_files, locate_file, read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_ARCHIVES: Final = (".conda", ".tar.bz2")


def find_named() -> frozenset[str]:
    """Return the conda names of the packages that the command line and its files name."""
    arguments = context._argparse_args or {}  # noqa: SLF001 - conda has no other way to ask
    listed = arguments.get("package_names") or arguments.get("packages") or ()
    specs = [*listed, *(spec for file in list_files() for spec in _read_specs(file))]
    return frozenset(_parse_names(map(str, specs)))


def _read_specs(file: str) -> Iterator[str]:
    """Read the specs of an environment file, or of a list of specs or URLs; none if unreadable."""
    if file.endswith((".yml", ".yaml")):
        listed = read_yaml(file).get("dependencies")
        yield from (one for one in (listed if isinstance(listed, list) else ()) if _is_text(one))
        return
    with contextlib.suppress(OSError, UnicodeDecodeError):
        yield from locate_file(file).read_text(encoding="utf-8").splitlines()


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _parse_names(specs: Iterable[str]) -> Iterator[str]:
    for spec in specs:
        text = spec.partition("#")[0].strip()
        if text.endswith(_ARCHIVES):
            yield text.rsplit("/", 1)[-1].rsplit("-", 2)[0]
        elif text:
            with contextlib.suppress(CondaError, ValueError):  # conda itself says what is wrong
                yield MatchSpec(text).name
