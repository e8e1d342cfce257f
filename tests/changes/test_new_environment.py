"""A new environment: made only where nothing is, and gone again if what fills it fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from conda_pip_interop.changes.new_environment import make_environment, refuse_existing
from conda_pip_interop.environment.target import Target
from conda_pip_interop.errors import InteropError
from tests.support.trees import NOBODY, run_in_child


@pytest.fixture
def target(tmp_path: Path) -> Target:
    return Target(prefix=tmp_path / "envs/web", name="web", is_base=False)


def test_it_is_empty_for_who_fills_it_and_stays(target: Target) -> None:
    forgotten: list[str] = []
    with make_environment(target, lambda: forgotten.append("web")):
        assert (target.prefix / "conda-meta/history").read_bytes() == b""
        (target.prefix / "file").touch()
    assert (target.prefix / "file").exists()
    assert forgotten == []


def fill(target: Target, error: BaseException, forgotten: list[str]) -> None:
    with make_environment(target, lambda: forgotten.append("web")):
        (target.prefix / "file").touch()
        raise error


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, PermissionError])
def test_nothing_is_left_if_it_cannot_be_filled(error: type[BaseException], target: Target) -> None:
    forgotten: list[str] = []
    target.prefix.mkdir(parents=True)
    with pytest.raises(error):
        fill(target, error(), forgotten)
    assert not target.prefix.exists()
    assert forgotten == ["web"]


@pytest.mark.parametrize("kind", ["folder", "file", "link"])
def test_what_exists_is_left_alone(kind: str, target: Target) -> None:
    target.prefix.parent.mkdir(parents=True)
    if kind == "folder":
        (target.prefix / "mine").mkdir(parents=True)
    elif kind == "file":
        target.prefix.touch()
    else:
        target.prefix.symlink_to(target.prefix.parent / "missing")
    with pytest.raises(InteropError, match="web exists already") as caught:
        refuse_existing(target)
    assert "conda pip sync -n web FILE" in caught.value.hints[0]
    with pytest.raises(InteropError), make_environment(target, lambda: None):
        raise AssertionError
    assert target.prefix.is_symlink() or target.prefix.exists()


def test_where_nobody_may_make_a_folder_none_is_made(shared_folder: Path) -> None:
    target = Target(prefix=shared_folder / "envs/web", name="web", is_base=False)
    target.prefix.parent.mkdir(mode=0o555)

    def work() -> None:
        forgotten: list[str] = []
        with (
            pytest.raises(InteropError) as caught,
            make_environment(target, lambda: forgotten.append("web")),
        ):
            raise AssertionError
        assert caught.value.code == "not-writable"
        assert forgotten == []

    assert run_in_child(work, user=NOBODY) == 0
    assert not target.prefix.exists()
