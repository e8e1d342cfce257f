"""Who requested what, beside what conda's history and pip's REQUESTED say."""

from __future__ import annotations

import pytest

from tests.support.environments import MakeEnv
from tests.support.history import history_specs, is_requested

pytestmark = pytest.mark.e2e


def test_what_is_only_needed_is_not_requested(make_env: MakeEnv) -> None:
    env = make_env("python", "pip")
    specs = history_specs(env)
    env.conda("pip install", "--yes", "Flask-Testing", "click>=8")
    assert not is_requested(env, "flask")
    assert not is_requested(env, "werkzeug")
    assert is_requested(env, "flask-testing")
    assert is_requested(env, "click")
    why = env.conda("pip why", "flask").stdout
    assert "not requested by the user" in why
    click = next(one for one in history_specs(env) if one.startswith("click"))
    assert ">=8" in click
    assert "flask" in history_specs(env)  # without the limits of Flask-Testing
    env.conda("update", "--yes", "--all")
    assert env.owners()["flask"][1] == "conda"

    gone = env.conda("pip uninstall", "--yes", "flask-testing")
    assert "Nothing else requires conda's flask. To remove:" in gone.stdout
    assert set(history_specs(env)) == {*specs, click}
    env.conda("pip undo", "--yes")
    assert "flask" in history_specs(env)
    assert not is_requested(env, "flask")
    assert env.conda("list", "--revisions").returncode == 0
    env.pip("uninstall", "--yes", "flask-testing")  # by pip itself: the next command drops it
    env.conda("install", "--yes", "six")
    assert set(history_specs(env)) == {*specs, click, "six"}


def test_what_was_needed_is_requested_once_the_user_does(make_env: MakeEnv) -> None:
    env = make_env("python", "pip")
    env.conda("pip install", "--yes", "Flask-Testing")
    env.conda("pip install", "--yes", "flask")
    assert is_requested(env, "flask")
    env.conda("pip uninstall", "--yes", "flask-testing")
    assert "flask" in history_specs(env)
    assert is_requested(env, "flask")


def test_what_conda_had_installed_for_others_is_requested_once_the_user_does(
    make_env: MakeEnv,
) -> None:
    env = make_env("python", "pip", "flask=3.0.3")
    assert not is_requested(env, "werkzeug")
    env.conda("pip install", "--yes", "werkzeug")
    assert is_requested(env, "werkzeug")
    assert not is_requested(env, "jinja2")


def test_what_the_user_requests_of_conda_later_is_requested(make_env: MakeEnv) -> None:
    env = make_env("python", "pip", "flask=3.0.3")
    env.conda("pip install", "--yes", "Flask-Testing")
    assert is_requested(env, "flask")
    env = make_env("python", "pip")
    env.conda("pip install", "--yes", "Flask-Testing")
    env.conda("install", "--yes", "flask<3.1")
    assert is_requested(env, "flask")
    env.conda("pip uninstall", "--yes", "flask-testing")
    assert "flask[version='<3.1']" in history_specs(env)
