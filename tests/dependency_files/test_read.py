"""Dependency files read by their names, and their paths."""

from __future__ import annotations

from pathlib import Path

import pytest

from conda_pip_interop.dependency_files.pyproject import ProjectParts
from conda_pip_interop.dependency_files.read import read_dependency_files
from conda_pip_interop.errors import UsageError

NO_PARTS = ProjectParts()


def test_two_environment_files_are_refused(tmp_path: Path) -> None:
    for name in ("a.yml", "b.yaml"):
        (tmp_path / name).write_text("dependencies: []\n")
    with pytest.raises(UsageError, match="Only one environment file"):
        read_dependency_files([tmp_path / "a.yml", tmp_path / "b.yaml"], NO_PARTS)


@pytest.mark.parametrize("name", ["x.docx", "latin.txt", "folder.txt", "missing.toml"])
def test_a_file_that_cannot_be_read_is_an_error_with_its_name(tmp_path: Path, name: str) -> None:
    (tmp_path / "x.docx").write_text("x")
    (tmp_path / "latin.txt").write_bytes(b"\xe9")
    (tmp_path / "folder.txt").mkdir()
    with pytest.raises(UsageError) as caught:
        read_dependency_files([tmp_path / name], NO_PARTS)
    assert caught.value.code == "unreadable-file"
    assert str(tmp_path / name) in caught.value.message


def test_a_requirements_file_may_be_called_a_lock_unless_it_is_empty(tmp_path: Path) -> None:
    file = tmp_path / "requirements.lock"
    file.write_text("six==1.16.0\n")
    (found,) = read_dependency_files([file], NO_PARTS).dependencies
    assert [one.text for one in found.entries] == ["six==1.16.0"]
    file.write_text("\n")
    with pytest.raises(UsageError, match="no known format"):
        read_dependency_files([file], NO_PARTS)


@pytest.mark.parametrize(
    "parts",
    [ProjectParts(extras=("x",)), ProjectParts(groups=("x",)), ProjectParts(build_system=True)],
)
def test_parts_require_a_pyproject(tmp_path: Path, parts: ProjectParts) -> None:
    (tmp_path / "r.txt").write_text("six\n")
    with pytest.raises(UsageError, match=r"require a pyproject\.toml or a lock file"):
        read_dependency_files([tmp_path / "r.txt"], parts)


def test_constraints_files_limit_and_keep_their_path(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/my limits.txt").write_text("six<2\n")
    (tmp_path / "r.txt").write_text("six\n")
    found = read_dependency_files(
        [tmp_path / "r.txt"],
        NO_PARTS,
        target=tmp_path,
        constraints=[tmp_path / "sub/my limits.txt"],
    )
    (limit,) = found.dependencies[1].entries
    assert (limit.kind, limit.text) == ("constraint", "six<2")
    assert limit.included == "-c './sub/my limits.txt'"


def test_paths_become_relative_to_the_target_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # which has none of them
    folder = tmp_path / "deep" / "sub"
    folder.mkdir(parents=True)
    lines = ["./here[x]", "-e ../lib ; os_name == 'posix'", "-e .", "a/b.whl", "/c/d.whl"]
    lines += ["git+https://example.org/x.git", "https://example.org/x.whl", "y @ https://e.org/y"]
    file = folder / "r.txt"
    file.write_text("\n".join(lines))

    def read_for(target: Path) -> list[str]:
        (found,) = read_dependency_files([file], NO_PARTS, target=target).dependencies
        return [one.text for one in found.entries]

    assert read_for(folder) == lines
    assert read_for(tmp_path) == [
        *("./deep/sub/here[x]", "-e ./deep/lib ; os_name == 'posix'", "-e ./deep/sub"),
        *("./deep/sub/a/b.whl", *lines[4:]),
    ]
    (folder / "environment.yml").write_text("dependencies:\n- pip:\n  - ./here\n")
    found = read_dependency_files([folder / "environment.yml"], NO_PARTS, target=tmp_path / "deep")
    assert [one.text for one in found.dependencies[0].entries] == ["./sub/here"]


def test_a_path_is_read_from_the_current_folder_as_pip_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That of `-r`, of an environment file and of a project from the file's, `-f` from either."""
    for project in ("both", "sub/both", "here", "sub/beside"):
        (tmp_path / project).mkdir(parents=True)
        (tmp_path / project / "setup.py").touch()
    (tmp_path / "sub" / "wheels").mkdir()
    (tmp_path / "here-1-py3-none-any.whl").touch()
    monkeypatch.chdir(tmp_path)
    texts = ["./both", "-e ./both[x]", "./here ; os_name == 'posix'", "./beside", "./nowhere"]
    texts += ["x @ file:both", "here-1-py3-none-any.whl", "-f wheels", "-f here"]
    too_long = "x" * 300
    texts.append(f"-f {too_long}")

    def read(name: str, text: str) -> list[str]:
        Path("sub", name).write_text(text)
        (found,) = read_dependency_files([Path("sub", name)], NO_PARTS).dependencies
        return [one.text for one in found.entries]

    assert read("r.txt", "\n".join(texts)) == [
        *("./both", "-e ./both[x]", "./here ; os_name == 'posix'", "./sub/beside", "./sub/nowhere"),
        *("x @ file:both", "here-1-py3-none-any.whl", "-f ./sub/wheels", "-f here"),
        f"-f ./sub/{too_long}",
    ]
    assert read("environment.yml", "dependencies: [{pip: [./both, -e ./both]}]") == [
        *("./sub/both", "-e ./sub/both"),
    ]
    project = '[project]\ndependencies = ["x"]\n[tool.uv.sources]\nx = {path = "both"}\n'
    assert read("pyproject.toml", project) == ["./sub/both"]
