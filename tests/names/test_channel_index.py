"""The index of the channels' names: any spelling finds a name, and the cache is for one state."""

from __future__ import annotations

import os
import time
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from conda_pip_interop.names.channel_index import build_index, read_index, write_index

NAMES = st.text("abAB019-_.", min_size=1, max_size=8)


@given(names=st.lists(NAMES))
def test_any_spelling_finds_a_name(names: list[str]) -> None:
    index = build_index(names)
    assert set(index.names) == set(names)
    for name in names:
        assert index.has(name)
        assert index.find(name) == index.find(canonicalize_name(name))
        assert name in index.find(name.replace("-", "_").upper())


@given(names=st.lists(NAMES))
def test_the_index_does_not_depend_on_the_order_of_names(names: list[str]) -> None:
    assert build_index(names) == build_index(reversed(names))


def test_a_cached_index_is_read_for_the_same_key_only(tmp_path: Path) -> None:
    file = tmp_path / "index.json"
    index = build_index(["a", "B.c", "b_c"])
    write_index(file, index, key="one")
    assert read_index(file, key="one") == index
    assert read_index(file, key="two") is None


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    write_index(tmp_path / "missing" / "index.json", build_index(["a"]), key="one")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_or_invalid_cache_is_ignored(tmp_path: Path) -> None:
    file = tmp_path / "index.json"
    assert read_index(file, key="one") is None
    for text in (
        "",
        "[]",
        "{}",
        "[" * 100_000,
        '{"version": 1, "key": "one", "names": 3}',
        "\udcff",
    ):
        file.write_text(text, encoding="utf-8", errors="surrogateescape")
        assert read_index(file, key="one") is None


def test_a_pipe_in_the_place_of_the_cache_is_not_waited_for(tmp_path: Path) -> None:
    """Several users may share the folder of conda's packages."""
    os.mkfifo(tmp_path / "index.json")
    assert read_index(tmp_path / "index.json", key="one") is None


def test_35000_names_are_indexed_within_300_milliseconds() -> None:
    names = [f"package{number}" if number % 4 else f"Py_pack.{number}" for number in range(35_000)]
    times = []
    for _ in range(3):
        start = time.perf_counter()
        index = build_index(names)
        times.append(time.perf_counter() - start)
    assert index.find("py-pack-4") == ("Py_pack.4",)
    assert min(times) < 0.3
