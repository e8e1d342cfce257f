"""Our part of `conda doctor`."""

from __future__ import annotations

from conda_pip_interop.commands.health import render_health
from tests.support.findings import build_sample
from tests.support.graphs import TARGET


def test_without_findings_it_is_one_line() -> None:
    assert render_health((), TARGET, verbose=True) == (
        "✅ conda and pip agree on what is installed.\n"
    )


def test_findings_are_a_line_each_and_the_command_to_fix_them() -> None:
    assert render_health((build_sample(5), build_sample()), TARGET, verbose=False) == (
        "❌ conda and pip do not agree on what is installed:\n"
        "\n"
        "overridden: pip replaced click 8.0 by 8.1\n"
        "overridden: pip replaced click 8.0 by 8.1\n"
        "\n"
        "To see how to fix it: conda pip check -n web\n"
    )


def test_verbose_shows_paths_and_commands() -> None:
    remedy = (("conda", "pip", "restore", "click"),)
    text = render_health((build_sample(5, remedy),), TARGET, verbose=True)
    assert "    lib/0.py\n" in text
    assert "    and 2 more paths\n" in text
    assert "  To fix: conda pip restore -n web click\n" in text
