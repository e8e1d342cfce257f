"""What a translation leaves out, said in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda_pip_interop.dependency_files.environment_yml import has_comments, split_marker

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conda_pip_interop.dependency_files.commented_lists import Item
    from conda_pip_interop.dependency_files.requirements_txt import Entry


def note_comments(conda: Sequence[Item], pip: Sequence[Item], document: object) -> Iterator[str]:
    """Say what JSON loses: comments, and with them the markers of conda's dependencies."""
    marked = [item.value for item in conda if split_marker(item.comment)[0]]
    if marked:
        yield (
            f"the markers of {', '.join(marked)} are left out: conda has none, and JSON no "
            "comments to keep them in."
        )
    items = (*conda, *pip)
    if has_comments(document) or any(split_marker(one.comment)[1] or one.before for one in items):
        yield "the comments are left out: JSON has none."


def note_unused(unused: Sequence[Entry], *, reason: str, in_pip: bool = True) -> Iterator[str]:
    """Say which constraints are not, or only in part, in a file; those of a table have no `-c`."""
    kept = [one.text for one in unused if one.included and in_pip]
    left = [one.text for one in unused if one.text not in kept]
    for names, done in ((kept, "apply to pip's part only"), (left, "are left out")):
        if names:
            yield f"the constraints {', '.join(dict.fromkeys(names))} {done}: {reason}."
