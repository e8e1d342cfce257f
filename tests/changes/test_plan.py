"""Actions are values."""

from __future__ import annotations

import dataclasses

import pytest

from conda_pip_interop.changes.plan import PackageAction, RemoveFile, WriteFile
from conda_pip_interop.environment.paths import PrefixPath


def test_a_written_file_is_readable_by_all_and_writable_by_its_owner_unless_said() -> None:
    assert WriteFile(path=PrefixPath("a"), content=b"", reason="x").mode == 0o644


def test_actions_can_be_compared_and_put_into_sets_but_not_changed() -> None:
    action = RemoveFile(path=PrefixPath("a"), reason="x")
    assert {action, RemoveFile(path=PrefixPath("a"), reason="x")} == {action}
    with pytest.raises(dataclasses.FrozenInstanceError):
        action.reason = "y"  # type: ignore[misc]  # that is the point


def test_a_package_action_need_not_know_its_source() -> None:
    action = PackageAction(
        manager="pip", verb="install", name="x", version="1", previous=None, reason="asked for"
    )
    assert action.source is None
