"""Whether a version spec matches a version, as conda and rattler judge it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeAlias

import pytest
import rattler

from tests.world.base import build_base

#: A list of (spec, version) pairs → whether each matches.
Judge: TypeAlias = Callable[[Sequence[tuple[str, str]]], list[bool]]

#: Reads a line of pairs, writes a line of answers. Like the plugin, it goes through a MatchSpec.
_ASK_CONDA = """
import json, sys
from conda.models.match_spec import MatchSpec

for line in sys.stdin:
    answers = []
    for spec, version in json.loads(line):
        record = {"name": "x", "version": version, "build": "0", "build_number": 0}
        answers.append(bool(MatchSpec(name="x", version=spec).match(record)))
    print(json.dumps(answers), flush=True)
"""


@cache
def _start_conda() -> subprocess.Popen[str]:
    """Start one process for all calls; it ends when its stdin is closed with ours."""
    base = build_base()
    return subprocess.Popen(
        [base.python, "-c", _ASK_CONDA],
        env=base.env(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def ask_conda(pairs: Sequence[tuple[str, str]]) -> list[bool]:
    """Ask the conda of the test base."""
    process = _start_conda()
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(pairs) + "\n")
    process.stdin.flush()
    answers: Any = json.loads(process.stdout.readline())
    assert len(answers) == len(pairs)
    return [bool(answer) for answer in answers]


def ask_rattler(pairs: Sequence[tuple[str, str]]) -> list[bool]:
    """Ask rattler."""
    return [rattler.VersionSpec(spec).matches(rattler.Version(version)) for spec, version in pairs]


JUDGES = pytest.mark.parametrize(
    "judge", [pytest.param(ask_conda, marks=pytest.mark.e2e, id="conda"), ask_rattler]
)
