"""Who requested what: remembered in the state of an environment, since neither manager does it all.

pip marks what it was told to install, but not in which versions. conda's history has what it is to
keep, which is more than what was requested: without an entry there, `conda update --all` removes
what only packages of pip need.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conda_pip_interop.changes.state import read_state, write_state
from conda_pip_interop.environment.conda_meta.history import find_section, read_history_text
from conda_pip_interop.environment.metadata import parse_metadata_name
from conda_pip_interop.environment.prefix import read_prefix
from conda_pip_interop.environment.quick_check import METADATA_SUFFIXES
from conda_pip_interop.environment.site_packages.distributions import list_entries

if TYPE_CHECKING:
    from pathlib import Path

    from packaging.utils import NormalizedName

    from conda_pip_interop.changes.plan import Plan
    from conda_pip_interop.changes.state import State


def copy_requests(prefix: Path, source: State) -> None:
    """Write what the user decided in an environment into its copy, which conda makes without it.

    That is what was requested, and that our marker was removed for good. conda's history of the
    copy names every package as requested: those that others need are remembered as such. Raises
    InteropError `untrusted-state`.
    """
    state, history = read_state(prefix), read_history_text(prefix)
    sections = {name: find_section(history, name) for name in source.needed}
    copied = replace(
        state,
        requests=state.requests or source.requests,
        needed={name: section for name, section in sections.items() if section is not None},
        unprotected=state.unprotected or source.unprotected,
    )
    if copied != state:
        write_state(prefix, copied)


def remember_requests(plan: Plan, prefix: Path) -> None:
    """Remember what an executed plan was requested for.

    What is not installed any more is forgotten only now: an undo may have brought it back.
    """
    state = read_state(prefix)
    if not plan.needed and plan.requests.items() <= state.requests.items():
        return
    history = read_history_text(prefix)
    needed = {**state.needed}
    for name in plan.needed:
        section = find_section(history, name)
        if section is not None:
            needed[name] = section
    packages = {one.name.rsplit("-", 2)[0] for one in (prefix / "conda-meta").glob("*.json")}
    packages -= plan.requested_packages
    distributions = _list_distributions(prefix)
    requests = {**state.requests, **plan.requests}
    remembered = replace(
        state,
        requests={name: text for name, text in requests.items() if name in distributions},
        needed={name: section for name, section in needed.items() if name in packages},
    )
    if remembered != state:
        write_state(prefix, remembered)


def _list_distributions(root: Path) -> frozenset[NormalizedName]:
    """List the distributions by the names of their metadata; none of it is read."""
    prefix = read_prefix(root)
    if prefix.python is None:
        return frozenset()
    names = (one.name for one in list_entries(prefix, prefix.python.site_packages))
    return frozenset(
        parse_metadata_name(name.rpartition(".")[0])[0]
        for name in names
        if name.endswith(METADATA_SUFFIXES)
    )
