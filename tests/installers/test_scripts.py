"""Scripts that were installed with the stand-in of a coming Python run with the environment's."""

from __future__ import annotations

import base64
import hashlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conda_pip_interop.environment.site_packages.record import parse_record
from conda_pip_interop.installers.scripts import rename_in, rename_interpreter
from tests.support.pip_worlds import build_wheel, pins

if TYPE_CHECKING:
    from tests.support.pip_worlds import World

LONG = f"/{'long/' * 40}bin/python"
BY_SHELL = b"#!/bin/sh\n'''exec' \"%s\" \"$0\" \"$@\"\n' '''\nimport sys\n"


@pytest.mark.parametrize(
    ("before", "after", "script", "expected"),
    [
        ("/a/python", "/b/python", b"#!/a/python\nimport sys\n", b"#!/b/python\nimport sys\n"),
        ("/a/python", "/b/python", b"#!/a/python -E\n", b"#!/b/python -E\n"),
        ("/a/python", "/b/python", b"#!/a/python\r\nx", b"#!/b/python\r\nx"),
        ("/a/python", LONG, b"#!/a/python\nimport sys\n", BY_SHELL % LONG.encode()),
        ("/a/python", "/b c/python", b"#!/a/python\nimport sys\n", BY_SHELL % b"/b c/python"),
        (LONG, "/b/python", BY_SHELL % LONG.encode(), b"#!/b/python\nimport sys\n"),
        ("/a/python", "/b/python", b"MZ\x00#!/a/python\nPK", b"MZ\x00#!/b/python\nPK"),
    ],
)
def test_a_script_names_the_other_interpreter(
    before: str, after: str, script: bytes, expected: bytes
) -> None:
    assert rename_in(script, before, after) == expected


@pytest.mark.parametrize(
    "script",
    [
        b"#!/bin/sh\necho /a/python\n",
        b"#!/a/python3.12\n",
        b"#!/usr/bin/env /a/python\n",
        BY_SHELL % b"/other/python",
        b"\x7fELF /a/python",
        b"",
    ],
)
def test_what_names_another_interpreter_is_left(script: bytes) -> None:
    assert rename_in(script, "/a/python", "/b/python") == script


def test_the_records_of_what_pip_has_staged_stay_true(world: World, tmp_path: Path) -> None:
    build_wheel(world.wheels, "app", scripts=True)
    build_wheel(world.wheels, "other", more={"other_data.py": f"x = {str(world.python)!r}\n"})
    into, after = tmp_path / "into", Path("/env/bin/python")
    world.process().stage(pins("app==1.0", "other==1.0"), wheels=world.wheels, into=into)
    script = into / "bin/app"
    assert script.read_bytes().startswith(f"#!{world.python}\n".encode())
    rename_interpreter(into, world.python, after)
    assert script.read_bytes().startswith(b"#!/env/bin/python\n")
    minor = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    site = into / "lib" / minor / "site-packages"
    assert (site / "other_data.py").read_text() == f"x = {str(world.python)!r}\n"
    rows = {row.path: row for row in parse_record(next(site.glob("app-*/RECORD")).read_text()).rows}
    row = rows["../../../bin/app"]
    digest = hashlib.sha256(script.read_bytes()).digest()
    assert row.hash_value == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert row.size == script.stat().st_size
