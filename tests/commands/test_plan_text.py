"""Plans as text, as JSON-ready values, and as what they have changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conda_pip_interop.changes.plan import (
    InstallPip,
    Keep,
    LinkConda,
    PackageStep,
    PlaceFile,
    Plan,
    RemoveFile,
    RemovePip,
    Step,
    UnlinkConda,
    WriteFile,
)
from conda_pip_interop.commands.plan_text import describe_changes, plan_to_list, render_plan
from conda_pip_interop.environment.paths import PrefixPath


def make_plan(*steps: Step, **more: Any) -> Plan:
    return Plan(title="test", steps=steps, **more)


def link(name: str, version: str = "3.0", previous: str | None = None) -> LinkConda:
    return LinkConda(name=name, version=version, previous=previous, reason="requested")


def install(name: str, version: str = "3.0", previous: str | None = None) -> InstallPip:
    return InstallPip(name=name, version=version, previous=previous, reason="requested")


def test_a_plan_groups_packages_by_manager_and_verb_with_reasons() -> None:
    flask = LinkConda(name="flask", version="3.0", channel="conda-forge", reason="requested")
    plan = make_plan(
        install("cowsay"), flask, link("a", previous="2.0"), notes=("Take care.", "And so on.")
    )
    assert render_plan("web", plan) == (
        "## Plan for web\n"
        "\n"
        "conda installs:\n"
        "  flask   3.0         requested; from conda-forge\n"
        "\n"
        "conda upgrades:\n"
        "  a       2.0 -> 3.0  requested\n"
        "\n"
        "pip installs:\n"
        "  cowsay  3.0         requested\n"
        "\n"
        "Take care.\n"
        "And so on."
    )


@pytest.mark.parametrize(
    ("step", "heading", "action", "version", "previous"),
    [
        (link("x"), "conda installs", "install", "3.0", None),
        (link("x", previous="2"), "conda upgrades", "upgrade", "3.0", "2"),
        (link("x", previous="4"), "conda downgrades", "downgrade", "3.0", "4"),
        (link("x", previous="3.0"), "conda changes the build of", "change", "3.0", "3.0"),
        (link("x", "9e", "9d"), "conda changes the build of", "change", "9e", "9d"),
        (install("x"), "pip installs", "install", "3.0", None),
        (install("x", previous="2"), "pip upgrades", "upgrade", "3.0", "2"),
        (install("x", previous="4"), "pip downgrades", "downgrade", "3.0", "4"),
        (install("x", previous="3.0"), "pip reinstalls", "change", "3.0", "3.0"),
        (
            UnlinkConda(name="x", version="1", reason="requested"),
            *("conda removes", "remove", None, "1"),
        ),
        (
            RemovePip(name="x", version="1", reason="requested"),
            *("pip removes", "remove", None, "1"),
        ),
        (
            Keep(manager="pip", name="x", version="1", reason="requested"),
            *("pip keeps", "keep", "1", "1"),
        ),
        (
            Keep(manager="conda", name="x", version="1", reason="requested"),
            *("conda keeps", "keep", "1", "1"),
        ),
    ],
)
def test_every_step_is_shown_under_its_heading_and_in_json(
    step: PackageStep, heading: str, action: str, version: str | None, previous: str | None
) -> None:
    assert f"\n{heading}:\n  x  " in render_plan("web", make_plan(step))
    assert plan_to_list(make_plan(step)) == [
        {
            "manager": heading.partition(" ")[0],
            "action": action,
            "name": "x",
            "version": version,
            "previous": previous,
            "reason": "requested",
            "source": None,
        }
    ]


FILES = (
    WriteFile(path=PrefixPath("a"), content=b"", reason="new"),
    RemoveFile(path=PrefixPath("b"), reason="old"),
    RemoveFile(path=PrefixPath("c"), reason="old"),
    PlaceFile(path=PrefixPath("d"), source=Path("/s"), reason="back"),
)


def test_files_are_shown_if_the_plan_says_so_or_has_nothing_else() -> None:
    assert "Will" not in render_plan("web", make_plan(link("x"), *FILES))
    assert [one.get("path") for one in plan_to_list(make_plan(link("x"), *FILES))] == [None]
    shown = make_plan(link("x"), *FILES, shows_files=True)
    assert render_plan("web", shown).endswith(render_plan("web", make_plan(*FILES))[15:])
    assert render_plan("web", make_plan(*FILES)) == (
        "## Plan for web\n\n"
        "Will write 1 file:\n    a\n\n"
        "Will place 1 file:\n    d\n\n"
        "Will remove 2 files:\n    b\n    c"
    )
    assert plan_to_list(make_plan(*FILES)) == [
        {"path": "a", "action": "write", "reason": "new"},
        {"path": "b", "action": "remove", "reason": "old"},
        {"path": "c", "action": "remove", "reason": "old"},
        {"path": "d", "action": "place", "reason": "back"},
    ]


def test_the_changes_are_one_line_a_verb() -> None:
    plan = make_plan(
        install("six", "1.17.0"),
        link("cowsay", "6.1"),
        RemovePip(name="old", version="1", reason="requested"),
        Keep(manager="pip", name="kept", version="1", reason="requested"),
        RemoveFile(path=PrefixPath("b"), reason="old"),
    )
    assert describe_changes("web", plan) == (
        "Removed 1 package in web: old 1 (pip)\n"
        "Installed 2 packages in web: cowsay 6.1 (conda), six 1.17.0 (pip)"
    )


def test_many_changes_are_one_line_a_manager() -> None:
    names = [f"package-{number}" for number in range(6)]
    plan = make_plan(*(link(name) for name in names), install("six"))
    assert describe_changes("web", plan) == (
        f"Installed 6 packages in web with conda: {' 3.0, '.join(names)} 3.0\n"
        "Installed 1 package in web with pip: six 3.0"
    )


def test_a_plan_of_files_alone_counts_them() -> None:
    assert describe_changes("web", make_plan(*FILES)) == (
        "Wrote 2 files in web\nRemoved 2 files in web"
    )


def test_a_plan_that_only_writes_records_names_their_packages() -> None:
    keep = Keep(manager="pip", name="click", version="8.1.3", reason="its record is written")
    assert describe_changes("web", make_plan(keep, *FILES)) == (
        "Updated conda's records in web: click 8.1.3 (pip)"
    )
