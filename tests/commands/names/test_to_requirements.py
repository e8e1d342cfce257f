"""An environment.yml translated to a requirements file, and back."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement

from conda_pip_interop.commands.names.to_environment import translate_to_environment
from conda_pip_interop.commands.names.to_requirements import translate_to_requirements
from conda_pip_interop.errors import UsageError
from tests.support.requirements import build_context
from tests.support.translations import (
    CHANNEL,
    ENVIRONMENT_YML,
    read_files,
    to_environment,
    to_requirements,
)


def test_conda_names_become_pypi_names(tmp_path: Path) -> None:
    text = ENVIRONMENT_YML.replace(
        "  - zlib\n", "  - zlib\n  - pytorch>=2,<3.0a0\n  - six=1.16=py_0\n"
    )
    made = to_requirements(read_files(tmp_path, environment_yml=text))
    assert made == (
        "# the language\n"
        "# python=3.11: part of every environment  # since May\n"
        "\n"
        "# from conda\n"
        "# zlib: the conda package zlib contains no known distribution\n"
        "torch<3.0,>=2\n"
        "six==1.16  # six=1.16=py_0: limited to the build py_0\n"
        "# pip: part of every environment\n"
        "# from PyPI\n"
        "# numbers\n"
        "numpy>=2.1  # big\n"
        "# fun\n"
        "cowsay\n"
        "# and so on\n"
    )


def test_variables_are_said_to_be_left_out(tmp_path: Path) -> None:
    found = read_files(tmp_path, environment_yml=ENVIRONMENT_YML)
    made = translate_to_requirements(found, lambda _: ())
    assert made.notes == ("the environment variables A are left out: requirements have none.",)


def test_markers_survive_a_translation_to_an_environment_and_back(tmp_path: Path) -> None:
    lines = (
        'numpy>=2.1 ; python_version < "3.12"  # big\n'
        'six ; sys_platform == "linux"\n'
        'nobody ; os_name == "nt"  # else\n'
    )
    text = to_environment(read_files(tmp_path, r_txt=lines))
    assert '  - numpy >=2.1  # ; python_version < "3.12"  # big\n' in text
    back = to_requirements(read_files(tmp_path, environment_yml=text))
    assert back == lines.replace("nobody", "# pip: part of every environment\nnobody")


def test_lines_that_only_pip_supports_are_kept(tmp_path: Path) -> None:
    text = (
        "dependencies:\n  - pip\n  - pip:\n      - -r other.txt\n      - ./here\n"
        "      - -e .[all]\n      - git+https://example.org/x.git\n      - https://example.org/x.whl\n"
    )
    found = read_files(tmp_path, environment_yml=text)
    assert to_environment(found) == text
    lines = to_requirements(found).splitlines()
    assert lines[1:] == [line[8:] for line in text.splitlines()[3:]]


@st.composite
def written_requirements(draw: st.DrawFn) -> list[str]:
    """One line for each project: specifiers, extras, a marker that matches or not, a comment."""
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
def test_requirements_survive_a_translation_to_an_environment_and_back(lines: list[str]) -> None:
    """Projects, versions, extras, markers and comments."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text = to_environment(read_files(folder, r_txt="\n".join(lines)))
        back = to_requirements(read_files(folder, environment_yml=text))
    found = [line for line in back.splitlines() if not line.startswith("#")]
    for line in lines:
        wanted = Requirement(line.partition("  #")[0])
        same = [one for one in found if _is_line_of(one, wanted)]
        assert same, (line, back)
        assert any(one.endswith("# why") for one in same) == line.endswith("# why")
        for version in ("0.9", "1.0", "1.0.1", "2.0", "2.0.1", "2.1", "2.1.1", "2.32", "3", "4"):
            assert wanted.specifier.contains(version) == all(
                Requirement(one.partition("  #")[0]).specifier.contains(version) for one in same
            ), (line, back)


def _is_line_of(line: str, wanted: Requirement) -> bool:
    """Whether a line is for the project, with its marker and all or none of its extras."""
    found = Requirement(line.partition("  #")[0])
    same = found.name == wanted.name and str(found.marker) == str(wanted.marker)
    return same and found.extras in (set(), wanted.extras)


@pytest.mark.parametrize(
    ("dependency", "expected"),
    [
        ("matplotlib-base=3.8", "matplotlib==3.8.*\n"),
        ("dask-core=26.10.*", "dask==26.10.*\n"),
        ("pyarrow-core", "pyarrow\n"),
        ("py-opencv", "opencv-python  # py-opencv: also contains opencv-python-headless\n"),
        ("tox-uv", "tox-uv  # tox-uv: also contains tox-uv-bare\n"),
        (
            "pytorch=2.1=cuda12*",
            "torch==2.1  # pytorch=2.1=cuda12*: limited to the build cuda12*\n",
        ),
    ],
)
def test_a_conda_package_becomes_one_requirement_that_pip_accepts(
    tmp_path: Path, dependency: str, expected: str
) -> None:
    text = f"dependencies:\n  - {dependency}\n"
    made = to_requirements(read_files(tmp_path, environment_yml=text))
    assert made == expected
    Requirement(made.partition("#")[0].strip())


@pytest.mark.parametrize("place", ["./here", "-e ./here"])
def test_hashed_and_unhashed_lines_are_not_mixed(tmp_path: Path, place: str) -> None:
    hashed = f"cowsay==6.1 --hash=sha256:{'0' * 64}\n"
    assert to_requirements(read_files(tmp_path, r_txt=hashed)) == hashed
    mixed = read_files(tmp_path, r_txt=f"{hashed}{place}\n")
    assert to_requirements(mixed) == f"cowsay==6.1\n{place}\n"


@pytest.mark.parametrize("option", ["--require-hashes", "--require-hashes  # all"])
def test_hashes_are_not_required_where_they_are_left_out(tmp_path: Path, option: str) -> None:
    hashed = f"{option}\ncowsay==6.1 --hash=sha256:{'0' * 64}\n"
    assert to_requirements(read_files(tmp_path, r_txt=hashed)) == hashed
    with_conda = {"environment_yml": "dependencies:\n  - six\n", "r_txt": hashed}
    assert to_requirements(read_files(tmp_path, **with_conda)) == "six\ncowsay==6.1\n"
    assert option in to_environment(read_files(tmp_path, r_txt=hashed))
    mixed = read_files(tmp_path, r_txt=f"{hashed}nobody\n")
    made = translate_to_environment(mixed, build_context(CHANNEL), lambda _: None)
    assert "require" not in made.text
    assert any("require-hashes is left out" in one for one in made.notes)


LIMITS = "cowsay<7\nnumpy<2.2\nsix<1.16\nunheard<3\nold<1; python_version < '3'\n"


def test_constraints_are_written_into_what_they_limit(tmp_path: Path) -> None:
    (tmp_path / "limits.txt").write_text(LIMITS)
    made = to_requirements(read_files(tmp_path, r_txt="-c limits.txt\ncowsay>=6\n"))
    assert made == "-c limits.txt\ncowsay<7,>=6\n"  # and the rest stays limited
    (tmp_path / "limits.txt").write_text("cowsay<7\n")
    made = to_requirements(read_files(tmp_path, r_txt="-c limits.txt\ncowsay>=6\n"))
    assert made == "cowsay<7,>=6\n"


def test_constraints_limit_both_parts_of_an_environment_file(tmp_path: Path) -> None:
    (tmp_path / "limits.txt").write_text(LIMITS)
    text = (
        "dependencies:\n  - x::numpy >=2\n  - pytorch=2.0=py_0\n  - pip\n"
        "  - pip:\n      - -c limits.txt\n      - cowsay\n      - six\n"
    )
    found = read_files(tmp_path, environment_yml=text)
    assert to_environment(found) == (
        "dependencies:\n  - x::numpy <2.2dev0,>=2\n  - pytorch=2.0=py_0\n  - pip\n"
        "  - pip:\n      - -c limits.txt\n      - cowsay<7\n      - six<1.16\n"
    )
    assert to_requirements(read_files(tmp_path, environment_yml=text)) == (
        "numpy<2.2,>=2\ntorch==2.0  # pytorch=2.0=py_0: limited to the build py_0\n"
        "# pip: part of every environment\n-c limits.txt\ncowsay<7\nsix<1.16\n"
    )


def test_a_constraint_that_limits_nothing_is_said(tmp_path: Path) -> None:
    (tmp_path / "limits.txt").write_text(LIMITS)
    for text, done in (("numpy\n", "are left out"), ("cowsay\n", "apply to pip's part only")):
        found = read_files(tmp_path, r_txt=f"-c limits.txt\n{text}")
        made = translate_to_environment(found, build_context(CHANNEL), lambda _: None)
        (note,) = made.notes
        assert "unheard<3" in note
        assert "old<1" not in note  # its marker does not match
        assert done in note
        assert ("-c limits.txt" in made.text) == ("pip's" in done)


def test_a_constraint_has_a_name_and_versions(tmp_path: Path) -> None:
    (tmp_path / "limits.txt").write_text("six @ https://example.org/six.zip\n")
    found = read_files(tmp_path, r_txt="-c limits.txt\nsix\n")
    for translate in (to_requirements, to_environment):
        with pytest.raises(UsageError, match=r"limits\.txt:1: .* is not a valid constraint"):
            translate(found)


def test_a_constraint_of_a_project_that_limits_nothing_is_left_out_and_said(
    tmp_path: Path,
) -> None:
    text = (
        '[project]\nname = "x"\ndependencies = ["cowsay"]\n'
        '[tool.uv]\nconstraint-dependencies = ["unheard<3"]\n'
    )
    found = read_files(tmp_path, pyproject_toml=text)
    made = translate_to_environment(found, build_context(CHANNEL), lambda _: None)
    back = translate_to_requirements(found, lambda _: None)
    for one in (made, back):
        (note,) = one.notes
        assert note.startswith("the constraints unheard<3 are left out: ")
        assert "unheard" not in one.text
