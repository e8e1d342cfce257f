"""Where plain pip is kept out is said in .condarc files, and what an admin locks stays locked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.stories.alone import ALONE
from tests.stories.markers import has_marker, marker_of, nothing, own_copy, protect, source_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.world.base import Base

pytestmark = pytest.mark.e2e

NAMES = ("prod-a", "prod-scratch", "web")


@pytest.fixture(scope="module")
def lab(shared_base: Base) -> Iterator[Base]:
    """A base with three environments that have a Python."""
    with own_copy(shared_base, "policy") as own:
        python = ".".join(own.channel.pythons[0].split(".")[:2])
        for name in NAMES:
            own.run("create", "-q", "-n", name, f"python={python}", check=True, **ALONE)
        yield own


@pytest.fixture(autouse=True)
def bare(lab: Base) -> Iterator[None]:
    """Every story begins without markers, and without a word in any file."""
    kept = admin_file(lab).read_text() if admin_file(lab).exists() else ""
    yield
    admin_file(lab).write_text(kept)
    user_file(lab).unlink(missing_ok=True)
    for prefix in (lab.prefix, *(lab.envs / name for name in NAMES)):
        marker_of(prefix).unlink(missing_ok=True)


def admin_file(lab: Base) -> Path:
    return lab.prefix / ".condarc"


def user_file(lab: Base) -> Path:
    return lab.scratch / "home" / ".condarc"


def say(file: Path, text: str) -> None:
    """Add `text` to a .condarc; `KEY` there is the setting's."""
    before = file.read_text() if file.is_file() else ""
    file.write_text(before + text.replace("KEY", "pip_interop_protect"))


def touch(lab: Base, name: str = "base", **variables: Any) -> bool:
    """Whether an environment has a marker after a conda command in it that changes nothing."""
    lab.run(*nothing(lab, name), **variables)
    return has_marker(lab.prefix if name == "base" else lab.envs / name)


def test_a_users_file_is_read(lab: Base) -> None:
    say(user_file(lab), "plugins:\n  KEY: none\n")
    assert not touch(lab)


def test_an_environment_variable_outranks_files(lab: Base) -> None:
    say(user_file(lab), "plugins:\n  KEY: none\n")
    assert touch(lab, **protect("all"))
    assert source_of(lab.prefix) == "envvars"


def test_names_patterns_and_negations_in_a_list_last_match_wins(lab: Base) -> None:
    say(user_file(lab), "plugins:\n  KEY: ['prod-*', '!*-scratch']\n")
    assert [touch(lab, name) for name in NAMES] == [True, False, False]
    assert not has_marker(lab.prefix)


def test_a_list_speaks_alone_and_is_not_merged_across_files(lab: Base) -> None:
    say(admin_file(lab), "plugins:\n  KEY: [web]\n")
    say(user_file(lab), f"plugins:\n  KEY:\n    - {lab.envs}/prod-*\n")
    assert [touch(lab, name) for name in NAMES] == [True, True, False]


@pytest.mark.parametrize("value", ["base #!final", "#!final\n    - base\n    - prod-*"])
def test_what_an_admin_has_locked_nobody_weakens(lab: Base, value: str) -> None:
    say(admin_file(lab), f"no_plugins: false #!final\nplugins:\n  KEY: {value}\n")
    say(user_file(lab), "no_plugins: true #!final\nplugins:\n  KEY: none #!final\n")
    assert touch(lab, CONDA_NO_PLUGINS="true", **protect("none !important"))
    assert source_of(lab.prefix) == str(admin_file(lab))
    marker_of(lab.prefix).unlink()
    lab.run("--no-plugins", *nothing(lab, "base"))
    assert has_marker(lab.prefix)
    refused = lab.run("pip", "unprotect", "-n", "base", check=False, **protect("none"))
    assert refused.returncode == 1
    assert str(admin_file(lab)) in refused.stderr
    assert has_marker(lab.prefix)


def test_without_the_locks_a_command_line_can_do_without_plugins(lab: Base) -> None:
    """Why the how-to names `no_plugins` among the keys to lock."""
    say(admin_file(lab), "plugins:\n  KEY: base #!final\n")
    lab.run("--no-plugins", *nothing(lab, "base"), CONDA_SOLVER=ALONE["CONDA_SOLVER"])
    assert not has_marker(lab.prefix)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("{a: b}", "{'a': 'b'}"),
        ("5", "5"),
        ("[none, web]", "['none', 'web']"),
        ("", "None"),
    ],
)
def test_a_value_that_means_nothing_is_one_message_and_falls_back_to_base(
    lab: Base, value: str, shown: str
) -> None:
    say(user_file(lab), f"plugins:\n  KEY: {value}\n")
    done = lab.run(*nothing(lab, "web"))
    (said,) = done.stderr.splitlines()
    assert f"pip_interop_protect is set to {shown} by {user_file(lab)}" in said
    assert "choose base, none, all, or names and path patterns" in said
    assert has_marker(lab.prefix)
    assert not has_marker(lab.envs / "web")


def test_other_settings_that_mean_nothing_take_no_protection_away(lab: Base) -> None:
    text = "plugins:\n  pip_interop_reconcile: [5]\n  pip_interop_message: {a: b}\n"
    say(user_file(lab), text)
    done = lab.run("create", "-n", "new", "--json")
    assert json.loads(done.stdout)["success"] is True
    assert "pip_interop_reconcile" in done.stderr
    assert "auto, report, off" in done.stderr
    assert has_marker(lab.prefix)


@pytest.mark.needs_conda("25.5", "`conda config` for plugins")
def test_conda_config_sets_and_shows_it(base: Base, lab: Base) -> None:
    assert base.version == lab.version
    user_file(lab).touch()
    where = ("--file", user_file(lab))
    lab.run("config", *where, "--set", "plugins.pip_interop_protect", "web")
    shown = lab.run("config", "--show", "plugins.pip_interop_protect").stdout
    assert "pip_interop_protect: web" in shown
    assert "EXTERNALLY-MANAGED" in lab.run("config", "--describe").stdout
    assert touch(lab, "web")
    assert not has_marker(lab.prefix)


def test_a_policy_change_takes_effect_at_the_next_command_there(lab: Base) -> None:
    assert touch(lab, "web", **protect("web"))
    assert touch(lab, "web", **protect("all"))
    assert source_of(lab.envs / "web") == "envvars"
    assert not touch(lab, "web")


def test_base_and_named_environments_reached_by_a_link_are_the_same(
    lab: Base, tmp_path: Path
) -> None:
    """Else a command through the link would take away what the policy wants."""
    base, envs = tmp_path / "conda", tmp_path / "envs"
    base.symlink_to(lab.prefix)
    envs.symlink_to(lab.envs)
    for prefix in (base, base, envs / "web"):
        command = [*nothing(lab, "base")[:3], "-p", prefix, *nothing(lab, "base")[5:]]
        lab.run(*command, **protect("base, web"))
    assert has_marker(lab.prefix)
    assert has_marker(lab.envs / "web")


_UNKNOWN = "has an unknown setting {}, which has no effect. Did you mean {}?"
_OUTSIDE = "has {} outside of plugins:, where it has no effect. Under plugins:, set {}."


@pytest.mark.parametrize(
    ("key", "nearest"),
    [
        ("pip_interop_protct", "pip_interop_protect"),
        ("pip-interop-guard", "pip_interop_guard"),
        ("pip_interop_name", "pip_interop_names"),
    ],
)
@pytest.mark.parametrize(("above", "message"), [("plugins:\n  ", _UNKNOWN), ("", _OUTSIDE)])
def test_a_setting_that_there_is_not_is_reported_once_with_the_nearest(
    lab: Base, key: str, nearest: str, above: str, message: str
) -> None:
    say(user_file(lab), f"{above}{key}: all\n")
    line = f"conda-pip-interop: {user_file(lab)} {message.format(key, nearest)}"
    for command in (
        nothing(lab, "web"),
        ("pip", "list", "-n", "web"),
        ("pip", "install", "-n", "web", "--dry-run", "--json", "six"),
    ):
        done = lab.run(*command)
        assert done.stderr.splitlines().count(line) == 1
        assert "conda-pip-interop" not in done.stderr.replace(line, "")
    assert json.loads(done.stdout)["success"] is True
    assert "conda-pip-interop" not in lab.run("info").stderr


def test_settings_of_others_are_not_reported(lab: Base) -> None:
    known = "plugins:\n  pip_interop_names: {torch: pytorch}\n  pip_interop_guard: error\n"
    say(user_file(lab), f"{known}  other_setting: 1\nother: 2\n")
    assert "conda-pip-interop" not in lab.run(*nothing(lab, "web")).stderr


def test_where_an_install_looks_first_is_a_setting(lab: Base) -> None:
    say(user_file(lab), "plugins:\n  pip_interop_prefer: pypi\n")
    assert manager_of_six(lab) == "pip"
    assert manager_of_six(lab, "--prefer", "conda") == "conda"


def test_what_an_admin_has_locked_no_command_line_changes(lab: Base) -> None:
    say(admin_file(lab), "plugins:\n  pip_interop_prefer: conda #!final\n")
    say(user_file(lab), "plugins:\n  pip_interop_prefer: pypi\n")
    assert manager_of_six(lab) == "conda"
    assert manager_of_six(lab, "--prefer", "conda") == "conda"
    refused = lab.run("pip", "install", "-n", "web", "six", "--prefer", "pypi", check=False)
    assert refused.returncode == 1
    assert f"locked to conda by {admin_file(lab)}" in refused.stderr


def test_an_installer_that_means_nothing_is_said_and_pip_does_it(lab: Base) -> None:
    say(user_file(lab), "plugins:\n  pip_interop_installer: poetry\n")
    done = lab.run("pip", "install", "-n", "web", "--dry-run", "cowsay")
    assert "pip_interop_installer is set to 'poetry'" in done.stderr
    assert "choose pip, uv" in done.stderr


def manager_of_six(lab: Base, *words: str) -> str:
    """Who would install six."""
    done = lab.run("pip", "install", "-n", "web", "--dry-run", "--json", "six", *words)
    return str(json.loads(done.stdout)["plan"][0]["manager"])
