"""What pip installed moves to conda, and back: one plan, undone by one command."""

from __future__ import annotations

import re
import shlex

import pytest

from conda_pip_interop.changes.atomic.journal import STATE_FOLDER
from conda_pip_interop.changes.state import read_state
from conda_pip_interop.environment.conda_meta.history import read_requested_specs
from tests.stories.tree import hash_tree
from tests.support.environments import MakeEnv
from tests.support.history import history_specs, is_requested
from tests.support.plans import plan_of, reasons_of

pytestmark = pytest.mark.e2e


def test_what_conda_installs_over_pips_is_undone_byte_for_byte(make_env: MakeEnv) -> None:
    env = make_env("python", "pip", "six")
    env.pip("install", "-q", "idna==3.11", "click==8.1.7", "cowsay==6.0")
    before = hash_tree(env.prefix, but=STATE_FOLDER)
    env.conda("pip install", "--yes", "--from-conda=idna", "idna", "cowsay==6.1")
    assert env.owners()["idna"] == ("3.10", "conda")
    env.conda("pip undo", "--yes")
    assert hash_tree(env.prefix, but=STATE_FOLDER) == before
    assert env.findings() == []


def test_what_can_move_to_conda_moves_and_the_rest_is_told(make_env: MakeEnv) -> None:
    env = make_env("python", "pip", "six")
    env.pip("install", "-q", "flask==3.0.3", "idna==3.4", "click==8.1.7", "cowsay", "six==1.15.0")
    env.pip("install", "-q", "attrs==25.3.0")
    edited = env.site_packages / "attrs/filters.py"
    edited.write_text(f"{edited.read_text()}# mine\n")
    env.conda("pip reconcile", "--yes")
    before = hash_tree(env.prefix, but=STATE_FOLDER)
    refused = env.conda("pip adopt", "--yes", "idna", "cowsay", "flask", check=False)
    assert refused.returncode == 1
    assert "idna 3.4 cannot move to conda: the channels have 3.7 to 3.10, not 3.4" in refused.stderr
    assert "cowsay 6.1 cannot move to conda: not in the channels" in refused.stderr
    assert "--allow-newer" not in refused.stderr, "cowsay would still not move"
    assert hash_tree(env.prefix, but=STATE_FOLDER) == before

    done = env.json("pip adopt", "--all", "--yes")
    moved = {name for name, step in plan_of(done).items() if step == ("conda", "install")}
    rest = {name for name, step in plan_of(done).items() if step == ("pip", "keep")}
    needs = {"blinker", "itsdangerous", "jinja2", "markupsafe", "werkzeug"}
    assert moved == {"flask", "click"} | needs
    assert rest == {"attrs", "cowsay", "idna", "six"}
    reasons = reasons_of(done)
    assert reasons["attrs"].startswith("1 file changed since pip installed it: ")
    assert reasons["six"] == "it replaces conda's six (see `conda pip restore`)"
    owners = env.owners()
    assert {owners[name][1] for name in moved} == {"conda"}
    assert owners["flask"] == ("3.0.3", "conda")
    assert env.findings() == []
    specs = read_requested_specs(env.prefix)
    assert (specs["flask"], specs["click"]) == ("flask", "click"), "requested, in any version"
    assert is_requested(env, "flask")
    assert not is_requested(env, "werkzeug")
    env.conda("pip undo", "--yes")
    assert hash_tree(env.prefix, but=STATE_FOLDER) == before

    refused = env.conda("pip adopt", "--yes", "idna", check=False)
    assert f"`conda pip adopt -n {env.name} --allow-newer idna`" in refused.stderr
    done = env.json("pip adopt", "--yes", "--allow-newer", "idna", "flask")
    assert plan_of(done)["idna"] == ("conda", "upgrade")
    assert reasons_of(done)["click"] == "needed by flask, moves from pip"
    assert env.conda("pip adopt", "--yes", "idna").stdout.endswith("Nothing to move.\n")
    assert env.findings() == []


def test_what_needs_something_that_cannot_move_is_refused_with_a_command(make_env: MakeEnv) -> None:
    env = make_env("python", "pip")
    env.pip("install", "-q", "flask==3.0.3", "click==8.2.1")
    refused = env.conda("pip adopt", "--yes", "flask", check=False)
    assert refused.returncode == 1
    assert "flask 3.0.3 cannot move to conda: it needs conda's click 8.1.8" in refused.stderr
    (command,) = re.findall("`conda (.*)`", refused.stderr)
    env.base.run(*shlex.split(command), "--yes")
    owners = env.owners()
    assert owners["flask"] == ("3.0.3", "conda")
    assert owners["click"] == ("8.1.8", "conda")
    assert env.findings() == []


def test_what_conda_has_moves_to_pip_and_nothing_it_needs_gets_lost(make_env: MakeEnv) -> None:
    env = make_env("python", "pip", "flask<3.1")
    before = hash_tree(env.prefix, but=STATE_FOLDER)
    refused = env.conda("pip release", "--yes", "click", check=False)
    assert refused.returncode == 1
    assert "conda's flask requires conda's click" in refused.stderr
    assert f"`conda pip release -n {env.name} click flask`" in refused.stderr
    assert hash_tree(env.prefix, but=STATE_FOLDER) == before

    done = env.json("pip release", "--yes", "click", "flask")
    plan = {(one["manager"], one["action"], one["name"]) for one in done["plan"]}
    assert {("conda", "remove", "flask"), ("pip", "install", "flask")} <= plan
    assert env.owners()["flask"] == ("3.0.3", "pip")
    assert env.owners()["click"][1] == "pip"
    assert is_requested(env, "flask")
    assert not is_requested(env, "click")
    assert env.findings() == []
    specs = history_specs(env)
    assert {"werkzeug", "jinja2"} <= {*specs}
    assert not any(one.startswith(("flask", "click")) for one in specs)
    assert not is_requested(env, "werkzeug")
    env.conda("update", "--yes", "--all")
    assert env.owners()["werkzeug"][1] == "conda"
    assert read_state(env.prefix).requests["flask"] == "flask<3.1"
    env.conda("pip undo", "--yes")
    assert hash_tree(env.prefix, but=STATE_FOLDER) == before


def test_several_operations_go_back_at_once_or_none_does(make_env: MakeEnv) -> None:
    env = make_env("python", "pip")
    env.pip("install", "-q", "itsdangerous==2.1.2")
    env.conda("pip install", "--yes", "cowsay==6.0", "six")
    after = hash_tree(env.prefix, but=STATE_FOLDER)
    (first,) = env.json("pip undo", "--list")["operations"]
    last = env.conda("pip undo", "--yes", "--to", first["id"], check=False)
    assert "is the last operation" in last.stderr
    env.conda("pip release", "--yes", "six")
    env.conda("pip adopt", "--yes", "itsdangerous", "six")
    env.conda("pip update", "--yes", "--all")
    env.conda("pip uninstall", "--yes", "cowsay")
    assert env.owners()["itsdangerous"] == ("2.2.0", "conda")

    history = env.prefix / "conda-meta/history"
    text = history.read_text()
    history.write_text(f"{text}# a note\n")
    before = hash_tree(env.prefix)
    refused = env.conda("pip undo", "--yes", "--to", first["id"], check=False)
    assert "conda has changed the environment since" in refused.stderr
    assert hash_tree(env.prefix) == before
    history.write_text(text)
    done = env.conda("pip undo", "--yes", "--to", first["id"])
    assert hash_tree(env.prefix, but=STATE_FOLDER) == after
    assert [line.partition(": ")[2] for line in done.stdout.splitlines() if "Undid" in line] == [
        "uninstall cowsay",
        "update itsdangerous",
        "adopt itsdangerous six",
        "release six",
    ]
    assert env.json("pip undo", "--list")["operations"] == [first]
    assert env.findings() == []
