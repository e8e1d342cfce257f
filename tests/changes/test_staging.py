"""What pip has staged comes into place whole, and nothing of what it replaces stays."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from conda_pip_interop.changes.plan import Staged
from conda_pip_interop.changes.staging import note_origins, plan_placing, read_staged
from conda_pip_interop.changes.transaction import open_operation
from conda_pip_interop.changes.undo import find_journal, undo
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.errors import InteropError
from conda_pip_interop.findings.registry import find_all
from tests.support.builders import Files, PrefixBuilder
from tests.support.trees import read_tree

SITE = "lib/python3.11/site-packages"


@pytest.fixture
def built(tmp_path: Path) -> PrefixBuilder:
    return PrefixBuilder(root=tmp_path / "env")


def stage(
    built: PrefixBuilder, name: str, version: str = "2.0", files: Files | None = None
) -> Staged:
    folder = built.root / "conda-meta/pip-interop/staging-x"
    shutil.rmtree(folder, ignore_errors=True)
    builder = PrefixBuilder(root=folder, conda=False)
    builder.pip_package(name, version, files)
    for extra in (f"{SITE}/README.txt", "lib/python3.11/os.py", "bin/python"):
        (folder / extra).unlink()
    return read_staged(folder, read_snapshot(built.root).prefix)


def place(built: PrefixBuilder, staged: Staged, *over: str) -> None:
    with open_operation(built.root, "install") as operation:
        operation.apply(
            plan_placing(
                staged,
                read_snapshot(built.root),
                overwrite=[canonicalize_name(one) for one in over],
            )
        )


def names(built: PrefixBuilder) -> list[str]:
    return [f"{one.name} {one.version}" for one in read_snapshot(built.root).distributions]


def test_what_is_staged_is_installed_and_can_be_taken_back(built: PrefixBuilder) -> None:
    before = read_tree(built.root)
    place(built, stage(built, "x", files={"x.py": "x", "/bin/x": "#!", "/share/x/data": "1"}))
    assert names(built) == ["x 2.0"]
    assert (built.root / "bin/x").read_text() == "#!"
    assert find_all(read_snapshot(built.root)) == ()
    undo(built.root, find_journal(built.root, None).identifier)
    assert read_tree(built.root) == before


def test_an_older_version_of_pips_goes_and_comes_back(built: PrefixBuilder) -> None:
    built.pip_package("x", "1.0", {"x/__init__.py": "old", "x/gone.py": "old"})
    built.write(f"{SITE}/x/__pycache__/gone.cpython-311.pyc", "compiled")
    before = read_tree(built.root)
    place(built, stage(built, "x", files={"x/__init__.py": "new"}))
    assert names(built) == ["x 2.0"]
    assert sorted(path.name for path in (built.root / SITE / "x").iterdir()) == ["__init__.py"]
    assert not list((built.root / SITE).glob("x-1.0*"))
    undo(built.root, find_journal(built.root, None).identifier)
    assert read_tree(built.root) == before


def test_the_same_version_again_replaces_it(built: PrefixBuilder) -> None:
    built.pip_package("x", "2.0", {"x.py": "damaged"})
    place(built, stage(built, "x", files={"x.py": "whole"}))
    assert names(built) == ["x 2.0"]
    assert (built.root / SITE / "x.py").read_text() == "whole"


def test_what_another_distribution_lists_too_stays(built: PrefixBuilder) -> None:
    built.pip_package("y", "1", {"shared/__init__.py": "", "shared/y.py": ""})
    built.pip_package("x", "1", {"shared/__init__.py": "", "shared/x.py": ""})
    place(built, stage(built, "x", files={"other.py": ""}))
    assert sorted(path.name for path in (built.root / SITE / "shared").iterdir()) == [
        "__init__.py",
        "y.py",
    ]


def test_condas_is_refused_unless_it_was_named(built: PrefixBuilder) -> None:
    built.conda_package("x", "1.0", {"x/__init__.py": "conda", "x/old.py": "conda"})
    before = read_tree(built.root)
    staged = stage(built, "x", files={"x/__init__.py": "pip"})
    with pytest.raises(InteropError) as caught:
        plan_placing(staged, read_snapshot(built.root))
    assert caught.value.code == "would-overwrite"
    assert read_tree(built.root).keys() == before.keys()
    place(built, staged, "x")
    assert names(built) == ["x 2.0"]
    assert not (built.root / SITE / "x/old.py").exists()
    assert [one.kind for one in find_all(read_snapshot(built.root))] == ["overridden"]
    undo(built.root, find_journal(built.root, None).identifier)
    assert read_tree(built.root) == before


def test_what_has_no_record_of_its_files_cannot_be_replaced(built: PrefixBuilder) -> None:
    built.pip_package("x", "1.0")
    (built.root / SITE / "x-1.0.dist-info/RECORD").unlink()
    with pytest.raises(InteropError) as caught:
        plan_placing(stage(built, "x"), read_snapshot(built.root))
    assert caught.value.code == "no-record"
    assert "x 1.0" in caught.value.message


def test_the_metadata_says_what_was_requested_and_its_source(built: PrefixBuilder) -> None:
    staged = stage(built, "x")
    url = {"url": "https://example.org/x", "vcs_info": {"vcs": "git", "commit_id": "0" * 40}}
    note_origins(staged, requested=set(), direct_urls={staged.distributions[0].name: url})
    place(built, read_staged(staged.folder, read_snapshot(built.root).prefix))
    (one,) = read_snapshot(built.root).distributions
    assert (one.requested, one.direct_url) == (False, url)
    assert find_all(read_snapshot(built.root)) == ()
    rows = (built.root / SITE / "x-2.0.dist-info/RECORD").read_text()
    assert "REQUESTED" not in rows
    assert json.loads((built.root / SITE / "x-2.0.dist-info/direct_url.json").read_text()) == url


def test_what_was_asked_for_stays_so(built: PrefixBuilder) -> None:
    staged = stage(built, "x")
    note_origins(staged, requested={staged.distributions[0].name}, direct_urls={})
    place(built, staged)
    assert read_snapshot(built.root).distributions[0].requested


@pytest.mark.parametrize("content", [b"\xff", None], ids=["not UTF-8", "missing"])
def test_the_same_version_again_needs_no_record_of_the_old(
    built: PrefixBuilder, content: bytes | None
) -> None:
    """Its files are the same; of another version's nobody would know."""
    built.pip_package("x", "2.0", {"x.py": "damaged"})
    record = built.root / built.dist_info("x", "2.0") / "RECORD"
    record.unlink()
    if content is not None:
        record.write_bytes(content)
    before = read_tree(built.root)
    with pytest.raises(InteropError) as refused:
        place(built, stage(built, "x", "3.0"))
    assert refused.value.code == "no-record"
    assert read_tree(built.root) == before
    place(built, stage(built, "x", "2.0", files={"x.py": "whole"}))
    assert find_all(read_snapshot(built.root)) == ()
    assert (built.root / SITE / "x.py").read_text() == "whole"
