"""`conda pip download --lock` and `create --offline`: a lock on a machine without a network."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.channels import build_carrying_package, build_conda_package, write_channel
from tests.support.environments import Env, MakeEnv
from tests.support.index_server import PASSWORD, USER, serve_index
from tests.support.pip_worlds import build_clone, build_project, build_sdist, build_wheel

pytestmark = pytest.mark.e2e


def disconnect(env: Env, folder: Path) -> dict[str, str]:
    """Return the variables of a machine with nothing: no cache, no channel, no index, no solver."""
    folder.mkdir()
    condarc = folder / "condarc"
    places = {"pkgs_dirs": [str(folder / "pkgs")], "envs_dirs": [str(env.prefix.parent)]}
    condarc.write_text(json.dumps({**places, "channels": [], "default_channels": []}))
    return {
        "CONDARC": str(condarc),
        "CONDA_SOLVER": "none-such",
        "PIP_INDEX_URL": "http://127.0.0.1:9/",
        "PIP_NO_CACHE_DIR": "1",
        "PIP_CACHE_DIR": str(folder / "pip"),
        "http_proxy": "http://127.0.0.1:9/",
    }


def test_a_lock_is_installed_from_a_folder_without_a_network(
    make_env: MakeEnv, again: Env, tmp_path: Path
) -> None:
    env = make_env("python", "pip", "click=8.1.7")
    www = tmp_path / "www"
    write_channel(www / "channel", build_carrying_package("remote", carries="remote"))
    build_wheel(www / "simple/private", "private", requires=["helper"])
    build_wheel(www / "simple/helper", "helper")
    build_sdist(www / "simple/built", build_project(tmp_path / "built", "built"), "built")
    build_project(tmp_path / "repo/sub", "cloned")
    build_clone(tmp_path / "repo")
    build_project(tmp_path / "plain", "plain")
    netrc, lock, files = tmp_path / "netrc", tmp_path / "pylock.toml", tmp_path / "files"
    netrc.write_text(f"machine 127.0.0.1 login {USER} password {PASSWORD}\n")
    with serve_index(www) as index:
        channel = index.url().replace("/simple/", "/channel")
        words = ("private", "built", str(tmp_path / "plain"), "-i", index.url())
        repo = f"git+{(tmp_path / 'repo').as_uri()}@main#subdirectory=sub"
        env.conda("install", "-q", "remote", "-c", channel, NETRC=str(netrc))
        env.conda("pip install", "--yes", *words, repo, NETRC=str(netrc))
        env.conda("pip install", "--yes", "click==8.1.3", "--break-other-managers=click")
        env.conda("pip export", "-o", str(lock))
        expected = (env.owners(), env.conda("pip status", "--fingerprint").stdout)
        down = ("pip", "download", "--lock", str(lock), "-d", str(files))
        planned = json.loads(env.base.run(*down, "--dry-run", "--json", NETRC=str(netrc)).stdout)
        assert {one["name"] for one in planned["conda"]} >= {"python", "remote"}
        assert not files.exists()
        done = env.base.run(*down, NETRC=str(netrc)).stdout
        assert f"6 distributions to {files}" in done
        asked = len(index.asked)
        env.base.run(*down, NETRC=str(netrc))
        assert len(index.asked) == asked  # all is there
    for name in ("repo", "plain", "www"):
        shutil.rmtree(tmp_path / name)
    offline = ("--offline", str(files))
    nothing: Any = disconnect(again, tmp_path / "machine")
    again.conda("pip create", "--yes", str(lock), *offline, **nothing)
    assert (again.owners(), again.conda("pip status", "--fingerprint").stdout) == expected
    assert again.findings() == []
    again.conda("pip export", "-o", str(lock), "--check")
    again.conda("pip sync", str(lock), "--check", *offline, **nothing)
    again.conda("pip uninstall", "--yes", "helper", "--force")
    again.conda("pip sync", "--yes", str(lock), *offline, **nothing)
    assert again.owners() == expected[0]

    shutil.rmtree(again.prefix)
    refuse_each(again, lock, files)


def refuse_each(again: Env, lock: Path, files: Path) -> None:
    """Take files away, then spoil them: nothing is created, and they are named."""
    (helper,) = files.glob("pip/helper-*.whl")
    (remote,) = files.glob("conda/noarch/remote-*.conda")
    (plain,) = files.glob("pip/plain-*.whl")
    words = ("--yes", str(lock), "--offline", str(files))
    held = {file: file.read_bytes() for file in (helper, remote, plain)}
    for file in held:
        file.unlink()
    missing = again.conda("pip create", *words, check=False)
    assert missing.returncode == 1
    assert "lacks 3 packages of pylock.toml: remote, helper, plain. Noth" in missing.stderr
    for file in held:
        for other, content in held.items():
            other.write_bytes(content + b"x" * (other == file))
        spoilt = again.conda("pip create", *words, check=False)
        assert (spoilt.returncode, f"{file.name} does not have the hash" in spoilt.stderr) == (
            1,
            True,
        )
        assert not again.prefix.exists()


def test_a_lock_of_another_platform_is_downloaded_if_nothing_is_to_be_built(
    make_env: MakeEnv, again: Env, tmp_path: Path
) -> None:
    env = make_env("python", "pip")
    package = build_conda_package("python", "3.13.1")
    www, lock, files = tmp_path / "www", tmp_path / "pylock.toml", tmp_path / "files"
    write_channel(www / "channel", package)
    (www / "channel/noarch").rename(www / "channel/osx-arm64")
    (conda,) = (www / "channel/osx-arm64").glob("python-*.conda")
    fast = build_wheel(www / "simple/fast", "fast", python=">=3.13")
    wheels = [
        retag(fast, "cp313-cp313-macosx_11_0_arm64"),
        retag(build_wheel(www / "simple/stable", "stable"), "cp39-abi3-macosx_10_12_universal2"),
        build_wheel(www / "simple/pure", "pure"),
    ]
    sdist = build_sdist(www / "simple/built", build_project(tmp_path / "built", "built"), "built")
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login {USER} password {PASSWORD}\n")
    with serve_index(www) as index:
        root = index.url().replace("/simple/", "/")
        text = write_lock(root, conda, wheels, "osx-arm64")
        lock.write_text(text)
        down = ("pip", "download", "--lock", str(lock), "-d", str(files))
        done = env.base.run(*down, NETRC=str(netrc)).stdout
        assert f"1 conda package and 3 distributions for osx-arm64 to {files}" in done
        assert {one.name for one in (files / "pip").iterdir()} == {one.name for one in wheels}
        several = tmp_path / "conda-lock.yml"
        several.write_text(write_conda_lock(root, conda, "osx-arm64", "win-64"))
        asked = ("pip", "download", "--lock", str(several), "-d", str(files), "--dry-run")
        refused = env.base.run(*asked, check=False)
        assert refused.returncode == 2
        assert "a lock for osx-arm64, win-64" in refused.stderr
        assert "for win-64 to" in env.base.run(*asked, "--platform", "win-64").stdout
        refused = env.base.run(*down, "--platform", "win-64", check=False)
        assert (
            refused.returncode,
            "not a lock for win-64, but for osx-arm64" in refused.stderr,
        ) == (
            2,
            True,
        )
        lock.write_text(write_lock(root, conda, [*wheels, sdist], "osx-arm64"))
        refused = env.base.run(*down, NETRC=str(netrc), check=False)
        assert (refused.returncode, "wheels can be built of built. Noth" in refused.stderr) == (
            1,
            True,
        )
    lock.write_text(text)
    there: Any = {**disconnect(again, tmp_path / "machine"), "CONDA_SUBDIR": "osx-arm64"}
    words = ("pip create", str(lock), "--offline", str(files), "--dry-run")
    assert "fast" in again.conda(*words, **there).stdout
    (files / "pip" / wheels[0].name).unlink()
    missing = again.conda(*words, **there, check=False)
    assert "lacks 1 package of pylock.toml: fast" in missing.stderr
    here = again.conda(*words, check=False)
    assert f"`conda pip download --lock {lock.name} -d DIR`" in here.stderr


def retag(wheel: Path, tags: str) -> Path:
    """Rename a pure wheel to one of other tags."""
    return wheel.rename(wheel.with_name(wheel.name.replace("py3-none-any", tags)))


def write_lock(root: str, conda: Path, files: list[Path], platform: str) -> str:
    """Write the lock of a conda package and of what an index at `root` has for pip."""

    def describe(file: Path) -> tuple[str, str]:
        url = root + file.relative_to(file.parents[2]).as_posix()
        return f'url = "{url}"', hashlib.sha256(file.read_bytes()).hexdigest()

    url, digest = describe(conda)
    lines = ['lock-version = "1.0"', "packages = ["]
    for file in files:
        at, sha256 = describe(file)
        kind = "sdist" if file.name.endswith(".gz") else "wheels"
        one = f'{{{at}, hashes = {{sha256 = "{sha256}"}}}}'
        one = one if kind == "sdist" else f"[{one}]"
        name = file.name.partition("-")[0]
        lines.append(f'{{name = "{name}", version = "1.0", {kind} = {one}}},')
    lines += ["]", "[tool.conda-pip-interop]", f'platform = "{platform}"']
    lines += ["[[tool.conda-pip-interop.conda]]", url, f'sha256 = "{digest}"']
    return "\n".join([*lines, ""])


def write_conda_lock(root: str, conda: Path, *platforms: str) -> str:
    """Write a lock of conda-lock with one conda package on each platform."""
    packages = [
        {
            "name": "python",
            "version": "3.13.1",
            "manager": "conda",
            "platform": one,
            "dependencies": {},
            "category": "main",
            "optional": False,
            "url": f"{root}channel/{one}/{conda.name}",
            "hash": {"sha256": hashlib.sha256(conda.read_bytes()).hexdigest()},
        }
        for one in platforms
    ]
    metadata = {"channels": [], "platforms": [*platforms], "sources": [], "content_hash": {}}
    return json.dumps({"version": 1, "metadata": metadata, "package": packages})


def test_what_cannot_be_downloaded_is_refused_by_name(make_env: MakeEnv, tmp_path: Path) -> None:
    env = make_env("python", "pip")
    build_project(tmp_path / "local", "local")
    env.conda("pip install", "--yes", "-e", str(tmp_path / "local"))
    env.conda("pip export", "-o", str(tmp_path / "pylock.toml"))
    down = ("pip", "download", "-d", str(tmp_path / "files"), "--lock")
    for name, code, message in (
        ("pylock.toml", 1, "has editable projects, which cannot be downloaded: local."),
        ("requirements.txt", 2, "is not a lock of both managers' packages."),
    ):
        (tmp_path / "requirements.txt").write_text("six\n")
        refused = env.base.run(*down, str(tmp_path / name), check=False)
        assert (refused.returncode, message in refused.stderr) == (code, True)
    words = (str(tmp_path / "requirements.txt"), "--offline", str(tmp_path))
    asked = env.conda("pip sync", *words, check=False)
    assert (asked.returncode, "`--offline` requires a lock" in asked.stderr) == (2, True)
    env.conda("pip download", "-d", str(tmp_path / "own"), "--no-deps", "cowsay==6.1")
    assert [one.name for one in (tmp_path / "own").iterdir()] == ["cowsay-6.1-py3-none-any.whl"]
