"""Match specs of conda where requirements belong: the right command is named."""

from __future__ import annotations

import pytest

from conda_pip_interop.names.conda_depends import hint_at_conda_spec


@pytest.mark.parametrize(
    ("text", "pip"),
    [
        ("numpy=1.26", "numpy==1.26.*"),
        ("numpy=1.26.*", "numpy==1.26.*"),
        ("numpy=1.26.4=py312_0", "numpy==1.26.4"),
        ("numpy 1.26.*", "numpy==1.26.*"),
        ("conda-forge::numpy>=2", "numpy>=2"),
        ("numpy >=2,<3|==1", None),
        ("python=3.11", None),
        ("numpy[version='>=2']", "numpy>=2"),
        ("numpy >=1.26 py_0", "numpy>=1.26"),
        ("numpy >= 1.26 = py_0", "numpy>=1.26"),
        ("numpy >= 1.26 py_0", "numpy>=1.26"),
        ("numpy[build=py_0]", None),
    ],
)
def test_a_match_spec_is_told_from_a_requirement(text: str, pip: str | None) -> None:
    hint = hint_at_conda_spec(text)
    assert hint is not None
    assert f"{text} is conda's syntax" in hint
    assert "`conda install " in hint
    assert ("for pip" in hint) == (pip is not None)
    assert pip is None or f"write {pip} for pip" in hint


@pytest.mark.parametrize(
    "text",
    [
        "numpy>=",
        "==1",
        "a b c",
        "x[a]; extra=1",
        "numpy===1",
        "a>=1<",
        "../x#egg=x",
        "s3://e/x?y=1",
        "./x=1",
        "~/x=1",
        "x @ file:y=1",
        "cowsay --hash=sha256:00",
    ],
)
def test_what_is_no_match_spec_gets_no_such_hint(text: str) -> None:
    assert hint_at_conda_spec(text) is None
