"""`python -m tests.bench`: every figure as a table; exit code 1 where one has regressed."""

from __future__ import annotations

import platform
import shutil
import sys
import tempfile
from pathlib import Path

from tests.bench import commands, functions, inspecting, installing
from tests.bench.measure import Figure, render_page, render_table
from tests.world.base import build_base, clone
from tests.world.cache import CHECKOUT


def main() -> int:
    """Measure on a copy of the base, which is gone afterwards."""
    base = clone(build_base(), "bench")
    figures: list[Figure] = []
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for found in (
                functions.measure(folder),
                inspecting.measure(folder),
                inspecting.measure_growth(folder),
                commands.measure(base, folder),
                installing.measure(base, folder),
            ):
                for figure in found:
                    print(f"bench: {figure.what}", file=sys.stderr)
                    figures.append(figure)
    finally:
        shutil.rmtree(base.prefix)
        shutil.rmtree(base.scratch, ignore_errors=True)
    print(render_table(figures))
    versions = f"conda {base.version}, Python {platform.python_version()}"
    page = CHECKOUT / "docs" / "explanation" / "speed.md"
    page.write_text(render_page(figures, versions=versions), encoding="utf-8")
    return 1 if any(one.verdict == "regressed" for one in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
