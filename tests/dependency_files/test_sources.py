"""Sources of projects in uv's and PDM's tables of a pyproject.toml."""

from __future__ import annotations

import pytest

from conda_pip_interop.dependency_files.pyproject import (
    ProjectParts,
    parse_group,
    parse_pyproject,
    parse_script,
)
from conda_pip_interop.errors import UsageError

PROJECT = '[project]\nname = "app"\ndependencies = ["tool[x]>=1 ; os_name == \'nt\'", "six"]\n'


def texts(text: str) -> list[str]:
    return [one.text for one in parse_pyproject(text, origin="p", parts=ProjectParts()).entries]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            '{git = "https://e.org/t", rev = "abc", subdirectory = "py"}',
            'tool[x] @ git+https://e.org/t@abc#subdirectory=py ; os_name == "nt"',
        ),
        (
            '{url = "https://e.org/t.zip", subdirectory = "py"}',
            'tool[x] @ https://e.org/t.zip#subdirectory=py ; os_name == "nt"',
        ),
        ('{url = "https://e.org/t.whl"}', 'tool[x] @ https://e.org/t.whl ; os_name == "nt"'),
        ('{path = "libs/tool"}', './libs/tool[x] ; os_name == "nt"'),
        ('{path = "../tool", editable = true}', '-e ../tool[x] ; os_name == "nt"'),
        ('{index = "pypi"}', "tool[x]>=1 ; os_name == 'nt'"),
    ],
)
def test_the_source_of_uv_is_written_into_the_requirement(source: str, expected: str) -> None:
    assert texts(f"{PROJECT}[tool.uv.sources]\ntool = {source}\n") == [expected, "six"]


def test_each_source_of_a_list_has_its_marker() -> None:
    sources = (
        '[tool.uv.sources]\nsix = [{url = "https://e.org/s.whl", marker = "os_name == \'x\'"}]\n'
    )
    assert texts(PROJECT + sources)[1] == "six @ https://e.org/s.whl ; os_name == 'x'"


def test_an_explicit_index_is_only_for_what_names_it() -> None:
    text = (
        f'{PROJECT}[tool.uv.sources]\nsix = {{index = "lab"}}\n'
        '[[tool.uv.index]]\nname = "lab"\nurl = "https://lab/simple"\nexplicit = true\n'
        '[[tool.uv.index]]\nname = "all"\nurl = "https://all/simple"\n'
        '[[tool.pdm.source]]\nname = "pypi"\nurl = "https://mirror/simple"\n'
    )
    found = parse_pyproject(text, origin="p", parts=ProjectParts()).entries
    assert [one.text for one in found if one.kind == "option"] == [
        "--extra-index-url https://all/simple",
        "--extra-index-url https://mirror/simple",
    ]
    assert [(one.text, one.index) for one in found if one.index] == [("six", "https://lab/simple")]


def test_a_source_of_an_extra_or_a_group_is_for_that_alone() -> None:
    text = (
        f'{PROJECT}[project.optional-dependencies]\nCpu_Only = ["torch"]\ngpu = ["torch"]\n'
        '[dependency-groups]\ndev = ["torch"]\n[tool.uv.sources]\n'
        'torch = [{index = "cpu", extra = "cpu-only"}, {index = "gpu", extra = "gpu"}]\n'
        '[[tool.uv.index]]\nname = "cpu"\nurl = "https://cpu/simple"\nexplicit = true\n'
        '[[tool.uv.index]]\nname = "gpu"\nurl = "https://gpu/simple"\nexplicit = true\n'
    )
    parts = ProjectParts(extras=("cpu_only",), groups=("dev",))
    found = parse_pyproject(text, origin="p", parts=parts).entries
    assert [(one.text, one.index) for one in found[-2:]] == [
        ("torch", "https://cpu/simple"),
        ("torch", ""),
    ]


def test_the_settings_of_uv_are_options_of_pip_or_named_as_left_out() -> None:
    text = (
        f'{PROJECT}[tool.uv]\nprerelease = "allow"\nno-binary-package = ["six"]\n'
        'no-build-package = ["idna"]\nno-build = true\nno-binary = false\n'
        'exclude-newer = "2026-01-01"\nresolution = "lowest"\nindex-strategy = "first-index"\n'
        '[tool.pdm.resolution]\nstrategy = ["direct_minimal_versions"]\n'
    )
    found = parse_pyproject(text, origin="p", parts=ProjectParts())
    assert [one.text for one in found.entries if one.kind == "option"] == [
        *("--pre", "--no-binary six", "--only-binary :all:", "--only-binary idna")
    ]
    assert [one.partition(" is left out")[0] for one in found.notes] == [
        *("p: tool.uv.exclude-newer", "p: tool.uv.resolution", "p: tool.pdm.resolution.strategy")
    ]
    with pytest.raises(UsageError, match="several words"):
        parse_pyproject(text.replace('"six"', '"six --pre"'), origin="p", parts=ProjectParts())


def test_the_settings_of_uv_pip_outweigh_the_others_or_are_named_as_left_out() -> None:
    text = (
        f'{PROJECT}[tool.uv]\nindex-url = "https://a"\n[tool.uv.pip]\n'
        'index-url = "https://b"\nno-binary = ["six"]\nonly-binary = [":all:"]\n'
        'extra = ["test"]\nresolution = "highest"\nexclude-newer = "2026-01-01"\n'
    )
    found = parse_pyproject(text, origin="p", parts=ProjectParts())
    assert [one.text for one in found.entries if one.kind == "option"] == [
        *("--index-url https://a", "--index-url https://b"),
        *("--no-binary six", "--only-binary :all:"),
    ]
    assert [one.partition(" is left out")[0] for one in found.notes] == [
        *("p: tool.uv.pip.exclude-newer", "p: tool.uv.pip.extra")
    ]


def test_older_settings_of_uv_and_those_of_its_kin_are_read() -> None:
    text = (
        f'{PROJECT}[tool.uv]\nindex-url = "https://a"\nextra-index-url = ["https://b"]\n'
        'find-links = ["./wheels"]\nno-index = true\nconstraint-dependencies = ["six<2"]\n'
        'override-dependencies = ["six==1"]\n[tool.pdm.resolution.overrides]\nsix = "1"\n'
        '[[tool.rye.sources]]\nname = "c"\nurl = "https://c"\n'
        '[[tool.pdm.source]]\nname = "d"\nurl = "https://d"\ninclude_packages = ["to*"]\n'
    )
    found = parse_pyproject(text, origin="p", parts=ProjectParts())
    assert [one.text for one in found.entries if one.kind == "option"] == [
        *("--extra-index-url https://d", "--extra-index-url https://c", "--index-url https://a"),
        *("--extra-index-url https://b", "--find-links ./wheels", "--no-index"),
    ]
    assert [one.text for one in found.entries if one.kind == "constraint"] == ["six<2"]
    assert [one.index for one in found.entries if one.kind == "requirement"] == ["https://d", ""]
    assert [one.partition(" is left out")[0] for one in found.notes] == [
        *("p: tool.uv.override-dependencies", "p: tool.pdm.resolution.overrides")
    ]
    rye = '[project]\nname = "x"\n[tool.rye]\ndev-dependencies = ["six"]\n'
    parts = ProjectParts(groups=("dev",))
    assert [one.text for one in parse_pyproject(rye, origin="p", parts=parts).entries] == ["six"]


@pytest.mark.parametrize(
    "source", ["{workspace = true}", '{index = "missing"}', "{}", "3", '{hg = "x"}']
)
def test_a_source_that_cannot_be_followed_is_refused(source: str) -> None:
    with pytest.raises(UsageError) as caught:
        texts(f"{PROJECT}[tool.uv.sources]\ntool = {source}\n")
    assert caught.value.code == "unreadable-file"
    assert "tool" in caught.value.message


def test_the_sources_of_a_script_are_followed() -> None:
    text = (
        '# /// script\n# dependencies = ["six"]\n# [tool.uv.sources]\n'
        '# six = {url = "https://e.org/s.whl"}\n# ///\n'
    )
    (found,) = parse_script(text, origin="s.py").entries
    assert found.text == "six @ https://e.org/s.whl"


@pytest.mark.parametrize(
    "text",
    [
        '[project]\nname = "x"\ndynamic = ["dependencies"]\n',
        '[build-system]\nrequires = ["setuptools"]\n',
        "[tool.ruff]\nline-length = 100\n",
    ],
)
def test_dependencies_that_only_the_backend_knows_are_no_empty_list(text: str) -> None:
    with pytest.raises(UsageError, match="only its build backend knows"):
        texts(text)


def test_a_member_of_a_workspace_is_refused_only_where_it_is_needed() -> None:
    sources = "[tool.uv.sources]\n{} = {{workspace = true}}\n"
    assert texts(PROJECT + sources.format("other")) == ["tool[x]>=1 ; os_name == 'nt'", "six"]
    with pytest.raises(UsageError, match="six is a member of a uv workspace"):
        texts(PROJECT + sources.format("six"))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("-e file:///${PROJECT_ROOT}/libs/a#egg=a", ("location", "-e ./libs/a")),
        ("a @ file:///${PROJECT_ROOT}/libs/a", ("requirement", "a @ file:./libs/a")),
        ("a @ {root:uri}/libs/a", ("requirement", "a @ file:./libs/a")),
        ("a @ {root:parent:parent:uri}/a", ("requirement", "a @ file:./../../a")),
    ],
)
def test_the_folder_of_the_project_is_found(line: str, expected: tuple[str, str]) -> None:
    text = f'[project]\nname = "app"\n[tool.pdm.dev-dependencies]\ntest = ["{line}"]\n'
    (found,) = parse_group(text, origin="p", group="test").entries
    assert (found.kind, found.text) == expected


def test_a_group_has_the_own_extras_and_the_limits_of_its_project() -> None:
    text = (
        '[project]\nname = "app"\n[project.optional-dependencies]\ngui = ["six"]\n'
        '[dependency-groups]\ntest = ["App[gui]", "flask"]\n'
        '[tool.uv]\nconstraint-dependencies = ["six<2"]\nexclude-newer = "2020-01-01"\n'
    )
    found = parse_group(text, origin="p", group="test")
    assert [(one.kind, one.text) for one in found.entries] == [
        ("constraint", "six<2"),
        ("requirement", "flask"),
        ("requirement", "six"),
    ]
    assert found.notes == ("p: tool.uv.exclude-newer is left out: a file for pip cannot say it.",)
    whole = parse_pyproject(text, origin="p", parts=ProjectParts(groups=("test",)))
    assert [one.text for one in whole.entries] == ["six<2", "flask", "six"]


def test_an_environment_of_hatch_is_a_group() -> None:
    text = (
        '[project]\nname = "app"\n[tool.hatch.envs.test]\ndependencies = ["six"]\n'
        'extra-dependencies = ["flask"]\n[tool.hatch.envs.docs]\n'
    )
    assert [one.text for one in parse_group(text, origin="p", group="test").entries] == [
        "six",
        "flask",
    ]
    assert parse_group(text, origin="p", group="docs").entries == ()
