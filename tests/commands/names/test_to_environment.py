"""Dependency files translated to one environment.yml."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement

from conda_pip_interop.commands.names.pinned_python import find_pinned_python
from conda_pip_interop.commands.names.to_environment import (
    translate_to_environment,
)
from conda_pip_interop.dependency_files.pyproject import ProjectParts
from conda_pip_interop.dependency_files.read import read_dependency_files
from conda_pip_interop.errors import UsageError
from tests.support.requirements import build_context
from tests.support.translations import (
    CHANNEL,
    ENVIRONMENT_YML,
    read_files,
    to_environment,
    to_requirements,
)


def test_requirements_go_to_conda_if_the_channel_has_them_else_to_pip(tmp_path: Path) -> None:
    (tmp_path / "c.in").write_text("numpy<2.2\n")
    found = read_files(
        tmp_path,
        r_txt="""\
            --pre
            # numbers
            torch>=1   # big
            numpy
            # fun
            cowsay>=6  # moo
            requests[socks]
            pywin32; os_name == "nt"
            ./local
            flask>=9
            -c c.in
            """,
    )
    assert to_environment(found) == (
        "channels:\n"
        "  - main\n"
        "dependencies:\n"
        "  # numbers\n"
        "  - pytorch >=1  # big\n"
        "  - numpy <2.2dev0\n"
        "  - requests\n"
        "  - pip\n"
        "  - pip:\n"
        "      - --pre\n"
        "      # fun\n"
        "      - cowsay>=6  # moo\n"
        "      - requests[socks]\n"
        '      - pywin32; os_name == "nt"\n'
        "      - ./local\n"
        "      - flask>=9\n"
    )


def test_the_python_and_the_own_extras_of_a_project_are_included(tmp_path: Path) -> None:
    text = to_environment(
        read_files(
            tmp_path,
            pyproject_toml='[project]\nname = "app"\nrequires-python = ">=3.10,<4"\n'
            'dependencies = ["app[all]"]\n[project.optional-dependencies]\n'
            'all = ["app[fast]", "six"]\nfast = ["numpy>=2.1"]\n',
        )
    )
    assert "  - python <4dev0,>=3.10\n" in text
    assert "  - six\n" in text
    assert "  - numpy >=2.1\n" in text
    assert "app" not in text
    assert "pip" not in text


def test_the_comments_of_a_pyproject_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text(
        '# about it\n[project]\nname = "app"\n# all of them\ndependencies = [\n'
        "  # the web\n  # and more\n  'flask', # 3\n  \"six\",\n"
        '  "cowsay==6.1",  # moo\n]\n[dependency-groups]\ntest = [\n  # tests\n  "numpy"\n]\n'
    )
    text = to_environment(
        read_dependency_files([file], ProjectParts(groups=("test",)), target=tmp_path)
    )
    assert text.endswith(
        "dependencies:\n  # the web\n  # and more\n  - flask  # 3\n  - six\n  # tests\n  - numpy\n"
        "  - pip\n  - pip:\n      - cowsay==6.1  # moo\n"
    )


def test_the_extras_of_installed_projects_are_expanded(tmp_path: Path) -> None:
    requires = {"requests": ['six ; extra == "old"', 'pysocks ; extra == "socks"']}
    text = to_environment(read_files(tmp_path, r_txt="requests[old,socks]\n"), requires)
    assert "  - requests\n  - six\n" in text
    assert text.endswith("      - pysocks\n")


@pytest.mark.parametrize(
    ("markers", "comment"),
    [
        (("os_name == 'posix'", ""), ""),
        (("", "os_name == 'posix'"), ""),
        (("os_name == 'posix'",) * 2, '  # ; os_name == "posix"'),
        (
            ("os_name == 'posix'", "sys_platform == 'linux'"),
            '  # ; (os_name == "posix") or (sys_platform == "linux")',
        ),
    ],
)
def test_what_is_required_twice_has_the_markers_of_both(
    tmp_path: Path, markers: tuple[str, str], comment: str
) -> None:
    lines = "".join(f"six ; {one}\n" if one else "six\n" for one in markers)
    text = to_environment(read_files(tmp_path, r_txt=lines))
    assert f"  - six{comment}\n" in text
    back = to_requirements(read_files(tmp_path, environment_yml=text))
    assert Requirement(back.splitlines()[0].partition("  #")[0]).name == "six"


def test_a_pip_line_that_conda_has_moves_with_its_comments(tmp_path: Path) -> None:
    assert to_environment(read_files(tmp_path, environment_yml=ENVIRONMENT_YML)) == (
        ENVIRONMENT_YML.replace("      # numbers\n      - numpy>=2.1   # big\n", "")
        .replace("  - pip\n", "  - pip\n  # numbers\n  - numpy >=2.1  # big\n")
        .replace("3.11    #", "3.11  #")
    )


def test_a_second_translation_changes_nothing(tmp_path: Path) -> None:
    once = to_environment(read_files(tmp_path, environment_yml=ENVIRONMENT_YML))
    again = once.replace("# since May", "     # since May")
    assert to_environment(read_files(tmp_path, environment_yml=again)) == again


def test_requirements_are_added_to_an_environment_file(tmp_path: Path) -> None:
    text = to_environment(
        read_files(tmp_path, environment_yml=ENVIRONMENT_YML, r_txt="six\ncowsay\n# x\nnobody\n")
    )
    assert "  - six\n  # from PyPI\n" in text
    assert text.count("cowsay") == 1
    assert "      # x\n      - nobody\n# and so on\n" in text


@pytest.mark.parametrize("text", ["x>=2.7.*", "-c limits.txt", "a b"])
def test_an_invalid_requirement_is_an_error_with_file_and_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "limits.txt").write_text("y>=2.7.*")
    with pytest.raises(UsageError) as caught:
        to_environment(read_files(tmp_path, r_txt=f"six\n{text}\n"))
    assert caught.value.code == "invalid-requirement"
    assert caught.value.exit_code == 2, "exit code 1 means that a file is out of date"
    assert ".txt:" in caught.value.message


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (("six", "six==1.15"), "another line of it is for pip: the channels have no six==1.15"),
        (("numpy>2.1", "numpy<2.2"), "the channels have no numpy<2.2,>2.1"),
        (("six", "git+https://example.org/x#egg=six"), "another line has it from a path or URL"),
        (("six", "./six-1.16-py3-none-any.whl?x#y"), "another line has it from a path or URL"),
    ],
)
def test_a_project_has_one_manager_in_all_of_its_lines(
    tmp_path: Path, lines: tuple[str, str], reason: str
) -> None:
    found = read_files(tmp_path, r_txt="flask\n-r s.txt\n", s_txt="\n".join(lines))
    made = translate_to_environment(found, build_context(CHANNEL), lambda _: None)
    assert made.text.endswith(
        f"dependencies:\n  - flask\n  - pip\n  - pip:\n      - {lines[0]}\n      - {lines[1]}\n"
    )
    assert made.choices[1].reason == reason


@pytest.mark.parametrize("in_pip_section", [True, False])
def test_what_pip_would_replace_is_said(tmp_path: Path, *, in_pip_section: bool) -> None:
    text = "dependencies:\n  - six\n" + "  - pip:\n      - six==1.15\n" * in_pip_section
    found = read_files(tmp_path, environment_yml=text, r_txt="" if in_pip_section else "six==1.15")
    made = translate_to_environment(found, build_context(CHANNEL), lambda _: None)
    assert made.text.endswith("      - six==1.15\n")
    assert made.notes == ("pip would replace conda's six: six==1.15 is for pip, six for conda.",)


HASH = "--hash=sha256:" + "0" * 64


def test_hashes_stay_if_all_lines_for_pip_have_them(tmp_path: Path) -> None:
    found = read_files(tmp_path, r_txt=f"six==1.16 {HASH}\ncowsay==6.1 {HASH}  # moo\n")
    made = translate_to_environment(found, build_context(CHANNEL), lambda _: None)
    assert made.text.endswith(f"  - pip:\n      - cowsay==6.1 {HASH}  # moo\n")
    assert "the hashes of its PyPI files are dropped" in made.choices[0].reason
    assert "hashes" not in made.choices[1].reason
    again = read_files(tmp_path, environment_yml=made.text)
    assert to_environment(again) == made.text
    assert to_requirements(again).endswith("cowsay==6.1  # moo\n"), "six has no hash"

    mixed = read_files(tmp_path, r_txt=f"cowsay==6.1 {HASH}\n", s_txt="nobody\n./here\n")
    assert "hash" not in to_environment(mixed)


def test_build_settings_of_a_conda_package_are_said_to_be_left_out(tmp_path: Path) -> None:
    settings = '--config-settings="a=b"'
    found = read_files(tmp_path, r_txt=f"six {settings}\nnobody {settings}\n")
    made = translate_to_environment(found, build_context(CHANNEL), lambda _: None)
    assert made.text.endswith(f"  - six\n  - pip\n  - pip:\n      - nobody {settings}\n")
    assert made.notes == ("the build settings of six are left out: conda's packages are built.",)
    assert "its build settings are dropped" in made.choices[0].reason


LINES = st.lists(
    st.sampled_from(
        [
            *("six", "six>=1", "torch", "cowsay", "cowsay>=6", "flask<2", "numpy!=2.1"),
            *("requests[socks]", 'x; os_name == "nt"', "y @ https://example.org/y.whl"),
        ]
    ),
    max_size=8,
    unique=True,
)


@given(lines=LINES)
def test_no_line_is_lost_and_the_result_translates_to_itself(lines: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        sources = read_files(Path(folder), r_txt="\n".join(lines))
        made = translate_to_environment(sources, build_context(CHANNEL), lambda _: None, ["main"])
        assert [one.text for one in made.choices] == lines
        assert all(one.conda or one.pip for one in made.choices)
        assert to_environment(read_files(Path(folder), environment_yml=made.text)) == made.text


@pytest.mark.parametrize(
    ("python", "expected"),
    [
        ("python=3.9", ("3.9", "3.9.0")),
        ("conda-forge::python 3.12.4", ("3.12", "3.12.4")),
        ("python==3.10.1", ("3.10", "3.10.1")),
        ("python >=3.12,<3.13", ("3.12", "3.12.0")),
        ("python >=3.11.4,<3.12.0a0", ("3.11", "3.11.4")),
        ("python>=3.9", None),
        ("python >=3.9,<3.11", None),
        ("python", None),
    ],
)
def test_markers_are_read_for_the_python_that_the_file_pins(
    tmp_path: Path, python: str, expected: tuple[str, str] | None
) -> None:
    found = read_files(tmp_path, environment_yml=f"dependencies:\n  - {python}\n").environment
    assert found is not None
    pinned = find_pinned_python(found)
    assert (pinned and (pinned["python_version"], pinned["python_full_version"])) == expected


@pytest.mark.parametrize(
    ("spec", "pip"), [("numpy=1.26", "numpy==1.26.*"), ("numpy=1.26.*=py_0", "numpy==1.26.*")]
)
def test_a_conda_spec_in_a_requirements_file_is_recognized(
    tmp_path: Path, spec: str, pip: str
) -> None:
    with pytest.raises(UsageError) as caught:
        to_environment(read_files(tmp_path, r_txt=f"six\n{spec}\n"))
    assert "r.txt:2" in caught.value.message
    assert f"write {pip} for pip, or run `conda install -n ENV {spec}`" in caught.value.hints[
        0
    ].replace("'", "")


def test_what_comes_from_one_index_is_not_looked_up_in_the_channels(tmp_path: Path) -> None:
    text = (
        '[project]\nname = "app"\ndependencies = ["six"]\n[tool.uv.sources]\n'
        'six = {index = "lab"}\n[[tool.uv.index]]\nname = "lab"\nexplicit = true\n'
        'url = "https://me:secret@lab.example.org/simple"\n'
    )
    (tmp_path / "pyproject.toml").write_text(text)
    found = read_dependency_files([tmp_path / "pyproject.toml"], ProjectParts(), target=tmp_path)
    made = to_environment(found)
    assert "      - six  # from https://****@lab.example.org/simple\n" in made


def test_json_stays_json_and_what_it_cannot_carry_is_said(tmp_path: Path) -> None:
    given = '{"channels": ["main"], "dependencies": ["python=3.11"]}\n'
    same = translate_to_environment(
        read_files(tmp_path, environment_json=given), build_context(CHANNEL), lambda _: None
    )
    assert (same.text, same.notes) == (given, ())
    lines = 'six ; sys_platform == "linux"  # old\nnobody\n'
    made = translate_to_environment(
        read_files(tmp_path, environment_json=given, r_txt=lines),
        build_context(CHANNEL),
        lambda _: None,
    )
    assert json.loads(made.text) == {
        "channels": ["main"],
        "dependencies": ["python=3.11", "six", "pip", {"pip": ["nobody"]}],
    }
    assert [note.partition(":")[0] for note in made.notes] == [
        "the markers of six are left out",
        "the comments are left out",
    ]


@pytest.mark.parametrize(
    "given",
    ["# ours\ndependencies: [python=3.11]\n", "dependencies:\n- a\nchannels:\n- main  # ours\n"],
)
def test_the_comments_of_the_whole_file_are_said_to_be_left_out(tmp_path: Path, given: str) -> None:
    made = translate_to_environment(
        read_files(tmp_path, environment_yml=given),
        build_context(CHANNEL),
        lambda _: None,
        as_json=True,
    )
    assert [note.partition(":")[0] for note in made.notes] == ["the comments are left out"]
