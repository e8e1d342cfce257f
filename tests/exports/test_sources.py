"""Sources: whatever a direct_url.json says, only what is safe in a line of a file is taken."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conda_pip_interop.exports.sources import (
    FromArchive,
    FromFolder,
    FromRepository,
    Source,
    Unknown,
    build_folder,
    build_reference,
    build_source,
)

GIT = {"vcs": "git", "commit_id": "abc123"}
SHA = "a" * 64


@pytest.mark.parametrize(
    ("direct_url", "expected"),
    [
        (
            {"url": "ssh://git@h/x.git", "vcs_info": {**GIT, "requested_revision": "main"}},
            FromRepository(vcs="git", url="ssh://git@h/x.git", commit="abc123", revision="main"),
        ),
        (
            {"url": "https://me:pw@h.example/x.git", "vcs_info": GIT, "subdirectory": "a/b"},
            FromRepository(
                vcs="git",
                url="https://${INDEX_H_EXAMPLE_USER}:${INDEX_H_EXAMPLE_PASSWORD}@h.example/x.git",
                commit="abc123",
                subdirectory="a/b",
            ),
        ),
        (
            {"url": "https://${A}@h/x.whl", "archive_info": {"hash": f"sha256={SHA}"}},
            FromArchive(url="https://${A}@h/x.whl", algorithm="sha256", digest=SHA),
        ),
        (
            {"url": "https://h/x.zip", "archive_info": {"hashes": {"md5": "b" * 32}}},
            FromArchive(url="https://h/x.zip"),
        ),
        (
            {"url": "file:///a%20b", "dir_info": {"editable": True}},
            FromFolder(path="/a b", editable=True),
        ),
    ],
)
def test_a_direct_url_becomes_a_source_without_credentials(
    direct_url: Any, expected: Source
) -> None:
    assert build_source(direct_url) == expected


@pytest.mark.parametrize(
    "direct_url",
    [
        *({}, {"url": 3}, {"url": "https://h/x\n-e .", "archive_info": {}}, {"url": "https://h/x"}),
        *({"url": "https://h/x", "dir_info": {}}, {"url": "https://h/x", "vcs_info": []}),
        {"url": "https://h/x", "vcs_info": {"vcs": "git", "commit_id": "a b"}},
        {"url": "https://h/x", "vcs_info": {"vcs": "--x", "commit_id": "a"}},
        {"url": "https://h/x", "vcs_info": {**GIT, "requested_revision": "a\nb"}},
        {"url": "file:///x", "dir_info": {}, "subdirectory": "../y"},
        *({"url": f"file:///x{end}-r%20/y", "dir_info": {}} for end in ("%0A", "%0D", "%E2%80%A8")),
        {"url": "file:///x", "dir_info": {}, "subdirectory": ["y"]},
    ],
)
def test_a_direct_url_that_is_not_valid_is_an_unknown_source(direct_url: Any) -> None:
    assert isinstance(build_source(direct_url), Unknown)


_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@settings(max_examples=200, deadline=None)
@given(
    direct_url=st.fixed_dictionaries(
        {},
        optional={
            "url": st.text() | st.text().map("https://h/{}".format) | _JSON,
            "vcs_info": st.fixed_dictionaries({"vcs": st.just("git"), "commit_id": st.text()})
            | _JSON,
            "archive_info": _JSON,
            "dir_info": _JSON,
            "subdirectory": _JSON,
        },
    )
)
def test_no_source_breaks_a_line(direct_url: dict[str, Any]) -> None:
    source = build_source(direct_url)
    if isinstance(source, FromRepository | FromArchive):
        assert build_reference(source).isprintable()
        assert " " not in build_reference(source)
    if isinstance(source, FromFolder):
        assert not any(line.startswith("-") for line in source.path.splitlines()[1:])


def test_the_folder_of_an_egg_link_may_be_unknown() -> None:
    assert build_folder("/src/x") == FromFolder(path="/src/x", editable=True)
    assert isinstance(build_folder(""), Unknown)
    assert isinstance(build_folder("/src\n-r x"), Unknown)
