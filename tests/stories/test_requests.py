"""`conda pip install` of what is no mere name: files, projects, constraints, in one plan."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.stories.tree import hash_tree
from tests.support.environments import MakeEnv
from tests.support.index_server import PASSWORD, USER, serve_index
from tests.support.pip_worlds import build_clone, build_project, build_sdist, build_wheel
from tests.support.plans import plan_of, reasons_of
from tests.world.cache import file_digest

pytestmark = pytest.mark.e2e


def test_files_projects_and_constraints_come_together(make_env: MakeEnv, tmp_path: Path) -> None:
    env = make_env("python", "pip")
    build_project(tmp_path / "app", "app", requires=["flask>=2", 'idna; extra == "x"'])
    (tmp_path / "limits.txt").write_text("click<8.1.8\ncowsay<6.1\n")
    (tmp_path / "r.txt").write_text(f"-c limits.txt\n-e {tmp_path}/app[x]\ncowsay\n")
    argv = ("-r", str(tmp_path / "r.txt"), "--yes")
    done = env.json("pip install", *argv)
    plan, reasons = plan_of(done), reasons_of(done)
    assert plan["app"] == plan["cowsay"] == ("pip", "install")
    assert plan["flask"] == plan["click"] == plan["idna"] == ("conda", "install")
    assert reasons["app"] == "from a path or URL"
    assert reasons["click"] == "needed by flask, limited to <8.1.8"
    env.conda("install", "--yes", "six")
    assert env.python("import app, flask, six; print(app.settings)") == "editable"
    owners = env.owners()
    assert owners["app"] == ("1.0", "pip")
    assert owners["click"] == ("8.1.7", "conda")
    assert owners["cowsay"][0] == "6.0"
    assert env.findings() == []
    again = env.json(
        "pip install", "app", "--dry-run", "--constraint", str(tmp_path / "limits.txt")
    )
    assert plan_of(again)["app"] == ("pip", "keep")
    (tmp_path / "newer.txt").write_text("click>=8.1.8\n")  # of what is there, and not named
    words = ("-r", f"{tmp_path}/app/pyproject.toml[x]", "--constraint", f"{tmp_path}/newer.txt")
    newer = env.json("pip install", *words, "--dry-run")  # and the build backend is asked
    assert plan_of(newer) == {
        **dict.fromkeys(("flask", "idna"), ("conda", "keep")),
        "click": ("conda", "upgrade"),
    }
    assert reasons_of(newer)["click"] == "needed by flask, limited to >=8.1.8"


def test_a_private_index_archives_by_url_and_clones(make_env: MakeEnv, tmp_path: Path) -> None:
    www = tmp_path / "www"
    build_wheel(www / "simple/private", "private", requires=["six", "itsdangerous<2.2"])
    build_wheel(www / "files", "remote")
    build_sdist(www / "files", build_project(tmp_path / "packed", "packed"), "packed")
    build_project(tmp_path / "repo/sub", "cloned")
    commit = build_clone(tmp_path / "repo")
    (tmp_path / "netrc").write_text(f"machine 127.0.0.1 login {USER} password {PASSWORD}\n")
    (tmp_path / "pyproject.toml").write_text(
        "[dependency-groups]\nall = ['blinker', {include-group = 'more'}]\nmore = ['cowsay']\n"
    )
    env = make_env("python", "pip")
    with serve_index(www) as index:
        url = index.url(f"{USER}:{PASSWORD}").removesuffix("simple/")
        argv = (
            *("private", f"remote @ {url}files/remote-1.0-py3-none-any.whl"),
            *(f"{url}files/packed-1.0.tar.gz", "-C", "a=b", "--extra-index-url", f"{url}simple/"),
            f"git+{(tmp_path / 'repo').as_uri()}@{commit[:10]}#subdirectory=sub",
            *("--group", f"{tmp_path}/pyproject.toml:all"),
        )
        env.conda("pip install", "--yes", *argv)
        owners = {name: owner for name, (_, owner) in env.owners().items()}
        names = ("private", "remote", "packed", "cloned", "cowsay")
        assert owners == {
            **dict.fromkeys(names, "pip"),
            **dict.fromkeys(("pip", "six", "itsdangerous", "blinker"), "conda"),
        }
        frozen = env.conda("pip freeze").stdout
        assert f"cloned @ git+{(tmp_path / 'repo').as_uri()}@{commit}#subdirectory=sub" in frozen
        assert env.python("import packed; print(packed.settings)") == "{'a': 'b'}"
        told = (env.prefix / "conda-meta/history").read_text() + frozen
        assert "files/packed-1.0.tar.gz" in told
        assert PASSWORD not in told

        other = make_env("python", "pip")
        words = ("--only-deps", "private", "-i", index.url(), "--json", "--dry-run")
        done = other.conda("pip install", *words, NETRC=str(tmp_path / "netrc"))
        assert plan_of(json.loads(done.stdout)).keys() == {"six", "itsdangerous"}


def test_hashes_and_a_lock_that_pip_has_made(make_env: MakeEnv, tmp_path: Path) -> None:
    env = make_env("python", "pip")
    env.pip("lock", "-q", "cowsay", "flask", "-o", str(tmp_path / "pylock.toml"))
    done = env.json("pip install", "--dry-run", "-r", str(tmp_path / "pylock.toml"))
    plan = plan_of(done)
    assert plan["werkzeug"] == ("conda", "install")
    assert plan["cowsay"] == ("pip", "install")

    env.pip("download", "-q", "--no-deps", "-d", str(tmp_path), "six==1.16.0", "cowsay==6.1")
    lines = [
        f"{one.name.split('-')[0]}=={one.name.split('-')[1]} --hash=sha256:{file_digest(one)}"
        for one in sorted(tmp_path.glob("*.whl"))
    ]
    (tmp_path / "hashed.txt").write_text("\n".join(lines))
    (tmp_path / "r.txt").write_text("--require-hashes\n-r hashed.txt\n")
    wrong = lines[0].replace(lines[0][-8:], "0" * 8)
    (tmp_path / "wrong.txt").write_text("\n".join([wrong, *lines[1:]]))
    before = hash_tree(env.prefix)
    refused = env.conda("pip install", "--yes", "-r", str(tmp_path / "wrong.txt"), check=False)
    assert refused.returncode == 1
    assert "DO NOT MATCH THE HASHES" in refused.stderr
    assert f"(from {tmp_path}/wrong.txt:" in refused.stderr
    assert "Check the names" not in refused.stderr
    assert hash_tree(env.prefix) == before
    done = env.json("pip install", "--yes", "-r", str(tmp_path / "r.txt"))
    assert plan_of(done) == {"six": ("conda", "install"), "cowsay": ("pip", "install")}
    assert done["notes"] == ["Hashes of PyPI's files are not used for what conda installs: six."]


@pytest.mark.parametrize(
    ("words", "lines", "names"),
    [
        (("click", "-C", "a=b"), ("idna",), "click"),
        ((), ("idna --config-settings=a=b", "cowsay --config-settings=a=b"), "idna"),
        (("cowsay",), ("idna", "six", "--no-binary=six,other"), "six"),
        (("click", "--no-binary", ":all:", "--only-binary", "cowsay"), ("idna",), "click, idna"),
        (("click", "--only-binary", ":all:"), ("cowsay",), None),
    ],
)
def test_build_settings_of_what_conda_supplies_are_said_to_be_unused(
    make_env: MakeEnv,
    tmp_path: Path,
    words: tuple[str, ...],
    lines: tuple[str, ...],
    names: str | None,
) -> None:
    (tmp_path / "r.txt").write_text("\n".join(lines))
    env = make_env("python", "pip")
    done = env.json("pip install", "--dry-run", *words, "-r", str(tmp_path / "r.txt"))
    said = f"Build settings are not used for what conda installs: {names}."
    assert done["notes"] == ([] if names is None else [said])


def test_a_project_that_conda_owns_is_replaced_only_if_it_is_named(
    make_env: MakeEnv, tmp_path: Path
) -> None:
    env = make_env("python", "pip", "six")
    build_project(tmp_path / "mine", "six", env.owners()["six"][0])
    before = hash_tree(env.prefix)
    refused = env.conda("pip install", "--yes", f"{tmp_path}/mine", check=False)
    assert refused.returncode == 1
    assert "--break-other-managers=six" in refused.stderr
    assert hash_tree(env.prefix) == before
    argv = ("--yes", f"{tmp_path}/mine", "--break-other-managers")
    done = env.json("pip install", *argv)
    assert plan_of(done) == {"six": ("pip", "change")}
    assert env.python("import six; print(six.settings)") == "{}"


def test_what_pip_has_can_be_upgraded_and_installed_anew(make_env: MakeEnv) -> None:
    env = make_env("python", "pip")
    env.conda("pip install", "--yes", "cowsay<6.1", "click<8.1.8")
    dry = env.json("pip install", "--dry-run", "-U", "cowsay", "click")
    assert plan_of(dry) == {"cowsay": ("pip", "upgrade"), "click": ("conda", "upgrade")}
    anew = env.json("pip install", "--yes", "--force-reinstall", "cowsay")
    assert plan_of(anew) == {"cowsay": ("pip", "change")}
    assert env.findings() == []


def test_wrong_usage_ends_with_2_and_changes_nothing(make_env: MakeEnv, tmp_path: Path) -> None:
    env = make_env("python", "pip")
    (tmp_path / "r.txt").write_text("flask\n--user\n")
    refused = env.conda("pip install", "--yes", "-r", str(tmp_path / "r.txt"), check=False)
    assert refused.returncode == 2
    assert "r.txt:2: --user" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_what_is_not_installed_is_said(make_env: MakeEnv, tmp_path: Path) -> None:
    env = make_env("python", "pip", "six")
    (tmp_path / "none.txt").write_text("# nothing yet\n")
    nothing = env.conda("pip install", "-r", str(tmp_path / "none.txt"), "--yes")
    assert f"Nothing to install: no requirements in {tmp_path}/none.txt.\n" in nothing.stdout
    (tmp_path / "r.txt").write_text(
        'six; python_version < "3"\nsix; python_version > "3"\nold; python_version < "3"\n'
        f'{tmp_path}/w-1.0-py3-none-any.whl; os_name == "none"\npython>=3.8\n'
    )
    (tmp_path / "w-1.0-py3-none-any.whl").touch()
    left = env.conda("pip install", "-r", str(tmp_path / "r.txt"), "--yes").stdout
    assert "Left out, since their markers do not match: old, w." in left
    document = env.json("pip install", "six", 'old; python_version < "3"', "--dry-run")
    assert document["notes"] == ["Left out, since its marker does not match: old."]
    alone = env.conda("pip install", 'old; python_version < "3"', "--yes").stdout
    assert "Left out, since its marker does not match: old.\n" in alone

    extras = env.conda("pip install", "six[no,none]", "--yes").stdout
    assert "six does not have the extras no, none." in extras
    assert (
        "cowsay does not have the extra no."
        in env.conda("pip install", "cowsay[no]", "--dry-run").stdout
    )
    again = env.conda("pip install", "six", "--force-reinstall", "--yes").stdout
    assert f"for conda's six: `conda install -n {env.name} --force-reinstall six`." in again
    newer = env.conda("pip install", "python>=9", "--yes", check=False)
    assert newer.returncode == 1
    assert f"Error: Python >=9 is required, but {env.name} has Python 3." in newer.stderr
    assert f"`conda pip upgrade-python -n {env.name} VERSION`" in newer.stderr
    other = env.conda("pip install", "six==1.15.0", "--yes", check=False)
    assert "what requires it" not in other.stderr
    assert f"-n {env.name} --break-other-managers=six six==1.15.0`" in other.stderr
    (tmp_path / "both.txt").write_text("six==1.15.0\ncowsay==6.0\nsix==1.16\n")
    both = env.conda("pip install", "-r", str(tmp_path / "both.txt"), "--yes", check=False)
    assert both.returncode == 1
    assert (
        f"six==1.15.0 ({tmp_path}/both.txt:1) and six==1.16 ({tmp_path}/both.txt:3) contradict "
        "each other." in both.stderr
    )
    same = env.conda("pip install", "six==1.16", "six==1.16.0", "six==1.*", "--dry-run")
    assert "already satisfied" in same.stdout
    clone = env.conda("pip install", f"git+file://{tmp_path}/none", "--yes", check=False)
    assert "The repository cannot be cloned" in clone.stderr
    assert "does not build" not in clone.stderr


@pytest.mark.parametrize("configured", ["variable", "file"])
def test_the_constraints_that_pip_is_configured_with_hold_for_condas_part(
    make_env: MakeEnv, tmp_path: Path, configured: str
) -> None:
    env = make_env("python", "pip", "click=8.1.8")
    limits = tmp_path / "limits.txt"
    limits.write_text("click<8.1.8\nidna<3.10\n")
    variables: dict[str, Any] = {"PIP_CONSTRAINT": str(limits)}
    if configured == "file":
        (tmp_path / "pip.conf").write_text(f"[install]\nconstraint = {limits}\n")
        variables = {"PIP_CONFIG_FILE": str(tmp_path / "pip.conf")}
    words = ("pip install", "--dry-run", "Flask-Testing", "idna", "--json")
    done = json.loads(env.conda(*words, **variables).stdout)
    assert plan_of(done)["flask-testing"] == ("pip", "install")
    versions = {one["name"]: one["version"] for one in done["plan"]}
    assert (versions["click"], versions["idna"]) == ("8.1.7", "3.7")
    limits.write_text("six @ https://example.org/six-1.16.0-py2.py3-none-any.whl\n")  # pip takes it
    done = json.loads(env.conda("pip install", "--dry-run", "cowsay", "--json", **variables).stdout)
    assert plan_of(done) == {"cowsay": ("pip", "install")}


def test_a_lock_for_other_environments_is_refused(make_env: MakeEnv, tmp_path: Path) -> None:
    file = tmp_path / "pylock.toml"
    lock = (
        "lock-version = '1.0'\nenvironments = [{}]\n"
        "[[packages]]\nname = 'cowsay'\nversion = '6.1'\n"
    )
    env = make_env("python", "pip")
    file.write_text(lock.format("\"sys_platform == 'win32'\", \"os_name == 'nt'\""))
    refused = env.json("pip install", "--yes", "-r", str(file), check=False)
    assert refused["error"]["code"] == "wrong-platform"
    assert 'sys_platform == "win32" or os_name == "nt"' in refused["error"]["message"]
    file.write_text(lock.format("\"sys_platform == 'win32'\", \"os_name == 'posix'\""))
    assert plan_of(env.json("pip install", "--dry-run", "-r", str(file))) == {
        "cowsay": ("pip", "install")
    }
