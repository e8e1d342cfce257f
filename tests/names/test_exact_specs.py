"""With a channel's versions at hand, conda's answer is PEP 440's for every one of them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from conda_pip_interop.names.exact_specs import correct_spec, select_versions
from conda_pip_interop.names.versions import NotExpressible, build_conda_spec
from tests.support.version_judges import JUDGES, Judge

SUFFIXES = ("", "a1", "b2", "rc1", ".post1", ".dev1", ".post2")
RARE = ("+cu118", "+cu121", "+local.2", "a1.dev2", ".post1.dev3", "rc1.post1", "rc1+x")


def releases(shortest: int, longest: int) -> st.SearchStrategy[str]:
    """Release segments, few and often zero, so that they meet."""
    segments = st.sampled_from([0, 0, 1, 1, 2, 3, 10])
    return st.lists(segments, min_size=shortest, max_size=longest).map(
        lambda parts: ".".join(map(str, parts))
    )


ANY_VERSIONS = st.builds(
    lambda epoch, release, suffix: f"{epoch}{release}{suffix}",
    st.sampled_from(["", "", "", "", "1!"]),
    releases(1, 4),
    st.sampled_from([*SUFFIXES, *SUFFIXES, *RARE]),
)
OPERATORS = st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "~=", "==*", "!=*"])


def write_clause(operator: str, version: str) -> str:
    return f"{operator[:2]}{version}.*" if operator.endswith("*") else f"{operator}{version}"


def is_specifier(text: str) -> bool:
    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        return False
    return True


def specifiers(bounds: st.SearchStrategy[str]) -> st.SearchStrategy[SpecifierSet]:
    clauses = st.builds(write_clause, OPERATORS, bounds).filter(is_specifier)
    return st.lists(clauses, max_size=3).map(lambda found: SpecifierSet(",".join(found)))


@st.composite
def everyday_projects(draw: st.DrawFn) -> tuple[list[SpecifierSet], list[str]]:
    """What is asked of a project, and its versions.

    Releases are of any length; pre-, post- and development releases of one, as a project has them,
    that is not less than the bounds'.
    """
    length = draw(st.integers(2, 3))
    bounds = releases(1, length)
    asked = draw(st.lists(specifiers(bounds), min_size=10, max_size=10))
    finals = draw(st.lists(releases(1, 4), min_size=5, max_size=5))
    others = draw(st.lists(releases(length, length), min_size=5, max_size=5))
    return asked, [*finals, *(one + suffix for one in others for suffix in SUFFIXES)]


@JUDGES
@settings(max_examples=40, deadline=None)
@given(project=everyday_projects())
def test_no_everyday_pair_is_wrong(
    judge: Judge, project: tuple[list[SpecifierSet], list[str]]
) -> None:
    """40 examples of 10 specifier sets and 40 versions: 16,000 pairs a judge."""
    wanted, versions = project
    pairs = [(asked, version) for asked in wanted for version in versions]
    specs = {asked: build_conda_spec(asked) for asked in wanted}
    answers = judge([(str(specs[asked]), version) for asked, version in pairs])
    wrong = [
        (str(asked), version, specs[asked])
        for (asked, version), answer in zip(pairs, answers, strict=True)
        if answer != asked.contains(version, prereleases=True)
    ]
    assert wrong == []


@JUDGES
@settings(max_examples=40, deadline=None)
@given(
    wanted=st.lists(specifiers(ANY_VERSIONS), min_size=10, max_size=10),
    versions=st.lists(ANY_VERSIONS, min_size=25, max_size=25),
    prereleases=st.sampled_from([None, True]),
)
def test_no_pair_at_all_is_wrong_where_the_versions_are_at_hand(
    judge: Judge, wanted: list[SpecifierSet], versions: list[str], prereleases: bool | None
) -> None:
    """40 examples of 10 specifier sets and 25 versions: 10,000 pairs a judge."""
    for asked in wanted:
        spec = build_conda_spec(asked)
        assert isinstance(spec, str)
        accepted = select_versions(asked, versions, prereleases=prereleases)
        exact = correct_spec(
            spec, versions=versions, accepted=accepted, matches=lambda *pair: judge([pair])[0]
        )
        answers = judge([(exact, version) for version in versions])
        taken = {version for version, answer in zip(versions, answers, strict=True) if answer}
        assert taken == set(accepted), (str(asked), exact)


@JUDGES
@pytest.mark.parametrize(
    ("asked", "versions", "exact"),
    [
        (">=1.7", ["1.6", "1.7", "2.0"], ">=1.7"),
        (">=1.7", ["1.7", "1.7+cu118"], ">=1.7|==1.7+cu118"),
        ("==1.0rc1", ["1.0.0rc1", "1.0"], "==1.0rc1|==1.0.0rc1"),
        ("", ["1.0", "2.0"], "*"),
        ("", ["1.0", "2.0rc1"], "!=2.0rc1"),
        (">=1", ["1.0", "2019c-custom", "2_0"], ">=1,!=2_0"),
    ],
)
def test_only_what_differs_is_named(
    judge: Judge, asked: str, versions: list[str], exact: str
) -> None:
    known = [version for version in versions if "-" not in version]
    spec = build_conda_spec(SpecifierSet(asked))
    assert not isinstance(spec, NotExpressible)
    accepted = select_versions(SpecifierSet(asked), versions)
    assert exact == correct_spec(
        spec, versions=known, accepted=accepted, matches=lambda *pair: judge([pair])[0]
    )


def test_pre_releases_count_by_pep_440s_own_rule() -> None:
    versions = ["1.0", "2.0rc1", "custom"]
    assert select_versions(SpecifierSet(">=1"), versions) == ("1.0",)
    assert select_versions(SpecifierSet(">=1.5"), versions) == ("2.0rc1",)
    assert select_versions(SpecifierSet(">=2.0rc1"), versions) == ("2.0rc1",)
    assert select_versions(SpecifierSet(), versions, prereleases=True) == ("1.0", "2.0rc1")
    assert Version("2.0rc1").is_prerelease
