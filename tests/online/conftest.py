"""The environments of the stories, with the index that this machine's pip is set to."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys

import pytest

from tests.stories.conftest import base, make_env, own_base, shared_base

__all__ = ("base", "make_env", "own_base", "shared_base")

#: How a network is reached, where it is not reached directly.
_NETWORK = re.compile(r"(?i)(https?|all|no)_proxy|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE")


@pytest.fixture(scope="session")
def real() -> dict[str, str]:
    """Variables that lead to the real index: pip's own configuration, wherever it stands."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    )
    found = {"PIP_INDEX_URL": ""}  # the world's own; pip takes an empty one for none
    for line in done.stdout.splitlines():
        key, _, value = line.partition("=")
        name = key.rpartition(".")[2].upper().replace("-", "_")
        found[f"PIP_{name}"] = str(ast.literal_eval(value))
    found.update({name: text for name, text in os.environ.items() if _NETWORK.fullmatch(name)})
    return found
