"""Before a transaction that would break what pip has installed, it is said, or refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.e2e.tree import hash_tree

pytestmark = pytest.mark.e2e


@pytest.fixture
def env(make_env: Any) -> Any:
    """conda's flask with pip's Flask-Testing, which needs it, and pip's idna."""
    env = make_env("python", "pip", "flask")
    env.pip("install", "-q", "--no-deps", "Flask-Testing", "idna==3.11")
    return env


def test_warn_tells_before_the_prompt_and_goes_on(env: Any) -> None:
    done = env.conda("remove", "-y", "--dry-run", "flask", check=False)
    assert "flask-testing 0.8.1 requires flask, but it would be removed" in done.stderr.lower()
    done = env.conda("install", "-y", "--dry-run", "idna", check=False)
    assert "pip's idna 3.11 would be overwritten by conda's idna 3.10" in done.stderr
    assert "conda-pip-interop" not in env.conda("install", "-y", "six").stderr


def test_error_refuses_with_nothing_changed_and_names_the_way_through(env: Any) -> None:
    before = hash_tree(env.prefix)
    refused = env.conda(
        "remove", "-y", "flask", check=False, CONDA_PLUGINS_PIP_INTEROP_GUARD="error"
    )
    assert refused.returncode == 1
    assert "Flask-Testing" in refused.stderr or "flask-testing" in refused.stderr
    assert "CONDA_PLUGINS_PIP_INTEROP_GUARD=off" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert hash_tree(env.prefix) == before
    document = json.loads(
        env.conda(
            *("remove", "-y", "flask", "--json"),
            check=False,
            CONDA_PLUGINS_PIP_INTEROP_GUARD="error",
        ).stdout
    )
    assert "would break what pip has installed" in document["message"]
    assert hash_tree(env.prefix) == before


def test_a_build_tool_that_solves_by_condas_api_is_left_alone(env: Any) -> None:
    """conda-build solves for its own prefixes, while conda's target is the active environment."""
    code = (
        "from conda.base.context import context, reset_context;"
        "from conda.core.solve import Solver;"
        "from conda.models.match_spec import MatchSpec as M;"
        "reset_context();"
        "context.plugin_manager.get_settings();"
        f"s = Solver({str(env.prefix.parent / 'host')!r}, context.channels, context.subdirs,"
        " specs_to_add=[M('idna')]);"
        "print(s.solve_for_transaction())"
    )
    done = env.base.run_in(
        *(env.base.prefix, "python", "-c", f"if __name__ == '__main__': exec({code!r})"),
        CONDA_PREFIX=str(env.prefix),
        CONDA_PLUGINS_PIP_INTEROP_GUARD="error",
    )
    assert "conda-pip-interop" not in done.stderr


def test_conda_pip_install_is_guarded_too(env: Any) -> None:
    """conda's requests brings conda's idna along, over pip's."""
    before = hash_tree(env.prefix)
    refused = env.conda(
        *("pip install", "--yes", "requests"),
        check=False,
        CONDA_PLUGINS_PIP_INTEROP_GUARD="error",
    )
    assert refused.returncode == 1
    assert "pip's idna 3.11 would be overwritten by conda's idna 3.10" in refused.stderr
    assert hash_tree(env.prefix) == before


def test_off_looks_at_nothing(env: Any) -> None:
    done = env.conda(
        "remove", "-y", "--dry-run", "flask", check=False, CONDA_PLUGINS_PIP_INTEROP_GUARD="off"
    )
    assert "conda-pip-interop" not in done.stderr


def test_json_keeps_stdout_for_the_document(env: Any) -> None:
    done = env.conda("remove", "-y", "flask", "--dry-run", "--json", check=False)
    assert json.loads(done.stdout)["dry_run"] is True
