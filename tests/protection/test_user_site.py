"""conda's own variable keeps the user's site-packages out, and only ours goes back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conda_pip_interop.environment.prefix import read_prefix
from conda_pip_interop.environment.site_packages.shadows import find_user_site
from conda_pip_interop.environment.target import Target
from conda_pip_interop.errors import InteropError
from conda_pip_interop.protection.user_site import exclude_user_site, include_user_site
from tests.support.builders import PrefixBuilder


@pytest.fixture
def target(tmp_path: Path) -> Target:
    built = PrefixBuilder(root=tmp_path / "web", python="3.11.7")
    (built.root / "conda-meta").mkdir(exist_ok=True)
    return Target(prefix=built.root, name="web", is_base=False)


def read_variables(target: Target) -> Any:
    return json.loads((target.prefix / "conda-meta/state").read_text())["env_vars"]


def has_user_site(target: Target, home: Path) -> bool:
    (home / ".local/lib/python3.11/site-packages").mkdir(parents=True, exist_ok=True)
    return find_user_site(read_prefix(target.prefix), {"HOME": str(home)}) is not None


def test_it_is_switched_off_and_on_again_beside_the_users_variables(
    target: Target, tmp_path: Path
) -> None:
    file = target.prefix / "conda-meta/state"
    file.write_text('{"version": 1, "env_vars": {"LANG": "\u00e9"}}', encoding="utf-8")
    assert has_user_site(target, tmp_path)
    assert "leaves the user's site-packages out" in exclude_user_site(target)
    assert read_variables(target) == {"LANG": "\u00e9", "PYTHONNOUSERSITE": "1"}
    assert not has_user_site(target, tmp_path)
    assert "already" in exclude_user_site(target)
    assert include_user_site(target) is not None
    assert read_variables(target) == {"LANG": "\u00e9", "PYTHONNOUSERSITE": "***unset***"}
    assert has_user_site(target, tmp_path)
    assert json.loads(file.read_text(encoding="utf-8"))["version"] == 1
    assert include_user_site(target) is None
    assert "leaves" in exclude_user_site(target)


def test_what_the_user_has_set_stays(target: Target) -> None:
    (target.prefix / "conda-meta/state").write_text('{"env_vars": {"PYTHONNOUSERSITE": "x"}}')
    assert "already" in exclude_user_site(target)
    assert include_user_site(target) is None
    assert read_variables(target) == {"PYTHONNOUSERSITE": "x"}


def test_what_the_user_has_set_since_stays(target: Target) -> None:
    exclude_user_site(target)
    file = target.prefix / "conda-meta/state"
    file.write_text('{"env_vars": {"PYTHONNOUSERSITE": "x"}}')
    assert include_user_site(target) is not None
    assert read_variables(target) == {"PYTHONNOUSERSITE": "x"}


@pytest.mark.parametrize("text", ["[]", "{", '{"env_vars": []}', "\0"])
def test_a_file_that_is_not_condas_is_left_alone(target: Target, text: str) -> None:
    file = target.prefix / "conda-meta/state"
    file.write_text(text)
    with pytest.raises(InteropError) as caught:
        exclude_user_site(target)
    assert caught.value.code == "unreadable-file"
    assert file.read_text() == text
