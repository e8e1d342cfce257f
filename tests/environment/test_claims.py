"""What the records of an environment claim, and which of several of one name is valid."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from conda_pip_interop.environment.claims import Claim, Claims, build_claims, find_superseded
from conda_pip_interop.environment.conda_meta.records import CondaRecord, read_conda_records
from conda_pip_interop.environment.file_facts import FactReader
from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.environment.prefix import read_prefix
from conda_pip_interop.environment.snapshot import read_snapshot
from tests.support.builders import PrefixBuilder


@pytest.fixture
def built(tmp_path: Path) -> PrefixBuilder:
    return PrefixBuilder(root=tmp_path / "env")


def read_claims(built: PrefixBuilder) -> Claims:
    return build_claims(read_conda_records(built.root)[0], folds_case=False)


def list_superseded(built: PrefixBuilder) -> list[str]:
    records, _ = read_conda_records(built.root)
    reader = FactReader(read_prefix(built.root))
    return [one.path for one in find_superseded(records, reader, built.root)]


def test_records_that_list_one_path_dispute_it_if_its_content_differs(
    built: PrefixBuilder,
) -> None:
    path = PrefixPath("share/x")
    built.write(path, "one")
    built.conda_record("first", "1", (path,))
    assert not read_claims(built).is_disputed(path)
    built.conda_record("second", "1", (path,))
    assert not read_claims(built).is_disputed(path)
    built.write(path, "other")
    built.conda_record("third", "1", (path,))
    assert read_claims(built).is_disputed(path)
    (built.root / "conda-meta/second-1-0.json").unlink()
    assert read_claims(built).is_disputed(path)


def test_files_below_a_file_of_a_record_are_found(built: PrefixBuilder) -> None:
    paths = (PrefixPath("share/x"), PrefixPath("share/folder"))
    for path in paths:
        built.write(path, "one")
    built.conda_record("first", "1", paths)
    built.pip_package("kit", "1", {"kit.py": ""})
    (kit,) = read_snapshot(built.root).distributions
    claims = read_claims(built)
    assert [*claims.find_above(kit.files or ())] == []
    listed = (
        file._replace(path=PrefixPath(f"share/x/deep/{file.path}")) for file in kit.files or ()
    )
    above = {(claim.record.name, claim.file.path) for _, claim in claims.find_above(listed)}
    assert above == {("first", "share/x")}


def test_the_hash_of_a_link_says_nothing(built: PrefixBuilder) -> None:
    built.conda_package("kit", "1", {"kit.py": "x"}, dist_info=False)
    (record,) = (one for one in read_conda_records(built.root)[0] if one.name == "kit")
    (file,) = record.files

    def states_hash(**changes: object) -> bool:
        changed = file._replace(**changes)  # type: ignore[arg-type]  # a NamedTuple
        return Claim(record=record, file=changed).states_hash

    assert states_hash()
    assert not states_hash(path_type="softlink")
    assert not states_hash(sha256=None, sha256_in_prefix=None)


def write_two(built: PrefixBuilder, old: str, new: str) -> tuple[CondaRecord, ...]:
    """Write records of two versions of kit, with the file `kit.py`; the newer lies there."""
    for version, content in (("1", old), ("2", new)):
        built.conda_package("kit", version, {"kit.py": content}, dist_info=False)
    for number, version in enumerate(("1", "2")):
        os.utime(built.root / f"conda-meta/kit-{version}-0.json", (number, number))
    return tuple(one for one in read_conda_records(built.root)[0] if one.name == "kit")


def test_of_two_records_the_one_whose_content_is_there_is_valid(built: PrefixBuilder) -> None:
    write_two(built, "1", "2")
    assert list_superseded(built) == ["conda-meta/kit-1-0.json"]
    built.write(built.place("kit.py"), "1")
    assert list_superseded(built) == ["conda-meta/kit-2-0.json"]


def test_of_two_that_fit_the_one_of_the_history_or_the_newer_is_valid(
    built: PrefixBuilder,
) -> None:
    write_two(built, "same", "same")
    assert list_superseded(built) == ["conda-meta/kit-1-0.json"]
    built.write("conda-meta/history", "==> 2026-01-01 00:00:00 <==\n+main/linux-64::kit-1-0\n")
    assert list_superseded(built) == ["conda-meta/kit-2-0.json"]
