"""Metadata headers and the names of metadata folders."""

from __future__ import annotations

import io

import pytest

from conda_pip_interop.environment.metadata import (
    build_metadata,
    parse_headers,
    parse_metadata_name,
    parse_requires_txt,
    read_headers,
)


@pytest.mark.parametrize(
    ("stem", "expected"),
    [
        ("PyYAML-6.0.1", ("pyyaml", "6.0.1")),
        ("zope.interface-5.0", ("zope-interface", "5.0")),
        ("foo-bar-1.0-py3.11", ("foo-bar", "1.0")),
        ("foo-1.0-py3.11-linux-x86_64", ("foo", "1.0")),
        ("foo_2to3-1.0+local.1", ("foo-2to3", "1.0+local.1")),
        ("foo", ("foo", "")),
    ],
)
def test_a_folder_name_is_split_into_name_and_version(stem: str, expected: tuple[str, str]) -> None:
    assert parse_metadata_name(stem) == expected


def test_only_the_header_block_is_parsed() -> None:
    text = "Name: a\r\nSummary: one\r\n two\r\n\r\nName: body\r\n"
    assert parse_headers(text) == {"name": ("a",), "summary": ("one two",)}


def test_a_large_body_is_not_read() -> None:
    file = io.BytesIO(b"Name: a\n\n" + b"x" * 1_000_000)
    assert read_headers(file) == {"name": ("a",)}
    assert file.tell() < 100_000


def test_headers_longer_than_one_chunk_are_read() -> None:
    lines = b"".join(b"Requires-Dist: p%d\n" % i for i in range(5000))
    assert len(read_headers(io.BytesIO(lines + b"\nbody"))["requires-dist"]) == 5000


def test_invalid_utf_8_in_headers_is_replaced() -> None:
    assert read_headers(io.BytesIO(b"Name: \xff\n"))["name"] == ("\ufffd",)


def test_requires_txt_is_parsed_to_requires_dist() -> None:
    text = 'a>=1\ne[x]\n\n[:python_version<"3"]\nb\n\n[x]\nc\n[x:os_name=="nt"]\nd @ file:///d\n'
    requirements, extras = parse_requires_txt(text)
    assert extras == ("x",)
    assert requirements == (
        "a>=1",
        "e[x]",
        'b ; (python_version<"3")',
        'c ; extra == "x"',
        'd @ file:///d ; (os_name=="nt") and extra == "x"',
    )


def test_import_names_are_read_without_what_follows_them() -> None:
    headers = parse_headers("Name: a\nImport-Name: a.b ; private\nImport-Name: c\nImport-Name:\n")
    assert build_metadata(headers).import_names == ("a.b", "c")
