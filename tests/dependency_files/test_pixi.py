"""pixi manifests: conda's dependencies and pip's, of one platform and some features."""

from __future__ import annotations

from pathlib import Path

import pytest

from conda_pip_interop.dependency_files.pyproject import ProjectParts
from conda_pip_interop.dependency_files.read import DependencyFiles, read_dependency_files
from conda_pip_interop.errors import UsageError

HEAD = '[workspace]\nchannels = ["conda-forge", {channel = "bioconda", priority = 1}]\n'
MANIFEST = f"""{HEAD}
[dependencies]
python = ">=3.12, <3.13"
numpy = {{ version = "2.*", channel = "other", build = "*mkl*" }}
six = "*"
[target.linux-64.dependencies]
six = "1.16"
[target.unix.dependencies]
six = "1.15"
[target.win.dependencies]
pywin32 = "*"
[host-dependencies]
click = "8.1.*"
[pypi-dependencies]
flask = "*"
requests = {{ version = ">=2.31", extras = ["socks"] }}
here = {{ path = "sub", editable = true }}
own = {{ git = "https://e.org/own", tag = "v1", subdirectory = "a" }}
archive = {{ url = "https://e.org/archive.zip" }}
private = {{ version = "==1", index = "https://e.org/simple" }}
[pypi-options]
index-url = "https://e.org/a"
extra-index-urls = ["https://e.org/b"]
find-links = [{{ path = "./wheels" }}, {{ url = "https://e.org/c" }}]
no-build = true
no-binary = ["own"]
[feature.base.dependencies]
iniconfig = "*"
[feature.test.pypi-dependencies]
pluggy = "~=1.0"
[environments]
default = ["base"]
test = ["test"]
"""


def read(text: str, tmp_path: Path, *groups: str, name: str = "pixi.toml") -> DependencyFiles:
    folder = tmp_path / "project"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    parts = ProjectParts(groups=groups)
    return read_dependency_files([folder / name], parts, target=tmp_path, subdir="linux-64")


def pip_lines(found: DependencyFiles) -> list[str]:
    return [one.text for one in found.dependencies[0].entries]


def test_a_manifest_is_read_with_its_targets_sources_and_options(tmp_path: Path) -> None:
    found = read(MANIFEST, tmp_path)
    assert found.environment is not None
    assert found.environment.channels == ("conda-forge", "bioconda")
    assert found.environment.excludes_others
    assert [item.value for item in found.environment.conda] == [
        *("python >=3.12,<3.13", "other::numpy 2.* *mkl*", "six 1.16", "click 8.1.*", "iniconfig")
    ]
    assert pip_lines(found) == [
        "--index-url https://e.org/a",
        "--extra-index-url https://e.org/b",
        *("--find-links ./project/wheels", "--find-links https://e.org/c"),
        *("--only-binary :all:", "--no-binary own"),
        *("flask", "requests[socks]>=2.31", "-e ./project/sub"),
        "own @ git+https://e.org/own@v1#subdirectory=a",
        *("archive @ https://e.org/archive.zip", "private==1"),
    ]
    assert found.dependencies[0].entries[-1].index == "https://e.org/simple"


def test_a_feature_is_read_if_it_is_chosen(tmp_path: Path) -> None:
    assert "pluggy~=1.0" in pip_lines(read(MANIFEST, tmp_path, "test"))
    with pytest.raises(UsageError, match="has no feature nope"):
        read(MANIFEST, tmp_path, "nope")
    alone = MANIFEST.replace('["base"]', '{ features = ["base"], no-default-feature = true }')
    found = read(alone, tmp_path)
    assert found.environment is not None
    assert [item.value for item in found.environment.conda] == ["iniconfig"]


def test_a_manifest_in_pyproject_adds_to_the_dependencies_of_the_project(tmp_path: Path) -> None:
    tables = MANIFEST.replace("\n[", "\n[tool.pixi.").replace(
        "[workspace]", "[tool.pixi.workspace]"
    )
    project = '[project]\nname = "x"\ndependencies = ["rich"]\n'
    found = read(project + tables, tmp_path, name="pyproject.toml")
    assert found.environment is not None
    assert "six 1.16" in [item.value for item in found.environment.conda]
    assert {"rich", "flask"} <= set(pip_lines(found))
    only = read(tables, tmp_path, name="pyproject.toml")
    assert "rich" not in pip_lines(only)


GROUPS = """
[dependency-groups]
lint = ["ruff"]
[tool.pixi.workspace]
channels = []
[tool.pixi.feature.test.dependencies]
pluggy = "*"
[tool.pixi.environments]
default = ["lint"]
"""


def test_the_groups_of_a_pyproject_are_features_too(tmp_path: Path) -> None:
    found = read(GROUPS, tmp_path, "test", name="pyproject.toml")
    assert found.environment is not None
    assert [item.value for item in found.environment.conda] == ["pluggy"]
    assert pip_lines(found) == ["ruff"]
    with pytest.raises(UsageError, match="has no feature nope") as caught:
        read(GROUPS, tmp_path, "nope", name="pyproject.toml")
    assert caught.value.hints == ("Available: test, lint.",)


def test_an_extra_of_a_manifest_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pixi.toml").write_text(MANIFEST)
    with pytest.raises(UsageError, match="has no extra art: manifests of pixi have") as caught:
        read_dependency_files([tmp_path / "pixi.toml"], ProjectParts(extras=("art",)))
    assert caught.value.hints == ("To add a feature: `--group art`.",)


@pytest.mark.parametrize(
    "table",
    [
        '[dependencies]\na = { path = "." }\n',
        '[dependencies]\n"a b" = "*"\n',
        "[dependencies]\na = 1\n",
        '[dependencies]\na = "1\\n- b"\n',
        '[pypi-dependencies]\na = { version = "x" }\n',
        "[pypi-dependencies]\na = { workspace = true }\n",
        '[pypi-dependencies]\na = { path = "./x -r y" }\n',
        '[pypi-options]\nindex-strategy = "unsafe-best-match"\n',
        '[pypi-options]\nno-binary = ["a b"]\n',
    ],
)
def test_what_only_pixi_can_follow_is_refused(table: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        read(HEAD + table, tmp_path)
    assert caught.value.code == "unreadable-file"
    assert "pixi.toml" in caught.value.message
