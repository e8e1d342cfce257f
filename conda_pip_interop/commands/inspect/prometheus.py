"""The status of environments as metrics, in Prometheus' text format 0.0.4 for node_exporter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Final

from conda_pip_interop.findings.registry import KINDS

if TYPE_CHECKING:
    from conda_pip_interop.commands.inspect.status_rows import EnvironmentStatus

_PREFIX: Final = "conda_pip_interop"
#: Each metric (a gauge) and its help.
_HELP: Final = {
    "environments": "Environments that conda knows.",
    "environment_readable": "Whether the environment could be read.",
    "environment_protected": "Whether the environment has an EXTERNALLY-MANAGED marker.",
    "environment_protection_wanted": "Whether the policy requires a marker.",
    "findings": "Faults between conda and pip, by kind.",
    "pip_distributions": "Distributions that pip owns.",
    "last_change_timestamp_seconds": "When conda or conda-pip-interop last changed it.",
    "last_reconcile_timestamp_seconds": "When conda-pip-interop last reconciled it.",
}


def render_metrics(rows: Iterable[EnvironmentStatus]) -> str:
    """Render all metrics, each with its help and type; environments that lack one have no line."""
    rows = tuple(rows)
    lines: list[str] = []
    for name, text in _HELP.items():
        samples = list(_list_samples(name, rows))
        if samples:
            lines += [f"# HELP {_PREFIX}_{name} {text}", f"# TYPE {_PREFIX}_{name} gauge"]
            lines += [f"{_PREFIX}_{name}{labels} {value}" for labels, value in samples]
    return "\n".join(lines) + "\n"


def _list_samples(
    name: str, rows: tuple[EnvironmentStatus, ...]
) -> Iterator[tuple[str, float | int]]:
    if name == "environments":
        yield "", len(rows)
        return
    for row in rows:
        if name == "findings":
            for kind in KINDS if row.facts is not None else ():
                yield _render_labels(row, kind=kind), row.findings.get(kind, 0)
            continue
        value = _read_value(name, row)
        if value is not None:
            yield _render_labels(row), value


def _read_value(name: str, row: EnvironmentStatus) -> float | int | None:
    if name == "environment_readable":
        return int(row.facts is not None)
    if name == "environment_protection_wanted":
        return int(row.wanted)
    if row.facts is None:
        return None
    if name == "environment_protected":
        return int(row.facts.protected_by is not None)
    if name == "pip_distributions":
        return row.facts.pip_distributions
    is_change = name == "last_change_timestamp_seconds"
    time = row.facts.changed if is_change else row.facts.reconciled
    return None if time is None else datetime.fromisoformat(time).timestamp()


def _render_labels(row: EnvironmentStatus, **more: str) -> str:
    labels = {"environment": row.target.label, "prefix": str(row.target.prefix), **more}
    return "{" + ",".join(f'{key}="{_escape(value)}"' for key, value in labels.items()) + "}"


def _escape(value: str) -> str:
    """Escape a label's value: the format is UTF-8 and knows three escapes."""
    known = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return known.encode("utf-8", errors="replace").decode()
