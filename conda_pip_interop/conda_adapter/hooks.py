"""What happens around conda's own commands: markers, the notice, records kept from deletion."""

from __future__ import annotations

import atexit
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conda.base.context import context

from conda_pip_interop.conda_adapter.boundary import call_hook, say
from conda_pip_interop.conda_adapter.environment import build_target
from conda_pip_interop.conda_adapter.settings import read_policy
from conda_pip_interop.core.apply import is_operating, replace_file, write_state
from conda_pip_interop.core.endangered import read_endangered_records
from conda_pip_interop.core.findings import find_findings
from conda_pip_interop.core.snapshot import read_snapshot
from conda_pip_interop.core.state import read_state
from conda_pip_interop.usecases.notice import build_notice
from conda_pip_interop.usecases.protect import settle_marker

if TYPE_CHECKING:
    from collections.abc import MutableMapping

_looked_at: set[Path] = set()
_kept: dict[Path, bytes] = {}


def after_command(command: str) -> None:
    """After a command that may change environments: base's marker, then the notice."""
    call_hook("settle_base")
    if context.target_prefix is not None and not _names_by_file(command):
        notice(str(context.target_prefix))


def _names_by_file(command: str) -> bool:
    """Whether the environment's name may stand in a file: conda's target prefix is wrong then."""
    arguments = context._argparse_args or {}  # noqa: SLF001 - conda has no other way to ask
    named = arguments.get("name") or arguments.get("prefix")
    return not named and (command.startswith("env_") or bool(arguments.get("file")))


def settle_base() -> None:
    """Give base the marker that the policy says; tell the first time."""
    target = build_target(context.root_prefix)
    try:
        change = settle_marker(target, read_policy())
    except OSError as error:
        if context.verbosity and not context.json:
            say(f"conda-pip-interop: base keeps its marker state ({error})")
        return
    state = read_state(target.prefix)
    if change == "written" and "protected" not in state.told:
        write_state(target.prefix, dataclasses.replace(state, told=state.told | {"protected"}))
        if not context.json and not context.quiet:
            say(
                "conda-pip-interop: base is now protected from plain pip. "
                "To turn that off: conda pip unprotect -n base"
            )


def notice(prefix: str) -> None:
    """Tell, once, what the two managers did to each other in the environment at `prefix`."""
    root = Path(prefix)
    if root in _looked_at or is_operating(root) or not (root / "conda-meta").is_dir():
        return
    _looked_at.add(root)
    if read_policy().reconcile == "off":
        return
    state = read_state(root)
    lines, remembered = build_notice(find_findings(read_snapshot(root)), state, build_target(root))
    if remembered != state:
        write_state(root, remembered)
    if lines and not context.json and not context.quiet:
        say("\n".join(lines))


def keep_records(_command: str) -> None:
    """Before a command in which this conda would delete records whose payload is gone.

    They are held until the command ends, however it ends, and then put back. A conda that has
    prefix-data loaders does not need this (`spare_records`).
    """
    if context.target_prefix is None:
        return
    _kept.update(read_endangered_records(Path(context.target_prefix)))
    if _kept:
        atexit.register(put_back_records)


def put_back_records(_command: str = "") -> None:
    """Put back what conda deleted of the records held by `keep_records`."""
    while _kept:
        path, content = _kept.popitem()
        if not path.exists() and path.parent.is_dir():
            replace_file(path, content)


def spare_records(prefix: Any, records: MutableMapping[str, Any]) -> dict[str, Any]:
    """Loader: take records whose payload is gone out of conda's sight, so that it keeps the files.

    conda's own `pypi` loader, which runs after this one, deletes the file of each record that it
    finds without payload (conda#14423); what pip put in its place it then adds by itself.
    """
    endangered = {path.name for path in read_endangered_records(Path(prefix))}
    for name, record in list(records.items()):
        if endangered and record._get_json_fn() in endangered:  # noqa: SLF001 - the file's name
            del records[name]
    return {}


def prepare() -> None:
    """Nothing but the import of this module, asked for while all its files are there."""
