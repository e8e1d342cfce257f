"""conda's settings for the network and for the age of packages apply to pip's half, too."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.e2e

UV = {"CONDA_PLUGINS_PIP_INTEROP_INSTALLER": "uv"}


@pytest.fixture(params=["pip", "uv"])
def installer(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """The variables that choose pip or uv; no request is repeated."""
    variables = {"PIP_RETRIES": "0", "UV_HTTP_RETRIES": "0"}
    if request.param == "pip":
        return variables
    folder = tmp_path / "uv"
    folder.mkdir()
    (folder / "uv").symlink_to(Path(sys.executable).with_name("uv"))
    return {**variables, **UV, "PATH": f"{folder}:/usr/bin:/bin"}


def fail(env: Any, *words: str, **variables: str) -> str:
    """Run `conda pip install`, which must fail without changing anything; its output."""
    before = env.owners()
    done = env.conda("pip install", "--yes", *words, check=False, **variables)
    assert done.returncode, done.stdout
    assert env.owners() == before
    return str(done.stdout + done.stderr)


def test_offline_asks_no_index_for_pips_half(make_env: Any, installer: dict[str, str]) -> None:
    env = make_env("python", "pip")
    assert "cowsay" in fail(env, "cowsay", CONDA_OFFLINE="true", **installer)
    env.conda("pip install", "--yes", "cowsay", **installer)
    assert env.owners()["cowsay"][1] == "pip"


def test_condas_proxy_is_pips_proxy(
    make_env: Any, installer: dict[str, str], tmp_path: Path
) -> None:
    env = make_env("python", "pip")
    condarc = tmp_path / "condarc"
    condarc.write_text("proxy_servers:\n  http: http://127.0.0.1:9\n")
    index = {"PIP_INDEX_URL": "http://index.invalid/simple", "CONDARC": str(condarc)}
    output = fail(env, "cowsay", **index, **installer)
    assert "proxy" in output.lower() or "127.0.0.1:9" in output


def test_condas_age_limit_is_pips_age_limit(make_env: Any, installer: dict[str, str]) -> None:
    env = make_env("python", "pip")
    described = json.loads(env.conda("config", "--describe", "--json").stdout)
    if "exclude_newer" not in str(described):
        pytest.skip("this conda has no exclude_newer")
    output = fail(env, "cowsay", CONDA_EXCLUDE_NEWER="2001-01-01", **installer)
    named = "cowsay" if UV.items() <= installer.items() else "exclude_newer"
    assert named in output
