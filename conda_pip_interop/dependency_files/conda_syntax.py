"""conda's syntax of requirements where pip's belongs: `numpy=1.26`, `conda-forge::numpy`."""

from __future__ import annotations

import re
import shlex
from typing import Final

from conda_pip_interop.names.conda_depends import parse_environment_dependency

#: What PEP 508 has not: a channel, a single `=`, alternatives, a bare version, `[key=value]`.
_CONDA: Final = re.compile(r"::|(?<![=<>!~])=(?!=)|\||^\S+\s+[\d*]|\[\w+=")


def hint_at_conda_spec(text: str) -> str | None:
    """Hint at what to do with a match spec of conda; None for any other text."""
    if _CONDA.search(text) is None or ";" in text:
        return None
    found = parse_environment_dependency(text)
    spec = shlex.quote(text)
    lost = found is None or (found.inexact is not None and not found.specifiers)
    if found is None or lost or found.name == "python":
        return f"{text} is conda's syntax; to install it: `conda install {spec}`."
    pip = f"{found.name}{found.specifiers}"
    return f"{text} is conda's syntax: write {pip} for pip, or run `conda install {spec}`."
