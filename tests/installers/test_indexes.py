"""The versions that the indexes of pip have of a project."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from packaging.utils import NormalizedName
from packaging.version import Version

from conda_pip_interop.dependency_files.locations import PYPI_INDEX
from conda_pip_interop.installers.indexes import SimpleIndexes, find_indexes
from conda_pip_interop.installers.pip.options import BY_NAME, ForwardedOption, PipArgument
from tests.support.index_server import PASSWORD, USER, serve_index

SIX, NONE = NormalizedName("six"), NormalizedName("none")
FILES = ("six-1.0-py3-none-any.whl", "six-1.1.tar.gz", "other-2.0.tar.gz", "six.txt", "six-x.whl")
PAGES = {
    "html": "".join(f'<a href="../../x#sha256=1">{one}</a><br>' for one in FILES),
    "json": json.dumps({"files": [{"filename": one} for one in FILES], "versions": []}),
}


def argument(name: str, value: str | None = None) -> PipArgument:
    option = BY_NAME[name]
    assert isinstance(option, ForwardedOption)
    return PipArgument(option=option, value=value)


def write_index(folder: Path, page: str) -> None:
    (folder / "simple/six").mkdir(parents=True)
    (folder / "simple/six/index.html").write_text(page)


def list_versions(*urls: str) -> dict[str, list[str]]:
    found = SimpleIndexes(urls=urls, environ={}).list_releases([SIX, NONE])
    return {name: sorted(map(str, versions)) for name, versions in found.items()}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_versions_are_read_from_the_pages_of_an_index(tmp_path: Path, page: str) -> None:
    write_index(tmp_path, page)
    versions = {"six": ["1.0", "1.1"], "none": []}
    assert list_versions((tmp_path / "simple").as_uri()) == versions
    with serve_index(tmp_path) as index:
        assert list_versions(index.url(f"{USER}:{PASSWORD}")) == versions


def test_an_index_that_says_nothing_is_asked_once(tmp_path: Path) -> None:
    write_index(tmp_path, PAGES["html"])
    with serve_index(tmp_path) as index:
        here = (tmp_path / "simple").as_uri()
        found = SimpleIndexes(urls=(here, index.url()), environ={}).list_releases([SIX])
        assert found == {}
    closed = SimpleIndexes(urls=(index.url(), "ftp://example.org"), environ={})
    assert closed.list_releases([SIX]) == closed.list_releases([NONE]) == {}
    assert SimpleIndexes(urls=()).list_releases([SIX]) == {SIX: frozenset[Version]()}


def test_the_indexes_are_those_of_pip() -> None:
    own, extra = argument("--index-url", "https://a"), argument("--extra-index-url", "https://b")
    assert find_indexes([]) == (PYPI_INDEX,)
    assert find_indexes([own, extra, argument("--index-url", "https://c")]) == (
        *("https://c", "https://b"),
    )
    assert find_indexes([own, argument("--no-index")]) == ()


def test_an_index_that_tells_no_upload_times_is_found(tmp_path: Path) -> None:
    for name, page in PAGES.items():
        write_index(tmp_path / name, page)
    dated = json.dumps({"files": [{"filename": FILES[0], "upload-time": "2020-01-01T00:00:00Z"}]})
    write_index(tmp_path / "dated", dated)
    urls = tuple((tmp_path / one / "simple").as_uri() for one in ("html", "json", "dated"))
    indexes = SimpleIndexes(urls=urls, environ={})
    assert indexes.find_ageless([SIX]) == urls[:2]
    assert indexes.find_ageless([NONE]) == indexes.find_ageless([]) == ()
