"""Before a transaction that would break what pip has installed, it is said, or refused."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.stories.tree import hash_tree
from tests.support.channels import build_conda_package, write_channel
from tests.support.environments import Env, MakeEnv
from tests.support.pip_worlds import build_project, build_wheel

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def prepared(prepare_env: MakeEnv) -> Env:
    """conda's flask with pip's Flask-Testing, which needs it, and pip's idna."""
    env = prepare_env("python", "pip", "flask")
    env.pip("install", "-q", "--no-deps", "Flask-Testing", "idna==3.11")
    return env


@pytest.fixture
def env(make_env: MakeEnv, prepared: Env) -> Any:
    """conda's flask with pip's Flask-Testing, which needs it, and pip's idna."""
    return make_env(like=prepared)


CASES = {
    "a requirement": (
        ("install", "flask=3.0.3"),
        "app 1.0 requires flask>=3.1, but flask would be 3.0.3",
        "request 'flask>=3.1' instead",
    ),
    "a removal": (
        ("remove", "flask"),
        "app 1.0 requires flask>=3.1, but flask would be removed",
        "conda pip uninstall -n ENV app",
    ),
    "by force": (
        ("remove", "--force", "flask"),
        "app 1.0 requires flask>=3.1, but flask would be removed",
        "conda pip uninstall -n ENV app",
    ),
    "Python": (
        ("install", "python=3.12"),
        (
            "Python 3.11.7 would be replaced by 3.12.1; "
            "these packages would no longer be found: app 1.0, idna 3.11"
        ),
        "add python=3.11 to the command",
    ),
    "a name": (
        ("install", "requests"),
        "pip's idna 3.11 would be overwritten by conda's idna 3.10",
        "To use conda's idna: add idna to the command",
    ),
}


SOLVERS = pytest.mark.parametrize(
    "solver",
    ["classic", pytest.param("rattler", marks=pytest.mark.needs_conda("26.7", "rattler solver"))],
)


@SOLVERS
def test_each_harm_is_told_and_refused_with_nothing_changed(
    make_env: MakeEnv, tmp_path: Path, solver: str
) -> None:
    env = make_env("python", "pip", "flask")
    wheel = build_wheel(tmp_path, "app", requires=["flask>=3.1"])
    env.pip("install", "-q", "--no-deps", str(wheel), "idna==3.11")
    before = hash_tree(env.prefix)
    for command, harm, way in CASES.values():
        told = env.conda(*command, "--dry-run", "-y", "--json", CONDA_SOLVER=solver)
        assert harm in told.stderr
        assert json.loads(told.stdout)["dry_run"] is True
        error: dict[str, Any] = {"CONDA_SOLVER": solver, "CONDA_PLUGINS_PIP_INTEROP_GUARD": "error"}
        refused = env.conda(*command, "-y", check=False, **error)
        assert refused.returncode == 1
        assert "Nothing was changed" in refused.stderr
        assert harm in refused.stderr
        assert way.replace("ENV", env.name) in refused.stderr
        assert "CONDA_PLUGINS_PIP_INTEROP_GUARD=off" in refused.stderr
        assert "Traceback" not in refused.stderr
        document = json.loads(env.conda(*command, "--json", check=False, **error).stdout)
        assert harm in document["message"]
    assert hash_tree(env.prefix) == before


def test_the_ways_through_lead_through(make_env: MakeEnv, tmp_path: Path) -> None:
    """A spec that keeps both; pip's out of the way; off for once."""
    env = make_env("python", "pip", "flask")
    wheel = build_wheel(tmp_path, "app", requires=["flask>=3.1"])
    env.pip("install", "-q", "--no-deps", str(wheel))
    error: dict[str, Any] = {"CONDA_PLUGINS_PIP_INTEROP_GUARD": "error"}
    assert env.conda("install", "-y", "flask", "flask>=3.1", "six", **error).stderr == ""
    env.conda("pip uninstall", "-y", "app")
    assert env.conda("remove", "-y", "--dry-run", "flask", **error).stderr.count("interop") == 0
    env.pip("install", "-q", "--no-deps", str(wheel))
    done = env.conda("remove", "-y", "flask", CONDA_PLUGINS_PIP_INTEROP_GUARD="off")
    assert "would break" not in done.stderr
    assert env.findings() == [("unmet", "app")]


@SOLVERS
def test_condas_package_that_pips_would_not_do_for_is_told_and_refused(
    make_env: MakeEnv, tmp_path: Path, solver: str
) -> None:
    """The solver goes by the record of conda's idna 3.10, in whose place pip's 4.0 is."""
    env = make_env("python", "pip", "idna")
    wheel = build_wheel(tmp_path, "idna", "4.0")
    env.pip("install", "-q", str(wheel))
    harm = "conda's requests 2.32.3 requires idna<4,>=2.5, but pip's idna 4.0 replaced conda's"
    warn: dict[str, Any] = {"CONDA_SOLVER": solver}
    error: dict[str, Any] = {**warn, "CONDA_PLUGINS_PIP_INTEROP_GUARD": "error"}
    told = env.conda("install", "requests", "--dry-run", "--json", **warn)
    assert harm in told.stderr
    assert json.loads(told.stdout)["dry_run"] is True
    refused = env.json("install", "requests", check=False, **error)
    assert harm in refused["message"]
    assert f"conda pip restore -n {env.name} idna" in refused["message"]
    assert f"conda pip install -n {env.name} 'idna<4,>=2.5'" in refused["message"]
    assert "requests" not in env.records()
    env.conda("pip install", "-y", "idna<4,>=2.5")
    assert "interop" not in env.conda("install", "requests", "--dry-run", **error).stderr
    env.pip("install", "-q", str(wheel))
    env.conda("pip restore", "-y", "idna")
    assert "interop" not in env.conda("install", "-y", "requests", **error).stderr
    assert env.findings() == []


@pytest.mark.needs_conda("25.5", "pre-transaction actions")
@pytest.mark.parametrize("safety_checks", ["warn", "disabled"])
def test_what_no_solver_is_asked_about_is_guarded_before_it_changes_anything(
    make_env: MakeEnv, tmp_path: Path, safety_checks: str
) -> None:
    env = make_env("python", "pip")
    wheel = build_wheel(tmp_path, "app", requires=["idna>3.10"])
    env.pip("install", "-q", str(wheel), "idna==3.11")
    tag = env.site_packages.parent.name.replace("thon", "").replace(".", "")
    (archive,) = env.base.channel.folder.glob(f"*/idna-3.10-{tag}*.conda")
    url = f"{env.base.channel.url}/{archive.parent.name}/{archive.name}"
    before = hash_tree(env.prefix / "lib")
    refused = env.conda(
        *("install", "-y", url),
        check=False,
        CONDA_PLUGINS_PIP_INTEROP_GUARD="error",
        CONDA_SAFETY_CHECKS=safety_checks,
    )
    assert refused.returncode == 1
    assert "app 1.0 requires idna>3.10, but idna would be 3.10" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert hash_tree(env.prefix / "lib") == before
    assert "conda's idna 3.10 will replace pip's idna 3.11" in env.conda("install", url).stderr


def test_what_breaks_is_told_before_the_prompt_and_conda_goes_on(env: Any) -> None:
    told = "pip's idna 3.11 would be overwritten by conda's idna 3.10"
    asked = subprocess.run(
        [env.base.conda, "install", "-n", env.name, "requests"],
        env=env.base.env(CONDA_ALWAYS_YES="false"),
        input="n\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert told in asked.stderr
    assert env.owners()["idna"] == ("3.11", "pip")
    assert "conda-pip-interop" not in env.conda("install", "-y", "six").stderr
    assert told in env.conda("install", "-y", "requests").stderr
    assert env.owners()["idna"] == ("3.10", "conda")


NAMED = {
    "by name": ("install", "idna"),
    "by spec": ("install", "idna=3.10"),
    "with a channel": ("install", "channel::idna"),
    "in a list": ("install", "--file", "specs.txt"),
    "in an environment file": ("env update", "--file", "environment.yml"),
    "among others": ("install", "requests", "idna"),
}


@pytest.mark.parametrize("case", NAMED)
def test_what_the_user_named_is_replaced_and_told_under_error_too(
    make_env: MakeEnv, tmp_path: Path, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "specs.txt").write_text("# what we need\nidna >=3\n")
    (tmp_path / "environment.yml").write_text("dependencies:\n  - idna=3.10\n  - pip: []\n")
    monkeypatch.chdir(tmp_path)
    env = make_env("python", "pip")
    env.pip("install", "-q", "idna==3.11")
    variables: dict[str, Any] = {"CONDA_PLUGINS_PIP_INTEROP_GUARD": "error"}
    if "::" in NAMED[case][1]:
        variables["CONDA_SOLVER"] = "classic"  # rattler knows channels of files by URL alone
    done = env.conda(*NAMED[case], **variables)
    assert f"{env.name}: conda's idna 3.10 will replace pip's idna 3.11" in done.stderr
    assert env.owners()["idna"] == ("3.10", "conda")
    assert env.findings() == []


def test_the_same_version_that_conda_brings_along_is_no_breakage(env: Any) -> None:
    env.pip("install", "-q", "--no-deps", "idna==3.10")
    done = env.conda("install", "-y", "requests", CONDA_PLUGINS_PIP_INTEROP_GUARD="error")
    assert "conda's idna 3.10 will replace pip's idna 3.10" in done.stderr
    assert env.owners()["idna"] == ("3.10", "conda")
    assert env.findings() == []


def test_the_same_version_of_an_editable_project_is_not_replaced_unasked(
    env: Any, tmp_path: Path
) -> None:
    env.pip("install", "-q", "-e", str(build_project(tmp_path / "idna", "idna", "3.10")))
    refused = env.conda(
        *("install", "-y", "requests"), check=False, CONDA_PLUGINS_PIP_INTEROP_GUARD="error"
    )
    assert "pip's idna 3.10 would be overwritten by conda's idna 3.10" in refused.stderr
    assert refused.returncode == 1


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
        *("pip install", "--yes", "--from-conda=requests", "requests"),
        check=False,
        CONDA_PLUGINS_PIP_INTEROP_GUARD="error",
    )
    assert refused.returncode == 1
    assert "pip's idna 3.11 would be overwritten by conda's idna 3.10" in refused.stderr
    assert hash_tree(env.prefix) == before

    env.conda("pip install", "--yes", "requests", CONDA_PLUGINS_PIP_INTEROP_GUARD="error")
    assert env.owners()["idna"] == ("3.11", "pip"), "pip's is held, so requests is pip's, too"
    assert env.owners()["requests"][1] == "pip"


def test_off_looks_at_nothing(env: Any) -> None:
    done = env.conda(
        "remove", "-y", "--dry-run", "flask", check=False, CONDA_PLUGINS_PIP_INTEROP_GUARD="off"
    )
    assert "conda-pip-interop" not in done.stderr


def test_what_is_removed_with_the_conda_package_that_it_replaced_is_told_before(
    make_env: Any, tmp_path: Path
) -> None:
    channel = write_channel(
        tmp_path / "channel",
        build_conda_package("libtree"),
        build_conda_package("py-tree", "1.0", "libtree", carries={"tree": "1.0"}),
    )
    env = make_env("python", "pip")
    env.conda("install", "-y", "-c", channel, "py-tree")
    env.pip("install", "-q", str(build_wheel(tmp_path, "tree", "2.0")))
    told = "pip's tree 2.0 would be removed with conda's py-tree 1.0, which it replaced"
    dry = env.conda("remove", "--dry-run", "libtree", check=False)
    assert told in dry.stderr
    refused = env.conda(
        "remove", "-y", "libtree", check=False, CONDA_PLUGINS_PIP_INTEROP_GUARD="error"
    )
    assert refused.returncode == 1
    assert told in refused.stderr
    again = f"conda run -n {env.name} python -m pip install {tmp_path}/tree-2.0-py3-none-any.whl"
    assert again in refused.stderr
    assert env.owners()["tree"] == ("2.0", "pip")
    named = env.conda(*("remove", "-y", "py-tree"), CONDA_PLUGINS_PIP_INTEROP_GUARD="error")
    assert told not in named.stderr
    assert "pip's tree 2.0, which replaced conda's py-tree 1.0, will be removed" in named.stderr
    assert "tree" not in env.owners()
