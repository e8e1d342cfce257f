"""The preview of an undo has what the environment has after it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conda_pip_interop.changes.atomic.journal import JOURNAL_FOLDER, STATE_FOLDER
from conda_pip_interop.changes.atomic.transaction import open_operation
from conda_pip_interop.changes.plan import FileAction, RemoveFile, WriteFile
from conda_pip_interop.changes.undoing.operations import list_operations
from conda_pip_interop.changes.undoing.preview import open_preview
from conda_pip_interop.changes.undoing.undo import undo
from conda_pip_interop.environment.paths import PrefixPath

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

PATHS = ("lib/a.py", "lib/pkg/b.py", "lib/pkg/c.py", "lib/pkg/sub/d.py", "bin/run", "conda-meta/x")
actions = st.lists(
    st.tuples(st.sampled_from(PATHS), st.sampled_from([None, b"one", b"two"])), max_size=4
)


def read(prefix: Path) -> dict[str, bytes | None]:
    """The files beside ours, through links; None for an empty folder."""
    found: dict[str, bytes | None] = {}
    for folder, names, files in os.walk(prefix, followlinks=True):
        above = os.path.relpath(folder, prefix)
        if above.startswith(STATE_FOLDER):
            continue
        if not names and not files:
            found[above] = None
        for name in files:
            with open(f"{folder}/{name}", "rb") as file:  # noqa: PTH123 - what is walked
                found[f"{above}/{name}"] = file.read()
    return found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    there=actions, operations=st.lists(actions, min_size=1, max_size=3), number=st.integers(1, 3)
)
def test_it_is_what_undoing_makes(
    tmp_path_factory: pytest.TempPathFactory,
    there: list[tuple[str, bytes | None]],
    operations: list[list[tuple[str, bytes | None]]],
    number: int,
) -> None:
    prefix = tmp_path_factory.mktemp("env") / "env"
    for path, content in (("conda-meta/history", b""), ("lib/kept.py", b"kept"), *there):
        (prefix / path).parent.mkdir(parents=True, exist_ok=True)
        (prefix / path).write_bytes(content or b"")
    for chosen in operations:
        with open_operation(prefix, "change") as operation:
            operation.apply(
                build(path, content)
                for path, content in chosen
                if content is not None or (prefix / path).exists()
            )
    last = list_operations(prefix)[-number:]
    before = read(prefix)
    with open_preview(prefix, [journal for one in last for journal in one]) as copy:
        seen = read(copy)
        assert not (copy / JOURNAL_FOLDER).exists()
    assert read(prefix) == before
    for one in reversed(last):
        undo(prefix, one[0].identifier)
    assert seen == read(prefix)


def build(path: str, content: bytes | None) -> FileAction:
    if content is None:
        return RemoveFile(path=PrefixPath(path), reason="")
    return WriteFile(path=PrefixPath(path), content=content, reason="")
