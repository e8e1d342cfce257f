"""A project that has no version for the environment's Python is named first, with those it has."""

from __future__ import annotations

import html
import re
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.stories.tree import hash_tree
from tests.support.environments import Env, MakeEnv
from tests.support.pip_worlds import build_project, build_wheel

if TYPE_CHECKING:
    from collections.abc import Iterable

pytestmark = pytest.mark.e2e


@pytest.fixture(params=["pip", "uv"])
def variables(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """The variables for an installer, and an index with versions for other Pythons."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "uv").symlink_to(Path(sys.executable).with_name("uv"))
    index = Index(tmp_path)
    index.add("app", "1.0")
    index.add("app", "1.5")
    index.add("app", "2.0", python=">=3.99")
    index.add("newer", "1.0", python=">=3.98")
    index.add("newer", "2.0", python=">=3.99")
    index.add("lib", "1.0", requires=["newer"])
    index.add("old", "1.0", requires=["app>=2"])
    return {
        "CONDA_PLUGINS_PIP_INTEROP_INSTALLER": request.param,
        "PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin",
        "PIP_INDEX_URL": (tmp_path / "simple").as_uri() + "/",
        "PIP_FIND_LINKS": "",
        "COLUMNS": "60",  # uv wraps its words there
    }


class Index:
    """An index (PEP 503) in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(
        self, name: str, version: str, *, python: str | None = None, requires: Iterable[str] = ()
    ) -> None:
        """Add a version of a project."""
        wheel = build_wheel(self.folder / "wheels", name, version, requires=requires, python=python)
        page = self.folder / "simple" / name / "index.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        attribute = f' data-requires-python="{html.escape(python)}"' if python else ""
        with page.open("a") as stream:
            stream.write(f'<a href="{wheel.as_uri()}"{attribute}>{wheel.name}</a><br>\n')


def refuse(env: Env, *words: str, **variables: Any) -> list[str]:
    """Return the lines of the error; nothing must have changed."""
    before = hash_tree(env.prefix)
    done = env.conda("pip install", "--yes", *words, check=False, **variables)
    assert done.returncode == 1, done.stdout
    assert hash_tree(env.prefix) == before
    return done.stderr.splitlines()


_NEWER = "newer 2.0 requires Python >=3.99, but {}. No version of newer is for this Python."
_APP = "app 2.0 requires Python >=3.99, but {}. Versions of app for this Python: 1.5, 1.0."


@pytest.mark.parametrize(
    ("requirement", "said"),
    [("newer", _NEWER), ("app==2.0", _APP), ("app>=1.9", _APP), ("lib", _NEWER), ("old", _APP)],
)
def test_a_requirement_that_is_for_other_pythons(
    make_env: MakeEnv, variables: dict[str, str], requirement: str, said: str
) -> None:
    env = make_env("python", "pip")
    first, second, *hints = refuse(env, requirement, **variables)
    python = env.python("import platform; print(platform.python_version())")
    assert first == f"Error: {said.format(f'{env.name} has Python {python}')}"
    assert second.startswith(f"Nothing was changed in {env.name}: ")
    assert hints[-1] == "  - To use another Python: `conda create -n NEW 'python>=3.99' pip`."
    if requirement.startswith("app"):
        (command,) = re.findall("this Python: `conda (.*)`", "\n".join(hints))
        env.base.run(*shlex.split(command), check=True, **variables)
        assert env.owners()["app"] == ("1.5", "pip")


def test_a_wheel_and_a_folder_that_are_for_other_pythons(
    make_env: MakeEnv, variables: dict[str, str], tmp_path: Path
) -> None:
    env = make_env("python", "pip")
    folder = build_project(tmp_path / "project", "project")
    backend = folder / "backend.py"
    text = backend.read_text()
    first = '"Metadata-Version: 2.1",'
    backend.write_text(text.replace(first, f'{first} "Requires-Python: >=3.99",'))
    assert backend.read_text() != text
    wheel = tmp_path / "wheels" / "app-2.0-py3-none-any.whl"
    for what, name in ((wheel, "app"), (folder, "project")):
        lines = refuse(env, str(what), **variables)
        line = next(one for one in lines if one.startswith("Error: "))
        assert line.startswith(f"Error: {name} ")
        assert "requires Python >=3.99, but" in line


def test_a_folder_with_versions_for_other_pythons_alone(make_env: MakeEnv, tmp_path: Path) -> None:
    """With pip: uv takes no notice of an upper limit."""
    env = make_env("python", "pip")
    for version, python in (("1.0", "<3.9"), ("2.0", ">=3.99")):
        build_wheel(tmp_path / "links", "linked", version, python=python)
    first, *_, last = refuse(env, "linked", "--find-links", str(tmp_path / "links"))
    assert first.startswith(f"Error: linked 2.0 requires Python >=3.99, but {env.name} has Python")
    assert last == "  - To use another Python: `conda create -n NEW 'python>=3.99' pip`."


def test_what_fails_for_another_reason_blames_no_python(
    make_env: MakeEnv, variables: dict[str, str]
) -> None:
    """pip lists versions for other Pythons of every project that it has looked at."""
    env = make_env("python", "pip")
    for words in (("app", "nosuch"), ("app>=99",), ("app", "lib>=9")):
        said = "\n".join(refuse(env, *words, **variables))
        assert "requires Python" not in said
        assert f"Nothing was changed in {env.name}" in said.partition("\n")[0]
