"""What was requested in an environment is requested in its copy."""

from __future__ import annotations

from pathlib import Path

from conda_pip_interop.changes.requests import copy_requests
from conda_pip_interop.changes.state import State, read_state, write_state
from tests.support.builders import PrefixBuilder


def test_a_copy_has_the_requests_unless_it_has_its_own(tmp_path: Path) -> None:
    root = PrefixBuilder(root=tmp_path / "copy").root
    write_state(root, State(announced=True))
    copy_requests(root, State())
    assert read_state(root) == State(announced=True)
    copy_requests(root, State(requests={"six": "six<2"}, unprotected=True))
    copied = State(announced=True, requests={"six": "six<2"}, unprotected=True)
    assert read_state(root) == copied
    copy_requests(root, State(requests={"click": "click"}))
    assert read_state(root) == copied
