"""The output of our health check in `conda doctor`."""

from __future__ import annotations

from conda_pip_interop.commands.inspect.health import render_health
from tests.commands.test_output import finding
from tests.support.graphs import TARGET


def test_where_all_is_well_one_line_says_so() -> None:
    assert render_health((), TARGET, verbose=True) == (
        "✅ conda and pip agree about what is installed.\n"
    )


def test_findings_are_a_line_each_and_the_way_on() -> None:
    assert render_health((finding(5), finding()), TARGET, verbose=False) == (
        "❌ conda and pip do not agree about what is installed:\n"
        "\n"
        "overridden: pip replaced click 8.0 by 8.1\n"
        "overridden: pip replaced click 8.0 by 8.1\n"
        "\n"
        "How to settle it: conda pip check -n web\n"
    )


def test_more_is_told_where_more_is_asked_for() -> None:
    remedy = (("conda", "pip", "restore", "click"),)
    text = render_health((finding(5, remedy),), TARGET, verbose=True)
    assert "    lib/0.py\n" in text
    assert "    and 2 more paths\n" in text
    assert "  to settle it: conda pip restore -n web click\n" in text
