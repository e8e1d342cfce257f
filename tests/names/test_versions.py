"""PEP 440 specifiers as conda version specs: a table of cases, and the answers of conda."""

from __future__ import annotations

import csv
import itertools
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from conda_pip_interop.names.versions import (
    NotExpressible,
    build_conda_spec,
    correct_spec,
    select_versions,
)
from tests.support.version_judges import JUDGES, Judge
from tests.support.version_strategies import any_versions, common_projects, specifier_sets

with (Path(__file__).parent / "pep440_to_conda.tsv").open(encoding="utf-8", newline="") as _file:
    CASES = tuple(csv.DictReader(_file, delimiter="\t", quoting=csv.QUOTE_NONE))


def test_the_table_has_77_numbered_cases() -> None:
    assert [case["case"] for case in CASES] == [str(number) for number in range(1, 78)]


@pytest.mark.parametrize("case", CASES, ids=[case["requirement"] for case in CASES])
def test_each_case_gives_the_conda_spec_in_the_table(case: dict[str, str]) -> None:
    right = case["right_conda_spec"]
    if right == "(metadata error)":
        with pytest.raises(InvalidSpecifier):
            SpecifierSet(case["requirement"])
        return
    spec = build_conda_spec(SpecifierSet(case["requirement"]))
    if right == "E:NoConda":
        assert isinstance(spec, NotExpressible)
        assert spec.reason.startswith(case["requirement"].lstrip("="))
    else:
        assert spec == right


def test_packaging_matches_as_the_table_says() -> None:
    cases = [case for case in CASES if case["pep440_matches"] in ("Y", "n")]
    wrong = [
        case
        for case in cases
        if SpecifierSet(case["requirement"]).contains(case["record_version"], prereleases=True)
        != (case["pep440_matches"] == "Y")
    ]
    assert wrong == []
    assert len(cases) > 70


@JUDGES
def test_conda_and_rattler_match_as_the_table_says(judge: Judge) -> None:
    cases = [case for case in CASES if case["conda_matches"] in ("Y", "n")]
    pairs = [(case["right_conda_spec"], case["record_version"]) for case in cases]
    answers = judge(pairs)
    wrong = [
        case
        for case, answer in zip(cases, answers, strict=True)
        if answer != (case["conda_matches"] == "Y")
    ]
    assert wrong == []
    assert len(cases) > 70


_BOUNDS = ("1", "1.0", "1.2", "1.2.3", "1.10", "2.0.0", "2024.1", "1!1.0")
_FINALS = (
    *("0", "0.9", "1", "1.0", "1.0.0", "1.0.1", "1.1", "1.2", "1.2.0", "1.2.3", "1.2.4", "1.2.30"),
    *("1.3", "1.9.9", "1.10", "1.10.1", "2", "2.0", "2.0.0", "2.0.1", "2.1", "3", "10.0"),
    *("2024.1", "2024.1.1", "2024.2", "2024.10", "1!0.5", "1!1", "1!1.0.1", "1!2.0"),
)


def build_common_specifiers() -> list[str]:
    single = [
        f"{operator}{bound}" for operator in ("==", "!=", "<", "<=", ">", ">=") for bound in _BOUNDS
    ]
    single += [f"{operator}{bound}.*" for operator in ("==", "!=") for bound in _BOUNDS]
    single += [f"~={bound}" for bound in _BOUNDS if "." in bound]
    pairs = itertools.islice(itertools.combinations(single, 2), None, None, 11)
    return ["", *single, *map(",".join, pairs)]


@JUDGES
def test_conda_and_pep_440_agree_on_common_specifiers_and_final_versions(judge: Judge) -> None:
    questions = []
    for text in build_common_specifiers():
        specifiers = SpecifierSet(text)
        spec = build_conda_spec(specifiers)
        assert isinstance(spec, str)
        questions += [(text, spec, version, specifiers.contains(version)) for version in _FINALS]
    answers = judge([(spec, version) for _, spec, version, _ in questions])
    wrong = [
        question
        for question, answer in zip(questions, answers, strict=True)
        if answer != question[3]
    ]
    assert wrong == []


_VERSIONS = st.builds(
    lambda release, suffix: ".".join(map(str, release)) + suffix,
    st.lists(st.integers(0, 30), min_size=1, max_size=4),
    st.sampled_from(["", "", "a1", "rc2", ".post1", ".dev3"]),
)
_CLAUSES = st.builds(
    "".join, st.tuples(st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "==="]), _VERSIONS)
)


@settings(max_examples=200)
@given(clauses=st.lists(_CLAUSES, max_size=4), data=st.data())
def test_the_spec_does_not_depend_on_the_order_of_clauses(
    clauses: list[str], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(clauses))
    spec = build_conda_spec(SpecifierSet(",".join(clauses)))
    assert spec == build_conda_spec(SpecifierSet(", ".join(shuffled)))
    assert isinstance(spec, str)
    assert " " not in spec


def test_an_empty_set_is_any_version() -> None:
    assert build_conda_spec(SpecifierSet()) == "*"


def test_a_set_with_an_inexpressible_specifier_names_it() -> None:
    spec = build_conda_spec(SpecifierSet(">=1,===1.0-custom"))
    assert isinstance(spec, NotExpressible)
    assert spec.reason == "1.0-custom is not a PEP 440 version"


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
