"""Everything in this folder is exhaustive: it has a suite of its own, and says how much it was."""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.faults)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many points there were: what a test records as `points`."""
    points = [
        value
        for report in terminalreporter.getreports("passed")
        for name, value in report.user_properties
        if name == "points"
    ]
    terminalreporter.write_line(f"faults: {sum(points)} points in {len(points)} tests")
