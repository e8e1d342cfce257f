"""Reading conda's records."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conda_pip_interop.environment.conda_meta.records import (
    CondaRecord,
    Unreadable,
    as_packaged,
    claimed_metadata,
    find_carried,
    find_packaged_names,
    parse_conda_record,
    read_conda_records,
    render_record_json,
)
from conda_pip_interop.environment.paths import PrefixPath
from tests.support.builders import PrefixBuilder

PATH = PrefixPath("conda-meta/x.json")


def parse(**raw: object) -> CondaRecord:
    record = parse_conda_record(json.dumps({"name": "x", "version": "1", **raw}), path=PATH)
    assert isinstance(record, CondaRecord)
    return record


def test_a_record_is_read_with_its_files(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path)
    built.conda_package("click", "8.1", {"click.py": "x", "__pycache__/click.cpython-311.pyc": ""})
    records, unreadable = read_conda_records(tmp_path)
    assert unreadable == ()
    click, python = records
    assert (click.name, click.version, click.subdir) == ("click", "8.1", "linux-64")
    assert python.name == "python"
    by_path = {file.path.rpartition("/")[2]: file for file in click.files}
    assert by_path["click.py"].expected_sha256
    assert by_path["click.cpython-311.pyc"].path_type == "pyc_file"
    assert by_path["click.cpython-311.pyc"].expected_sha256 is None


def test_a_parsed_record_is_rendered_byte_for_byte(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path)
    path = built.conda_record("x", "1", (), unknown={"ä": [1, None, 1.5]})
    records, _ = read_conda_records(tmp_path)
    written = {record.name: render_record_json(record.raw) for record in records}
    assert written["x"] == path.read_text()


def test_distributions_are_found_by_their_metadata_without_vendored_ones() -> None:
    site = "lib/python3.11/site-packages"
    record = parse(
        files=[
            f"{site}/Foo_Bar-1.0.dist-info/METADATA",
            f"{site}/Foo_Bar-1.0.dist-info/RECORD",
            f"{site}/old-2.0-py3.11.egg-info/PKG-INFO",
            f"{site}/flat-3.0-py3.11.egg-info",
            f"{site}/setuptools/_vendor/packaging-24.dist-info/METADATA",
            "Lib/site-packages/win-4.dist-info/METADATA",
            "share/notes-1.dist-info/METADATA",
        ]
    )
    assert [(item.name, item.version) for item in claimed_metadata(record)] == [
        ("foo-bar", "1.0"),
        ("old", "2.0"),
        ("flat", "3.0"),
        ("win", "4"),
    ]


def test_files_outside_of_the_prefix_are_skipped() -> None:
    assert parse(files=["../x", "/etc/x", "", "ok"]).files[0].path == "ok"
    assert len(parse(files=["../x", "/etc/x", "", "ok"]).files) == 1


def test_hashes_of_a_noarch_package_are_found_by_archive_path() -> None:
    """conda keeps `site-packages/x` in paths_data where `files` has the place it was linked to."""
    files = ["lib/python3.12/site-packages/x.py", "bin/x", "share/x"]
    packaged = ["site-packages/x.py", "python-scripts/x", "share/x"]
    paths = [{"_path": path, "sha256": str(number)} for number, path in enumerate(packaged)]
    data = {"paths": paths, "paths_version": 1}
    record = parse(files=files, paths_data=data, noarch="python")
    assert [file.sha256 for file in record.files] == ["0", "1", "2"]
    record = parse(files=files, paths_data=data)
    assert [file.sha256 for file in record.files] == [None, None, "2"]


def test_an_override_noted_in_the_record_is_read() -> None:
    note = {"overridden_by": {"X.y": "2"}}
    assert parse(pip_interop=note).overridden_by == {"x-y": "2"}
    others: tuple[object, ...] = (None, [], {}, {"overridden_by": "x"}, {"overridden_by": {}})
    for other in others:
        assert not parse(pip_interop=other).overridden_by


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "not JSON"),
        (b"[]", "not a JSON object"),
        (b"\xff", "not UTF-8"),
        (b"{}", "no name and version"),
        (b"[" * 100_000, "not JSON"),
        (b'{"name": "x", "version": "1", "depends": null}', "depends is not a list of texts"),
        (b'{"name": "x", "version": "1", "constrains": "y"}', "constrains is not a list of"),
        (b'{"name": "x", "version": "1", "files": ["y", 1]}', "files is not a list of texts"),
        (b'{"name": "x", "version": "1", "paths_data": []}', "paths_data is not a JSON object"),
    ],
)
def test_an_invalid_record_is_unreadable_with_a_reason(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    (tmp_path / "conda-meta").mkdir()
    (tmp_path / "conda-meta/x.json").write_bytes(content)
    (tmp_path / "conda-meta/y.json").mkdir()
    records, unreadable = read_conda_records(tmp_path)
    assert records == ()
    assert [type(item) for item in unreadable] == [Unreadable] * 2
    assert unreadable[0].reason.startswith(reason)


def test_fields_of_the_wrong_type_are_ignored() -> None:
    record = parse(files=None, build=1, paths_data={"paths": [{"_path": 1}]}, noarch=True)
    assert (record.files, record.build) == ((), "")


def test_a_prefix_without_conda_meta_has_no_records(tmp_path: Path) -> None:
    assert read_conda_records(tmp_path) == ((), ())


def test_names_of_dependencies_are_separated_as_in_earlier_versions_of_repodata() -> None:
    depends = ["six", "six >=1 py_0", "six>=1,<2", "six=1", 'six>=1[when="python<3"]', "a.b[x=[y]]"]
    assert parse(depends=depends).depends == (
        "six",
        "six >=1 py_0",
        "six >=1,<2",
        "six =1",
        'six >=1[when="python<3"]',
        "a.b [x=[y]]",
    )


def test_conda_meta_that_is_no_folder_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "conda-meta").write_text("")
    records, (unreadable,) = read_conda_records(tmp_path)
    assert (records, unreadable.path, unreadable.corrupt) == ((), "conda-meta", False)
    assert unreadable.reason


def test_the_version_that_counts_is_that_of_the_package_if_metadata_has_none() -> None:
    path = "lib/python3.11/site-packages/kit-0.0.0.dist-info/METADATA"
    (carried,) = find_carried(parse(name="kit", version="1.2", files=[path]))
    assert (carried.name, carried.version, carried.path) == ("kit", "1.2", path)


def test_the_distributions_of_a_package_are_found_in_the_text_of_its_paths() -> None:
    paths = [
        "site-packages/Foo_Bar-1.0.dist-info/METADATA",
        "lib/python3.11/site-packages/old-2.0-py3.11.egg-info/PKG-INFO",
        "site-packages/setuptools/_vendor/packaging-24.dist-info/METADATA",
        "site-packages/other-1.dist-info/RECORD",
    ]
    text = json.dumps({"paths": [{"_path": path} for path in paths]}).encode()
    assert find_packaged_names(text) == {"foo-bar", "old"}
    assert find_packaged_names(b"\xff") == frozenset()


@pytest.mark.parametrize(
    ("path", "packaged"),
    [
        ("lib/python3.11/site-packages/kit/a.py", "site-packages/kit/a.py"),
        ("bin/kit", "python-scripts/kit"),
        ("Scripts/kit.exe", "python-scripts/kit.exe"),
        ("share/kit", "share/kit"),
    ],
)
def test_where_a_file_of_a_noarch_package_is_in_the_package(path: str, packaged: str) -> None:
    assert as_packaged(path) == packaged
