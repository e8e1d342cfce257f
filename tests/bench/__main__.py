"""`python -m tests.bench`: every figure as a table; exit code 1 where one has regressed.

With `--many` also what takes minutes to build: 1,000 environments, and a million files.
"""

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
            many = "--many" in sys.argv[1:]
            for found in (
                functions.measure(folder),
                inspecting.measure(folder),
                inspecting.measure_growth(folder),
                inspecting.measure_a_million(folder) if many else (),
                commands.measure(base, folder),
                commands.measure_unchanged_check(base, folder),
                commands.measure_many(base, folder) if many else (),
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
    text = render_page(page.read_text(encoding="utf-8"), figures, versions=versions)
    page.write_text(text, encoding="utf-8")
    return 1 if any(one.verdict == "regressed" for one in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
