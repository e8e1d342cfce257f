"""What works today goes on working where a marker stands, with the real tools."""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.stories.markers import has_marker, marker_of, nothing, own_copy, protect
from tests.support.other_users import somebody_else
from tests.world.cache import file_digest
from tests.world.index import index_url
from tests.world.wheels import WHEELS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.world.base import Base

pytestmark = pytest.mark.e2e

REFUSED = "error: externally-managed-environment"
TOOLS = ("nox", "pipx", "py-rattler-build", "tox", "uv")
_PROJECT = """\
[build-system]
requires = ["flit_core"]
build-backend = "flit_core.buildapi"

[project]
name = "NAME"
version = "1.0"
description = "A project with one module"
"""
_LIMITED = """\
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))
os.execv(sys.argv[1], sys.argv[1:])
"""
_BUILD_TOOL = """\
import sys
from conda.base.context import context, reset_context
from conda.models.channel import Channel
from conda.models.match_spec import MatchSpec
reset_context()
context.__init__(argparse_args={"yes": True, "quiet": True})
Solver = context.plugin_manager.get_cached_solver_backend()
specs = [MatchSpec(spec) for spec in sys.argv[2:]]
channels = [Channel(url) for url in context.channels]
Solver(sys.argv[1], channels, context.subdirs, specs_to_add=specs).solve_for_transaction().execute()
"""


@pytest.fixture(scope="module")
def lab(shared_base: Base) -> Iterator[Base]:
    """A base whose user has everything protected, with an environment `web` that has pip."""
    with own_copy(shared_base, "wild") as own:
        own.env()
        (own.scratch / "home" / ".condarc").write_text("plugins: {pip_interop_protect: all}\n")
        own.run("create", "-q", "-n", "web", python(own), "pip")
        assert has_marker(own.prefix)
        assert has_marker(own.envs / "web")
        yield own


@pytest.fixture(scope="module")
def tools(lab: Base) -> Path:
    """A folder with the tools, as `pip install --target` puts them there under a marker."""
    folder = lab.scratch / "tools"
    pip(lab, "install", "-q", "--target", folder, *TOOLS)
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path / "project", "mine")


def make_project(folder: Path, name: str) -> Path:
    folder.mkdir()
    (folder / "pyproject.toml").write_text(_PROJECT.replace("NAME", name))
    (folder / f"{name}.py").write_text('"""One module."""\n')
    return folder


def make_repository(folder: Path, name: str) -> str:
    """A git repository with a project; the line by which pip installs it."""
    make_project(folder, name)
    git = ("git", "-C", folder, "-c", "user.name=x", "-c", "user.email=x@example.org")
    for words in (("init", "-q"), ("add", "."), ("commit", "-q", "-m", "one")):
        subprocess.run([*git, *words], check=True)
    return f"git+{folder.as_uri()}"


def python(lab: Base) -> str:
    major, minor, _ = lab.channel.pythons[0].split(".")
    return f"python={major}.{minor}"


def pip(
    lab: Base, *arguments: str | Path, check: bool = True, **extra: Any
) -> subprocess.CompletedProcess[str]:
    """The pip of `web`, as a person runs it."""
    return lab.run_in(lab.envs / "web", "python", "-m", "pip", *arguments, check=check, **extra)


def has(lab: Base, name: str, *distributions: str) -> bool:
    listed = lab.run_in(lab.envs / name, "python", "-m", "pip", "list", "--format=json").stdout
    return {*distributions} <= {one["name"] for one in json.loads(listed)}


def write_file(folder: Path, name: str, lab: Base, *lines: str) -> Path:
    file = folder / "environment.yml"
    section = [python(lab), "pip", {"pip": list(lines)}]
    file.write_text(json.dumps({"name": name, "dependencies": section}))  # JSON is YAML
    return file


def test_pip_sections_in_new_and_in_protected_environments(
    lab: Base, project: Path, tmp_path: Path
) -> None:
    wheel = next(WHEELS.glob("cowsay-6.1-*.whl"))
    hashed = f"cowsay==6.1 --hash=sha256:{file_digest(wheel)}"
    lab.run("env", "create", "-q", "-f", write_file(project, "made", lab, hashed))
    assert has_marker(lab.envs / "made")
    repository = make_repository(tmp_path / "theirs", "theirs")
    lab.run("env", "update", "-q", "-f", write_file(project, "made", lab, "-e .", repository))
    assert has_marker(lab.envs / "made")
    assert has(lab, "made", "cowsay", "mine", "theirs")

    file = write_file(project, "made", lab, "no-such-thing")
    failed = lab.run("env", "update", "-q", "-f", file, check=False)
    assert failed.returncode == 1
    assert "CondaEnvException: Pip failed" in failed.stderr
    assert "No matching distribution found for no-such-thing" in failed.stderr
    assert "conda-pip-interop" not in failed.stderr
    assert has_marker(lab.envs / "made")
    listed = lab.run("env", "config", "vars", "list", "-n", "made")
    assert "BREAK_SYSTEM_PACKAGES" not in listed.stdout


def test_a_pip_section_in_an_unprotected_environment(lab: Base, tmp_path: Path) -> None:
    file = write_file(tmp_path, "plain", lab, "cowsay")
    lab.run("env", "create", "-q", "-f", file, **protect("base"))
    assert has(lab, "plain", "cowsay")
    assert not has_marker(lab.envs / "plain")


def test_a_pip_section_is_not_let_through_somebody_elses_marker(lab: Base, tmp_path: Path) -> None:
    """The environment that the file names counts, not the one that is active."""
    marker = marker_of(lab.envs / "web")
    ours = marker.read_text()
    marker.write_text("[externally-managed]\nError=ask the admin\n")
    file = write_file(tmp_path, "web", lab, "cowsay")
    failed = lab.run("env", "update", "-q", "-f", file, check=False)
    marker.write_text(ours)
    assert failed.returncode == 1
    assert "ask the admin" in failed.stderr


@pytest.mark.needs_conda("26.7", "`create`, `install --file` for environment files")
def test_pip_sections_of_create_and_install(base: Base, lab: Base, tmp_path: Path) -> None:
    assert base.version == lab.version
    lab.run("create", "-q", "--file", write_file(tmp_path, "filed", lab, "cowsay"))
    assert has(lab, "filed", "cowsay")
    file = write_file(tmp_path, "filed", lab, "editables")
    lab.run("install", "-q", "-n", "filed", "--file", file)
    assert has(lab, "filed", "editables")
    assert has_marker(lab.envs / "filed")


def test_what_pip_does_elsewhere_is_not_refused(lab: Base, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    pip(lab, "install", "-q", "--dry-run", "--report", report, "cowsay")
    assert json.loads(report.read_text())["install"]
    pip(lab, "download", "-q", "--dest", tmp_path, "cowsay")
    pip(lab, "wheel", "-q", "--wheel-dir", tmp_path / "wheels", "--no-deps", "cowsay")
    pip(lab, "install", "-q", "--target", tmp_path / "target", "cowsay")
    assert (tmp_path / "target" / "cowsay").is_dir()
    assert "cowsay" not in pip(lab, "list").stdout


def test_a_venv_of_the_protected_python_is_free(lab: Base, tmp_path: Path) -> None:
    lab.run_in(lab.envs / "web", "python", "-m", "venv", "--without-pip", tmp_path / "venv")
    pip(lab, "--python", tmp_path / "venv", "install", "-q", "cowsay")
    assert list(tmp_path.glob("venv/lib/python3.*/site-packages/cowsay"))


def test_ensurepip_itself_is_refused_and_conda_gives_pip(lab: Base) -> None:
    """It drops pip's variables: nobody can let it through. In a venv it works, as in pipx's."""
    refused = lab.run_in(
        lab.envs / "web", "python", "-m", "ensurepip", check=False, PIP_BREAK_SYSTEM_PACKAGES="1"
    )
    assert refused.returncode != 0
    assert "conda install -n web" in refused.stdout + refused.stderr


def test_conda_pip_install_is_the_way_past_a_marker(lab: Base) -> None:
    lab.run("pip", "install", "-n", "web", "--yes", "cowsay")
    assert has(lab, "web", "cowsay")
    assert has_marker(lab.envs / "web")
    pip(lab, "uninstall", "-q", "-y", "cowsay", PIP_BREAK_SYSTEM_PACKAGES="1")


def test_conda_run_lists(lab: Base) -> None:
    assert "requests" in lab.run("run", "-n", "base", "pip", "list").stdout


@pytest.mark.parametrize("version", ["22.3.1", "23.0.1", "26.1.2"])
def test_every_pip_that_knows_markers_says_our_words(
    lab: Base, tmp_path: Path, version: str
) -> None:
    with zipfile.ZipFile(next(WHEELS.glob(f"pip-{version}-*.whl"))) as archive:
        archive.extractall(tmp_path)
    variables: dict[str, Any] = {"PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    done = pip(lab, "install", "--no-deps", "cowsay", check=False, **variables)
    if version == "22.3.1":  # it works as it did before there were markers
        assert "Successfully installed cowsay" in done.stdout
        pip(lab, "uninstall", "-y", "cowsay", PIP_BREAK_SYSTEM_PACKAGES="1")
        return
    assert done.returncode == 1
    words = [done.stderr.index(text) for text in (REFUSED, "conda install -n web", "conda pip")]
    words.append(done.stderr.index("To override this at your own risk"))
    assert words == sorted(words)


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("de_DE", "conda verwaltet diese Umgebung (web)"),
        ("pt_BR", "O conda gerencia este ambiente (web)"),
        ("zh_CN", "由 conda 管理"),
        ("nl_NL", "conda manages this environment (web)"),
    ],
)
def test_pip_picks_the_words_of_the_locale(
    lab: Base, tmp_path: Path, locale: str, said: str
) -> None:
    """The C library takes its locales from `LOCPATH`: a copy of one under another name will do."""
    found = [path for path in Path("/usr/lib/locale").glob("C.*") if path.is_dir()]
    if not found:
        pytest.skip(f"{' '.join(platform.libc_ver())} keeps no locale in a folder to copy")
    shutil.copytree(found[0], tmp_path / f"{locale}.UTF-8")
    variables: dict[str, Any] = {"LOCPATH": str(tmp_path), "LC_ALL": f"{locale}.UTF-8"}
    assert said in pip(lab, "install", "cowsay", check=False, **variables).stderr


def test_uv_says_our_words_and_goes_on_if_told_to(lab: Base, tools: Path) -> None:
    web = lab.envs / "web"
    command: list[str | Path] = [tools / "bin" / "uv", "pip", "install"]
    command += ["--python", web / "bin" / "python", "--index-url", index_url(), "cowsay"]

    def run(**extra: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, env=lab.env(**extra), capture_output=True, text=True, check=False
        )

    refused = run()
    assert refused.returncode != 0
    assert "conda manages this environment (web)" in refused.stderr
    assert "conda install -n web PACKAGE" in refused.stderr
    assert run(UV_BREAK_SYSTEM_PACKAGES="1").returncode == 0
    pip(lab, "uninstall", "-q", "-y", "cowsay", PIP_BREAK_SYSTEM_PACKAGES="1")


def run_tool(lab: Base, tools: Path, code: str, *arguments: str, **extra: str) -> None:
    """A tool on the protected base's own Python."""
    done = subprocess.run(
        [lab.python, "-c", f"import sys; {code}", *arguments],
        env=lab.env(PYTHONPATH=str(tools), **extra),
        cwd=extra.get("PWD"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_tox_nox_and_pipx_of_a_protected_base(lab: Base, tools: Path, project: Path) -> None:
    (project / "tox.ini").write_text(
        "[tox]\nskipsdist=true\n[testenv:one]\ndeps=six\ncommands=python -c 'import six'\n"
    )
    (project / "noxfile.py").write_text(
        "import nox\n\n\n@nox.session\ndef one(session):\n    session.install('six')\n"
    )
    folders = {"PIPX_HOME": str(project / "pipx"), "PIPX_BIN_DIR": str(project / "bin")}
    folders |= {"PIPX_DEFAULT_PYTHON": str(lab.python), "PWD": str(project)}
    run_tool(lab, tools, "from tox.run import run; run()", "-e", "one", **folders)
    run_tool(lab, tools, "from nox import main; main()", "-s", "one", **folders)
    pipx = "from pipx.main import cli; sys.exit(cli())"
    run_tool(lab, tools, pipx, "install", "cowsay", **folders)
    assert (project / "bin" / "cowsay").exists()


def test_rattler_build_builds_a_recipe_with_pip(lab: Base, tools: Path, tmp_path: Path) -> None:
    made = make_project(tmp_path / "mine", "mine") / "pyproject.toml"
    text = made.read_text().replace("flit_core.buildapi", "setuptools.build_meta")
    made.write_text(text.replace("flit_core", "setuptools"))  # from the channel: pip has no index
    built = tmp_path / "built"
    recipe = {
        "package": {"name": "mine", "version": "1.0"},
        "source": {"path": "./mine"},
        "build": {"noarch": "python", "script": "python -m pip install ."},
        "requirements": {"host": [python(lab).replace("=", " ") + ".*", "pip", "setuptools"]},
    }
    (tmp_path / "recipe.yaml").write_text(json.dumps(recipe))
    words = f"channel=[{lab.channel.url!r}], output_dir={str(built)!r}, use_sharded=False"
    code = (
        "import warnings; warnings.simplefilter('ignore'); import rattler_build; "
        f"rattler_build.build_recipes(sys.argv[1:], {words}, test='skip', keep_build=True)"
    )
    cache = str(lab.scratch / "rattler")
    run_tool(lab, tools, code, str(tmp_path / "recipe.yaml"), RATTLER_CACHE_DIR=cache)
    assert list(built.glob("noarch/mine-1.0-*.conda"))
    assert not list(built.rglob("EXTERNALLY-MANAGED"))


def test_prefixes_that_a_build_tool_makes_by_condas_api_have_none(lab: Base, project: Path) -> None:
    """As conda-build does: no command of conda's runs, so no hook of ours writes a marker."""
    prefix = lab.envs / "_h_env"
    lab.run_in(lab.prefix, "python", "-c", _BUILD_TOOL, prefix, python(lab), "pip")
    assert not has_marker(prefix)
    lab.run_in(prefix, "python", "-m", "pip", "install", "-q", "--no-deps", project)


def test_in_ci_the_message_helps_and_a_global_pip_conf_decides(lab: Base, tmp_path: Path) -> None:
    refused = pip(lab, "install", "--user", "cowsay", check=False, CI="true")
    assert refused.returncode == 1
    assert "conda create -n NEW python" in refused.stderr
    conf = tmp_path / "pip.conf"
    conf.write_text("[install]\nbreak-system-packages = true\n")
    pip(lab, "install", "-q", "cowsay", CI="true", PIP_CONFIG_FILE=str(conf))
    made = lab.run(*nothing(lab, "web"), CI="true", PIP_CONFIG_FILE=str(conf))
    assert has_marker(lab.envs / "web")
    assert "Traceback" not in made.stderr
    pip(lab, "uninstall", "-q", "-y", "cowsay", PIP_BREAK_SYSTEM_PACKAGES="1")


def start(lab: Base, *command: str | Path, **how: Any) -> subprocess.CompletedProcess[str]:
    """Run a command with a package cache of its own: rattler wants one that it can write to."""
    env = lab.env(CONDA_PKGS_DIRS=str(lab.scratch / "pkgs"))
    return subprocess.run(
        command, env=env, capture_output=True, text=True, check=False, cwd=lab.scratch, **how
    )


def test_a_base_that_cannot_be_written_to_is_left_in_peace(lab: Base) -> None:
    marker = marker_of(lab.prefix)
    kept = marker.read_text()
    marker.unlink()
    with somebody_else(marker.parent, lab.scratch) as how:
        done = start(lab, lab.conda, "create", "-q", "-n", "theirs", **how)
        told = start(lab, lab.conda, "create", "-v", "-n", "theirs", **how)
    assert (done.returncode, done.stderr) == (0, "")
    (line,) = (one for one in told.stderr.splitlines() if "conda-pip-interop" in one)
    assert "the marker of base was not changed" in line
    assert not marker.exists()
    marker.write_text(kept)


def test_a_full_disk_leaves_no_half_marker(lab: Base) -> None:
    marker = marker_of(lab.prefix)
    kept = marker.read_text()
    marker.unlink()
    before = sorted(path.name for path in marker.parent.iterdir())
    limited = (lab.python, "-c", _LIMITED, lab.conda, *nothing(lab, "base"))
    done = start(lab, *limited)
    told = start(lab, *limited, "-v")
    assert (done.returncode, done.stderr) == (0, "")
    (line,) = (one for one in told.stderr.splitlines() if "conda-pip-interop" in one)
    assert "the marker of base was not changed" in line
    assert sorted(path.name for path in marker.parent.iterdir()) == before
    marker.write_text(kept)


def test_base_is_told_once(lab: Base) -> None:
    """The first command of this module has told; base is given its marker back in silence."""
    marker_of(lab.prefix).unlink()
    done = lab.run("create", "-n", "quiet")
    assert has_marker(lab.prefix)
    assert "conda-pip-interop" not in done.stderr
