"""Which conda package carries a project: the sources, their order, and what each says."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from conda_pip_interop.names.channel_index import build_index
from conda_pip_interop.names.lookup import (
    NOT_IN_CHANNELS,
    Lookup,
    NameSources,
    find_conda_names,
    find_projects,
)
from conda_pip_interop.names.names_map import ExtraMap


def sources(
    *names: str,
    settings: Mapping[str, str | None] | None = None,
    extra: Mapping[str, tuple[str, ...]] | None = None,
    carried: Mapping[str, tuple[str, ...]] | None = None,
    channels: tuple[str, ...] = ("conda-forge",),
) -> NameSources:
    """Sources over a channel of these names."""
    return NameSources(
        settings={canonicalize_name(key): value for key, value in (settings or {}).items()},
        channels=channels,
        index=build_index(names),
        extra=ExtraMap(
            conda_names={canonicalize_name(key): value for key, value in (extra or {}).items()},
            projects={
                key: tuple(map(canonicalize_name, value)) for key, value in (carried or {}).items()
            },
        ),
    )


def look(name: str, found: NameSources) -> Lookup:
    return find_conda_names(canonicalize_name(name), found)


def test_the_users_map_comes_before_everything() -> None:
    found = look("torch", sources("pytorch", "mine", settings={"Torch": "mine"}))
    assert (found.names, found.source) == (("mine",), "settings")
    assert "pip_interop_names" in found.reason


def test_null_in_the_users_map_means_never_from_conda() -> None:
    found = look("numpy", sources("numpy", settings={"numpy": None}))
    assert found.names == ()
    assert found.reason == "pip_interop_names says never from conda"


def test_a_name_of_the_users_that_no_channel_has_is_said_and_not_replaced() -> None:
    found = look("torch", sources("pytorch", "torch", settings={"torch": "my-torch"}))
    assert found.names == ()
    assert "my-torch, which is not in the channels" in found.reason


def test_the_table_knows_other_names() -> None:
    found = look("opencv_python.headless", sources("py-opencv", "opencv"))
    assert (found.names, found.source) == (("py-opencv",), "table")


def test_the_table_knows_same_names_that_are_something_else() -> None:
    found = look("cmake", sources("cmake"))
    assert found.names == ()
    assert found.source == "table"
    assert found.reason.startswith("conda's package of that name is something else: the build tool")


def test_where_the_channel_lacks_the_other_name_its_same_name_is_tried() -> None:
    found = look("torch", sources("torch"))
    assert (found.names, found.source) == (("torch",), "channels")
    assert [one.source for one in found.answers] == ["table", "channels"]


@pytest.mark.parametrize("spelled", ["ruamel.yaml", "typing_extensions", "Foo-Bar", "a.b_c"])
def test_any_spelling_of_a_channel_is_found(spelled: str) -> None:
    assert look(spelled, sources(spelled)).names == (spelled,)


def test_of_two_spellings_the_one_that_carries_it_comes_first() -> None:
    both = sources("typing-extensions", "typing_extensions", "ruamel_yaml", "ruamel.yaml")
    assert look("typing-extensions", both).names[0] == "typing_extensions"
    assert look("ruamel.yaml", both).names == ("ruamel.yaml",)
    assert look("x-y", sources("x_y", "x-y")).names == ("x-y", "x_y")


def test_the_extra_map_is_asked_last() -> None:
    extra = {"flask": ("other",), "unheard-of": ("heard-of",)}
    assert look("flask", sources("flask", "other", extra=extra)).source == "channels"
    found = look("Unheard.Of", sources("heard-of", extra=extra))
    assert (found.names, found.source) == (("heard-of",), "map")
    assert look("unheard-of", sources("flask", extra=extra)).names == ()


def test_the_extra_map_can_tell_that_a_same_name_is_something_else() -> None:
    found = look("zlib", sources("zlib", carried={"zlib": ()}))
    assert found.names == ()
    assert "something else" in found.answers[0].says


def test_what_nobody_knows_is_not_in_the_channels() -> None:
    found = look("cowsay", sources("flask"))
    assert (found.names, found.source, found.reason) == ((), None, NOT_IN_CHANNELS)


def test_without_a_channel_the_table_and_the_same_name_are_what_is_known() -> None:
    assert look("torch", NameSources()).names == ("pytorch",)
    assert look("cmake", NameSources()).names == ()
    guess = look("flask", NameSources())
    assert guess.names == ("flask",)
    assert "no channel was asked" in guess.reason


def test_a_channel_has_its_own_section() -> None:
    assert look("playwright", sources("playwright", channels=("microsoft",))).source == "table"


def test_packages_are_led_back_to_their_projects() -> None:
    found = sources(settings={"Mine": "my-conda"}, carried={"zlib": (), "odd": ("even",)})
    assert find_projects("my-conda", found) == ("mine",)
    assert find_projects("msgpack-python", found) == ("msgpack",)
    assert find_projects("odd", found) == ("even",)
    assert find_projects("zlib", found) == find_projects("cmake", found) == ()
    assert find_projects("Foo.Bar", found) == ("foo-bar",)
    assert find_projects("torchtriton", sources(channels=("pytorch",))) == ("triton",)


NAMES = st.text("abcxyz019-_.", min_size=1, max_size=8).filter(lambda name: name.strip("-_."))


@given(names=st.lists(NAMES, max_size=8), project=NAMES)
def test_a_found_name_is_always_one_that_the_channel_has(names: list[str], project: str) -> None:
    found = look(project, sources(*names, extra={project: ("abc", "xyz")}))
    assert set(found.names) <= set(names)
    same = {one for one in names if canonicalize_name(one) == canonicalize_name(project)}
    assert not same or set(found.names) == same
