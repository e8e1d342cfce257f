"""The translation of one requirement: for conda, for pip, not needed or invalid."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import pytest
from packaging.requirements import Requirement

from conda_pip_interop.names.requirement import (
    ForConda,
    ForPip,
    Invalid,
    NotNeeded,
    Translated,
    parse_requirement,
    refuse_python,
    translate,
)
from tests.support.requirements import build_context


def read(text: str, versions: Mapping[str, Sequence[str]] | None = None) -> Translated:
    requirement = parse_requirement(text)
    if isinstance(requirement, Invalid):
        return requirement
    return translate(requirement, build_context(versions))


def spec_of(found: Translated) -> str:
    assert isinstance(found, ForConda), found
    return f"{found.name} {found.version}"


def test_without_a_channel_the_specifiers_are_translated() -> None:
    assert spec_of(read("Torch>=2,<3")) == "pytorch <3dev0,>=2"
    assert spec_of(read("flask")) == "flask *"


def test_with_a_channel_the_spec_is_exact_for_its_versions() -> None:
    channel = {"pytorch": ["1.0", "2.0", "2.1+cpu", "3.0rc1"]}
    assert spec_of(read("torch>=2", channel)) == "pytorch >=2,!=3.0rc1"
    assert spec_of(read("torch==2.1", channel)) == "pytorch ==2.1|==2.1+cpu"


def test_a_requirement_without_a_matching_version_in_the_channel_is_for_pip() -> None:
    assert read("torch>=4", {"pytorch": ["1.0", "2.0"]}) == ForPip(
        requirement=Requirement("torch>=4"), reason="the channels have no pytorch>=4"
    )
    assert read("torch", {"pytorch": []}) == ForPip(
        requirement=Requirement("torch"), reason="the conda package pytorch does not contain torch"
    )
    assert read("flask", {"pytorch": []}) == ForPip(
        requirement=Requirement("flask"), reason="not in the channels"
    )


def test_python_itself_is_a_package_of_condas() -> None:
    found = translate(Requirement("Python>=3.10"), build_context({}))
    assert isinstance(found, ForConda)
    assert (found.name, found.version) == ("python", ">=3.10")


def test_extras_are_kept_for_pip() -> None:
    found = read("requests[socks,use-chardet]>=2")
    assert isinstance(found, ForConda)
    assert found.extras == ("socks", "use-chardet")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x @ https://example.org/x.whl", "direct URL"),
        ("x @ git+https://example.org/x", "direct URL"),
        ("cmake", "the conda package of the same name is something else: the build tool"),
        ("x===1.0-custom", "1.0-custom is not a PEP 440 version"),
    ],
)
def test_a_requirement_for_pip_has_a_reason(text: str, reason: str) -> None:
    found = read(text)
    assert isinstance(found, ForPip)
    assert found.reason.startswith(reason)


def test_a_requirement_whose_marker_does_not_match_is_not_needed() -> None:
    assert spec_of(read('x; python_version < "3.12" and sys_platform == "linux"')) == "x *"
    found = read('x; sys_platform == "win32"')
    assert isinstance(found, NotNeeded)
    assert found.reason == 'its marker does not match: sys_platform == "win32"'
    assert isinstance(read('x @ file:///x.whl ; os_name == "nt"'), NotNeeded)


def test_a_trailing_comma_is_valid_as_it_is_for_packaging() -> None:
    assert spec_of(read("x>=1,")) == "x >=1"


@pytest.mark.parametrize("text", ["x>=2.7.*", "", "x ~= 1", "x; nonsense", "-r other.txt"])
def test_an_invalid_requirement_is_a_value_with_a_reason(text: str) -> None:
    found = read(text)
    assert isinstance(found, Invalid)
    assert found.text == text
    assert found.reason


def test_requires_python_is_checked_against_a_python_version() -> None:
    assert refuse_python(">=3.10", "3.11.7") is None
    assert refuse_python(None, "3.11.7") is None
    assert refuse_python(">=3.12", "3.11.7") == "Python >=3.12 is required"
    assert "invalid" in str(refuse_python(">=2.7.*", "3.11.7"))


def test_1000_requirements_are_translated_within_600_milliseconds() -> None:
    texts = [
        f'package-{number}[extra]>={number % 7}.1,<9; python_version >= "3.9"'
        for number in range(1000)
    ]
    times = []
    for _ in range(3):
        start = time.perf_counter()
        found = [read(text) for text in texts]
        times.append(time.perf_counter() - start)
    assert all(isinstance(one, ForConda) for one in found)
    assert min(times) < 0.6  # about 0.1 s on an idle machine
