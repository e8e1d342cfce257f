"""`conda pip install` from the real index: projects as they are, not as a test has made them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.plans import plan_of, reasons_of

pytestmark = pytest.mark.online


def install(env: Any, real: dict[str, str], *words: str) -> Any:
    """The document of `conda pip install`; what it leaves must hold together."""
    done = json.loads(env.conda("pip install", "--yes", "--json", *words, **real).stdout)
    assert env.pip("check").stdout.strip() == "No broken requirements found."
    assert env.findings() == []
    return done


def owners_of(env: Any) -> dict[str, str]:
    return {name: owner for name, (_, owner) in env.owners().items()}


def test_pure_wheels_and_their_dependencies(make_env: Any, real: dict[str, str]) -> None:
    env = make_env("python", "pip")
    install(env, real, "Flask-Login", "rich")
    owners = owners_of(env)
    assert owners["flask"] == owners["werkzeug"] == "conda"
    assert owners["flask-login"] == owners["rich"] == owners["pygments"] == "pip"
    assert env.python("import flask_login, rich; print('x')") == "x"


def test_a_compiled_wheel_beside_condas_numpy(make_env: Any, real: dict[str, str]) -> None:
    env = make_env("python", "pip")
    install(env, real, "pandas")
    owners = owners_of(env)
    assert (owners["numpy"], owners["pandas"]) == ("conda", "pip")
    assert env.python("import pandas; print(pandas.Series([1, 2]).sum())") == "3"


def test_a_project_without_wheels_is_built_with_condas_setuptools(
    make_env: Any, real: dict[str, str]
) -> None:
    env = make_env("python", "pip")
    install(env, real, "docopt==0.6.2")
    assert owners_of(env).keys() & {"docopt", "setuptools", "wheel"} == {"docopt"}
    assert env.python("import docopt; print(docopt.__version__)") == "0.6.2"


def test_an_extra_of_a_project_that_conda_spells_in_its_own_way(
    make_env: Any, real: dict[str, str]
) -> None:
    env = make_env("python", "pip")
    done = install(env, real, "ruamel_yaml[jinja2]", "requests[socks]")
    plan = plan_of(done)
    assert plan["ruamel.yaml"] == plan["requests"] == ("conda", "install")
    assert plan["ruamel-yaml-jinja2"] == plan["pysocks"] == ("pip", "install")


def test_a_project_whose_name_means_something_else_to_conda(
    make_env: Any, real: dict[str, str]
) -> None:
    env = make_env("python", "pip")
    assert reasons_of(install(env, real, "ninja"))["ninja"].startswith("conda's ninja is a program")
    other = make_env("python", "pip", "ninja")
    refused = other.conda("pip install", "--yes", "ninja", check=False, **real)
    assert refused.returncode == 1
    assert "pip's ninja would overwrite 1 file of conda's ninja (something else)" in refused.stderr


def test_newer_than_the_channels_and_an_upgrade(make_env: Any, real: dict[str, str]) -> None:
    env = make_env("python", "pip")
    words = ("click>=8.2", "six", "packaging==23.2", "--from-pypi", "packaging")
    plan = plan_of(install(env, real, *words))
    assert plan["click"] == plan["packaging"] == ("pip", "install")
    assert plan["six"] == ("conda", "install")
    up = install(env, real, "--upgrade", "packaging")
    assert plan_of(up)["packaging"] == ("pip", "upgrade")


def test_a_project_of_ones_own_with_a_backend_from_the_index(
    make_env: Any, real: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "app.py").write_text("x = 1\n")
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "app"\nversion = "1"\ndependencies = ["six", "humanize"]\n'
        '[project.optional-dependencies]\ntest = ["iniconfig"]\n'
        '[build-system]\nrequires = ["poetry-core"]\nbuild-backend = "poetry.core.masonry.api"\n'
    )
    env = make_env("python", "pip")
    install(env, real, "-e", f"{tmp_path}[test]")
    owners = owners_of(env)
    assert owners["six"] == "conda"
    assert owners["humanize"] == owners["iniconfig"] == owners["app"] == "pip"
    assert "poetry-core" not in owners
    assert env.python("import app; print(app.__file__)") == str(tmp_path / "app.py")


def test_a_lock_that_pip_itself_has_made(
    make_env: Any, real: dict[str, str], tmp_path: Path
) -> None:
    env = make_env("python", "pip")
    lock = tmp_path / "pylock.toml"
    env.base.run_in(env.prefix, "python", "-m", "pip", "lock", "-q", "httpx", "-o", lock, **real)
    install(env, real, "-r", str(lock))
    owners = owners_of(env)
    assert owners["httpx"] == owners["h11"] == "pip"
    env.python("import httpx")
