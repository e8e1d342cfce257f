"""conda's file of an environment's variables is read as far as it is conda's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conda_pip_interop.environment.conda_meta.variables import (
    read_document,
    read_variables,
    render_document,
)
from conda_pip_interop.environment.target import Target
from conda_pip_interop.errors import InteropError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "conda-meta").mkdir()
    return tmp_path / "conda-meta/state"


def test_an_environment_without_the_file_has_no_variables(file: Path, tmp_path: Path) -> None:
    assert not file.exists()
    assert read_variables(tmp_path) == {}
    assert read_document(Target(prefix=tmp_path, name="web", is_base=False)) == ({}, {})


def test_variables_are_texts_and_the_rest_of_the_file_stays(file: Path, tmp_path: Path) -> None:
    file.write_text(json.dumps({"version": 1, "env_vars": {"A": "\u00e9", "N": 3}}))
    assert read_variables(tmp_path) == {"A": "\u00e9", "N": "3"}
    document, variables = read_document(Target(prefix=tmp_path, name="web", is_base=False))
    assert variables == {"A": "\u00e9", "N": "3"}
    content = render_document(document, {"B": "2"})
    assert json.loads(content) == {"version": 1, "env_vars": {"B": "2"}}


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"null", b"\xff", b'{"env_vars": []}', b"[" * 100_000]
)
def test_what_is_not_condas_has_no_variables_and_is_not_written_over(
    file: Path, tmp_path: Path, content: bytes
) -> None:
    file.write_bytes(content)
    assert read_variables(tmp_path) == {}
    with pytest.raises(InteropError) as refused:
        read_document(Target(prefix=tmp_path, name="web", is_base=False))
    assert refused.value.code == "unreadable-file"
