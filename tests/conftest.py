"""What every run says first: the conda that it runs on."""

from __future__ import annotations

from tests.world.base import build_base


def pytest_report_header() -> str:
    base = build_base()
    return f"conda: {base.version}"
