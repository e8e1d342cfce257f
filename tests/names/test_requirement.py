"""One requirement in conda's words: every way that it can go, and how long it takes."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from conda_pip_interop.names.channel_index import build_index
from conda_pip_interop.names.lookup import NameSources, find_conda_names
from conda_pip_interop.names.requirement import (
    ForConda,
    ForPip,
    Invalid,
    NotNeeded,
    Translated,
    TranslationContext,
    expand_extras,
    parse_requirement,
    refuse_python,
    translate,
)
from tests.resolve.test_assignment import LINUX
from tests.support.version_judges import ask_rattler


def surroundings(versions: Mapping[str, Sequence[str]] | None = None) -> TranslationContext:
    """Linux with Python 3.11, and a channel of these versions by name if there is one."""
    index = None if versions is None else build_index(versions)
    sources = NameSources(index=index)
    return TranslationContext(
        look_up=lambda name: find_conda_names(name, sources),
        environment=LINUX,
        versions=None if versions is None else lambda name, _: versions[name],
        matches=None if versions is None else lambda *pair: ask_rattler([pair])[0],
    )


def read(text: str, versions: Mapping[str, Sequence[str]] | None = None) -> Translated:
    requirement = parse_requirement(text)
    if isinstance(requirement, Invalid):
        return requirement
    return translate(requirement, surroundings(versions))


def spec_of(found: Translated) -> str:
    assert isinstance(found, ForConda), found
    return f"{found.name} {found.version}"


def test_without_a_channel_the_text_is_translated() -> None:
    assert spec_of(read("Torch>=2,<3")) == "pytorch <3dev0,>=2"
    assert spec_of(read("flask")) == "flask *"


def test_with_a_channel_its_versions_are_looked_at() -> None:
    channel = {"pytorch": ["1.0", "2.0", "2.1+cpu", "3.0rc1"]}
    assert spec_of(read("torch>=2", channel)) == "pytorch >=2,!=3.0rc1"
    assert spec_of(read("torch==2.1", channel)) == "pytorch ==2.1|==2.1+cpu"
    assert read("torch>=4", channel) == ForPip(
        requirement=Requirement("torch>=4"), reason="no version of conda's pytorch is >=4"
    )
    assert isinstance(read("flask", channel), ForPip)


def test_extras_are_pips_part() -> None:
    found = read("requests[socks,use-chardet]>=2")
    assert isinstance(found, ForConda)
    assert found.extras == ("socks", "use-chardet")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x @ https://example.org/x.whl", "from a URL"),
        ("x @ git+https://example.org/x", "from a URL"),
        ("cmake", "conda's package of that name is something else: the build tool"),
        ("x===1.0-custom", "1.0-custom is not a PEP 440 version"),
    ],
)
def test_what_stays_with_pip_says_why(text: str, reason: str) -> None:
    found = read(text)
    assert isinstance(found, ForPip)
    assert found.reason.startswith(reason)


def test_markers_are_those_of_the_target() -> None:
    assert spec_of(read('x; python_version < "3.12" and sys_platform == "linux"')) == "x *"
    found = read('x; sys_platform == "win32"')
    assert isinstance(found, NotNeeded)
    assert found.reason == 'only where sys_platform == "win32"'
    assert isinstance(read('x @ file:///x.whl ; os_name == "nt"'), NotNeeded)


@pytest.mark.parametrize("text", ["x>=2.7.*", "", "x ~= 1", "x; nonsense", "-r other.txt", "x>=1,"])
def test_invalid_metadata_is_a_value_with_a_reason(text: str) -> None:
    found = read(text)
    if text == "x>=1,":  # packaging takes it, and so do we
        assert spec_of(found) == "x >=1"
    else:
        assert isinstance(found, Invalid)
        assert found.text == text
        assert found.reason


def expand(*texts: str, knows: Mapping[str, Sequence[str]]) -> list[str]:
    known = {canonicalize_name(key): value for key, value in knows.items()}
    found = expand_extras(map(Requirement, texts), known.get, LINUX)
    return [one.text if isinstance(one, Invalid) else str(one) for one in found]


def test_extras_are_expanded_to_the_last_one() -> None:
    knows = {
        "app": [
            "core>=1",
            'app[a,b] ; extra == "all"',
            'one ; extra == "a"',
            'lib[fast]>=2 ; extra == "b" and sys_platform == "linux"',
            'never ; extra == "b" and sys_platform == "win32"',
            'bad>=2.7.* ; extra == "a"',
        ],
        "lib": ['speed ; extra == "fast"', 'slow ; extra == "slow"'],
    }
    assert expand("app[all]", "unknown[x]", knows=knows) == [
        *('bad>=2.7.* ; extra == "a"', "unknown[x]", "app", "one", "lib>=2", "speed"),
    ]


def test_an_extra_is_found_by_any_spelling() -> None:
    assert expand("x[Fast_Mode]", knows={"x": ['y ; extra == "fast-mode"']}) == ["x", "y"]


def test_extras_that_name_each_other_come_to_an_end() -> None:
    knows = {"a": ['b[x] ; extra == "x"'], "b": ['a[x] ; extra == "x"']}
    assert expand("a[x]", knows=knows) == ["a", "b"]


@given(texts=st.lists(st.sampled_from(["a", "b>=1", "c[x]", "d; os_name=='nt'", "e[y]==2"])))
def test_without_knowledge_nothing_is_changed(texts: list[str]) -> None:
    plain = list(dict.fromkeys(str(Requirement(text)) for text in texts))
    assert expand(*texts, knows={}) == plain


def test_requires_python_is_held_against_the_targets() -> None:
    assert refuse_python(">=3.10", "3.11.7") is None
    assert refuse_python(None, "3.11.7") is None
    assert refuse_python(">=3.12", "3.11.7") == "Python >=3.12 is required"
    assert "invalid" in str(refuse_python(">=2.7.*", "3.11.7"))


def test_a_thousand_requirements_take_no_time() -> None:
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
    assert min(times) < 0.6  # some 0.1 s where nothing else runs
