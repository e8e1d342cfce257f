"""The records that conda would delete are found before it does."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from conda_pip_interop.environment.quick_check import read_fingerprint, read_records_at_risk
from tests.support.builders import PrefixBuilder
from tests.support.trees import NOBODY, run_in_child
from tests.world.base import build_base

SITE = "lib/python3.11/site-packages"


def add_record(
    prefix: Path, name: str, *files: str, depends: tuple[str, ...] = ("python",)
) -> Path:
    """Write a record as conda does, without its files."""
    version = "3.11.7" if name == "python" else "1.0"
    stem = f"{name}-{version}-0"  # conda takes a record with another name for a broken one
    record = prefix / "conda-meta" / f"{stem}.json"
    record.parent.mkdir(parents=True, exist_ok=True)
    document = {
        "name": name,
        "version": version,
        "build": "0",
        "build_number": 0,
        "channel": "https://conda.example/main/noarch",
        "subdir": "noarch",
        "fn": f"{stem}.conda",
        "url": f"https://conda.example/main/noarch/{stem}.conda",
        "depends": list(depends),
        "constrains": [],
        "extracted_package_dir": f"/pkgs/{stem}",
        "files": list(files),
        "paths_data": {
            "paths": [{"_path": file, "path_type": "hardlink"} for file in files],
            "paths_version": 1,
        },
    }
    record.write_text(json.dumps(document, indent=2), encoding="utf-8")
    return record


def add_files(prefix: Path, *files: str) -> None:
    for file in files:
        path = prefix / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", encoding="utf-8")


def make_prefix(prefix: Path) -> Path:
    add_record(prefix, "python", "bin/python", depends=())
    add_files(prefix, "bin/python", f"{SITE}/README.txt", "conda-meta/history")
    return prefix


def dist_info(name: str, file: str = "RECORD") -> str:
    return f"{SITE}/{name}-1.0.dist-info/{file}"


def add_there(prefix: Path) -> None:
    add_record(prefix, "click", dist_info("click"), dist_info("click", "METADATA"))
    add_files(prefix, dist_info("click"))


def add_there_without_its_record_file(prefix: Path) -> None:
    add_record(prefix, "click", dist_info("click"))
    add_files(prefix, dist_info("click", "METADATA"))


def add_gone(prefix: Path) -> None:
    add_record(prefix, "click", dist_info("click"), f"{SITE}/click/__init__.py")
    add_files(prefix, f"{SITE}/click/__init__.py")


def add_other_version(prefix: Path) -> None:
    add_record(prefix, "click", dist_info("click"))
    add_files(prefix, f"{SITE}/click-2.0.dist-info/RECORD")


def add_egg_folder(prefix: Path) -> None:
    add_record(prefix, "egg", f"{SITE}/egg-1.0-py3.11.egg-info/PKG-INFO")
    add_files(prefix, f"{SITE}/egg-1.0-py3.11.egg-info/PKG-INFO")


def add_egg_folder_gone(prefix: Path) -> None:
    add_record(prefix, "egg", f"{SITE}/egg-1.0-py3.11.egg-info/PKG-INFO")


def add_egg_file(prefix: Path) -> None:
    add_record(prefix, "egg", f"{SITE}/egg-1.0-py3.11.egg-info")
    add_files(prefix, f"{SITE}/egg-1.0-py3.11.egg-info")


def add_egg_file_gone(prefix: Path) -> None:
    add_record(prefix, "egg", f"{SITE}/egg-1.0-py3.11.egg-info")


def add_egg_file_become_folder(prefix: Path) -> None:
    add_record(prefix, "egg", f"{SITE}/egg-1.0-py3.11.egg-info")
    add_files(prefix, f"{SITE}/egg-1.0-py3.11.egg-info/PKG-INFO")


def add_egg_folder_become_file(prefix: Path) -> None:
    add_record(prefix, "egg", f"{SITE}/egg-1.0-py3.11.egg-info/PKG-INFO")
    add_files(prefix, f"{SITE}/egg-1.0-py3.11.egg-info")


def add_double_with_the_shorter_gone(prefix: Path) -> None:
    add_record(prefix, "double", dist_info("much_longer"), dist_info("short"))
    add_files(prefix, dist_info("much_longer"))


def add_double_with_the_longer_gone(prefix: Path) -> None:
    add_record(prefix, "double", dist_info("much_longer"), dist_info("short"))
    add_files(prefix, dist_info("short"))


def add_double_of_one_length_with_the_first_gone(prefix: Path) -> None:
    add_record(prefix, "double", dist_info("zzz"), dist_info("aaa"))
    add_files(prefix, dist_info("aaa"))


def add_double_of_one_length_with_the_second_gone(prefix: Path) -> None:
    add_record(prefix, "double", dist_info("zzz"), dist_info("aaa"))
    add_files(prefix, dist_info("zzz"))


def add_vendored_gone(prefix: Path) -> None:
    vendored = f"{SITE}/setuptools/_vendor/packaging-1.0.dist-info/RECORD"
    add_record(prefix, "setuptools", dist_info("setuptools"), vendored)
    add_files(prefix, dist_info("setuptools"))


def add_no_distribution(prefix: Path) -> None:
    add_record(prefix, "ninja", "bin/ninja", dist_info("ninja", "METADATA"))


def add_name_beyond_ascii_there(prefix: Path) -> None:
    add_record(prefix, "snow", dist_info("sn\N{LATIN SMALL LETTER O WITH DIAERESIS}"))
    add_files(prefix, dist_info("sn\N{LATIN SMALL LETTER O WITH DIAERESIS}"))


CASES: tuple[tuple[Callable[[Path], None], frozenset[str]], ...] = (
    (add_there, frozenset()),
    (add_there_without_its_record_file, frozenset()),
    (add_gone, frozenset({"click"})),
    (add_other_version, frozenset({"click"})),
    (add_egg_folder, frozenset()),
    (add_egg_folder_gone, frozenset({"egg"})),
    (add_egg_file, frozenset()),
    (add_egg_file_gone, frozenset({"egg"})),
    (add_egg_file_become_folder, frozenset({"egg"})),
    (add_egg_folder_become_file, frozenset({"egg"})),
    (add_double_with_the_shorter_gone, frozenset({"double"})),
    (add_double_with_the_longer_gone, frozenset()),
    (add_double_of_one_length_with_the_first_gone, frozenset({"double"})),
    (add_double_of_one_length_with_the_second_gone, frozenset()),
    (add_vendored_gone, frozenset()),
    (add_no_distribution, frozenset()),
    (add_name_beyond_ascii_there, frozenset()),
)
NAMES = [case[0].__name__.removeprefix("add_") for case in CASES]


def names_at_risk(prefix: Path, *, longest: bool = False) -> set[str]:
    found = read_records_at_risk(prefix, longest=longest)
    return {json.loads(content)["name"] for content in found.values()}


@pytest.mark.parametrize(("arrange", "expected"), CASES, ids=NAMES)
def test_a_record_is_at_risk_if_its_anchor_is_missing(
    tmp_path: Path, arrange: Callable[[Path], None], expected: frozenset[str]
) -> None:
    prefix = make_prefix(tmp_path)
    arrange(prefix)
    assert names_at_risk(prefix) == expected


_LET_CONDA_LOAD = """
import inspect
import sys
from conda.base.context import context
from conda.core.prefix_data import PrefixData

context.plugin_manager.disable_external_plugins()  # ours keeps the records
names = inspect.signature(PrefixData.__init__).parameters
option = "interoperability" if "interoperability" in names else "pip_interop_enabled"
for prefix in sys.argv[1:]:
    PrefixData(prefix, **{option: True}).load()
"""


@pytest.mark.parametrize(
    ("arrange", "expected"),
    [
        (add_double_with_the_shorter_gone, set()),
        (add_double_with_the_longer_gone, {"double"}),
        (add_double_of_one_length_with_the_first_gone, {"double"}),
        (add_double_of_one_length_with_the_second_gone, set()),
    ],
)
def test_of_several_anchors_conda_looks_for_the_longest_since_26_3(
    tmp_path: Path, arrange: Callable[[Path], None], expected: set[str]
) -> None:
    prefix = make_prefix(tmp_path)
    arrange(prefix)
    assert names_at_risk(prefix, longest=True) == expected


@pytest.mark.e2e
def test_conda_deletes_exactly_the_records_at_risk(tmp_path: Path) -> None:
    base = build_base()
    longest = not base.version.startswith(("24.", "25.", "26.1."))
    expected = {}
    for name, (arrange, _) in zip(NAMES, CASES, strict=True):
        prefix = make_prefix(tmp_path / name)
        arrange(prefix)
        expected[prefix] = {path.name for path in read_records_at_risk(prefix, longest=longest)}
    before = {prefix: set(os.listdir(prefix / "conda-meta")) for prefix in expected}
    done = subprocess.run(
        [base.python, "-c", _LET_CONDA_LOAD, *expected],
        env=base.env(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    deleted = {
        prefix: names - set(os.listdir(prefix / "conda-meta")) for prefix, names in before.items()
    }
    assert "malformed" not in done.stderr
    assert deleted == expected


def test_the_content_of_a_record_at_risk_is_returned_byte_for_byte(tmp_path: Path) -> None:
    prefix = make_prefix(tmp_path)
    add_gone(prefix)
    record = prefix / "conda-meta/click-1.0-0.json"
    assert read_records_at_risk(prefix, longest=False) == {record: record.read_bytes()}


@pytest.mark.parametrize(
    "anchor",
    [
        "lib/python3.13t/site-packages/x-1.dist-info/RECORD",
        "lib/pypy3.9/site-packages/x-1.dist-info/RECORD",
        "Lib/site-packages/x-1.dist-info/RECORD",
        "Lib/site-packages/x-1-py3.11.egg-info",
    ],
)
def test_the_site_packages_of_every_python_are_checked(tmp_path: Path, anchor: str) -> None:
    add_record(tmp_path, "x", anchor)
    assert names_at_risk(tmp_path) == {"x"}
    add_files(tmp_path, anchor)
    assert names_at_risk(tmp_path) == set()


def test_a_prefix_without_a_conda_meta_folder_has_no_records(tmp_path: Path) -> None:
    assert read_records_at_risk(tmp_path, longest=False) == {}
    (tmp_path / "conda-meta").touch()
    assert read_records_at_risk(tmp_path, longest=False) == {}


def test_folders_and_dangling_links_are_omitted(tmp_path: Path) -> None:
    prefix = make_prefix(tmp_path)
    (prefix / "conda-meta/folder-1-0.json").mkdir()
    (prefix / "conda-meta/dangling-1-0.json").symlink_to("nowhere")
    add_gone(prefix)
    assert names_at_risk(prefix) == {"click"}


def test_a_record_without_read_permission_is_omitted(tmp_path: Path) -> None:
    folder = os.open(tmp_path, os.O_RDONLY)
    tmp_path.chmod(0o755)
    add_gone(make_prefix(tmp_path))
    (tmp_path / "conda-meta/click-1.0-0.json").chmod(0)

    def work() -> None:
        os.fchdir(folder)
        assert read_records_at_risk(Path(), longest=False) == {}

    assert run_in_child(work, user=NOBODY) == 0
    os.close(folder)


def test_a_name_that_is_not_utf_8_is_checked(tmp_path: Path) -> None:
    meta = tmp_path / "conda-meta"
    meta.mkdir()
    anchor = b"lib/python3.11/site-packages/\xff-1.dist-info/RECORD"
    (meta / "x-1-0.json").write_bytes(b'{"name": "x", "files": ["' + anchor + b'"]}')
    assert [path.name for path in read_records_at_risk(tmp_path, longest=False)] == ["x-1-0.json"]


def test_a_fingerprint_is_of_metadata_and_path_files_not_of_caches(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path / "env", python="3.11.7")
    built.pip_package("six", "1.0")
    path = built.write(built.place("more.pth"), "/one\n")
    os.mkdir(os.fsencode(built.root / built.site_packages) + b"/not-\xff-utf8")  # noqa: PTH102 - bytes

    def read() -> str:
        return read_fingerprint(built.root).digest

    before = read()
    built.write(built.place("__pycache__/six.cpython-311.pyc"), "")
    assert read() == before
    path.write_text("/other\n")
    after = read()
    assert after != before
    built.write(built.place("new_module.py"), "")
    assert read() != after
