"""The table of known names, compared with the public map of what conda-forge's packages contain."""

from __future__ import annotations

import time
from typing import Final
from urllib.request import urlopen

import pytest

from conda_pip_interop.commands.names.update_map import PUBLIC_MAP
from conda_pip_interop.names.lookup import DifferentPackage, read_known_names
from conda_pip_interop.names.names_map import ExtraMap, parse_map

pytestmark = pytest.mark.online

#: Where the map, which is made from all versions of a package, tells of old versions only.
_OLD: Final = {"airflow", "docker-py", "iris", "mamba", "msgpack-python", "zxcvbn", "z3-solver"}


def find_contradictions(extra: ExtraMap) -> set[str]:
    """Find the projects whose row of conda-forge says something else than the map."""
    found = set()
    for project, known in read_known_names()["conda-forge"].items():
        if isinstance(known, DifferentPackage):
            agrees = project not in extra.projects.get(project, ())
        else:
            agrees = all(project in extra.projects.get(one, ()) for one in known.conda_names)
        found |= set() if agrees else {str(project)}
    return found


def test_no_row_contradicts_the_public_map() -> None:
    with urlopen(PUBLIC_MAP, timeout=60) as response:  # noqa: S310 - a constant https URL
        data = response.read()
    extra = parse_map(data, origin=PUBLIC_MAP, fetched=time.time())
    assert find_contradictions(extra) <= _OLD
