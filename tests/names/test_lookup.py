"""The lookup of conda names: the sources, their order, and the reason that each gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from conda_pip_interop.names.channel_index import build_index
from conda_pip_interop.names.lookup import (
    Lookup,
    NameSources,
    find_conda_names,
    find_projects,
    find_similar,
    list_projects,
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
