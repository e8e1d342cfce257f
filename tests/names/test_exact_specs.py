"""Specs for known versions: conda's answer is PEP 440's for every version of the channel."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from conda_pip_interop.names.exact_specs import correct_spec, select_versions
from conda_pip_interop.names.versions import NotExpressible, build_conda_spec
from tests.support.version_judges import JUDGES, Judge
from tests.support.version_strategies import any_versions, common_projects, specifier_sets


@JUDGES
@settings(max_examples=40)
@given(project=common_projects())
def test_conda_and_pep_440_agree_on_common_specifiers_and_versions(
    judge: Judge, project: tuple[list[SpecifierSet], list[str]]
) -> None:
    """40 examples of 10 specifier sets and 40 versions: 16,000 pairs a judge."""
    wanted, versions = project
    pairs = [(specifiers, version) for specifiers in wanted for version in versions]
    specs = {specifiers: build_conda_spec(specifiers) for specifiers in wanted}
    answers = judge([(str(specs[specifiers]), version) for specifiers, version in pairs])
    wrong = [
        (str(specifiers), version, specs[specifiers])
        for (specifiers, version), answer in zip(pairs, answers, strict=True)
        if answer != specifiers.contains(version, prereleases=True)
    ]
    assert wrong == []


@JUDGES
@settings(max_examples=40)
@given(
    wanted=st.lists(specifier_sets(any_versions()), min_size=10, max_size=10),
    versions=st.lists(any_versions(), min_size=25, max_size=25),
    prereleases=st.sampled_from([None, True]),
)
def test_corrected_specs_match_exactly_the_versions_of_pep_440(
    judge: Judge, wanted: list[SpecifierSet], versions: list[str], prereleases: bool | None
) -> None:
    """40 examples of 10 specifier sets and 25 versions: 10,000 pairs a judge."""
    for specifiers in wanted:
        spec = build_conda_spec(specifiers)
        assert isinstance(spec, str)
        accepted = select_versions(specifiers, versions, prereleases=prereleases)
        exact = correct_spec(
            spec, versions=versions, accepted=accepted, matches=lambda *pair: judge([pair])[0]
        )
        answers = judge([(exact, version) for version in versions])
        taken = {version for version, answer in zip(versions, answers, strict=True) if answer}
        assert taken == set(accepted), (str(specifiers), exact)


@JUDGES
@pytest.mark.parametrize(
    ("specifiers", "versions", "exact"),
    [
        (">=1.7", ["1.6", "1.7", "2.0"], ">=1.7"),
        (">=1.7", ["1.7", "1.7+cu118"], ">=1.7|==1.7+cu118"),
        ("==1.0rc1", ["1.0.0rc1", "1.0"], "==1.0rc1|==1.0.0rc1"),
        ("", ["1.0", "2.0"], "*"),
        ("", ["1.0", "2.0rc1"], "!=2.0rc1"),
        (">=1", ["1.0", "2019c-custom", "2_0"], ">=1,!=2_0"),
    ],
)
def test_only_versions_with_a_different_answer_are_added_to_a_spec(
    judge: Judge, specifiers: str, versions: list[str], exact: str
) -> None:
    known = [version for version in versions if "-" not in version]
    spec = build_conda_spec(SpecifierSet(specifiers))
    assert not isinstance(spec, NotExpressible)
    accepted = select_versions(SpecifierSet(specifiers), versions)
    assert exact == correct_spec(
        spec, versions=known, accepted=accepted, matches=lambda *pair: judge([pair])[0]
    )


def test_pre_releases_are_selected_by_the_rule_of_pep_440() -> None:
    versions = ["1.0", "2.0rc1", "custom"]
    assert select_versions(SpecifierSet(">=1"), versions) == ("1.0",)
    assert select_versions(SpecifierSet(">=1.5"), versions) == ("2.0rc1",)
    assert select_versions(SpecifierSet(">=2.0rc1"), versions) == ("2.0rc1",)
    assert select_versions(SpecifierSet(), versions, prereleases=True) == ("1.0", "2.0rc1")
