"""The packages of a lock file."""

from __future__ import annotations

import pytest

from conda_pip_interop.dependency_files.pylock import parse_pylock
from conda_pip_interop.errors import UsageError


def test_a_lock_file_gives_versions_and_locations() -> None:
    found = parse_pylock(
        "lock-version = '1.0'\n"
        "requires-python = '>=3.12'\n"
        "[[packages]]\nname = 'a'\nversion = '1.0'\nmarker = \"os_name == 'nt'\"\n"
        "[[packages]]\nname = 'b'\n[packages.archive]\nurl = 'https://example.org/b.zip'\n"
        "[[packages]]\nname = 'c'\n[packages.directory]\npath = './c'\n"
        "[[packages]]\nname = 'd'\n[packages.vcs]\ntype = 'git'\n"
        "url = 'https://example.org/d'\ncommit-id = 'abc'\n",
        origin="p",
    )
    assert found.requires_python == ">=3.12"
    assert [(one.kind, one.text) for one in found.entries] == [
        ("requirement", "a==1.0 ; os_name == 'nt'"),
        ("requirement", "b @ https://example.org/b.zip"),
        ("location", "./c"),
        ("requirement", "d @ git+https://example.org/d@abc"),
    ]


@pytest.mark.parametrize(
    "text",
    ["[[packages]]\nversion = '1'", "packages = [3]", "packages = {}", "lock-version = '2.0'", "["],
)
def test_an_invalid_lock_file_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_pylock(text, origin="p")
    assert caught.value.code == "unreadable-file"
