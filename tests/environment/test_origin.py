"""Where a distribution came from (PEP 610), and what installs it again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from conda_pip_interop.environment.origin import (
    build_direct_reference,
    build_install_words,
    find_channel,
    find_content,
    find_origin,
    shorten_channel,
)
from conda_pip_interop.environment.snapshot import read_snapshot
from tests.support.builders import PrefixBuilder
from tests.support.graphs import make_distribution

GIT = {"vcs": "git", "commit_id": "abc123", "requested_revision": "main"}


@pytest.mark.parametrize(
    ("direct_url", "expected"),
    [
        (None, None),
        ({}, None),
        ({"url": 3}, None),
        ({"url": "https://h/x.git", "vcs_info": GIT}, "git+https://h/x.git@abc123"),
        (
            {"url": "https://h/x.git", "vcs_info": GIT, "subdirectory": "sub"},
            "git+https://h/x.git@abc123#subdirectory=sub",
        ),
        ({"url": "https://h/x.whl", "archive_info": {}}, "https://h/x.whl"),
        (
            {"url": "https://h/x.whl", "archive_info": {"hash": "sha256=aa"}},
            "https://h/x.whl#sha256=aa",
        ),
        (
            {"url": "https://h/x.zip", "archive_info": {"hashes": {"sha256": "aa", "md5": "b"}}},
            "https://h/x.zip#sha256=aa",
        ),
        (
            {
                "url": "https://h/x.zip",
                "archive_info": {"hash": "md5=b", "hashes": {"sha256": "aa"}},
                "subdirectory": "sub",
            },
            "https://h/x.zip#sha256=aa&subdirectory=sub",
        ),
        ({"url": "file:///src/x", "dir_info": {}}, "file:///src/x"),
        ({"url": "https://h/x", "archive_info": "odd", "vcs_info": []}, "https://h/x"),
    ],
)
def test_a_direct_url_becomes_a_reference_that_pip_accepts(
    direct_url: Any, expected: str | None
) -> None:
    reference = build_direct_reference(direct_url)
    assert reference == expected
    if reference is not None:
        assert Requirement(f"x @ {reference}").url == reference


@pytest.mark.parametrize(
    ("url", "channel"),
    [
        ("https://conda.anaconda.org/conda-forge/linux-64", "conda-forge"),
        ("https://conda.anaconda.org/conda-forge", "conda-forge"),
        ("https://conda.anaconda.org/t/TOKEN/private/noarch", "private"),
        ("https://u:p@h.example/channels/a/osx-arm64", "https://h.example/channels/a"),
        ("https://repo.anaconda.com/pkgs/main/win-64", "https://repo.anaconda.com/pkgs/main"),
        *(("file:///srv/c/noarch", "file:///srv/c"), ("conda-forge", "conda-forge"), ("", "")),
    ],
)
def test_a_channel_is_written_so_that_it_means_the_same_everywhere(url: str, channel: str) -> None:
    assert find_channel(url) == channel


@pytest.mark.parametrize(
    ("version", "direct_url", "expected"),
    [
        ("1.0", None, "x==1.0"),
        ("1.0rc1", None, "x==1.0rc1"),
        ("1.0.dev1", None, "x"),
        ("1.0+cu121", None, "x"),
        ("odd", None, "x"),
        ("1.0", {"url": "https://h/x.whl", "archive_info": {}}, "x @ https://h/x.whl"),
        ("1.0", {"url": "https://h/x.git", "vcs_info": GIT}, "x @ git+https://h/x.git@abc123"),
        ("1.0", {"url": "file:///gone/x.whl", "archive_info": {}}, "x"),
        ("1.0", {"url": "https://me:secret@h/x.whl"}, "x"),
        ("1.0", {"url": "https://h/x\x1b.whl"}, "x"),
        ("1.0", {"url": "https://[h/x.whl"}, "x"),
        ("1.0", {"url": 3}, "x==1.0"),
    ],
)
def test_what_installs_a_distribution_again_names_only_what_exists(
    version: str, direct_url: Any, expected: str
) -> None:
    one = replace(make_distribution("x"), version=version, direct_url=direct_url)
    assert build_install_words(one) == (expected,)


def test_a_local_source_is_named_while_it_exists(tmp_path: Path) -> None:
    folder = tmp_path / "my project"
    url = folder.as_uri()
    editable = replace(
        make_distribution("x"),
        version="1.dev0",
        direct_url={"url": url, "dir_info": {"editable": True}},
        editable=str(folder),
    )
    copied = replace(editable, direct_url={"url": url, "dir_info": {}}, editable=None)
    assert [build_install_words(one) for one in (editable, copied)] == [("x",), ("x",)]
    folder.mkdir()
    assert build_install_words(editable) == ("-e", str(folder))
    assert build_install_words(copied) == (str(folder),)
    strange = tmp_path / "a\nb"
    strange.mkdir()
    listed = replace(editable, direct_url=None, editable=str(strange))
    assert build_install_words(listed) == ("x",), "it would be two lines of a file"
    unknown = replace(editable, direct_url=None, editable="")
    assert build_install_words(unknown) == ("x",)


@pytest.mark.parametrize(
    ("direct_url", "content"),
    [
        ({}, None),
        ({"vcs_info": GIT}, ("abc123", None)),
        ({"vcs_info": GIT, "subdirectory": "sub"}, ("abc123", "sub")),
        ({"vcs_info": {}}, None),
        ({"vcs_info": "odd", "archive_info": []}, None),
        ({"archive_info": {"hashes": {"sha256": "aa"}}}, ({"sha256": "aa"}, None)),
        ({"archive_info": {}, "subdirectory": "sub"}, None),
        ({"archive_info": {"hashes": {}}}, None),
    ],
)
def test_only_a_commit_or_hashes_say_that_two_urls_have_one_content(
    direct_url: dict[str, object], content: object
) -> None:
    assert find_content(direct_url) == content


@pytest.mark.parametrize(
    ("channel", "short"),
    [
        ("https://conda.anaconda.org/conda-forge/linux-64", "conda-forge"),
        ("https://repo.anaconda.com/pkgs/main/noarch/", "pkgs/main"),
        ("file:///srv/mine/noarch", "mine"),
        *((one, one) for one in ("conda-forge", "")),
    ],
)
def test_a_channel_is_shown_by_its_name(channel: str, short: str) -> None:
    assert shorten_channel(channel) == short


def origins_of(built: PrefixBuilder) -> dict[str, dict[str, object]]:
    snapshot = read_snapshot(built.root)
    return {one.name: find_origin(snapshot, one).to_dict() for one in snapshot.distributions}


def test_the_origin_says_who_installed_what_from_where(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    built.conda_package("click", "8.1")
    built.conda_package("kit", "1.0")
    built.pip_upgrade("kit", "1.0", "2.0")
    built.pip_package("six", "1.16")
    built.pip_package("flask", "3", direct_url={"url": "https://h/f.git", "vcs_info": GIT})
    built.pip_package("mine", "1", direct_url={"url": "file:///m", "dir_info": {"editable": True}})
    built.pip_package("theirs", "1", {"__editable__.theirs.py": ""})
    found = origins_of(built)
    assert {name: one["source"] for name, one in found.items()} == {
        "click": "click-8.1-0 from main",
        "kit": "index, replaces conda's kit",
        "six": "index",
        "flask": "git+https://h/f.git@abc123",
        "mine": "editable, /m",
        "theirs": "editable, source unknown",
    }
    assert found["click"] == {
        "owner": "conda",
        "source": "click-8.1-0 from main",
        "channel": "main",
        "package": "click-8.1-0",
        **dict.fromkeys(("in_place_of", "url", "editable")),
    }
    nothing = dict.fromkeys(("channel", "package", "in_place_of"))
    assert found["kit"].items() >= {**nothing, "owner": "pip", "in_place_of": "kit"}.items()
    assert found["flask"].items() >= {**nothing, "url": "git+https://h/f.git@abc123"}.items()


def test_what_conda_installed_is_condas_though_its_record_cannot_be_read(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    built.conda_package("click", "8.1")
    built.pip_package("six", "1.16")
    (record,) = (built.root / "conda-meta").glob("click-*.json")
    record.write_text("{")
    found = origins_of(built)
    assert found["click"] == {
        "owner": "conda",
        "source": "a package whose record cannot be read",
        **dict.fromkeys(("channel", "package", "in_place_of", "url", "editable")),
    }
    assert found["six"]["owner"] == "pip"
    record.unlink()
    assert origins_of(built)["click"]["owner"] == "pip", "nothing says that it is conda's"


def test_where_an_installation_came_from_is_direct_or_an_index(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    built.pip_package("six", "1.16")
    built.pip_package("flask", "3", direct_url={"url": "https://h/f.whl", "archive_info": {}})
    built.pip_package("theirs", "1", {"__editable__.theirs.py": ""})
    snapshot = read_snapshot(built.root)
    direct = {one.name for one in snapshot.distributions if find_origin(snapshot, one).is_direct}
    assert direct == {"flask", "theirs"}
