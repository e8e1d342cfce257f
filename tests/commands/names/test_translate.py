"""`conda pip translate`: every line keeps its place, its comment, or says why it does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.utils import NormalizedName

from conda_pip_interop.commands.names.to_environment import translate_to_environment
from conda_pip_interop.commands.names.to_requirements import translate_to_requirements
from conda_pip_interop.dependency_files.environment_yml import parse_environment, render_environment
from conda_pip_interop.dependency_files.pyproject import Chosen
from conda_pip_interop.dependency_files.read import Sources, read_sources
from conda_pip_interop.errors import InteropError, UsageError
from conda_pip_interop.names.conda_depends import parse_environment_depend
from conda_pip_interop.names.lookup import NameSources, find_projects
from tests.names.test_requirement import surroundings

CHANNEL = {
    "flask": ["3.0"],
    "pytorch": ["2.0"],
    "numpy": ["2.1", "2.2"],
    "six": ["1.16"],
    "requests": ["2.32"],
}


def read(folder: Path, **files: str) -> Sources:
    """Write files, `x_txt` as x.txt, and read them in that order."""
    paths = []
    for key, text in files.items():
        path = folder / key.replace("_", ".")
        path.write_text(text)
        paths.append(path)
    return read_sources(paths, Chosen(), target=folder)


def to_environment(sources: Sources, requires: Mapping[str, Sequence[str]] | None = None) -> str:
    known = requires or {}
    return translate_to_environment(sources, surroundings(CHANNEL), known.get, ["main"]).text


def test_requirements_go_where_they_are_to_be_had(tmp_path: Path) -> None:
    (tmp_path / "c.in").write_text("numpy<2.2\n")
    found = read(
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


def test_a_projects_python_and_its_own_extras_count(tmp_path: Path) -> None:
    text = to_environment(
        read(
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


def test_comments_of_a_project_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text(
        '# about it\n[project]\nname = "app"\n# all of them\ndependencies = [\n'
        "  # the web\n  # and more\n  'flask', # 3\n  \"six\",\n"
        '  "cowsay==6.1",  # moo\n]\n[dependency-groups]\ntest = [\n  # tests\n  "numpy"\n]\n'
    )
    text = to_environment(read_sources([file], Chosen(groups=("test",)), target=tmp_path))
    assert text.endswith(
        "dependencies:\n  # the web\n  # and more\n  - flask  # 3\n  - six\n  # tests\n  - numpy\n"
        "  - pip\n  - pip:\n      - cowsay==6.1  # moo\n"
    )


def test_extras_of_what_is_installed_are_followed(tmp_path: Path) -> None:
    knows = {"requests": ['six ; extra == "old"', 'pysocks ; extra == "socks"']}
    text = to_environment(read(tmp_path, r_txt="requests[old,socks]\n"), knows)
    assert "  - requests\n  - six\n" in text
    assert text.endswith("      - pysocks\n")


ENVIRONMENT = """\
# of the lab
name: web  # its name
channels:
  - main
dependencies:
  # the language
  - python=3.11    # since May

  # from conda
  - zlib
  - pip
  # from PyPI
  - pip:
      # numbers
      - numpy>=2.1   # big
      # fun
      - cowsay
# and so on
variables:
  A: "1"
"""


def test_what_conda_has_moves_up_and_takes_its_comments_along(tmp_path: Path) -> None:
    assert to_environment(read(tmp_path, environment_yml=ENVIRONMENT)) == (
        ENVIRONMENT.replace("      # numbers\n      - numpy>=2.1   # big\n", "")
        .replace("  - pip\n", "  - pip\n  # numbers\n  - numpy >=2.1  # big\n")
        .replace("3.11    #", "3.11  #")
    )


def test_doing_it_twice_changes_nothing(tmp_path: Path) -> None:
    once = to_environment(read(tmp_path, environment_yml=ENVIRONMENT))
    again = once.replace("# since May", "     # since May")
    assert to_environment(read(tmp_path, environment_yml=again)) == again


def test_requirements_join_an_environment_file(tmp_path: Path) -> None:
    text = to_environment(
        read(tmp_path, environment_yml=ENVIRONMENT, r_txt="six\ncowsay\n# x\nnobody\n")
    )
    assert "  - six\n  # from PyPI\n" in text
    assert text.count("cowsay") == 1
    assert "      # x\n      - nobody\n# and so on\n" in text


def test_the_style_of_lists_is_kept() -> None:
    flat = "dependencies:\n# a\n- zlib  # z\n- pip:\n  # b\n  - cowsay\n"
    found = parse_environment(flat, origin="e")
    assert render_environment(found, conda=found.conda, pip=found.pip) == flat


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "dependencies: 3", "dependencies: [3]", "dependencies: [{a: b}]", "a: ["),
        *("dependencies: [{pip: [{a: b}]}]", "dependencies: [{pip: 3}]", "a: b\na: c\n", "\0"),
        "dependencies: &a [*a]",
    ],
)
def test_what_is_no_environment_file_is_refused(text: str) -> None:
    with pytest.raises(InteropError) as caught:
        parse_environment(text, origin="env.yml")
    assert caught.value.message.startswith("env.yml cannot be read")
    assert caught.value.exit_code == 2, "1 says that a file is out of date"


@pytest.mark.parametrize(
    "chosen", [Chosen(extras=("x",)), Chosen(groups=("x",)), Chosen(build_system=True)]
)
def test_parts_are_wanted_of_a_pyproject_toml_alone(tmp_path: Path, chosen: Chosen) -> None:
    (tmp_path / "r.txt").write_text("six\n")
    with pytest.raises(UsageError, match=r"choose from a pyproject\.toml"):
        read_sources([tmp_path / "r.txt"], chosen)


@pytest.mark.parametrize("text", ["x>=2.7.*", "-c limits.txt", "a b"])
def test_an_invalid_requirement_is_named_with_its_place(tmp_path: Path, text: str) -> None:
    (tmp_path / "limits.txt").write_text("y>=2.7.*")
    with pytest.raises(InteropError) as caught:
        to_environment(read(tmp_path, r_txt=f"six\n{text}\n"))
    assert caught.value.code == "invalid-requirement"
    assert caught.value.exit_code == 2, "1 says that a file is out of date"
    assert ".txt:" in caught.value.message


def projects(name: str) -> tuple[NormalizedName, ...]:
    return () if name == "zlib" else find_projects(name, NameSources())


def test_the_other_way_conda_names_become_pypis(tmp_path: Path) -> None:
    text = ENVIRONMENT.replace("  - zlib\n", "  - zlib\n  - pytorch>=2,<3.0a0\n  - six=1.16=py_0\n")
    made = translate_to_requirements(read(tmp_path, environment_yml=text), projects)
    assert made.text == (
        "# the language\n"
        "# python=3.11: an environment has it by itself\n"
        "\n"
        "# from conda\n"
        "# zlib: conda's zlib carries no distribution that is known\n"
        "torch<3.0,>=2\n"
        "six==1.16  # six=1.16=py_0: only builds py_0\n"
        "# pip: an environment has it by itself\n"
        "# numbers\n"
        "numpy>=2.1  # big\n"
        "# fun\n"
        "cowsay\n"
    )


def test_markers_of_what_conda_has_go_there_and_back(tmp_path: Path) -> None:
    lines = (
        'numpy>=2.1 ; python_version < "3.12"  # big\n'
        'six ; sys_platform == "linux"\n'
        'nobody ; os_name == "nt"  # else\n'
    )
    text = to_environment(read(tmp_path, r_txt=lines))
    assert '  - numpy >=2.1  # ; python_version < "3.12"  # big\n' in text
    back = translate_to_requirements(read(tmp_path, environment_yml=text), projects).text
    assert back == lines.replace("nobody", "# pip: an environment has it by itself\nnobody")


HASH = "--hash=sha256:" + "0" * 64


def test_hashes_stay_where_all_of_pips_lines_have_them(tmp_path: Path) -> None:
    found = read(tmp_path, r_txt=f"six==1.16 {HASH}\ncowsay==6.1 {HASH}  # moo\n")
    made = translate_to_environment(found, surroundings(CHANNEL), lambda _: None)
    assert made.text.endswith(f"  - pip:\n      - cowsay==6.1 {HASH}  # moo\n")
    assert "its hashes, of PyPI's files, are left out" in made.choices[0].reason
    assert "hashes" not in made.choices[1].reason
    again = read(tmp_path, environment_yml=made.text)
    assert to_environment(again) == made.text
    assert f"cowsay==6.1 {HASH}  # moo\n" in translate_to_requirements(again, projects).text

    mixed = read(tmp_path, r_txt=f"cowsay==6.1 {HASH}\n", s_txt="nobody\n./here\n")
    assert "hash" not in to_environment(mixed)


def test_what_only_pip_understands_stays_in_its_section(tmp_path: Path) -> None:
    text = (
        "dependencies:\n  - pip\n  - pip:\n      - -r other.txt\n      - ./here\n"
        "      - -e .[all]\n      - git+https://example.org/x.git\n      - https://example.org/x.whl\n"
    )
    found = read(tmp_path, environment_yml=text)
    assert to_environment(found) == text
    lines = translate_to_requirements(found, projects).text.splitlines()
    assert lines[1:] == [line[8:] for line in text.splitlines()[3:]]


def test_paths_are_meant_from_where_the_result_stands(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "sub"
    folder.mkdir(parents=True)
    lines = ["./here[x]", "-e ../lib ; os_name == 'posix'", "-e .", "a/b.whl", "/c/d.whl"]
    lines += ["git+https://example.org/x.git", "https://example.org/x.whl", "y @ https://e.org/y"]
    file = folder / "r.txt"
    file.write_text("\n".join(lines))

    def read_for(target: Path) -> list[str]:
        (found,) = read_sources([file], Chosen(), target=target).dependencies
        return [one.text for one in found.entries]

    assert read_for(folder) == lines
    assert read_for(tmp_path) == [
        *("./deep/sub/here[x]", "-e ./deep/lib ; os_name == 'posix'", "-e ./deep/sub"),
        *("./deep/sub/a/b.whl", *lines[4:]),
    ]
    (folder / "environment.yml").write_text("dependencies:\n- pip:\n  - ./here\n")
    found = read_sources([folder / "environment.yml"], Chosen(), target=tmp_path / "deep")
    assert [one.text for one in found.dependencies[0].entries] == ["./sub/here"]


@pytest.mark.parametrize(
    ("text", "read_as"),
    [
        ("numpy", "numpy"),
        ("numpy=1.26", "numpy==1.26.*"),
        ("numpy==1.26.4", "numpy==1.26.4"),
        ("numpy 1.26.*", "numpy==1.26.*"),
        ("numpy>=1, <2.0a0", "numpy<2.0,>=1"),
        ("numpy >=1,<2.0a0", "numpy<2.0,>=1"),
        ("conda-forge::numpy=1.26", "numpy==1.26.*"),
        ("conda-forge/linux-64::numpy", "numpy"),
    ],
)
def test_dependencies_are_read_as_people_write_them(text: str, read_as: str) -> None:
    found = parse_environment_depend(text)
    assert found is not None
    assert f"{found.name}{found.specifiers}" == read_as
    assert found.inexact is None


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
def test_no_line_is_lost_and_the_result_is_its_own_translation(lines: list[str]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        sources = read(Path(folder), r_txt="\n".join(lines))
        made = translate_to_environment(sources, surroundings(CHANNEL), lambda _: None, ["main"])
        assert [one.asked for one in made.choices] == lines
        assert all(one.conda or one.pip for one in made.choices)
        assert to_environment(read(Path(folder), environment_yml=made.text)) == made.text


@st.composite
def written_requirements(draw: st.DrawFn) -> list[str]:
    """A line each of some projects: specifiers, extras, a marker that holds or not, a comment."""
    names = draw(st.lists(st.sampled_from([*CHANNEL, "torch", "cowsay"]), unique=True))
    clauses = st.builds(
        "{}{}".format,
        st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "~="]),
        st.sampled_from(["1.0", "2.0", "2.1.0", "3.0", "2.32"]),
    )
    return [
        name
        + draw(st.sampled_from(["", "[x]"]))
        + ",".join(draw(st.lists(clauses, max_size=2, unique=True)))
        + draw(st.sampled_from(["", ' ; python_version >= "3.8"', ' ; os_name == "nt"']))
        + draw(st.sampled_from(["", "  # why"]))
        for name in names
    ]


@given(lines=written_requirements())
def test_there_and_back_nothing_is_lost(lines: list[str]) -> None:
    """Of each line: the project, its versions, extras and marker, and the comment."""
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text = to_environment(read(folder, r_txt="\n".join(lines)))
        back = translate_to_requirements(read(folder, environment_yml=text), projects).text
    found = [line for line in back.splitlines() if not line.startswith("#")]
    for line in lines:
        asked = Requirement(line.partition("  #")[0])
        same = [one for one in found if _is_line_of(one, asked)]
        assert same, (line, back)
        assert any(one.endswith("# why") for one in same) == line.endswith("# why")
        for version in ("0.9", "1.0", "1.0.1", "2.0", "2.0.1", "2.1", "2.1.1", "2.32", "3", "4"):
            assert asked.specifier.contains(version) == all(
                Requirement(one.partition("  #")[0]).specifier.contains(version) for one in same
            ), (line, back)


def _is_line_of(line: str, asked: Requirement) -> bool:
    """Whether a line is of the project, with the marker, and with all of the extras or none."""
    found = Requirement(line.partition("  #")[0])
    same = found.name == asked.name and str(found.marker) == str(asked.marker)
    return same and found.extras in (set(), asked.extras)
