"""What stays of a transaction that is interrupted when conda's record is written already.

conda has no way back at that instant, and no test of ours can hit it: so the transaction here is a
stand-in of the shape that conda's has.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from conda_pip_interop.conda_adapter.way_back import leave_nothing
from tests.builders import PrefixBuilder


def carry_out(prefix: Path, made: list[Path], unlinked: list[str]) -> Any:
    """A transaction that makes files, and takes records of these names out."""
    actions = [SimpleNamespace(target_full_path=str(path)) for path in made]
    groups = SimpleNamespace(link_action_groups=[SimpleNamespace(actions=actions)])
    precs = [SimpleNamespace(name=name) for name in unlinked]
    return SimpleNamespace(
        prepare=lambda: None,
        prefix_action_groups={str(prefix): groups},
        prefix_setups={str(prefix): SimpleNamespace(unlink_precs=precs)},
    )


@pytest.mark.parametrize("unlinked", [[], ["click"]])
def test_a_package_is_there_whole_with_its_record_or_not_at_all(
    tmp_path: Path, unlinked: list[str]
) -> None:
    built = PrefixBuilder(root=tmp_path / "web", python="3.11.7")
    before = set(built.root.rglob("*"))
    other = PrefixBuilder(root=tmp_path / "other", python="3.11.7")
    other.conda_package("click", "8.1")
    made = [built.root / one.relative_to(other.root) for one in other.root.rglob("*")]
    fresh = [one for one in made if one not in before]

    def interrupted() -> None:
        with leave_nothing(carry_out(built.root, fresh, unlinked), built.root):
            built.conda_package("click", "8.1")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    files = {one for one in fresh if one.is_file()}
    if unlinked:  # what was there before is gone: better the new one than none
        assert any(one.parent.name == "conda-meta" for one in files)
        assert any(one.suffix == ".py" for one in files)
    else:
        assert set(built.root.rglob("*")) == before
