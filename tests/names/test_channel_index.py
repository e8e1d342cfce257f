"""The names of a channel by their normal form: right, fast, and kept for just that channel."""

from __future__ import annotations

import time
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from conda_pip_interop.names.channel_index import build_index, read_index, write_index

NAMES = st.text("abAB019-_.", min_size=1, max_size=8)


@given(names=st.lists(NAMES))
def test_every_name_is_found_by_every_spelling_of_it(names: list[str]) -> None:
    index = build_index(names)
    assert set(index.names) == set(names)
    for name in names:
        assert index.has(name)
        assert index.find(name) == index.find(canonicalize_name(name))
        assert name in index.find(name.replace("-", "_").upper())


@given(names=st.lists(NAMES))
def test_the_order_of_the_names_does_not_matter(names: list[str]) -> None:
    assert build_index(names) == build_index(reversed(names))


def test_an_index_is_kept_for_the_state_it_was_built_of(tmp_path: Path) -> None:
    file = tmp_path / "index.json"
    index = build_index(["a", "B.c", "b_c"])
    write_index(file, index, key="one")
    assert read_index(file, key="one") == index
    assert read_index(file, key="two") is None
    write_index(tmp_path / "no-such-folder" / "x.json", index, key="one")  # says nothing


def test_what_is_no_index_is_built_anew(tmp_path: Path) -> None:
    file = tmp_path / "index.json"
    assert read_index(file, key="one") is None
    for text in ("", "[]", "{}", '{"version": 1, "key": "one", "names": 3}', "\udcff"):
        file.write_text(text, encoding="utf-8", errors="surrogateescape")
        assert read_index(file, key="one") is None


def test_thirty_five_thousand_names_take_no_time() -> None:
    names = [f"package{number}" if number % 4 else f"Py_pack.{number}" for number in range(35_000)]
    times = []
    for _ in range(3):
        start = time.perf_counter()
        index = build_index(names)
        times.append(time.perf_counter() - start)
    assert index.find("py-pack-4") == ("Py_pack.4",)
    assert min(times) < 0.3
