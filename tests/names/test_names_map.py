"""The additional map of names: both public formats, and whatever a proxy may send instead."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from conda_pip_interop.errors import InteropError
from conda_pip_interop.names.names_map import LARGEST, ExtraMap, parse_map, read_map, write_map


def parse(data: str) -> ExtraMap:
    return parse_map(data.encode(), origin="here", fetched=7.0)


def test_the_format_that_goes_from_pypi() -> None:
    found = parse('{"Torch": {"conda_name": "pytorch", "import_name": "torch"}}')
    assert found.find(canonicalize_name("torch")) == ("pytorch",)
    assert (found.origin, found.fetched) == ("here", 7.0)


def test_the_format_that_goes_from_conda() -> None:
    found = parse('{"pytorch": ["Torch"], "zlib": null, "py-x": "x", "pytorch-gpu": ["torch"]}')
    assert found.find(canonicalize_name("torch")) == ("pytorch", "pytorch-gpu")
    assert found.find(canonicalize_name("x")) == ("py-x",)
    assert found.may_carry("unheard-of", found.projects["pytorch"][0])
    assert not found.may_carry("zlib", found.projects["pytorch"][0])


def test_a_channel_may_have_its_own_section() -> None:
    found = parse(
        '{"x": {"conda_name": "py-x"}, "bioconda::X": {"conda_name": "bio-x"},'
        ' "bioconda::salmon": null, "pytorch::torchtriton": ["triton"]}'
    )
    x, salmon, triton = map(canonicalize_name, ("x", "salmon", "triton"))
    bio = found.choose(["https://example.org/mirror/bioconda", "conda-forge"])
    assert (bio.find(x), bio.find(triton)) == (("bio-x",), ())
    assert not bio.may_carry("salmon", salmon)
    other = found.choose(["conda-forge", "pytorch"])
    assert (other.find(x), other.find(triton)) == (("py-x",), ("torchtriton",))
    assert other.may_carry("salmon", salmon)


def test_yaml_is_read_too() -> None:
    assert parse("torch:\n  conda_name: pytorch\n").find(canonicalize_name("torch")) == ("pytorch",)


@pytest.mark.parametrize(
    "data",
    [
        *("", "[]", "{}", "null", "3", '"x"', '{"a": 3}', '{"a": {"b": 1}}', '{"a": [1]}'),
        *("<html><body>Please log in</body></html>", '{"a": {"conda_name": 3}}', '{"a": ["b"'),
        *("a: [", "a: *x", "\x00", "[" * 100_000, "- " * 5000),
    ],
)
def test_what_is_no_map_is_refused_by_name(data: str) -> None:
    with pytest.raises(InteropError) as caught:
        parse(data)
    assert caught.value.code == "invalid-map"
    assert caught.value.message.startswith("here is no map of names")


def test_what_is_no_text_or_too_much_is_refused() -> None:
    for data in (b"\xff\xfe{", b" " * (LARGEST + 1)):
        with pytest.raises(InteropError):
            parse_map(data, origin="here", fetched=0)


NAMES = st.text("abc-", min_size=1, max_size=4)


@given(backward=st.dictionaries(NAMES, st.none() | st.lists(NAMES), min_size=1))
def test_what_is_kept_is_what_was_read(backward: dict[str, list[str] | None]) -> None:
    import tempfile

    found = parse(json.dumps(backward))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "new" / "map.json"
        write_map(file, found)
        assert read_map(file) == found


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 1}', '{"version": 9, "origin": ""}'])
def test_what_is_no_kept_map_is_none(tmp_path: Path, text: str) -> None:
    assert read_map(tmp_path / "map.json") is None
    (tmp_path / "map.json").write_text(text)
    assert read_map(tmp_path / "map.json") is None
