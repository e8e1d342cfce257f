"""Everything in this folder is exhaustive: it has a suite of its own, and says how much it was."""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.faults)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many points there were, and how kills ended: what tests record as `points`, `kills`."""
    noted = [
        one for report in terminalreporter.getreports("passed") for one in report.user_properties
    ]
    points = [value for name, value in noted if name == "points"]
    for name, value in noted:
        if name == "kills":
            terminalreporter.write_line(f"kills: {value}")
    terminalreporter.write_line(f"faults: {sum(points)} points in {len(points)} tests")
