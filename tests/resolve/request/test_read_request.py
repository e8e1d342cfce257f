"""Requirements: every form that pip supports, and errors for what it does not."""

from __future__ import annotations

import contextlib
import json
import shlex
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from conda_pip_interop.changes.plan import Plan, WriteFile
from conda_pip_interop.commands.command_line.parser import parse_arguments
from conda_pip_interop.environment.target import Target
from conda_pip_interop.errors import InteropError, UsageError
from conda_pip_interop.installers.interface import Line
from conda_pip_interop.resolve.request.environment_request import add_variables, leave_to_conda
from conda_pip_interop.resolve.request.install_options import InstallOptions
from conda_pip_interop.resolve.request.read_request import read_request
from conda_pip_interop.resolve.request.request import Request
from tests.support.requirements import LINUX


def read(folder: Path, *argv: str, environ: Mapping[str, str] | None = None) -> Request:
    options = parse_arguments(["install", *argv])
    assert isinstance(options, Namespace)
    return read_request(options.words, options.install, folder=folder, environ=environ or {})


def refuse(folder: Path, *argv: str, code: str = "invalid-requirement") -> UsageError:
    with pytest.raises(UsageError) as caught:
        read(folder, *argv)
    assert (caught.value.code, caught.value.exit_code) == (code, 2)
    assert caught.value.hints
    return caught.value


def texts(request: Request) -> list[str]:
    return [one.text for one in request.lines]


def test_requirements_keep_order_specifiers_extras_and_markers(tmp_path: Path) -> None:
    request = read(tmp_path, "Flask[async]>=3,<4", 'x; sys_platform == "linux"', "y")
    flask, x, y = (one.requirement for one in request.requirements)
    assert (flask.name, flask.extras, str(flask.specifier)) == ("Flask", {"async"}, "<4,>=3")
    assert str(x.marker) == 'sys_platform == "linux"'
    assert y.name == "y"
    assert request.options == InstallOptions()
    assert read_request([], InstallOptions(), folder=tmp_path, environ={}) == Request()


@pytest.mark.parametrize(
    "text",
    [
        *("", "flask>=", "a b", "x.tar.gz/", "=1", "a.whl", "./nowhere", "./empty", "."),
        "./nowhere; python_version",
    ],
)
def test_what_is_no_requirement_is_wrong_usage_and_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "empty").mkdir()
    assert repr(text) in refuse(tmp_path, "flask", "--", text).message
    (tmp_path / "r.txt").write_text(f"flask\n{text}\n")
    if text:
        assert "r.txt:2: " in refuse(tmp_path, "-r", "r.txt").message


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("app", "a folder/other"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "pyproject.toml").write_text("")
    (tmp_path / "w-1.0-py3-none-any.whl").write_text("")
    (tmp_path / "s-1.0.tar.gz").write_text("")
    return tmp_path


def test_places_are_found_from_where_the_command_is_given(project: Path) -> None:
    request = read(
        project,
        *("./app", "app/[one,two]", "a folder/other", "w-1.0-py3-none-any.whl", "./s-1.0.tar.gz"),
    )
    assert texts(request) == [
        *(f"{project}/app", f"{project}/app[one,two]", f"{project}/a folder/other"),
        *(f"{project}/w-1.0-py3-none-any.whl", f"{project}/s-1.0.tar.gz"),
    ]
    assert [one.location.name for one in request.direct] == [None, None, None, "w", None]
    assert request.direct[2].location.key == f"file://{project}/a folder/other#"
    assert texts(read(project / "app", ".", ".[x]")) == [f"{project}/app", f"{project}/app[x]"]
    # a folder without a slash is a name, as for pip
    assert [one.name for one in read(project, "app").requirements] == ["app"]


def test_urls_and_clones_are_places(tmp_path: Path) -> None:
    given = [
        "git+https://user:secret@example.org/x/y.git@main#egg=y&subdirectory=sub%20folder",
        "git+ssh://git@example.org/x/y.git",
        "https://example.org/f/z-1.0-py3-none-any.whl?x=1#sha256=00",
        "N_ame[extra] @ https://u:p@example.org/n.zip",
    ]
    request = read(tmp_path, *given)
    assert texts(request) == given
    assert [(one.location.name, one.location.key) for one in request.direct] == [
        ("y", "https://example.org/x/y.git#sub folder"),
        (None, "ssh://example.org/x/y.git#"),
        ("z", "https://example.org/f/z-1.0-py3-none-any.whl?x=1#"),
        ("n-ame", "https://example.org/n.zip#"),
    ]
    assert not any(one.location.editable for one in request.direct)


def test_editable_projects(project: Path) -> None:
    request = read(project, "-e", "app[x]", "-e", "git+https://example.org/y@b#egg=y")
    assert request.lines == (
        Line(text=f"{project}/app[x]", editable=True),
        Line(text="git+https://example.org/y@b#egg=y", editable=True),
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("https://example.org/x.zip", "only a directory or a VCS URL"),
        ("nowhere", "is not a directory"),
        ("s-1.0.tar.gz", "is not a directory"),
    ],
)
def test_what_cannot_be_editable_is_told_why(project: Path, text: str, reason: str) -> None:
    assert reason in refuse(project, "-e", text).message


def test_a_password_is_not_told(tmp_path: Path) -> None:
    url = "https://me:secret@example.org"
    (tmp_path / "r.txt").write_text(f"x @ {url}/x.zip ; nonsense\n")
    for argv in (["-e", f"{url}/x.zip"], ["-r", "r.txt"], [f"x @ {url}/x.zip; nonsense"]):
        error = refuse(tmp_path, *argv)
        assert "secret" not in f"{error.message} {error.hints}"
    error = refuse(tmp_path, "-r", f"{url}/r.txt", code="unreadable-file")
    assert "secret" not in f"{error.message} {error.hints}"


def test_a_requirements_file_with_everything_in_it(project: Path) -> None:
    (project / "sub/wheels").mkdir(parents=True)
    (project / "sub/near").mkdir()
    (project / "sub/near/setup.py").write_text("")
    (project / "r.txt").write_text(
        "# a comment\n"
        "--index-url https://${USER_NAME}:${TOKEN}@example.org/simple --pre\n"
        "-r sub/more.txt\n"
        "-c 'limits to.txt'\n"
        "Flask[async]>=3 ; python_version >= '3'  # why\n"
        "hashed==1.0 \\\n"
        "    --hash=sha256:aa --hash sha256:bb\n"
        "built --config-settings=--a='b c' --config-settings=d=e\n"
        "-e ./app[x]\n"
        "--editable=git+https://${TOKEN}@example.org/y#egg=y\n"
        "z @ https://${TOKEN}@example.org/z.zip ; python_version < '3'\n"
        "of-${VERSION_OF}==1\n"
    )
    (project / "sub/more.txt").write_text("-f wheels\n-fhttps://example.org/f\n./near\nsix\n")
    (project / "limits to.txt").write_text(
        "six<2 --hash=sha256:cc\n-r more.txt\nold<1; python_version < '3'\n"
    )
    (project / "more.txt").write_text("flask>1\nflask<4\n")
    environ = {"USER_NAME": "me", "TOKEN": "secret", "VERSION_OF": "it"}
    request = read(project, "-r", "r.txt", "--pre", "--no-index", "click", environ=environ)
    assert [(str(one.requirement), one.in_file) for one in request.requirements] == [
        ("click", False),
        ("six", True),
        ('Flask[async]>=3; python_version >= "3"', True),
        *(("hashed==1.0", True), ("built", True), ("of-it==1", True)),
    ]
    assert request.requirements[1].origin == f"{project}/sub/more.txt:4"
    assert request.requirements[3].line == Line(
        text="hashed==1.0", hashes=("sha256:aa", "sha256:bb"), in_file=True
    )
    settings = ("--config-settings=--a=b c", "--config-settings=d=e")
    assert request.requirements[4].settings == settings
    assert [(one.location.text, one.location.editable) for one in request.direct] == [
        (f"{project}/sub/near", False),
        (f"{project}/app[x]", True),
        ("git+https://${TOKEN}@example.org/y#egg=y", True),
        ("z @ https://${TOKEN}@example.org/z.zip", False),
    ]
    assert request.direct[2].location.key == "https://example.org/y#"
    assert {str(name): str(one) for name, one in request.limits.items()} == {
        "six": "<2",
        "flask": "<4,>1",
        "old": "<1",
    }
    assert request.constraints[0].hashes == ("sha256:cc",)
    pip = request.options.pip
    assert pip.words("resolve") == ("--pre", "--no-index")
    assert pip.lines == (
        *("--index-url='https://${USER_NAME}:${TOKEN}@example.org/simple'", "--pre"),
        *(f"--find-links={project}/sub/wheels", "--find-links=https://example.org/f"),
    )
    assert request.pre
    chosen = request.choose(LINUX)
    assert [one.location.name for one in chosen.direct] == [None, None, "y"]
    assert len(chosen.requirements) == len(request.requirements)
    assert set(chosen.limits) == {"six", "flask"}


@pytest.mark.parametrize(
    ("text", "code", "word"),
    [
        ("flask\n--user\n", "refused-option", "r.txt:2: --user"),
        ("flask\n--no-such-option x\n", "refused-option", "r.txt:2: --no-such-option"),
        ("-t x\n", "refused-option", "-t"),
        ("--index-url\n", "invalid-requirement", "r.txt:1: "),
        ("x --hash=nonsense\n", "invalid-requirement", "r.txt:1: "),
        ("x --hash=sha256:a --frob\n", "invalid-requirement", "--frob"),
        ("x --frob\n", "invalid-requirement", "r.txt:1: 'x --frob'"),
        ("x --config-settings='a\n", "invalid-requirement", "r.txt:1: "),
        ("-i 'x\n", "invalid-requirement", "r.txt:1: "),
        ("-e\n", "invalid-requirement", "r.txt:1: "),
        ("-r\n", "unreadable-file", ""),
        ("-r nowhere.txt\n", "unreadable-file", "nowhere.txt"),
        ("-r r.txt\n", "unreadable-file", "includes itself"),
        ("-r https://example.org/r.txt\n", "unreadable-file", "download it"),
        ("x; python_version ~~ 3\n", "invalid-requirement", "r.txt:1: "),
    ],
)
def test_a_bad_line_is_told_by_file_and_line(
    tmp_path: Path, text: str, code: str, word: str
) -> None:
    (tmp_path / "r.txt").write_text(text)
    assert word in refuse(tmp_path, "-r", "r.txt", code=code).message


@pytest.mark.parametrize("option", ["-r", "--constraint", "--requirements-from-script"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, option: str) -> None:
    (tmp_path / "latin.txt").write_bytes(b"\xe9")
    (tmp_path / "folder.txt").mkdir()
    for name in ("nowhere.txt", "latin.txt", "folder.txt"):
        argv = [option, name, *(["x"] if option == "--constraint" else [])]
        assert name in refuse(tmp_path, *argv, code="unreadable-file").message


@pytest.mark.parametrize("name", ["r.txt", "dev requirements.in", "conda-lock.yml", "s.py"])
def test_a_file_where_a_requirement_belongs_lacks_its_option(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("x\n")
    option = "--requirements-from-script" if name == "s.py" else "-r"
    assert f"{option} {shlex.quote(name)}" in refuse(tmp_path, name, code="usage").hints[0]


def test_a_version_where_a_requirement_belongs_is_refused(tmp_path: Path) -> None:
    assert "`NAME==1.16`" in refuse(tmp_path, "six", "1.16", code="usage").hints[0]


PATH_FILES = {
    "environment.yml": "dependencies:\n- pip:\n  - ./lib\n",
    "inner.yml": "dependencies:\n- pip:\n  - -r deep/r.txt\n",
    "pyproject.toml": '[project]\nname = "app"\ndependencies = ["lib"]\n[tool.uv.sources]\n'
    'lib = {path = "lib"}\n[dependency-groups]\ntest = ["lib"]\n',
    "poetry.toml": '[tool.poetry]\nname = "app"\n'
    '[tool.poetry.dependencies]\nlib = {path = "lib"}\n',
    "pixi.toml": '[workspace]\nchannels = []\n[pypi-dependencies]\nlib = {path = "lib"}\n',
    "pylock.toml": 'lock-version = "1.0"\n[[packages]]\nname = "lib"\ndirectory = {path = "lib"}\n',
    "script.py": '# /// script\n# dependencies = ["lib"]\n# [tool.uv.sources]\n'
    '# lib = {path = "lib"}\n# ///\n',
}


@pytest.mark.parametrize("name", [*PATH_FILES, "group"])
def test_paths_are_those_beside_the_file(tmp_path: Path, name: str) -> None:
    for folder in ("lib", "app/lib"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "pyproject.toml").touch()
    for file, text in PATH_FILES.items():
        (tmp_path / "app" / file).write_text(text)
    (tmp_path / "app/deep").mkdir()
    (tmp_path / "app/deep/r.txt").write_text("./lib\n")
    words = ["-r", f"app/{name}"]
    if name in ("group", "script.py"):
        words = ["--requirements-from-script", "app/script.py"]
        words = words if name != "group" else ["--group", "app/pyproject.toml:test"]
    (found,) = read(tmp_path, *words).direct
    assert found.location.text == str(tmp_path / "app/lib")


ENVIRONMENT = """\
channels: [conda-forge, nodefaults]
variables: {A: 1}
dependencies:
  - python>=3.11
  - conda-forge::click=8.1.7=pyhd_0
  - numpy
  - R-base[version='>=4']
  - pip:
      - cowsay>=6
      - numpy<3
      - click==8.1.3  # in place of conda's click
      - --extra-index-url https://e.org/simple
"""


def test_an_environment_file_has_condas_part_and_pips(tmp_path: Path) -> None:
    (tmp_path / "e.yml").write_text(ENVIRONMENT)
    request = read(tmp_path, "-r", "e.yml")
    assert [(one.name, one.text) for one in request.conda] == [
        ("python", "python>=3.11"),
        ("click", "conda-forge::click=8.1.7=pyhd_0"),
        ("numpy", "numpy"),
        ("r-base", "R-base[version='>=4']"),
    ]
    assert texts(request) == ["cowsay>=6", "numpy<3", "click==8.1.3"]
    assert set(request.options.from_pypi) == {"cowsay", "click"}
    assert request.options.break_other_managers == ("click",)
    assert request.options.pip.has("--extra-index-url")
    assert (request.channels, request.only_channels) == (("conda-forge",), True)
    assert request.variables == {"A": "1"}
    left = leave_to_conda(request, {canonicalize_name("cowsay"): "6.1"})
    assert left.options.from_pypi == ("click",)
    assert leave_to_conda(request, {canonicalize_name("cowsay"): "5.0"}) == request


@pytest.mark.parametrize(
    "text", ["dependencies: [./x.conda]", "dependencies: [a/b]", "variables: [x]", "- x"]
)
def test_an_environment_file_that_is_not_valid_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "e.yml").write_text(text)
    assert "e.yml cannot be read" in refuse(tmp_path, "-r", "e.yml", code="unreadable-file").message


def test_variables_are_added_to_those_that_are_set(tmp_path: Path) -> None:
    (tmp_path / "conda-meta").mkdir()
    state = tmp_path / "conda-meta/state"
    state.write_text('{"env_vars": {"A": "0", "B": "2"}, "other": 1}')
    target = Target(prefix=tmp_path, name="web", is_base=False)
    plan = add_variables(Plan(title="x"), Request(variables={"A": "1"}), target)
    (action,) = plan.files
    assert isinstance(action, WriteFile)
    assert json.loads(action.content) == {"env_vars": {"A": "1", "B": "2"}, "other": 1}
    assert plan.notes == ("Sets the environment variables A.",)
    assert add_variables(Plan(title="x"), Request(variables={"B": "2"}), target).is_empty
    state.write_text("[]")
    with pytest.raises(InteropError, match="is not what conda writes"):
        add_variables(Plan(title="x"), Request(variables={"A": "1"}), target)
    assert add_variables(Plan(title="x"), Request(), target).is_empty


def test_a_constraint_is_a_name_with_versions(tmp_path: Path) -> None:
    (tmp_path / "c.txt").write_text("x<2\n./x\n")
    assert "c.txt:2" in refuse(tmp_path, "x", "--constraint", "c.txt").message


def test_groups_projects_and_scripts(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other/pyproject.toml").write_text(
        "[dependency-groups]\nlint = ['ruff', 'x @ https://example.org/x.zip']\n"
    )
    (tmp_path / "pyproject.toml").write_text(
        "[project]\nname = 'me'\ndependencies = ['flask']\nrequires-python = '>=3.9'\n"
        "[project.optional-dependencies]\nfast = ['numpy']\n"
        "[dependency-groups]\ntest = ['pytest', {include-group = 'docs'}]\ndocs = ['sphinx']\n"
    )
    (tmp_path / "s.py").write_text(
        "import x\n# /// script\n# requires-python = '>=3.11'\n# dependencies = [\n"
        "#   'requests<3',\n# ]\n# ///\nprint(1)\n"
    )
    assert texts(read(tmp_path, "--group", "test", "--group", "other/pyproject.toml:lint")) == [
        *("pytest", "sphinx", "ruff", "x @ https://example.org/x.zip"),
    ]
    project = read(tmp_path, "-r", "pyproject.toml[fast]")
    assert texts(project) == ["flask", "numpy"]
    assert project.pythons == ((">=3.9", "pyproject.toml"),)
    script = read(tmp_path, "--requirements-from-script", "s.py")
    assert texts(script) == ["requests<3"]
    assert script.pythons == ((">=3.11", "s.py"),)
    refuse(tmp_path, "--group", "nope", code="no-such-part")
    refuse(tmp_path, "--group", "nowhere/pyproject.toml:test", code="unreadable-file")
    refuse(tmp_path, "--requirements-from-script", "pyproject.toml", code="unreadable-file")
    refuse(tmp_path, "-r", "pyproject.toml[nope]", code="no-such-part")


LOCK = """
lock-version = "1.0"
requires-python = ">=3.8"
extras = ["docs"]
dependency-groups = ["main"]
default-groups = ["main"]
[[packages]]
name = "flask"
version = "3.0"
marker = "'main' in dependency_groups and python_version >= '3'"
[[packages.wheels]]
url = "https://example.org/flask-3.0-py3-none-any.whl"
hashes = { sha256 = "aa", md5 = "0" }
[packages.sdist]
path = "files/flask-3.0.tar.gz"
hashes = { sha512 = "bb" }
[[packages]]
name = "left-out"
version = "1"
marker = "'docs' in extras or 'dev' in dependency_groups"
[[packages]]
name = "arch"
[packages.archive]
url = "https://example.org/arch.zip"
subdirectory = "in side"
hashes = { sha256 = "cc" }
"""
PLACES = """
[[packages]]
name = "clone"
[packages.vcs]
type = "git"
url = "https://example.org/clone"
commit-id = "0123"
subdirectory = "sub"
[[packages]]
name = "app"
[packages.directory]
path = "app"
editable = true
"""


def test_a_lock_gives_versions_hashes_and_links(tmp_path: Path) -> None:
    (tmp_path / "locks").mkdir()
    (tmp_path / "locks/pylock.web.toml").write_text(LOCK)
    request = read(tmp_path, "-r", "locks/pylock.web.toml").choose(LINUX)
    assert [(one.name, one.hashes) for one in request.requirements] == [
        ("flask", ("sha512:bb", "sha256:aa")),
    ]
    assert texts(request)[1] == "arch @ https://example.org/arch.zip#subdirectory=in%20side"
    assert request.direct[0].hashes == ("sha256:cc",)
    assert request.pythons == ((">=3.8", "locks/pylock.web.toml"),)
    assert request.links == (
        f"file://{tmp_path}/locks/files/flask-3.0.tar.gz#sha512=bb",
        "https://example.org/flask-3.0-py3-none-any.whl#sha256=aa",
    )
    assert all(one.hashes for one in request.lines)
    chosen = read(tmp_path, "-r", "locks/pylock.web.toml[docs]").choose(LINUX)
    assert [str(one.name) for one in chosen.requirements] == ["flask", "left-out"]


def test_a_lock_with_clones_and_folders_has_its_hashes_checked_later(project: Path) -> None:
    (project / "pylock.toml").write_text(LOCK + PLACES)
    request = read(project, "-r", "pylock.toml").choose(LINUX)
    assert texts(request)[2:] == [
        "clone @ git+https://example.org/clone@0123#subdirectory=sub",
        f"{project}/app",
    ]
    assert request.direct[-1].location.editable
    assert not any(one.hashes for one in request.lines)
    assert request.requirements[0].hashes


@pytest.mark.parametrize(
    "text",
    [
        'lock-version = "2.0"',
        "packages = 3",
        "[[packages]]\nversion = '1'",
        "[[packages]]\nname = 'x'\nversion = '1'\nwheels = 3",
        "[[packages]]\nname = 'x'\nversion = '1'\nwheels = [{hashes = 3}]",
        "[[packages]]\nname = 'x'\nmarker = 3",
        "[[packages]]\nname = 'x'\n[packages.vcs]\ntype = 'git'\ncommit-id = 'a'",
        "not toml",
    ],
)
def test_what_is_no_lock_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "pylock.toml").write_text(text)
    assert "pylock.toml" in refuse(tmp_path, "-r", "pylock.toml", code="unreadable-file").message


def test_a_hundred_requirements_are_read_at_once(tmp_path: Path) -> None:
    (tmp_path / "r.txt").write_text("".join(f"project-{n}>={n}\n" for n in range(100)))
    assert len(read(tmp_path, "-r", "r.txt").requirements) == 100


@given(text=st.text(alphabet="ab1 -=[]<>;@#'\"\\\n./:${}", max_size=60))
def test_no_line_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.getbasetemp() / "lines"
    folder.mkdir(exist_ok=True)
    (folder / "r.txt").write_text(text)
    with contextlib.suppress(UsageError):
        assert all(one.text for one in read(folder, "-r", "r.txt").lines)


def test_a_version_that_pip_freeze_has_lost_is_said(project: Path) -> None:
    path = "file:///croot/six_1655968806487/work"
    (project / "r.txt").write_text(f"six @ {path}\nclick==8\n")
    request = read(project, "-r", "r.txt")
    assert [str(one.requirement) for one in request.requirements] == ["six", "click==8"]
    (note,) = request.notes
    assert note.startswith(f"{project}/r.txt:1: {path}")
    assert note.endswith("any version of six will do.")


def test_a_folder_of_wheels_whose_name_is_too_long_is_left_to_pip(tmp_path: Path) -> None:
    (tmp_path / "r.txt").write_text(f"-f {'x' * 300}\nsix\n")
    assert read(tmp_path, "-r", "r.txt").options.pip.values("--find-links") == ("x" * 300,)
