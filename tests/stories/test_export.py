"""`conda pip export`: the same environment again, by conda, by pip and by us."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.environments import Env, MakeEnv
from tests.support.index_server import PASSWORD, USER, serve_index
from tests.support.pip_worlds import build_clone, build_project, build_sdist, build_wheel

pytestmark = pytest.mark.e2e

LOCK = ("pylock.toml", "explicit.txt")
ROOT = Path(__file__).parents[2]


def describe(env: Env) -> dict[str, tuple[str, str, str]]:
    """Name → version, owner and source of each distribution, and conda's other packages."""
    rows = env.json("pip list")["distributions"]
    found = {row["name"]: (row["version"], row["owner"], row["source"]) for row in rows}
    return {**{f"conda:{name}": (one, "", "") for name, one in env.records().items()}, **found}


def make_all(env: Env, folder: Path, index: str) -> None:
    """Install from everywhere: channel, index, private index, repository, folders, over conda."""
    build_project(folder / "repo/sub", "cloned")
    build_clone(folder / "repo")
    build_project(folder / "local", "local")
    build_project(folder / "plain", "plain")
    repo = f"git+{(folder / 'repo').as_uri()}@main#subdirectory=sub"
    env.conda("pip install", "--yes", "private[more]>=1", "built", "-i", index)
    words = ("cowsay==6.0", "six", repo, str(folder / "plain"), "-e", str(folder / "local"))
    env.conda("pip install", "--yes", *words)
    env.conda("pip install", "--yes", "click==8.1.3", "--break-other-managers=click")


def build_index(folder: Path) -> Path:
    """Build the files of a private index."""
    build_wheel(folder / "simple/private", "private", requires=["helper"], extras=["more"])
    build_wheel(folder / "simple/helper", "helper")
    project = build_project(folder / "built", "built")
    build_sdist(folder / "simple/built", project, "built")
    return folder


def test_an_environment_is_made_again_from_environment_yml_and_from_locks(
    make_env: MakeEnv, again: Env, tmp_path: Path
) -> None:
    env = make_env("python", "pip", "click=8.1.7", "itsdangerous")
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login {USER} password {PASSWORD}\n")
    yml, lock, explicit = (tmp_path / name for name in ("environment.yml", *LOCK))
    with serve_index(build_index(tmp_path / "www")) as index:
        make_all(env, tmp_path, index.url(f"{USER}:{PASSWORD}"))
        expected = describe(env)
        env.conda("pip export", "-o", str(yml))
        env.conda("pip export", "-o", str(yml), "--check")
        env.conda("pip export", "-o", str(explicit))
        assert PASSWORD not in yml.read_text() + explicit.read_text() + lock.read_text()
        variables = {"INDEX_127_0_0_1_USER": USER, "INDEX_127_0_0_1_PASSWORD": PASSWORD}
        again.conda("pip create", "--yes", str(yml), check=True, **variables)
        assert (describe(again), again.findings()) == (expected, [])
        again.conda("pip sync", str(lock), str(explicit), "--check")
        shutil.rmtree(again.prefix)

        again.conda("pip create", "--yes", str(lock), NETRC=str(netrc))
        assert (describe(again), again.findings()) == (expected, [])
        again.conda("pip export", "-o", str(lock), "--check")
        again.conda("pip uninstall", "--yes", "local")
        both = tmp_path / "conda-lock.yml"
        again.conda("pip export", "-o", str(both))
        again.conda("pip sync", str(both), "--check")
        differs = env.conda("pip sync", str(both), "--check", check=False)
        assert (differs.returncode, "not in conda-lock.yml" in differs.stdout) == (1, True)
        env.conda("pip sync", "--yes", str(both))
        assert (describe(env), env.findings()) == (describe(again), [])
    env.conda("pip install", "--yes", "cowsay==6.1")
    stale = env.conda("pip export", "-o", str(yml), "--check", check=False)
    assert (stale.returncode, "out of date" in stale.stdout) == (1, True)


def test_what_pip_owns_stays_pips_where_the_channels_have_it_too(
    make_env: MakeEnv, tmp_path: Path
) -> None:
    env, lock, lines = (
        make_env("python", "pip"),
        make_env("python", "pip"),
        make_env("python", "pip"),
    )
    env.conda("pip install", "--yes", "--prefer", "pypi", "six==1.16.0", "cowsay")
    expected = env.owners()
    assert expected["six"] == ("1.16.0", "pip")
    env.conda("pip export", "-o", str(tmp_path / "pylock.toml"))
    reading = ("install", "--dry-run", "--break-system-packages", "-r", f"{tmp_path}/pylock.toml")
    for command in (
        [sys.executable, "-m", "uv", "pip", *reading, "--python", str(lock.prefix)],
        [sys.executable, "-m", "pip", "--python", str(lock.prefix), *reading],
    ):
        read = subprocess.run(command, capture_output=True, text=True, check=True)
        assert "cowsay" in read.stdout + read.stderr
    lock.conda("pip install", "--yes", "-r", str(tmp_path / "pylock.toml"))
    assert lock.owners() == expected
    requirements = tmp_path / "requirements.txt"
    env.conda("pip export", "-o", str(requirements), "--hashes")
    (told,) = [one for one in requirements.read_text().splitlines() if "conda pip install" in one]
    words = told.partition("conda pip install ")[2].replace("FILE", str(requirements)).split()
    lines.conda("pip install", "--yes", *words)
    assert lines.owners() == expected
    env.pip("install", "-q", "--dry-run", "--require-hashes", "-r", str(requirements))


def test_a_distribution_of_plain_pip_is_pinned_and_no_wheel_is_claimed(make_env: MakeEnv) -> None:
    env = make_env("python", "pip")
    env.pip("install", "-q", "cowsay==6.1")
    assert "- cowsay==6.1" in env.conda("pip export").stdout
    refused = env.conda("pip export", "--format", "pylock", check=False)
    assert refused.returncode == 1
    assert "are not known: cowsay" in refused.stderr
    unknown = env.conda("pip export", "-o", "web.md", check=False)
    assert (unknown.returncode, "--format" in unknown.stderr) == (2, True)
    assert env.json("pip export")["format"] == "environment"


def test_the_index_is_asked_once_and_only_an_equal_wheel_is_claimed(
    make_env: MakeEnv, tmp_path: Path
) -> None:
    env = make_env("python", "pip")
    build_sdist(tmp_path, build_project(tmp_path / "gone", "gone"), "gone")
    env.pip("install", "-q", "--no-build-isolation", "cowsay==6.1", "idna==3.11", "numpy==2.2.6")
    env.pip(
        "install", "-q", "--no-index", "--no-build-isolation", "--find-links", str(tmp_path), "gone"
    )
    (env.site_packages / "idna/core.py").write_text("# patched\n")
    record = env.site_packages / "idna-3.11.dist-info/RECORD"
    lines = record.read_text().splitlines(keepends=True)
    record.write_text("".join(one for one in lines if not one.startswith("idna/core.py")))
    refused = env.conda("pip export", "--resolve", "--format", "pylock", check=False)
    assert refused.returncode == 1
    assert "2 distributions" in refused.stderr
    assert "gone, idna" in refused.stderr
    done = env.conda("pip export", "--resolve", "--format", "explicit")
    (cowsay,) = [one for one in done.stdout.splitlines() if one.startswith("# pip cowsay @ ")]
    assert "cowsay-6.1-py3-none-any.whl#sha256=" in cowsay
    assert "# pip numpy @ " in done.stdout
    assert "idna 3.11 differs from the wheel on the index; its file is not known." in done.stderr
    assert "gone 1.0 is not on the index; its file is not known." in done.stderr


@pytest.mark.needs_conda("25.7", "conda_environment_exporters")
def test_condas_own_export_offers_the_same_formats(make_env: MakeEnv, tmp_path: Path) -> None:
    env = make_env("python", "pip", "six")
    env.conda("pip install", "--yes", "cowsay==6.1")
    for name in ("environment", "requirements", "explicit", "conda-lock", "cyclonedx-json"):
        by_conda = env.conda("export", "--format", f"pip-interop-{name}").stdout
        assert by_conda == env.conda("pip export", "--format", name).stdout
    words = ("--from-history", "--ignore-channels")
    by_conda = env.conda("export", "--format", "pip-interop-environment", *words).stdout
    assert by_conda == env.conda("pip export", *words).stdout
    env.conda("export", "--file", str(tmp_path / "pylock.toml"))
    env.conda("pip export", "-o", str(tmp_path / "pylock.toml"), "--check")
    assert "pip-interop-pylock" in env.base.run("export", "--help").stdout
    assert "cowsay=" in env.conda("export").stdout
    env.pip("install", "-q", "idna==3.11")
    refused = env.conda("export", "--format", "pip-interop-pylock", check=False)
    assert (refused.returncode, "are not known: idna" in refused.stderr) == (1, True)


def test_an_editable_clone_is_written_with_its_repository(
    make_env: MakeEnv, again: Env, tmp_path: Path
) -> None:
    build_project(tmp_path / "repo/sub", "cloned")
    commit = build_clone(tmp_path / "repo")
    url = f"git+{(tmp_path / 'repo').as_uri()}"
    env = make_env("python", "pip")
    env.conda("pip install", "--yes", "-e", f"{url}@main#egg=cloned&subdirectory=sub")
    file = tmp_path / "environment.yml"
    env.conda("pip export", "-o", str(file))
    assert f"- -e {url}@{commit}#egg=cloned&subdirectory=sub\n" in file.read_text()
    again.base.run("env", "create", "-q", "-n", again.name, "-f", str(file))
    assert again.owners() == env.owners()
    refused = env.conda("pip export", "--format", "pylock", check=False)
    assert (refused.returncode, "cannot contain cloned 1.0" in refused.stderr) == (1, True)
    (env.prefix / "src/cloned/sub/backend.py").write_text("")
    told = env.conda("pip export").stderr
    assert "cloned: " in told
    assert "has changes that its commit does not have." in told
    clone = ("git", "-C", str(env.prefix / "src/cloned"))
    subprocess.run([*clone, "remote", "remove", "origin"], check=True)
    alone = env.conda("pip export")
    assert "where its clone in" in alone.stderr
    assert "# cloned: where its clone in" in alone.stdout


def test_a_pixi_lock_is_written_where_py_rattler_is_there(
    make_env: MakeEnv, again: Env, tmp_path: Path
) -> None:
    build_project(tmp_path / "plain", "plain")
    env = make_env("python", "pip", "click=8.1.7")
    env.conda("pip install", "--yes", "cowsay", str(tmp_path / "plain"))
    env.conda("pip install", "--yes", "click==8.1.3", "--break-other-managers=click")
    lock = tmp_path / "pixi.lock"
    base = env.base
    if base.run_in(base.prefix, "python", "-c", "import rattler", check=False).returncode:
        refused = env.conda("pip export", "-o", str(lock), check=False)
        assert (refused.returncode, "is written with py-rattler" in refused.stderr) == (1, True)
        words = ("export", "-p", str(env.prefix), "-o", str(lock))
        subprocess.run([sys.executable, "-m", "conda_pip_interop", *words], cwd=ROOT, check=True)
    else:
        env.conda("pip export", "-o", str(lock))
    again.conda("pip create", "--yes", str(lock), CONDA_SOLVER="none-such")
    assert (again.owners(), again.findings()) == (env.owners(), [])
    again.conda("pip sync", str(lock), "--check")
