"""The `depends` of conda as PyPI requirements: exact, unless they say how they differ."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from conda_pip_interop.names.conda_depends import (
    build_requirements,
    parse_dependency,
    parse_environment_dependency,
)
from conda_pip_interop.names.versions import build_conda_spec, correct_spec, select_versions
from tests.support.version_judges import JUDGES, Judge, ask_rattler
from tests.support.version_strategies import SUFFIXES, common_projects, releases


@pytest.mark.parametrize(
    ("dependency", "requirement"),
    [
        ("click", "click"),
        ("click *", "click"),
        ("click >=8.0", "click>=8.0"),
        ("numpy >=1.23,<3", None),
        ("numpy >=1.23,<3.0a0", "numpy<3.0,>=1.23"),
        ("numpy >=1.23,<3.0.0a0", "numpy<3.0.0,>=1.23"),
        ("click 8.1.7", "click==8.1.7"),
        ("click 8.1.*", "click==8.1.*"),
        ("click =8.1", "click==8.1.*"),
        ("click !=8.1.*,!=8.0.1", "click!=8.0.1,!=8.1.*"),
        ("click ~=8.1.7", "click~=8.1.7"),
        ("click 8.1.7 *", "click==8.1.7"),
        ("click 8.1.7 pyhd_0", None),
        ("click 1.2|3.*", None),
        ("click >=1.7|==1.8", "click>=1.7"),
        ("click >=1.7|==1.7+cu118", "click>=1.7"),
        ("click >=1.7|==1.6", None),
        ("click >=1.7|==1_8", None),
        ("click >=1,!=2_0", "click>=1"),
        ("click >1.0,!=1.post.*,!=1.0.post.*,!=1.0.0.post.*", "click>1.0"),
        ("click >1.0,!=1.1.post.*", None),
        ("click >8", None),
        ("click ^1.*$", None),
        ("click >=2024_1", None),
        ("click >=8.0rc1", None),
        ("conda-forge::click >=8", None),
        ("click[version='>=8']", None),
        ("click ~=8", None),
        ("click ==8.*", None),
        ("click 1.0+cu118", None),
        ("", None),
    ],
)
def test_a_dependency_is_translated_or_says_how_it_differs(
    dependency: str, requirement: str | None
) -> None:
    (found,) = build_requirements([dependency], lambda name: (canonicalize_name(name),))
    if requirement is None:
        assert found.inexact
    else:
        assert (found.requirement, found.inexact) == (requirement, None)


def test_a_dependency_becomes_one_requirement_for_each_distribution() -> None:
    contained = {"py-opencv": ("opencv-python", "opencv-python-headless"), "zlib": ()}
    found = build_requirements(
        ["py-opencv >=4", "zlib >=1.3,<2.0a0"],
        lambda name: tuple(map(canonicalize_name, contained[name])),
    )
    assert [one.requirement for one in found] == [
        "opencv-python>=4",
        "opencv-python-headless>=4",
        None,
    ]
    assert found[2].inexact == "the conda package zlib contains no distribution"


@pytest.mark.parametrize(
    ("dependency", "refused", "accepted"),
    [
        ("idna >=2.5", ["2.4", "2.4+cu118", "2.5rc1"], ["2.5", "odd_1", ""]),
        ("idna !=2.4", ["2.4"], ["2.4+cu118", "2.5"]),
        ("idna >=2.5,<4", ["4", "4.0", "5.1", "2.4"], ["3.9", "4.0rc1", "2.4.post1"]),
        ("idna >3", ["3", "2"], ["3.1", "3.post1"]),
        ("idna 3.7 pyhd_0", [], ["3.6"]),
        ("idna 3.7|4.*", [], ["3.6"]),
        ("idna >=2.5,<4|5.*", [], ["4.0"]),
        ("idna >=2024_1", [], ["2023"]),
        ("main::idna >=9", [], ["3"]),
    ],
)
def test_a_version_is_refused_only_if_the_dependency_certainly_excludes_it(
    dependency: str, refused: list[str], accepted: list[str]
) -> None:
    (found,) = build_requirements([dependency], lambda name: (canonicalize_name(name),))
    assert [one for one in (*refused, *accepted) if found.refuses(one)] == refused


@pytest.mark.parametrize(
    ("text", "requirement"),
    [
        ("numpy", "numpy"),
        ("numpy=1.26", "numpy==1.26.*"),
        ("numpy==1.26.4", "numpy==1.26.4"),
        ("numpy 1.26.*", "numpy==1.26.*"),
        ("numpy>=1, <2.0a0", "numpy<2.0,>=1"),
        ("numpy >=1,<2.0a0", "numpy<2.0,>=1"),
        ("conda-forge::numpy=1.26", "numpy==1.26.*"),
        ("conda-forge/linux-64::numpy", "numpy"),
        ("numpy >= 1.26", "numpy>=1.26"),
        ("numpy = 1.26", "numpy==1.26.*"),
        ("numpy>= 1 , < 2.0a0", "numpy<2.0,>=1"),
        ("numpy 1.26.*  *", "numpy==1.26.*"),
        ("numpy[version='>=1,<2.0a0']", "numpy<2.0,>=1"),
        ('numpy[version=">=1.26", build=*]', "numpy>=1.26"),
        ("numpy[version=1.26.*]", "numpy==1.26.*"),
    ],
)
def test_a_dependency_in_an_environment_yml_is_parsed(text: str, requirement: str) -> None:
    found = parse_environment_dependency(text)
    assert found is not None
    assert f"{found.name}{found.specifiers}" == requirement
    assert found.inexact is None


@pytest.mark.parametrize(
    ("text", "requirement", "limits"),
    [
        ("torch=2.1=cuda12*", "torch==2.1", "the build cuda12*"),
        ("torch==2.1=cuda12*", "torch==2.1", "the build cuda12*"),
        ("torch>=2.1=cuda12*", "torch>=2.1", "the build cuda12*"),
        ("torch=2.1.*=cuda12*", "torch==2.1.*", "the build cuda12*"),
        ("torch=*=cuda12*", "torch", "the build cuda12*"),
        ("torch 2.1 = py_0", "torch==2.1", "the build py_0"),
        ("torch >=2.1[build=cuda12*]", "torch>=2.1", "the build cuda12*"),
        ("torch[version='>=2.1', channel=x, subdir=y]", "torch>=2.1", "the channel x and"),
    ],
)
def test_what_limits_more_than_the_version_is_named(
    text: str, requirement: str, limits: str
) -> None:
    found = parse_environment_dependency(text)
    assert found is not None
    assert f"{found.name}{found.specifiers}" == requirement
    assert found.inexact is not None
    assert found.inexact.startswith(f"limited to {limits}")
    assert not found.exact_for_releases


@pytest.mark.parametrize("text", ["torch 2.1 py_0 x", "torch[gpu]", "torch[a=1", "torch[a='1]"])
def test_what_is_no_match_spec_is_not_parsed(text: str) -> None:
    assert parse_environment_dependency(text) is None


OPERATORS = st.sampled_from(["", "==", "!=", "<", "<=", ">", ">=", "~=", "=", "=*", "*", "!=*"])


@st.composite
def depends(draw: st.DrawFn, *, length: int) -> str:
    clauses = []
    for operator, bound, suffix in draw(
        st.lists(
            st.tuples(
                OPERATORS,
                releases(1, length),
                st.sampled_from(["", "", "", "a0", "dev0", "rc1", ".post1"]),
            ),
            min_size=1,
            max_size=2,
        )
    ):
        star = ".*" if operator.endswith("*") else ""
        clauses.append(f"{operator.rstrip('*')}{bound}{suffix}{star}")
    return "x " + ",".join(clauses)


@JUDGES
@settings(max_examples=60)
@given(data=st.data(), length=st.integers(2, 3))
def test_a_translation_without_a_difference_is_exact(
    judge: Judge, data: st.DataObject, length: int
) -> None:
    others = data.draw(st.lists(releases(length, length), min_size=5, max_size=5))
    versions = data.draw(st.lists(releases(length, 4), min_size=5, max_size=5))
    versions += [one + suffix for one in others for suffix in SUFFIXES]
    for text in data.draw(st.lists(depends(length=length), min_size=8, max_size=8)):
        dependency = parse_dependency(text)
        assert dependency is not None
        if dependency.inexact is not None:
            continue
        answers = judge([(text.removeprefix("x "), version) for version in versions])
        right = [dependency.specifiers.contains(version, prereleases=True) for version in versions]
        wrong = [
            (text, str(dependency.specifiers), version)
            for version, answer, expected in zip(versions, answers, right, strict=True)
            if answer != expected
        ]
        assert wrong == []


@JUDGES
@settings(max_examples=60)
@given(data=st.data(), length=st.integers(2, 3))
def test_conda_excludes_every_version_that_is_refused(
    judge: Judge, data: st.DataObject, length: int
) -> None:
    others = data.draw(st.lists(releases(length, length), min_size=5, max_size=5))
    versions = data.draw(st.lists(releases(length, 4), min_size=5, max_size=5))
    versions += [one + suffix for one in others for suffix in (*SUFFIXES, "+cu118")]
    for text in data.draw(st.lists(depends(length=length), min_size=8, max_size=8)):
        (found,) = build_requirements([text], lambda name: (canonicalize_name(name),))
        refused = [version for version in versions if found.refuses(version)]
        answers = judge([(text.removeprefix("x "), version) for version in refused])
        assert not any(answers), (text, found.requirement, refused, answers)


@settings(max_examples=60)
@given(project=common_projects())
def test_a_spec_that_was_built_is_translated_back(
    project: tuple[list[SpecifierSet], list[str]],
) -> None:
    wanted, versions = project
    for specifiers in wanted:
        spec = build_conda_spec(specifiers)
        assert isinstance(spec, str)
        accepted = select_versions(specifiers, versions, prereleases=True)
        exact = correct_spec(
            spec, versions=versions, accepted=accepted, matches=lambda *pair: ask_rattler([pair])[0]
        )
        for text in (spec, exact):
            dependency = parse_dependency(f"x {text}")
            assert dependency is not None
            found = select_versions(dependency.specifiers, versions, prereleases=True)
            assert found == accepted, (str(specifiers), text, str(dependency.specifiers))
            assert dependency.inexact is None, (str(specifiers), text)
