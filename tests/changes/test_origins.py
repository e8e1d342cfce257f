"""origins.json: whatever lies there, only entries that are valid and match count."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from conda_pip_interop.changes.atomic.journal import ORIGINS_FILE
from conda_pip_interop.changes.atomic.transaction import open_operation
from conda_pip_interop.changes.origins import (
    copy_origins,
    hash_record,
    parse_origins,
    plan_origins,
    read_origins,
    read_provenance,
    render_origins,
)
from conda_pip_interop.changes.plan import WriteFile
from conda_pip_interop.changes.undoing.undo import undo
from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.environment.site_packages.provenance import Provenance, parse_provenance_url
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.errors import InteropError
from tests.support.builders import PrefixBuilder

RECORD = "a" * 64
ENTRY = {
    "name": "app",
    "version": "1.0",
    "record_sha256": RECORD,
    "url": "https://files.example/app-1.0-py3-none-any.whl",
    "sha256": "b" * 64,
    "requested": 'app[x]>=1; python_version > "3"',
    "constraint": "<2",
    "options": ["--index-url https://${A_USER}@example.org/simple", "--no-index"],
}


def _document(*entries: object, number: object = 1) -> str:
    return json.dumps({"format": number, "distributions": entries})


def test_an_entry_comes_back_from_its_text() -> None:
    found, newer = parse_origins(_document(ENTRY))
    assert not newer
    assert parse_origins(render_origins(found)) == (found, False)
    assert found[0].options == tuple(ENTRY["options"])


@pytest.mark.parametrize(
    "change",
    [
        *(
            {"name": "App"},
            {"name": 3},
            {"name": "../x"},
            {"version": "1.0\n-e ."},
            {"version": "nightly"},
            {"constraint": "<2\u2028-e ."},
            {"version": ""},
        ),
        *({"record_sha256": ""}, {"sha256": "B" * 64}, {"sha256": 3}),
        *({"url": "ftp://x"}, {"url": "https://x\n-e ."}, {"url": "https://x y"}, {"url": []}),
        *({"requested": "app >="}, {"requested": "app\n-e ."}, {"constraint": "x"}),
        *({"options": ["--index-url"]}, {"options": ["--index-url a\n-e ."]}),
        *({"options": ["--target /"]}, {"options": ["--no-index x"]}, {"options": None}),
        {"more": 1},
    ],
)
def test_an_entry_that_is_not_valid_is_ignored(change: dict[str, object]) -> None:
    found, _ = parse_origins(_document({**ENTRY, **change}, {**ENTRY, "name": "other"}))
    assert [one.name for one in found] == ["other"]


@pytest.mark.parametrize("text", ["", "[]", "{", "null", '{"format": 1}', "[" * 10_000])
def test_a_file_that_is_not_ours_has_no_entries(text: str) -> None:
    assert parse_origins(text) == ((), False)


@settings(max_examples=100, deadline=None)
@given(
    entry=st.dictionaries(st.sampled_from([*ENTRY]), st.none() | st.text() | st.lists(st.text()))
)
def test_no_entry_has_a_text_that_breaks_a_line(entry: dict[str, Any]) -> None:
    for one in parse_origins(_document({**ENTRY, **entry}))[0]:
        texts = [one.version, one.url or "", one.requested, one.constraint, *one.options]
        assert not any(char in text for text in texts for char in "\n\r\t\0\x1b")


def _env(tmp_path: Path) -> PrefixBuilder:
    built = PrefixBuilder(root=tmp_path / "env", python="3.11.7")
    built.pip_package("app", "1.0")
    return built


def _provenance(root: Path, **changes: Any) -> Provenance:
    (one,) = read_snapshot(root).distributions
    return Provenance(
        **{"name": one.name, "version": one.version, "record_sha256": hash_record(root, one)}
        | changes
    )


def test_what_was_installed_anew_has_no_entry_and_a_restored_one_has_it_again(
    tmp_path: Path,
) -> None:
    built = _env(tmp_path)
    entry = _provenance(built.root, requested="app>0")
    with open_operation(built.root, "install") as operation:
        operation.apply(plan_origins(built.root, [entry]))
    distributions = read_snapshot(built.root).distributions
    assert read_provenance(built.root, distributions) == {"app": entry}
    (one,) = distributions
    record = built.root / one.metadata / "RECORD"
    before = record.read_bytes()
    record.write_bytes(before + b"app/new.py,,\n")
    assert read_provenance(built.root, distributions) == {}
    record.write_bytes(before)
    assert read_provenance(built.root, distributions) == {"app": entry}


def test_a_file_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    built = _env(tmp_path)
    built.write(ORIGINS_FILE, _document(ENTRY, number=2))
    assert plan_origins(built.root, [_provenance(built.root)]) == ()


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    built = _env(tmp_path)
    (tmp_path / "victim").write_text(render_origins([_provenance(built.root)]))
    file = built.root / ORIGINS_FILE
    file.parent.mkdir(parents=True)
    file.symlink_to(tmp_path / "victim")
    assert read_provenance(built.root, read_snapshot(built.root).distributions) == {}


def test_an_undo_does_not_depend_on_what_was_written_there_later(tmp_path: Path) -> None:
    built = _env(tmp_path)
    first, second = (
        Provenance(name=canonicalize_name(name), version="1", record_sha256=RECORD)
        for name in ("first", "second")
    )
    identifiers = []
    for entry in (first, second):
        with open_operation(built.root, "install") as operation:
            path = PrefixPath(f"{entry.name}.txt")
            operation.apply([WriteFile(path=path, content=b"x", reason="")])
            operation.apply(plan_origins(built.root, [entry]))
        identifiers.append(operation.folder.name)
    undo(built.root, identifiers[0])
    assert not (built.root / "first.txt").exists()
    assert parse_origins((built.root / ORIGINS_FILE).read_text())[0] == (first, second)
    undo(built.root, identifiers[1])
    assert parse_origins((built.root / ORIGINS_FILE).read_text())[0] == (first,)


def test_of_each_name_the_last_entries_are_kept() -> None:
    entries = [
        Provenance(name=canonicalize_name("app"), version=str(number), record_sha256=RECORD)
        for number in range(9)
    ]
    kept, _ = parse_origins(render_origins(entries))
    assert [one.version for one in kept] == ["4", "5", "6", "7", "8"]


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "{}", '{"url": "https://x", "archive_info": {"hashes": {"sha256": "x"}}}'),
        f'{{"url": "https://x y", "archive_info": {{"hashes": {{"sha256": "{RECORD}"}}}}}}',
    ],
)
def test_a_provenance_url_that_is_not_valid_is_none(text: str) -> None:
    assert parse_provenance_url(text) is None


def test_a_provenance_url_has_the_url_and_the_hash() -> None:
    document = {"url": "https://x/app.whl", "archive_info": {"hashes": {"sha256": RECORD}}}
    assert parse_provenance_url(json.dumps(document)) == ("https://x/app.whl", RECORD)


def test_a_copy_of_an_environment_has_its_entries_besides_its_own(tmp_path: Path) -> None:
    built = _env(tmp_path)
    copy_origins(built.root, ())
    assert read_origins(built.root) == ()
    first = _provenance(built.root)
    copy_origins(built.root, [first])
    assert read_origins(built.root) == (first,)
    changed = _provenance(built.root, url="https://files.example/other.whl")
    copy_origins(built.root, [changed])
    assert read_origins(built.root) == (changed,), "one entry of one installation"
    built.write(ORIGINS_FILE, _document(number=2))
    copy_origins(built.root, [first])
    assert (built.root / ORIGINS_FILE).read_text() == _document(number=2)


def test_a_copy_with_a_state_that_is_not_ours_gets_no_entries(tmp_path: Path) -> None:
    built = _env(tmp_path)
    first = _provenance(built.root)
    (built.root / ORIGINS_FILE).mkdir(parents=True)
    with pytest.raises(InteropError) as refused:
        copy_origins(built.root, [first])
    assert refused.value.code == "untrusted-state"


def test_without_a_record_an_entry_is_of_nothing(tmp_path: Path) -> None:
    built = _env(tmp_path)
    (one,) = read_snapshot(built.root).distributions
    assert hash_record(built.root, one)
    (built.root / one.metadata / "RECORD").unlink()
    assert hash_record(built.root, one) == ""
