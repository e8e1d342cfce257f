"""Builds from source: what they need comes from conda, in the versions that they will run with."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests.support.channels import write_channel
from tests.support.environments import MakeEnv
from tests.support.pip_worlds import build_clone, build_project, build_sdist
from tests.support.trees import NOBODY
from tests.world.package import File, Package

pytestmark = pytest.mark.e2e

_SETUP = """
import numpy
from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension(
            "ext",
            ["ext.c"],
            include_dirs=[numpy.get_include()],
            define_macros=[("BUILT_WITH", f'"{numpy.__version__}"')],
        )
    ]
)
"""
_EXTENSION = """
#define NPY_NO_DEPRECATED_API NPY_1_7_API_VERSION
#include <Python.h>
#include <numpy/arrayobject.h>

static PyObject *ones(PyObject *self, PyObject *args) {
    npy_intp shape[1] = {3};
    PyObject *array = PyArray_SimpleNew(1, shape, NPY_DOUBLE);
    PyArray_FILLWBYTE((PyArrayObject *)array, 0);
    return array;
}
static PyMethodDef methods[] = {{"ones", ones, METH_NOARGS, ""}, {NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "ext", NULL, -1, methods};
PyMODINIT_FUNC PyInit_ext(void) {
    PyObject *made = PyModule_Create(&module);
    import_array();
    PyModule_AddStringConstant(made, "built_with", BUILT_WITH);
#ifdef BY_THE_CHANNELS_COMPILER
    PyModule_AddIntConstant(made, "compiler", 1);
#endif
    return made;
}
"""


def write_project(folder: Path, backend: str, *requires: str, **files: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(
        f'[project]\nname = "{folder.name}"\nversion = "1.0"\ndescription = "A project"\n'
        'dependencies = ["six"]\noptional-dependencies = { x = ["cowsay"] }\n'
        f'[build-system]\nrequires = {[*requires]}\nbuild-backend = "{backend}"\n'
    )
    for name, text in files.items():
        file = folder / name.replace("__", "/").replace("_", ".")
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    return folder


@pytest.mark.parametrize(
    ("words", "silent"), [((), "--json"), (("--build-from-pypi",), "--quiet"), (("-e",), None)]
)
def test_what_is_being_built_is_named_while_a_person_waits(
    make_env: MakeEnv, tmp_path: Path, words: tuple[str, ...], silent: str | None
) -> None:
    env = make_env("python", "pip")
    project = str(build_project(tmp_path / "slow", "slow"))
    done = env.conda("pip install", *words, project)
    lines = done.stderr.splitlines()
    assert "Building slow 1.0" in lines
    assert len(lines) == len(set(lines))
    assert any(one.startswith("Preparing metadata of ") and "slow" in one for one in lines)
    assert done.stdout.endswith(f"Installed 1 package in {env.name}: slow 1.0 (pip)\n")
    if silent is not None:
        env.conda("pip uninstall", "--yes", "slow")
        assert env.conda("pip install", "--yes", silent, *words, project).stderr == ""


def test_an_extension_is_built_against_the_numpy_that_conda_brings(
    make_env: MakeEnv, tmp_path: Path
) -> None:
    """Not against the newest of the channel, nor one of the index."""
    project = write_project(
        *(tmp_path / "ext", "setuptools.build_meta", "setuptools", "numpy"),
        setup_py=_SETUP,
        ext_c=_EXTENSION,
    )
    env = make_env("python", "pip")
    env.conda("pip install", "--yes", str(project), "numpy<2.2")
    assert env.python("import ext, numpy; print(ext.built_with, ext.ones().sum())") == "2.1.3 0.0"
    assert env.python("import ext; print(hasattr(ext, 'compiler'))") == "False"
    assert {name: owner for name, (_, owner) in env.owners().items()} == {
        **dict.fromkeys(("numpy", "six", "pip"), "conda"),
        "ext": "pip",
    }


def test_the_compiler_of_the_channels_is_used(make_env: MakeEnv, tmp_path: Path) -> None:
    """As its activation script says: CC is its own."""
    script = '#!/bin/sh\nexec gcc -DBY_THE_CHANNELS_COMPILER "$@"\n'
    channel = write_channel(
        tmp_path / "channel",
        Package(
            name="c-compiler",
            version="1.0",
            build="h0_0",
            subdir="noarch",
            depends=(),
            files=[
                File(path="bin/own-cc", content=script.encode(), executable=True),
                File(
                    path="etc/conda/activate.d/c.sh",
                    content=b'echo hello; export CC="$CONDA_PREFIX/bin/own-cc"\n',
                ),
            ],
        ),
    )
    project = write_project(
        *(tmp_path / "ext", "setuptools.build_meta", "setuptools", "numpy"),
        setup_py=_SETUP,
        ext_c=_EXTENSION,
    )
    env = make_env("python", "pip", "numpy")
    env.conda("pip install", "--yes", "--no-deps", str(project), "--channel", channel)
    assert env.python("import ext; print(ext.compiler)") == "1"
    assert env.owners().keys() == {"ext", "numpy", "pip"}


def test_what_builds_an_archive_of_an_index_need_not_be_on_it(
    make_env: MakeEnv, tmp_path: Path
) -> None:
    """Its requirements are read by conda's setuptools too, not by one of the index."""
    project = write_project(tmp_path / "packed", "setuptools.build_meta", "setuptools")
    (project / "packed.py").write_text("")
    build_sdist(tmp_path / "index", project, "packed")
    env = make_env("python", "pip")
    env.conda("pip install", "--yes", "packed>=1", "--no-index", "-f", str(tmp_path / "index"))
    owners = {name: owner for name, (_, owner) in env.owners().items()}
    assert owners == {"pip": "conda", "six": "conda", "packed": "pip"}
    env.python("import packed, six")


def test_editable_projects_of_any_backend_stay_through_condas_transactions(
    make_env: MakeEnv, tmp_path: Path
) -> None:
    """hatchling is on the index alone, and asks for more once it is asked itself (PEP 517)."""
    here = write_project(
        tmp_path / "here", "setuptools.build_meta", "setuptools", here_py="where = 'here'\n"
    )
    cloned = write_project(tmp_path / "cloned", "hatchling.build", "hatchling")
    (cloned / "cloned.py").write_text("where = 'cloned'\n")
    build_clone(cloned)
    env = make_env("python", "pip")
    dry = ("-e", f"{here}[x]", "-e", f"git+{cloned.as_uri()}#egg=cloned", "--dry-run")
    env.conda("pip install", *dry)
    assert not (env.prefix / "src").exists()
    env.conda("pip install", "--yes", *dry[:-1])
    env.conda("install", "--yes", "idna")
    assert env.python("import here, cloned; print(here.where, cloned.where)") == "here cloned"
    rows = {one["name"]: one for one in env.json("pip list")["distributions"]}
    assert rows["here"]["editable"] == str(here)
    assert rows["cloned"]["editable"] == str(env.prefix / "src" / "cloned")
    assert (env.prefix / "src/cloned/.git").is_dir()
    assert rows["six"]["owner"] == "conda"
    assert rows["cowsay"]["owner"] == "pip"
    assert not {"setuptools", "hatchling"} & rows.keys()
    assert env.findings() == []


def test_without_isolation_what_is_missing_is_told_with_the_way_to_get_it(
    make_env: MakeEnv, tmp_path: Path
) -> None:
    project = write_project(
        *(tmp_path / "app", "setuptools.build_meta", "setuptools>=61", "wheel"), app_py=""
    )
    env = make_env("python", "pip")
    words = ("--yes", "-e", str(project), "--no-build-isolation")
    refused = env.conda("pip install", *words, check=False)
    assert refused.returncode == 1
    assert "lacks build requirements: setuptools>=61, wheel." in refused.stderr
    told = f'conda pip install -p {env.prefix} "setuptools>=61" wheel'
    assert told in refused.stderr
    assert "app" not in env.owners()
    env.conda("pip install", "--yes", "setuptools>=61", "wheel")
    env.conda("pip install", *words)
    assert env.owners()["app"] == ("1.0", "pip")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to be two users")
def test_root_runs_nothing_from_the_cache_of_another_user(
    make_env: MakeEnv, shared_folder: Path, tmp_path: Path
) -> None:
    """As under `sudo` where HOME stays the caller's."""
    flit = write_project(tmp_path / "app", "flit_core.buildapi", "flit_core")
    (flit / "app.py").write_text('"""An app."""\n')
    cache, scratch = shared_folder / "cache", tmp_path / "scratch"
    env = make_env("python", "pip")
    for folder in (cache, scratch):
        folder.mkdir()
    os.chown(cache, NOBODY, NOBODY)
    env.conda(*("pip install", "--yes", str(flit)), XDG_CACHE_HOME=str(cache), TMPDIR=str(scratch))
    assert env.owners()["app"] == ("1.0", "pip")
    assert not [*cache.rglob("builds")]
    assert not [*scratch.iterdir()]
    os.chown(cache, 0, 0)
    env.conda(*("pip install", "--yes", "--force-reinstall", str(flit)), XDG_CACHE_HOME=str(cache))
    (builds,) = cache.rglob("builds")
    assert stat.S_IMODE(builds.stat().st_mode) == 0o700
    assert [*builds.glob("*/conda-meta/pip-interop-build")]


def test_from_pypi_is_pips_own_way(make_env: MakeEnv, tmp_path: Path) -> None:
    """No environment for builds is made."""
    flit = write_project(tmp_path / "app", "flit_core.buildapi", "flit_core")
    (flit / "app.py").write_text('"""An app."""\n')
    env = make_env("python", "pip")
    env.conda("pip install", "--yes", "--build-from-pypi", str(flit), XDG_CACHE_HOME=str(tmp_path))
    assert env.owners()["app"] == ("1.0", "pip")
    assert not list(tmp_path.glob("conda/pip-interop/builds/*"))
