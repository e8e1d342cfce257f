"""What every run says first, the conda that it runs on; and where trees are made by the hundred."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.trees import MEMORY
from tests.world.base import build_base

# A deadline would measure the machine, not the code.
settings.register_profile("no-deadline", deadline=None)
settings.load_profile("no-deadline")


def pytest_configure() -> None:
    """Leave the site-packages of whoever runs the tests out of what they find."""
    os.environ["PYTHONNOUSERSITE"] = "1"


def pytest_report_header() -> str:
    base = build_base()
    return f"conda: {base.version}"


@pytest.fixture
def scratch() -> Iterator[Path]:
    """A folder for what is done a hundred times, in memory if that can be had."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        yield Path(folder)


@pytest.fixture
def shared_folder() -> Iterator[Path]:
    """A folder that other users can reach (pytest's own are closed to them)."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)
