"""Properties of every operation on every tree."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from conda_pip_interop.changes.atomic.transaction import open_operation
from conda_pip_interop.changes.plan import FileAction, RemoveFile, WriteFile
from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.errors import InteropError
from tests.support.trees import MEMORY, read_tree

_NAMES = ("a", "b", "c")
_PATHS = st.lists(st.sampled_from(_NAMES), min_size=1, max_size=3).map("/".join)
_CONTENTS = st.sampled_from([b"", b"one", b"two"])
_MODES = st.sampled_from([0o600, 0o644, 0o755])
_LINKS = st.sampled_from([b"a", b"../a", b"nowhere", b"b/c"])
_ENTRIES = st.one_of(
    st.tuples(st.just("file"), _CONTENTS, _MODES),
    st.tuples(st.just("link"), _LINKS, st.just(0)),
    st.tuples(st.just("folder"), st.just(b""), st.sampled_from([0o700, 0o755])),
)
_TREES = st.dictionaries(_PATHS, _ENTRIES, max_size=8)
_ACTIONS: st.SearchStrategy[FileAction] = st.one_of(
    st.builds(
        WriteFile, path=_PATHS.map(PrefixPath), content=_CONTENTS, mode=_MODES, reason=st.just("")
    ),
    st.builds(RemoveFile, path=_PATHS.map(PrefixPath), reason=st.just("")),
)
_BATCHES = st.lists(st.lists(_ACTIONS, max_size=5), max_size=3)


class BackError(Exception):
    """Raised at the end of a block, so that all of it is undone."""


def grow(prefix: Path, tree: dict[str, tuple[str, bytes, int]]) -> None:
    """Make what can be made of `tree`: an entry below a file, or through a link, is left out."""
    (prefix / "conda-meta").mkdir()
    for path, (kind, content, mode) in sorted(tree.items()):
        target = prefix / path
        if any(parent.is_symlink() or parent.is_file() for parent in target.parents):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if kind == "link":
            target.symlink_to(os.fsdecode(content))
        elif kind == "file":
            target.write_bytes(content)
            target.chmod(mode)
        else:
            target.mkdir()
            target.chmod(mode)


def try_all(prefix: Path, batches: list[list[FileAction]], *, back: bool) -> bool:
    """Execute `batches`; return whether all succeeded."""
    try:
        with open_operation(prefix, "a test") as operation:
            for batch in batches:
                operation.apply(batch)
            if back:
                raise BackError  # noqa: TRY301 - this is the block that is left by it
    except BackError:
        return True
    except (InteropError, OSError):
        return False
    return True


@settings(max_examples=120, deadline=None)
@given(tree=_TREES, batches=_BATCHES)
def test_a_rolled_back_operation_leaves_the_tree_as_it_was(
    tree: dict[str, tuple[str, bytes, int]], batches: list[list[FileAction]]
) -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        prefix = Path(folder)
        grow(prefix, tree)
        before = read_tree(prefix)
        try_all(prefix, batches, back=True)
        assert read_tree(prefix) == before


@settings(max_examples=120, deadline=None)
@given(tree=_TREES, batches=_BATCHES)
def test_committed_actions_have_their_result_and_refused_ones_none(
    tree: dict[str, tuple[str, bytes, int]], batches: list[list[FileAction]]
) -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        prefix = Path(folder)
        grow(prefix, {path: entry for path, entry in tree.items() if entry[0] != "link"})
        before = read_tree(prefix)
        if not try_all(prefix, batches, back=False):
            assert read_tree(prefix) == before
            return
        said = {action.path: action for batch in batches for action in batch}
        for path, action in said.items():
            if isinstance(action, WriteFile):
                assert (prefix / path).read_bytes() == action.content
                assert (prefix / path).stat().st_mode & 0o777 == action.mode
            else:
                assert not os.path.isfile(prefix / path)  # noqa: PTH113 - a folder is fine
        untouched = {path for path, entry in before.items() if len(entry) > 1} - said.keys()
        after = read_tree(prefix)
        assert {path: after.get(path) for path in untouched} == {
            path: before[path] for path in untouched
        }
