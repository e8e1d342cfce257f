"""Reading distributions of every layout, invalid ones included."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.environment.prefix import read_prefix
from conda_pip_interop.environment.site_packages.distributions import (
    Distribution,
    Leftover,
    read_distributions,
    read_requirements,
)
from tests.support.builders import Layout, PrefixBuilder, hash_of


@pytest.fixture
def built(tmp_path: Path) -> PrefixBuilder:
    return PrefixBuilder(root=tmp_path / "env")


def read(built: PrefixBuilder) -> tuple[tuple[Distribution, ...], tuple[Leftover, ...]]:
    return read_distributions(read_prefix(built.root), PrefixPath(built.site_packages))


def read_one(built: PrefixBuilder) -> Distribution:
    (distribution,), leftovers = read(built)
    assert leftovers == ()
    return distribution


def test_the_size_is_what_record_states_of_files_inside(built: PrefixBuilder) -> None:
    built.pip_package("app", "1.0", {"app.py": "x" * 100})
    record = built.root / built.dist_info("app", "1.0") / "RECORD"
    record.write_text("app.py,,100\n../../../../outside.py,,7\napp.pyc,,\nother.py,,20\n")
    assert read_one(built).size == 120
    record.write_text("app.py,,\n")
    assert read_one(built).size is None


@pytest.mark.parametrize("layout", ["cpython", "windows"])
def test_the_metadata_and_files_of_a_wheel_are_read(tmp_path: Path, layout: Layout) -> None:
    built = PrefixBuilder(root=tmp_path, layout=layout)
    built.pip_package("My.Pkg", "1.0", {"mypkg.py": "x", "/bin/tool": "y"})
    found = read_one(built)
    assert (found.name, found.version, found.layout) == ("my-pkg", "1.0", "dist-info")
    assert (found.installer, found.requested, found.problems) == ("pip", True, ())
    built.write(f"{found.metadata}/INSTALLER", " \n")
    assert read_one(built).installer is None
    assert found.files is not None
    by_path = {file.path: file for file in found.files}
    assert by_path[PrefixPath("bin/tool")].sha256 == hash_of(b"y")
    assert by_path[PrefixPath(built.place("mypkg.py"))].sha256 == hash_of(b"x")
    assert found.metadata_file in by_path


def test_all_distributions_of_the_same_name_are_read(built: PrefixBuilder) -> None:
    built.pip_package("six", "1.15")
    built.pip_package("six", "1.16")
    found, _ = read(built)
    assert [d.version for d in found] == ["1.15", "1.16"]


def test_rows_outside_of_the_prefix_are_listed_separately(built: PrefixBuilder) -> None:
    built.pip_package("six", "1.16")
    record = built.root / built.dist_info("six", "1.16") / "RECORD"
    inside = f"{built.root}/share/x"
    record.write_text(f"../../../../outside,,\n/etc/passwd,,\n{inside},,\n")
    found = read_one(built)
    assert found.outside == ("../../../../outside", "/etc/passwd")
    assert found.files is not None
    assert [file.path for file in found.files] == ["share/x"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"\xff\xfe", "RECORD is not UTF-8"),
        (None, None),
        (b"a\nsix-1.16.dist-info/RECORD,,\n", "RECORD line 1: 1 fields, not 3"),
        (b"six.py,,\n", "RECORD is incomplete"),
    ],
)
def test_an_unreadable_record_is_a_problem(
    built: PrefixBuilder, content: bytes | None, problem: str | None
) -> None:
    built.pip_package("six", "1.16")
    record = built.root / built.dist_info("six", "1.16") / "RECORD"
    record.unlink()
    if content is not None:
        record.write_bytes(content)
    found = read_one(built)
    assert found.problems == ((problem,) if problem else ())
    unread = content is None or b"\xff" in content or problem == "RECORD is incomplete"
    assert (found.files is None) is unread


def test_a_too_large_record_is_not_read(built: PrefixBuilder) -> None:
    built.pip_package("six", "1.16")
    os.truncate(built.root / built.dist_info("six", "1.16") / "RECORD", 1 << 30)
    assert read_one(built).problems == ("RECORD is too large",)


def test_unreadable_metadata_is_not_a_leftover(built: PrefixBuilder) -> None:
    folder = built.root / built.dist_info("six", "1.16")
    (folder / "METADATA").mkdir(parents=True)
    found = read_one(built)
    assert (found.name, found.version) == ("six", "1.16")
    assert found.problems == ("METADATA has no Name and Version",)


@pytest.mark.parametrize("name", ["METADATA", "INSTALLER", "direct_url.json", "RECORD"])
def test_a_pipe_instead_of_a_metadata_file_is_not_read(built: PrefixBuilder, name: str) -> None:
    built.pip_package("six", "1.16")
    path = built.root / built.dist_info("six", "1.16") / name
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    found = read_one(built)
    assert (found.name, found.version) == ("six", "1.16")


def test_remnants_of_pip_are_leftovers(built: PrefixBuilder) -> None:
    built.write(built.place("~umpy/x.py"), "")
    built.write(f"{built.dist_info('six', '1')}/RECORD", "")
    built.write(built.place("b.so.conda_trash"), "")
    built.write(built.place("~lick.py"), "")
    found, leftovers = read(built)
    assert found == ()
    assert [(item.path.rpartition("/")[2], item.reason) for item in leftovers] == [
        ("b.so.conda_trash", "conda-trash"),
        ("six-1.dist-info", "no-metadata"),
        ("~lick.py", "tilde-file"),
        ("~umpy", "tilde-folder"),
    ]


@pytest.mark.parametrize("text", ["", "\n/src\n", "   \n."])
def test_old_metadata_without_content_is_no_distribution(built: PrefixBuilder, text: str) -> None:
    built.write(built.place("dev-pkg.egg-link"), text)
    (built.root / built.place("old-1.0-py3.11.egg-info")).mkdir()
    assert read(built) == ((), ())


def test_a_record_without_rows_says_so(built: PrefixBuilder) -> None:
    built.pip_package("six", "1.16")
    built.write(f"{built.dist_info('six', '1.16')}/RECORD", "\n\n")
    found = read_one(built)
    assert (found.files, found.record_fault) == (None, "RECORD lists no files")


def test_the_files_of_an_egg_info_folder_are_its_installed_files(built: PrefixBuilder) -> None:
    folder = built.place("old-1.0-py3.11.egg-info")
    built.write(f"{folder}/PKG-INFO", "Name: Old\nVersion: 1.0\n")
    built.write(f"{folder}/installed-files.txt", "../old.py\nPKG-INFO\n")
    built.write(f"{folder}/requires.txt", "six\n")
    found = read_one(built)
    assert (found.name, found.layout) == ("old", "egg-info")
    assert [f.path.rpartition("/")[2] for f in found.files or ()] == [
        "old.py",
        "PKG-INFO",
        "installed-files.txt",
    ]
    assert read_requirements(read_prefix(built.root), found).requires_dist == ("six",)


def test_an_egg_info_folder_without_a_list_of_its_files_has_none(built: PrefixBuilder) -> None:
    folder = built.place("old-1.0-py3.11.egg-info")
    built.write(f"{folder}/PKG-INFO", "Name: Old\nVersion: 1.0\n")
    built.write(f"{folder}/INSTALLER", "distutils\n")
    found = read_one(built)
    assert (found.files, found.installer, found.problems) == (None, "distutils", ())
    assert read_requirements(read_prefix(built.root), found).requires_dist == ()


def test_a_flat_egg_info_has_no_file_list(built: PrefixBuilder) -> None:
    built.write(built.place("flat-2.0-py3.11.egg-info"), "Name: flat\nVersion: 2.0\n")
    found = read_one(built)
    assert (found.name, found.version, found.files) == ("flat", "2.0", None)
    assert found.metadata_file == found.metadata


def test_an_egg_link_is_editable_from_its_source(built: PrefixBuilder, tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "dev_pkg.egg-info").mkdir(parents=True)
    (source / "dev_pkg.egg-info/PKG-INFO").write_text("Name: dev-pkg\nVersion: 3\n")
    (source / "dev_pkg.egg-info/requires.txt").write_text("six\n")
    (source / "another.egg-info").mkdir()
    (source / "another.egg-info/PKG-INFO").write_text("Name: another\nVersion: 4\n")
    built.write(built.place("dev-pkg.egg-link"), f"{source}\n.")
    found = read_one(built)
    assert (found.name, found.version, found.editable) == ("dev-pkg", "3", str(source))
    assert [file.path for file in found.files or ()] == [built.place("dev-pkg.egg-link")]
    (source / "another.egg-info/PKG-INFO").unlink()
    (source / "another.egg-info").rmdir()
    assert read_requirements(read_prefix(built.root), found).requires_dist == ("six",)


@pytest.mark.parametrize("source", ["/" + "a" * 300, "/src\0", "relative", "/missing"])
def test_an_egg_link_to_what_is_no_folder_has_the_name_of_its_file(
    built: PrefixBuilder, source: str
) -> None:
    built.write(built.place("dev-pkg.egg-link"), f"{source}\n.")
    found = read_one(built)
    assert (found.name, found.version, found.editable) == ("dev-pkg", "", source)
    assert read_requirements(read_prefix(built.root), found).requires_dist == ()


def test_the_source_of_an_editable_install_is_read(built: PrefixBuilder) -> None:
    url = {"url": "file:///src/my%20pkg", "dir_info": {"editable": True}}
    built.pip_package("six", "1", direct_url=url)
    assert read_one(built).editable == "/src/my pkg"


def test_an_editable_install_without_direct_url_is_found_by_its_hook(built: PrefixBuilder) -> None:
    built.pip_package("six", "1", {"__editable__.six-1.pth": "/src/six\n"})
    assert read_one(built).editable == "/src/six"


def test_an_invalid_direct_url_is_a_problem(built: PrefixBuilder) -> None:
    built.pip_package("six", "1")
    built.write(f"{built.dist_info('six', '1')}/direct_url.json", "[")
    assert read_one(built).problems == ("direct_url.json is not a JSON object",)


def test_a_symlinked_site_packages_is_read_by_the_path_of_the_link(
    built: PrefixBuilder, tmp_path: Path
) -> None:
    built.pip_package("six", "1")
    site = built.root / built.site_packages
    site.rename(tmp_path / "elsewhere")
    site.symlink_to(tmp_path / "elsewhere")
    assert read_one(built).metadata == built.dist_info("six", "1")


def test_requirements_come_from_the_headers(built: PrefixBuilder) -> None:
    built.pip_package("six", "1", requires=("a>=1", 'b; extra == "x"'))
    found = read_one(built)
    prefix = read_prefix(built.root)
    assert read_requirements(prefix, found).requires_dist == ("a>=1", 'b; extra == "x"')
    (built.root / found.metadata_file).unlink()
    assert read_requirements(prefix, found).requires_dist == ()


def test_a_prefix_without_site_packages_has_no_distributions(built: PrefixBuilder) -> None:
    prefix = read_prefix(built.root)
    assert read_distributions(prefix, PrefixPath("lib/python2.7/site-packages")) == ((), ())


def test_requires_txt_counts_in_an_egg_info_folder_alone(built: PrefixBuilder) -> None:
    built.pip_package("wheel-like", "1.0")
    built.write(f"{built.dist_info('wheel-like', '1.0')}/requires.txt", "not-this\n")
    folder = built.place("old-1.0-py3.11.egg-info")
    built.write(f"{folder}/PKG-INFO", "Metadata-Version: 1.1\nName: old\nVersion: 1.0\n")
    built.write(f"{folder}/requires.txt", "this\n")
    needs = {
        one.name: read_requirements(read_prefix(built.root), one).requires_dist
        for one in read(built)[0]
    }
    assert needs == {"wheel-like": (), "old": ("this",)}
    (old,) = (one for one in read(built)[0] if one.name == "old")
    assert old.installer is None
