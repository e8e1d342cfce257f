"""Protecting an environment that cannot be written to."""

from __future__ import annotations

import importlib.readers  # noqa: F401 - a child of another user may not be able to read it
from collections.abc import Callable
from pathlib import Path

import pytest

from conda_pip_interop.environment.target import Target
from conda_pip_interop.errors import InteropError
from conda_pip_interop.protection.policy import Policy
from conda_pip_interop.protection.protect import Protection, protect, unprotect
from tests.support.builders import PrefixBuilder
from tests.support.trees import NOBODY, read_tree, run_in_child


@pytest.mark.parametrize("command", [protect, unprotect])
def test_an_environment_of_somebody_else_is_not_writable(
    shared_folder: Path, command: Callable[[Target, Policy], Protection]
) -> None:
    built = PrefixBuilder(root=shared_folder / "web", python="3.11.7")
    target = Target(prefix=built.root, name="web", is_base=False)
    if command is unprotect:
        protect(target, Policy())
    (built.root / "lib/python3.11").chmod(0o555)

    def work() -> None:
        with pytest.raises(InteropError) as caught:
            command(target, Policy())
        assert caught.value.code == "not-writable"
        assert str(built.root) in caught.value.message

    tree = read_tree(built.root)
    assert run_in_child(work, user=NOBODY) == 0
    assert read_tree(built.root) == tree
