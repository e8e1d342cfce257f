"""`conda pip install`: conda what the channel has, pip the rest, and nothing overwritten."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from conda_pip_interop.changes.atomic.journal import STATE_FOLDER
from tests.stories.tree import hash_tree
from tests.support.channels import build_conda_package, write_channel
from tests.support.environments import MakeEnv
from tests.support.pip_worlds import build_project, build_wheel
from tests.support.plans import plan_of, reasons_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.world.base import Base

pytestmark = pytest.mark.e2e


def test_conda_supplies_what_the_channel_has_and_pip_the_rest(
    make_env: MakeEnv, tmp_path: Path
) -> None:
    env = make_env("python", "pip")
    dry = env.json("pip install", "--dry-run", "Flask-Testing", "cowsay")
    plan = plan_of(dry)
    assert plan["flask"] == plan["werkzeug"] == ("conda", "install")
    assert plan["flask-testing"] == plan["cowsay"] == ("pip", "install")
    assert reasons_of(dry)["flask"] == "needed by flask-testing"
    assert reasons_of(dry)["cowsay"] == "not in the channels"
    assert "flask" not in env.owners()

    log = tmp_path / "pip.log"
    done = env.conda("pip install", "--yes", "Flask-Testing", "cowsay", PIP_LOG=str(log))
    assert "needed by flask-testing" in done.stdout
    assert log.read_text().count("Using pip") == 2, "one run resolves, one installs"
    owners = env.owners()
    assert owners["flask"][1] == owners["werkzeug"][1] == owners["click"][1] == "conda"
    assert owners["flask-testing"][1] == owners["cowsay"][1] == "pip"
    assert env.pip("check").stdout.strip() == "No broken requirements found."
    env.python("import flask_testing, cowsay")
    assert env.findings() == []


def test_doing_it_twice_does_nothing_the_second_time(make_env: MakeEnv) -> None:
    env = make_env("python", "pip")
    env.conda("pip install", "--yes", "six", "cowsay")
    before = hash_tree(env.prefix)
    again = env.json("pip install", "--yes", "six", "cowsay")
    assert plan_of(again) == {"six": ("conda", "keep"), "cowsay": ("pip", "keep")}
    assert hash_tree(env.prefix) == before


def test_conda_is_given_the_range_and_not_pips_pin(make_env: MakeEnv) -> None:
    env = make_env("python", "pip")
    env.conda("pip install", "--yes", "click<8.1.8,>=8")
    assert env.owners()["click"] == ("8.1.7", "conda")
    history = (env.prefix / "conda-meta" / "history").read_text()
    assert ">=8" in history.splitlines()[-1]


def test_a_version_that_the_channel_lacks_comes_from_pip_with_the_reason(make_env: MakeEnv) -> None:
    env = make_env("python", "pip")
    answer = env.json("pip install", "--yes", "idna>=3.11")
    assert reasons_of(answer)["idna"] == "the channels have 3.7 to 3.10, required >=3.11"
    assert env.owners()["idna"] == ("3.11", "pip")


def test_what_conda_owns_is_not_overwritten(make_env: MakeEnv) -> None:
    env = make_env("python", "pip", "idna")
    before = hash_tree(env.prefix)
    refused = env.conda("pip install", "--yes", "idna>=3.11", check=False)
    assert refused.returncode == 1
    assert "conda installed idna 3.10" in refused.stderr
    assert hash_tree(env.prefix) == before


def test_extras_are_followed(make_env: MakeEnv) -> None:
    env = make_env("python", "pip")
    plan = plan_of(env.json("pip install", "--dry-run", "requests[socks]", check=False))
    assert plan["requests"] == ("conda", "install")
    assert plan["pysocks"] == ("pip", "install")


def test_a_conda_package_without_the_distribution_does_not_count(make_env: MakeEnv) -> None:
    env = make_env("python", "pip")
    document = env.json("pip install", "--dry-run", "ninja")
    assert plan_of(document) == {"ninja": ("pip", "install")}
    assert reasons_of(document)["ninja"].startswith("conda's ninja is a program")


def test_what_pip_removed_of_condas_comes_back_with_what_needs_it(make_env: MakeEnv) -> None:
    env = make_env("python", "pip", "jinja2", "six")
    env.pip("uninstall", "-q", "-y", "markupsafe", "six")
    before = hash_tree(env.prefix, but=STATE_FOLDER)
    dry = env.json("pip install", "--dry-run", "Flask-Testing")
    assert plan_of(dry)["markupsafe"] == ("conda", "install")
    assert reasons_of(dry)["markupsafe"] == "its files are missing"
    assert "six" not in plan_of(dry)
    env.conda("pip install", "--yes", "Flask-Testing")
    assert env.findings() == [("vanished", "six")]
    env.python("import flask_testing")
    env.conda("pip undo", "--yes")
    assert hash_tree(env.prefix, but=STATE_FOLDER) == before
    env.conda("pip install", "--yes", "six")
    assert env.findings() == [("vanished", "markupsafe")]


def test_an_environment_without_pip_is_served_by_condas_own(make_env: MakeEnv) -> None:
    env = make_env("python")
    assert "pip" not in env.owners()
    env.conda("pip install", "--yes", "cowsay")
    assert env.owners() == {"cowsay": ("6.1", "pip")}
    env.python("import cowsay")


def test_a_pip_too_old_for_reports_is_not_used(make_env: MakeEnv) -> None:
    env = make_env("python", "pip")
    env.pip("install", "-q", "pip==22.3.1")
    env.conda("pip install", "--yes", "cowsay")
    assert env.owners()["cowsay"] == ("6.1", "pip")


def test_python_is_part_of_the_plan_where_an_environment_has_none(make_env: MakeEnv) -> None:
    env = make_env("ninja")
    before = hash_tree(env.prefix)
    shown = env.conda("pip install", "--dry-run", "cowsay", "flask").stdout
    assert f"{env.name} has no Python: conda installs Python 3." in shown
    assert re.search(r"conda installs:\n(  .*\n)*  python .* the environment has no Py", shown)
    assert hash_tree(env.prefix) == before
    done = env.conda("pip install", "--yes", "cowsay", "flask")
    assert "Installed" in done.stdout
    assert env.owners()["cowsay"] == ("6.1", "pip")
    assert env.owners()["flask"][1] == "conda"
    first, *_ = (env.prefix / "bin" / "cowsay").read_text().splitlines()
    assert first == f"#!{env.prefix}/bin/python"
    env.python("import cowsay, flask")
    assert env.findings() == []
    env.conda("pip undo", "--yes")
    assert set(env.records()) == {"ninja"}


def test_an_empty_environment_gets_the_python_that_the_packages_are_for(
    make_env: MakeEnv, tmp_path: Path
) -> None:
    older = build_conda_package("older", "1.0", "python >=3.11,<3.12", carries={"older": "1.0"})
    channel = write_channel(tmp_path / "channel", older)
    env = make_env()
    env.conda("pip install", "--yes", "-c", channel, "older>=1")
    assert env.owners() == {"older": ("1.0", "conda")}
    assert env.records()["python"].startswith("3.11.")
    env.python("import older")


def test_what_fails_after_python_was_installed_takes_it_back(
    make_env: MakeEnv, tmp_path: Path
) -> None:
    broken = build_project(tmp_path / "broken", "broken")
    (broken / "backend.py").write_text("raise SystemExit(1)")
    env = make_env("ninja")
    for words in (["no-such-project-anywhere"], ["-e", str(broken)]):
        refused = env.conda("pip install", "--yes", *words, check=False)
        assert refused.returncode != 0
        assert "Traceback" not in refused.stderr
        assert set(env.records()) == {"ninja"}
        assert not (env.prefix / "bin" / "python").exists()


def test_a_name_that_nobody_has_is_pips_error_and_changes_nothing(make_env: MakeEnv) -> None:
    env = make_env("python", "pip")
    before = hash_tree(env.prefix)
    refused = env.conda("pip install", "--yes", "no-such-project-anywhere", check=False)
    assert refused.returncode == 1
    assert "no-such-project-anywhere" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert hash_tree(env.prefix) == before


def test_an_unsatisfiable_set_changes_nothing(make_env: MakeEnv) -> None:
    env = make_env("python", "pip", "flask=3.0.3")
    before = hash_tree(env.prefix)
    refused = env.conda("pip install", "--yes", "flask<3.1", "werkzeug<1", check=False)
    assert refused.returncode == 1
    assert hash_tree(env.prefix) == before


def test_where_pips_part_cannot_be_put_in_place_condas_is_taken_back(make_env: MakeEnv) -> None:
    env = make_env("python", "pip", "flask=3.0.3", "click=8.1.7")
    in_the_way = env.site_packages / "cowsay" / "main.py"
    in_the_way.mkdir(parents=True)
    before = hash_tree(env.prefix, but=STATE_FOLDER)
    refused = env.conda("pip install", "--yes", "flask>=3.1", "six", "cowsay", check=False)
    assert refused.returncode == 1
    assert "cowsay/main.py" in refused.stderr
    assert hash_tree(env.prefix, but=STATE_FOLDER) == before
    in_the_way.rmdir()
    env.conda("pip install", "--yes", "flask>=3.1", "six", "cowsay")
    assert env.owners()["flask"] == ("3.1.0", "conda")
    assert env.findings() == []


def test_a_dry_run_changes_nothing(make_env: MakeEnv) -> None:
    env = make_env("python", "pip")
    before = hash_tree(env.prefix)
    done = env.conda("pip install", "--dry-run", "Flask-Testing")
    assert "nothing was changed" in done.stdout
    assert hash_tree(env.prefix) == before


def test_a_no_at_the_prompt_changes_nothing(make_env: MakeEnv, base: Base) -> None:
    env = make_env("python", "pip")
    before = hash_tree(env.prefix)
    asked = subprocess.run(
        [base.conda, "pip", "install", "-n", env.name, "cowsay"],
        env=base.env(CONDA_ALWAYS_YES="false"),
        input="n\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Proceed" in asked.stdout
    assert hash_tree(env.prefix) == before


def test_ctrl_c_at_the_prompt_changes_nothing(make_env: MakeEnv, base: Base) -> None:
    env = make_env("python", "pip")
    before = hash_tree(env.prefix)
    asking = subprocess.Popen(
        [base.conda, "pip", "install", "-n", env.name, "six", "cowsay"],
        env=base.env(CONDA_ALWAYS_YES="false", PYTHONUNBUFFERED="1"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # ignored in what a shell has put into the background, and then inherited
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    assert asking.stdout is not None
    seen = ""
    while "Proceed" not in seen:
        piece = asking.stdout.read(1)
        assert piece, seen  # it ended without a question
        seen += piece
    asking.send_signal(signal.SIGINT)
    _, errors = asking.communicate(timeout=240)
    assert errors == f"Error: Interrupted: nothing was changed in {env.name}.\n"
    assert asking.returncode == 130
    assert hash_tree(env.prefix) == before


def test_json_is_one_document_and_nothing_else(make_env: MakeEnv) -> None:
    env = make_env("python", "pip")
    done = env.conda("pip install", "--yes", "--json", "six", "cowsay")
    document = json.loads(done.stdout)
    assert document["success"] is True
    assert document["prefix"] == str(env.prefix)


def test_json_without_yes_is_wrong_usage(make_env: MakeEnv) -> None:
    env = make_env("python", "pip")
    refused = env.conda("pip install", "--json", "cowsay", check=False, CONDA_ALWAYS_YES="false")
    assert refused.returncode == 2
    assert json.loads(refused.stdout)["error"]["code"] == "usage"


def test_the_users_pip_settings_do_not_send_it_elsewhere(make_env: MakeEnv, tmp_path: Any) -> None:
    env = make_env("python", "pip")
    config = tmp_path / "pip.conf"
    config.write_text(f"[global]\ntarget = {tmp_path / 'elsewhere'}\n")
    env.conda(
        *("pip install", "--yes", "cowsay"),
        PIP_CONFIG_FILE=str(config),
        PIP_USER="1",
        PIP_REQUIRE_VIRTUALENV="1",
    )
    assert env.owners()["cowsay"] == ("6.1", "pip")
    assert not (tmp_path / "elsewhere").exists()


def test_an_unknown_option_of_pips_is_refused_by_name(make_env: MakeEnv) -> None:
    env = make_env("python", "pip")
    refused = env.conda("pip install", "--such-an-option", "cowsay", check=False)
    assert refused.returncode == 2
    assert "--such-an-option" in refused.stderr
    # behind two dashes it is for pip to say, also where conda has everything
    refused = env.conda("pip install", "--yes", "six", "--", "--such-an-option", check=False)
    assert refused.returncode == 2
    assert "--such-an-option" in refused.stderr
    assert "six" not in env.owners()


def test_what_conda_cannot_put_beside_the_rest_moves_to_pip(make_env: MakeEnv) -> None:
    env = make_env("python", "pip")
    done = env.json("pip install", "--yes", "requests", "idna<3.5")
    reasons = reasons_of(done)
    assert reasons["requests"] == "conda cannot install it beside the idna that is needed"
    assert reasons["idna"] == "the channels have 3.7 to 3.10, required <3.5,<4,>=2.5"
    owners = env.owners()
    assert owners["requests"][1] == owners["idna"][1] == "pip"
    assert owners["urllib3"][1] == owners["certifi"][1] == "conda"
    assert env.pip("check").stdout.strip() == "No broken requirements found."
    assert env.findings() == []


def test_a_frozen_environment_is_left_alone_unless_overridden(make_env: MakeEnv) -> None:
    env = make_env("python", "pip")
    frozen = env.prefix / "conda-meta" / "frozen"
    frozen.write_text('{"message": "made for the exhibition"}')
    refused = env.conda("pip install", "--yes", "cowsay", check=False)
    assert refused.returncode == 1
    assert "made for the exhibition" in refused.stderr
    assert "Nothing to undo" in env.conda("pip undo", "--list").stdout
    frozen.write_text("")
    assert env.conda("pip install", "--yes", "cowsay", check=False).returncode == 1
    env.conda("pip install", "--yes", "--override-frozen", "cowsay")
    assert env.owners()["cowsay"] == ("6.1", "pip")


def test_findings_are_reported_when_both_halves_are_done(make_env: MakeEnv, tmp_path: Path) -> None:
    """What conda's half breaks and pip's half mends is no finding."""
    env = make_env("python", "pip", "flask=3.0.3")
    old = build_wheel(tmp_path, "app", requires=["flask<3.1"])
    new = build_wheel(tmp_path, "app", "2.0", requires=["flask>=3.1"])
    env.pip("install", "-q", str(old))
    done = env.conda("pip install", "--yes", "flask>=3.1", str(new))
    assert (env.owners()["app"][0], env.owners()["flask"][1]) == ("2.0", "conda")
    assert env.findings() == []
    assert "conda-pip-interop:" not in done.stderr
