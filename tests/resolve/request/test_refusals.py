"""Requirements that are refused before anything is asked."""

from __future__ import annotations

import pytest
from packaging.requirements import Requirement

from conda_pip_interop.errors import InteropError
from conda_pip_interop.resolve.request.refusals import refuse_contradictions
from conda_pip_interop.resolve.request.request import NamedRequirement


def refuse(*texts: str) -> None:
    refuse_contradictions(
        NamedRequirement(requirement=Requirement(text), origin=f"r.txt:{number}")
        for number, text in enumerate(texts, 1)
    )


def test_two_versions_of_a_project_contradict_each_other() -> None:
    with pytest.raises(InteropError) as caught:
        refuse("flask==1.0", "six", "Flask==1.1,>1")
    assert caught.value.code == "contradiction"
    assert "flask==1.0 (r.txt:1) and flask==1.1,>1 (r.txt:3)" in caught.value.message
    with pytest.raises(InteropError):
        refuse("torch==2.0+cpu", "torch==2.0+cu121")


def test_what_one_version_can_satisfy_does_not() -> None:
    refuse("a==1.0", "a==1", "a>=1", "a==1.*", "a===1.0")
    refuse("torch==2.0", "torch==2.0+cpu", "torchvision==0.1")
