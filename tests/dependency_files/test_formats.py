"""Formats of dependency files, recognized by their content and not by their name."""

from __future__ import annotations

from pathlib import Path

import pytest

from conda_pip_interop.dependency_files.formats import find_format
from conda_pip_interop.errors import UsageError

READ = {
    "requirements": [
        "six\nnumpy>=1\n-r other.txt\n",
        "numpy=1.26\n",
        "",
        "# comment\n-e .[x]\n",
        "foo[bar] @ https://example.org/x.whl ; os_name == 'nt'\n",
    ],
    "environment": [
        "name: x\ndependencies:\n  - six\n",
        "channels: [a]\ndependencies: [six]\n",
        "'dependencies': []\n",
        '{"dependencies": ["six"]}',
        "name: x\n",
    ],
    "pyproject": [
        '[project]\nname = "x"\n',
        '[tool.poetry.dependencies]\nsix = "^1"\n',
        '[build-system]\nrequires = ["a"]\n',
    ],
    "pylock": [
        'lock-version = "1.0"\npackages = []\n',
        'lock-version = "1.0"\n[[packages]]\nname = "six"\n',
    ],
    "script": ["import x\n# /// script\n# dependencies = []\n# ///\n"],
    "pixi": [
        '[workspace]\nchannels = ["conda-forge"]\n[dependencies]\npython = "*"\n',
        '[project]\nname = "x"\nchannels = []\nplatforms = []\n',
    ],
    "pixi-lock": ["version: 6\nenvironments:\n  default: {}\npackages:\n- conda: x\n"],
    "conda-lock": ["version: 1\nmetadata:\n  content_hash: {}\npackage: []\n"],
}
REFUSED = {
    "\n<!DOCTYPE html>\n<html>six</html>\n": "Supported are",
    "@EXPLICIT\nhttps://example.org/x.conda\n": "conda pip create -n NAME FILE",
    "# a comment\n@EXPLICIT\n": "conda pip create",
    "# platform: linux-64\nnumpy=1.26.4=py312_0\nzlib=1.3=h1\n": "conda create",
    "numpy=1.26.4=py312_0\nsix=1.17.0=pypi_0\n": "without the lines with `=pypi_0`",
    "# packages in environment at /x:\nnumpy  1.26.4  py312_0\n": "conda pip export",
    "Package    Version\n---------- -------\nsix        1.17.0\n": "conda pip export",
    '[\n  {\n    "base_url": "https://e.org",\n    "name": "six"\n  }\n]\n': "conda pip export",
    '[{"name": "six", "version": "1.17.0"}]\n': "conda pip export",
    "[flake8]\nx = 1\n[options.extras_require]\ntest =\n  six\n": "conda pip install",
    "[tox]\nenvlist = py3, a\n[testenv]\ndeps = six\n": "Supported are",
    "[metadata]\nname = x\n[options]\ninstall_requires =\n  six\n": "conda pip install",
    'version = 1\nrevision = 3\n[[package]]\nname = "six"\n': "uv export",
    '[[package]]\nname = "six"\n[metadata]\ncontent-hash = "x"\n': "poetry export",
    '[metadata]\nlock_version = "4.5"\n[[package]]\nname = "six"\n': "pdm export",
    '[[source]]\nurl = "https://e.org/simple"\n[packages]\nsix = "*"\n': "pipenv requirements",
    '{"_meta": {}, "default": {"six": {"version": "==1"}}}': "pipenv requirements",
    "{% set version = 1 %}\npackage:\n  name: x\nrequirements:\n  run: [six]\n": "conda build",
    "services:\n  web: {}\n": "Supported are",
    "[tables]\nanything = 1\n": "Supported are",
    "a\0b": "Supported are",
}


@pytest.mark.parametrize(
    ("expected", "text"), [(kind, text) for kind, texts in READ.items() for text in texts]
)
@pytest.mark.parametrize("name", ["a", "a.txt", "deps.in"])
def test_the_content_decides_the_format(expected: str, text: str, name: str) -> None:
    assert find_format(text, Path(name)) == expected


@pytest.mark.parametrize("name", ["a", "a.txt"])
@pytest.mark.parametrize("text", REFUSED)
def test_a_file_of_another_tool_is_refused_with_the_command_for_it(text: str, name: str) -> None:
    with pytest.raises(UsageError) as caught:
        find_format(text, Path(name))
    assert caught.value.code == "unreadable-file"
    assert REFUSED[text].replace("FILE", name) in caught.value.hints[0]
