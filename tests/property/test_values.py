"""Properties of every RECORD, record and path."""

from __future__ import annotations

import json
import posixpath

from hypothesis import given
from hypothesis import strategies as st

from conda_pip_interop.environment.conda_meta.records import (
    CondaRecord,
    parse_conda_record,
    render_record_json,
)
from conda_pip_interop.environment.metadata import (
    parse_headers,
    parse_metadata_name,
    parse_requires_txt,
)
from conda_pip_interop.environment.paths import PrefixPath, parse_prefix_path
from conda_pip_interop.environment.site_packages.record import (
    InstalledFile,
    RecordRow,
    parse_record,
    render_record,
)

#: What UTF-8 files can hold; csv ends a line at \r and \n even inside a bare field.
#: The keys of a record whose types conda checks; hypothesis finds them in our sources.
TYPED = ("depends", "constrains", "files", "paths_data")
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
names = texts.filter(bool)
hashes = st.one_of(
    st.just((None, None)),
    st.tuples(st.sampled_from(["sha256", "sha512"]), st.text("abcXYZ019-_", min_size=1)),
)
rows = st.builds(
    lambda path, hashed, size: RecordRow(
        path=path, hash_name=hashed[0], hash_value=hashed[1], size=size
    ),
    names,
    hashes,
    st.none() | st.integers(0, 10**18),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=10,
)
segments = st.sampled_from(["a", "b.py", ".", "..", "", "~", "...", "c d", "\\", "C:", "é"])
odd_paths = st.lists(segments, max_size=8).map("/".join) | texts


@given(st.lists(rows))
def test_rendered_record_rows_are_parsed_to_the_same_rows(given_rows: list[RecordRow]) -> None:
    parsed = parse_record(render_record(given_rows))
    assert parsed.rows == tuple(given_rows)
    assert parsed.problems == ()


@given(st.text())
def test_parsing_a_record_never_fails(text: str) -> None:
    for row in parse_record(text).rows:
        found = InstalledFile(PrefixPath("x"), row.encoded_sha256).sha256
        assert found is None or len(found) == 64


@given(st.dictionaries(texts.filter(lambda key: key not in TYPED), json_values, max_size=5))
def test_a_conda_record_keeps_every_key_in_order(extra: dict[str, object]) -> None:
    raw = {**extra, "name": "x", "version": "1"}
    record = parse_conda_record(json.dumps(raw), path=PrefixPath("conda-meta/x.json"))
    assert isinstance(record, CondaRecord)
    assert json.loads(render_record_json(record.raw)) == raw
    assert list(record.raw) == list(raw)


@given(st.text())
def test_parsing_a_conda_record_never_fails(text: str) -> None:
    parse_conda_record(text, path=PrefixPath("conda-meta/x.json"))


@given(odd_paths, odd_paths, odd_paths, st.booleans())
def test_a_prefix_path_is_never_outside_of_the_prefix(
    text: str, base: str, root: str, windows: bool
) -> None:
    path = parse_prefix_path(text, base=base, root=root, windows=windows)
    if path is not None:
        assert path == posixpath.normpath(path)
        assert not path.startswith("/")
        assert ".." not in path.split("/")
        assert path not in {"", "."}
        assert parse_prefix_path(path) == path


@given(st.text())
def test_parsing_metadata_never_fails(text: str) -> None:
    parse_headers(text)
    parse_requires_txt(text)
    parse_metadata_name(text)
