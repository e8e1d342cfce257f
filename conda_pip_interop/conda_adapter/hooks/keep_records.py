"""Keep the records that conda's reading commands would delete (conda#14423).

These commands run often and end soon: this module imports little.
"""

from __future__ import annotations

import atexit
import json
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import conda
from conda.base.context import context
from conda.core.prefix_data import PrefixData

from conda_pip_interop.conda_adapter.boundary import guarded
from conda_pip_interop.conda_adapter.session import current_session
from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.environment.quick_check import read_records_at_risk

if TYPE_CHECKING:
    from collections.abc import MutableMapping

#: See `read_records_at_risk`.
_LONGEST: Final = not conda.__version__.startswith(("24.", "25.", "26.1."))


def keep_records(_command: str) -> None:
    """Hold the records whose payload is gone until the command ends, then put them back.

    A conda that has prefix-data loaders does not need this (`spare_records`).
    """
    if context.target_prefix is None:
        return
    prefix = Path(context.target_prefix)
    kept = current_session().kept_records
    for path, content in read_records_at_risk(prefix, longest=_LONGEST).items():
        kept[path] = content, stat.S_IMODE(path.stat().st_mode)
    if kept:
        atexit.register(put_back_records)
        if not (context._argparse_args or {}).get("explicit"):  # noqa: SLF001 - names URLs alone
            guarded(hide_records, prefix)


def hide_records(prefix: Path) -> None:
    """Do what `spare_records` does for a conda without loaders, in its cached PrefixData."""
    data = PrefixData(prefix)
    try:
        data.load()
    except Exception:  # conda fails again, of itself; it must not take half of the records for all
        PrefixData._cache_.clear()
        raise
    spare_records(prefix, data._PrefixData__prefix_records)  # noqa: SLF001 - conda's own name
    data._pip_interop_enabled = True  # noqa: SLF001 - as the reader would have made it
    data._load_site_packages()  # noqa: SLF001 - conda has no public way


def hide_from_history(_command: str) -> None:
    """Hide them from an export with `--from-history`, too, for which conda calls no loader.

    It refuses what the history requests and the loaded records lack.
    """
    arguments = context._argparse_args or {}  # noqa: SLF001 - conda has no other way to ask
    if arguments.get("from_history") and context.target_prefix is not None:
        data = PrefixData(context.target_prefix)
        data.load()
        spare_records(data.prefix_path, data._PrefixData__prefix_records)  # noqa: SLF001 - conda's own name


def put_back_records(_command: str = "") -> None:
    """Put back the records held by `keep_records` that conda deleted."""
    kept = current_session().kept_records
    while kept:
        path, (content, mode) = kept.popitem()
        if not path.exists() and path.parent.is_dir():
            from conda_pip_interop.changes.atomic.files import write_file

            prefix = path.parents[1]
            name = PrefixPath(path.relative_to(prefix).as_posix())
            write_file(prefix, name, content, mode=mode & 0o777)


def spare_records(prefix: Any, records: MutableMapping[str, Any]) -> dict[str, Any]:
    """Loader: hide the records whose payload is not conda's, so that conda keeps their files.

    conda's own `pypi` loader, which runs after this one, deletes the file of each record that it
    finds without payload (conda#14423); what pip put in its place it adds, with pip's version.
    """
    for content in read_records_at_risk(Path(prefix), longest=_LONGEST).values():
        raw = json.loads(content)
        loaded = records.get(raw["name"])  # of several records of a name, conda loads one
        if loaded is not None and (loaded.version, loaded.build) == (raw["version"], raw["build"]):
            del records[raw["name"]]
    return {}
