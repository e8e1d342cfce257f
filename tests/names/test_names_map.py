"""The additional map of names: both published formats, and anything else a server may send."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from conda_pip_interop.errors import InteropError
from conda_pip_interop.names.names_map import (
    LARGEST,
    ExtraMap,
    choose_entries,
    parse_map,
    read_map,
    write_map,
)


def parse(data: str) -> ExtraMap:
    return parse_map(data.encode(), origin="here", fetched=7.0)


def test_the_format_with_pypi_names_as_keys_is_read() -> None:
    found = parse('{"Torch": {"conda_name": "pytorch", "import_name": "torch"}}')
    assert found.find(canonicalize_name("torch")) == ("pytorch",)
    assert (found.origin, found.fetched) == ("here", 7.0)


def test_the_format_with_conda_names_as_keys_is_read() -> None:
    found = parse('{"pytorch": ["Torch"], "zlib": null, "py-x": "x", "pytorch-gpu": ["torch"]}')
    assert found.find(canonicalize_name("torch")) == ("pytorch", "pytorch-gpu")
    assert found.find(canonicalize_name("x")) == ("py-x",)
    assert found.may_contain("unheard-of", found.projects["pytorch"][0])
    assert not found.may_contain("zlib", found.projects["pytorch"][0])


def test_entries_of_a_channel_apply_to_that_channel_only() -> None:
    found = parse(
        '{"x": {"conda_name": "py-x"}, "bioconda::X": {"conda_name": "bio-x"},'
        ' "bioconda::salmon": null, "pytorch::torchtriton": ["triton"]}'
    )
    x, salmon, triton = map(canonicalize_name, ("x", "salmon", "triton"))
    bio = found.choose(["https://example.org/mirror/bioconda", "conda-forge"])
    assert (bio.find(x), bio.find(triton)) == (("bio-x",), ())
    assert not bio.may_contain("salmon", salmon)
    other = found.choose(["conda-forge", "pytorch"])
    assert (other.find(x), other.find(triton)) == (("py-x",), ("torchtriton",))
    assert other.may_contain("salmon", salmon)


def test_a_yaml_map_is_read() -> None:
    assert parse("torch:\n  conda_name: pytorch\n").find(canonicalize_name("torch")) == ("pytorch",)


@pytest.mark.parametrize(
    "data",
    [
        *("", "[]", "{}", "null", "3", '"x"', '{"a": 3}', '{"a": {"b": 1}}', '{"a": [1]}'),
        *("<html><body>Please log in</body></html>", '{"a": {"conda_name": 3}}', '{"a": ["b"'),
        *('{"a": {"conda_name": "x; y"}}', '{"../x": ["a"]}', '{"x\\n- y": ["a"]}'),
        *("a: [", "a: *x", "\x00", "[" * 100_000, "- " * 5000),
    ],
)
def test_a_file_that_is_not_a_map_is_refused_with_its_origin(data: str) -> None:
    with pytest.raises(InteropError) as caught:
        parse(data)
    assert caught.value.code == "invalid-map"
    assert caught.value.message.startswith("here is not a map of names")


def test_binary_data_and_a_map_above_the_size_limit_are_refused() -> None:
    for data in (b"\xff\xfe{", b" " * (LARGEST + 1)):
        with pytest.raises(InteropError):
            parse_map(data, origin="here", fetched=0)


NAMES = st.from_regex(r"[abc_][abc-]{0,3}", fullmatch=True)


@given(backward=st.dictionaries(NAMES, st.none() | st.lists(NAMES), min_size=1))
def test_a_stored_map_is_read_back_unchanged(backward: dict[str, list[str] | None]) -> None:
    import tempfile

    found = parse(json.dumps(backward))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "new" / "map.json"
        write_map(file, found)
        assert read_map(file) == found


STORED = {"version": 1, "origin": "x", "fetched": 1, "conda_names": {}, "projects": {}}


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "{}", "[" * 100_000, '{"version": 1}', '{"version": 9, "origin": ""}'),
        *(json.dumps(STORED | {key: {"a": 3}}) for key in ("conda_names", "projects")),
    ],
)
def test_a_missing_or_invalid_stored_map_is_ignored(tmp_path: Path, text: str) -> None:
    assert read_map(tmp_path / "map.json") is None
    (tmp_path / "map.json").write_text(text)
    assert read_map(tmp_path / "map.json") is None


ENTRIES = {"x": 0, "bioconda::x": 1, "pytorch::x": 2, "https://example.org/c::y": 3}


@pytest.mark.parametrize(
    ("channels", "chosen"),
    [
        ([], {"x": 0}),
        (["conda-forge"], {"x": 0}),
        (["conda-forge", "bioconda"], {"x": 1}),
        (["pytorch", "bioconda"], {"x": 2}),
        (["https://example.org/mirror/bioconda/"], {"x": 1}),
    ],
)
def test_entries_of_the_first_channel_come_first(
    channels: list[str], chosen: dict[str, int]
) -> None:
    assert choose_entries(ENTRIES, channels) == chosen
