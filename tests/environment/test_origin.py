"""The direct reference of a distribution (PEP 610)."""

from __future__ import annotations

from typing import Any

import pytest
from packaging.requirements import Requirement

from conda_pip_interop.environment.origin import build_direct_reference

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
