"""Locations in requirements: what is one, how it is parsed, and relative to which folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from conda_pip_interop.dependency_files.locations import (
    Location,
    find_folder,
    find_key,
    find_subdirectory,
    is_location,
    parse_location,
    read_conda_build_path,
    rebase_location,
    rebase_option,
    rebase_requirement,
)
from conda_pip_interop.names.requirement import Invalid


@pytest.mark.parametrize(
    "text",
    [
        *(".", "..", "./x", "../x[a]", "a/b", r"a\b", "/x ; os_name == 'nt'", "./x@1"),
        *("x.whl", "x-1.0.tar.gz", "x.zip[a]", "https://e.org/x;y", "git+ssh://git@e.org/x@v1"),
    ],
)
def test_a_path_or_url_is_a_location(text: str) -> None:
    assert is_location(text)


@pytest.mark.parametrize(
    "text", ["x", "x[a]>=1", "x ; sys_platform == './'", "x @ https://e.org/x.whl", "x@file:///x"]
)
def test_a_name_is_not_a_location_even_with_a_url(text: str) -> None:
    assert not is_location(text)


def parse(text: str, folder: Path, *, editable: bool = False) -> Location:
    found = parse_location(text, folder=folder, editable=editable)
    assert isinstance(found, Location), found
    return found


def test_a_directory_is_parsed_with_its_extras_and_marker(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "setup.py").touch()
    found = parse("./app[x] ; os_name == 'nt'", tmp_path)
    assert found.text == f"{tmp_path}/app[x]"
    assert found.key == f"{(tmp_path / 'app').as_uri()}#"
    assert (found.name, found.marker) == (None, "os_name == 'nt'")
    assert parse("app", tmp_path, editable=True).editable


def test_the_name_comes_from_the_requirement_the_fragment_or_the_wheel(tmp_path: Path) -> None:
    for text in ("N_x @ https://e.org/y.zip", "git+https://e.org/y@v1#subdirectory=a&egg=N.x[a]"):
        assert parse(text, tmp_path).name == "n-x"
    assert parse("https://e.org/n_x-1.0-py3-none-any.whl#sha256=0", tmp_path).name == "n-x"
    assert parse("https://e.org/y.zip?egg=n-x", tmp_path).name is None


@pytest.mark.parametrize(
    ("text", "editable", "reason"),
    [
        ("./missing", False, "does not exist"),
        ("./empty", False, "has no pyproject.toml and no setup.py"),
        ("file.whl", True, "is not a directory"),
        ("https://e.org/x.zip", True, "only a directory or a VCS URL can be editable"),
        ("file:missing", True, "missing does not exist"),
        ("x @ file:./missing", False, "missing does not exist"),
        ("s3://e.org/x.zip", False, "pip does not support this URL scheme"),
    ],
)
def test_an_invalid_location_has_a_reason(
    tmp_path: Path, text: str, editable: bool, reason: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.whl").touch()
    found = parse_location(text, folder=tmp_path, editable=editable)
    assert isinstance(found, Invalid)
    assert found.reason.endswith(reason)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("file:./my%20x#egg=x", "{uri}#egg=x"),
        ("x @ file:my%20x", "x @ {uri}"),
        ("x[a]@file:my%20x#subdirectory=y", "x[a]@{uri}#subdirectory=y"),
        ("x @ file:///y", "x @ file:///y"),
    ],
)
def test_a_relative_url_is_one_of_the_folder(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "my x").mkdir()
    assert parse(text, tmp_path).text == expected.format(uri=(tmp_path / "my x").as_uri())


def test_an_invalid_marker_of_a_location_has_a_reason(tmp_path: Path) -> None:
    assert isinstance(parse_location(". ; nonsense", folder=tmp_path), Invalid)


@pytest.mark.parametrize(
    ("text", "subdirectory"),
    [
        ("git+https://e.org/x@v1#egg=x&subdirectory=a%20b", "a b"),
        ("https://e.org/x.zip?a=1&subdirectory=a", ""),
        ("./x", ""),
    ],
)
def test_the_subdirectory_is_in_the_fragment(text: str, subdirectory: str) -> None:
    assert find_subdirectory(text) == subdirectory


def test_two_spellings_of_a_location_have_one_key() -> None:
    assert find_key("https://me:pw@E.org/a%20b/") == find_key("https://e.org/a b")
    assert find_key("https://e.org/x") != find_key("https://e.org/x", "sub")


def test_a_local_directory_is_found_in_every_form(tmp_path: Path) -> None:
    folder = tmp_path / "a b"
    folder.mkdir()
    for text in (str(folder), f"{folder}[x,y]", f"app @ {folder.as_uri()}", folder.as_uri()):
        assert find_folder(text) == folder
    for text in ("app", "git+file:///x", f"app @ git+{folder.as_uri()}", "https://e.org/x.zip"):
        assert find_folder(text) is None


@pytest.mark.parametrize(
    ("text", "rebased"),
    [
        ("./x[a]", "./sub/x[a]"),
        ("-e ../x ; os_name == 'nt'", "-e ./x ; os_name == 'nt'"),
        ("--editable=../../x", "--editable=../x"),
        ("/x", "/x"),
        ("https://e.org/x", "https://e.org/x"),
        ("-e '../my lib'", "-e './my lib'"),
        ('-e "./my lib"[a] ; os_name == "nt"', '-e "./sub/my lib"[a] ; os_name == "nt"'),
        ("-e '/my lib'", "-e '/my lib'"),
        ("-e '~/my lib'", "-e '~/my lib'"),
        ("-e 'git+https://e.org/x'", "-e 'git+https://e.org/x'"),
    ],
)
def test_a_relative_path_is_rewritten_for_another_folder(text: str, rebased: str) -> None:
    assert rebase_location(text, source=Path("/a/sub"), target=Path("/a")) == rebased


@pytest.mark.parametrize(
    ("text", "rebased"),
    [
        ("x @ file:../x", "x @ file:./x"),
        (
            "x[a] @ file:./x#subdirectory=y ; os_name == 'nt'",
            "x[a] @ file:./sub/x#subdirectory=y ; os_name == 'nt'",
        ),
        ("x@file:y.whl", "x@file:./sub/y.whl"),
        ("x @ file:///y.whl", "x @ file:///y.whl"),
        ("x @ https://e.org/y.whl", "x @ https://e.org/y.whl"),
        ("x==1", "x==1"),
    ],
)
def test_the_relative_url_of_a_name_is_rewritten_for_another_folder(
    text: str, rebased: str
) -> None:
    assert rebase_requirement(text, source=Path("/a/sub"), target=Path("/a")) == rebased


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "attrs @ file:///home/conda/feedstock_root/build_artifacts/attrs_1722977137225/work",
            "attrs",
        ),
        ("certifi @ file:///croot/certifi_1655968806487/work/certifi", "certifi"),
        ("pyx @ file:///C:/b/abs_55/croot/pyx", "pyx"),
        ("x @ file:///opt/conda-bld/x_123/_h_env/dist/x-1.2.tar.gz#sha256=aa", "x==1.2"),
        ("a.b_c @ file:///C:/b/abs_1xy/croot/a.b_c_1655968806487/work ; x", "a.b_c ; x"),
        (
            "n @ file:///D:/bld/n_1707225570061/work/dist/n-1.26.4-cp312-cp312-win_amd64.whl#x=7",
            "n==1.26.4",
        ),
        (
            "six @ file:///home/conda/feedstock_root/bld/rattler-build_six_1741918516/work",
            "six",
        ),
        ("mine @ file:///home/me/work", None),
        ("mine @ file:///home/me/mine_2/work/x", None),
        ("mine @ https://example.org/mine_1722977137225/work", None),
        ("mine==1.0", None),
    ],
)
def test_the_build_path_of_a_conda_package_is_recognized(line: str, expected: str | None) -> None:
    assert read_conda_build_path(line) == expected


def test_a_build_path_that_exists_is_a_directory(tmp_path: Path) -> None:
    folder = tmp_path / "six_1722977137225" / "work"
    folder.mkdir(parents=True)
    assert read_conda_build_path(f"six @ {folder.as_uri()}") is None


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("-r more.txt", "-r ./deep/more.txt"),
        ("-rmore.txt", "-r./deep/more.txt"),
        ("--constraint=../limits.txt", "--constraint=./limits.txt"),
        ("--find-links wheels", "--find-links ./deep/wheels"),
        ("-f https://example.org/x", "-f https://example.org/x"),
        ("--find-links /abs/wheels", "--find-links /abs/wheels"),
        ("--index-url https://example.org/x", "--index-url https://example.org/x"),
        ("--pre", "--pre"),
        ("-f 'my wheels'", "-f './deep/my wheels'"),
        ('--find-links="../my wheels"', '--find-links="./my wheels"'),
        ("-f file:wheels", "-f file:./deep/wheels"),
        ("-f file:/abs/wheels", "-f file:/abs/wheels"),
        ("-f ${HOME}/wheels", "-f ${HOME}/wheels"),
        ("--index-url ./simple", "--index-url ./deep/simple"),
        ("-i file:../simple", "-i file:./simple"),
        ("--extra-index-url=../simple", "--extra-index-url=./simple"),
    ],
)
def test_the_paths_of_options_become_relative_to_the_target(
    tmp_path: Path, line: str, expected: str
) -> None:
    assert rebase_option(line, source=tmp_path / "deep", target=tmp_path) == expected
