"""Who supplies what, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.environment.ownership import Manager
from conda_pip_interop.errors import InteropError
from conda_pip_interop.resolve.agreement.assignment import (
    AlreadyInstalled,
    Assigner,
    Assignment,
    FromConda,
    FromPip,
    InstalledPackage,
)
from conda_pip_interop.resolve.request.request import Preferences
from conda_pip_interop.resolve.solver import CondaPackage, CondaSpec
from tests.support.requirements import LINUX

Channel = Mapping[str, tuple[str, ...]]


def assigner(
    *,
    channel: Channel | None = None,
    installed: Mapping[str, tuple[str, Manager]] | None = None,
    requires: Mapping[str, tuple[str, ...]] | None = None,
    spelled: Mapping[str, str] | None = None,
    preferences: Preferences | None = None,
    provides: Callable[[NormalizedName], bool] = lambda _: True,
) -> Assigner:
    """An assigner over versions (oldest first) by name, as the channels have them."""

    def candidates(name: NormalizedName) -> tuple[CondaPackage, ...]:
        return tuple(
            CondaPackage(
                name=(spelled or {}).get(name, name),
                version=version,
                build="0",
                channel="main",
                depends=("python",),
            )
            for version in (channel or {}).get(name, ())
        )

    return Assigner(
        installed={
            canonicalize_name(name): InstalledPackage(version=version, manager=manager)
            for name, (version, manager) in (installed or {}).items()
        },
        candidates=candidates,
        environment=LINUX,
        requires=lambda name: (requires or {}).get(name, ()),
        preferences=preferences or Preferences(),
        provides=provides,
    )


def assign(one: Assigner, *texts: str) -> dict[str, Assignment]:
    supplies = one.assign([Requirement(text) for text in texts])
    return {str(name): supply for name, supply in supplies.items()}


def from_conda(name: str, version: str, reason: str) -> FromConda:
    return FromConda(spec=CondaSpec(name=name, version=version), reason=reason)


def kept(version: str, manager: Manager) -> AlreadyInstalled:
    return AlreadyInstalled(
        installed=InstalledPackage(version=version, manager=manager),
        reason=f"already installed by {manager}",
    )


ASKED = "requested; available in the channels"


def test_what_the_channels_have_comes_from_conda_by_its_range() -> None:
    one = assigner(channel={"flask": ("2.0", "3.0")})
    assert assign(one, "Flask>=2,<3") == {"flask": from_conda("flask", "<3dev0,>=2", ASKED)}


def test_conda_is_asked_by_its_own_name() -> None:
    one = assigner(channel={"msgpack": ("1.0",)}, spelled={"msgpack": "msgpack-python"})
    assert assign(one, "msgpack") == {"msgpack": from_conda("msgpack-python", "*", ASKED)}


def test_what_the_channels_do_not_have_comes_from_pip() -> None:
    assert assign(assigner(), "cowsay") == {"cowsay": FromPip(reason="not in the channels")}


def test_what_the_channels_have_too_old_comes_from_pip() -> None:
    one = assigner(channel={"flask": ("1.0", "2.0")})
    assert assign(one, "flask>=3") == {
        "flask": FromPip(reason="the channels have 1.0 to 2.0, required >=3")
    }


def test_what_conda_cannot_be_asked_for_comes_from_pip() -> None:
    one = assigner(channel={"x": ("1.0",)})
    assert isinstance(assign(one, "x===1.0-custom")["x"], FromPip)


def test_a_pre_release_on_a_channel_serves_only_who_asks_for_one() -> None:
    one = {"x": ("1.0", "2.0rc1")}
    assert isinstance(assign(assigner(channel=one), "x>=1.5")["x"], FromConda)  # nothing else does
    assert isinstance(assign(assigner(channel=one), "x>=2.0rc1")["x"], FromConda)
    assert isinstance(assign(assigner(channel=one), "x>=2")["x"], FromPip)


@pytest.mark.parametrize(("pre", "kind"), [(True, FromConda), (False, AlreadyInstalled)])
def test_where_pre_releases_are_wanted_condas_count_too(pre: bool, kind: type) -> None:
    one = assigner(
        channel={"x": ("1.0", "2.0rc1")},
        installed={"x": ("1.0", "conda")},
        preferences=Preferences(pre=pre, upgrade="requested"),
    )
    assert isinstance(assign(one, "x")["x"], kind)


def test_an_upgrade_says_if_newer_versions_are_excluded() -> None:
    one = assigner(
        channel={"x": ("1.0", "2.0")},
        installed={"x": ("1.0", "conda")},
        preferences=Preferences(upgrade="requested"),
    )
    supply = assign(one, "x<2")["x"]
    assert isinstance(supply, AlreadyInstalled)
    assert supply.reason == "the channels have no newer one within <2"


def test_a_constraint_limits_and_asks_for_nothing() -> None:
    limits = {canonicalize_name(name): SpecifierSet("<2") for name in ("x", "y", "never")}
    one = assigner(
        channel={"x": ("1.0", "2.0"), "z": ("1",)},
        installed={"y": ("2.0", "pip")},
        requires={"z": ("x",)},
        preferences=Preferences(limits=limits),
    )
    assert assign(one, "x", "y>1") == {
        "x": from_conda("x", "<2dev0", ASKED),
        "y": FromPip(reason="pip has 2.0 of it, needed <2,>1"),
    }


def test_what_conda_would_bring_beyond_a_limit_is_asked_for_within_it() -> None:
    limits = {canonicalize_name("x"): SpecifierSet("<2")}
    one = assigner(
        channel={"x": ("1.0", "2.0"), "z": ("1",)}, preferences=Preferences(limits=limits)
    )
    supplies = one.assign([Requirement("z")], {canonicalize_name("x"): "z"})
    assert supplies[canonicalize_name("x")] == from_conda(
        "x", "<2dev0", "needed by z, limited to <2"
    )


def test_what_something_needs_from_a_url_is_pips() -> None:
    one = assigner(channel={"a": ("1",)}, requires={"b": ("a @ https://example.org/a.zip",)})
    assert assign(one, "b")["a"] == FromPip(reason="from a path or URL")
    one = assigner(installed={"a": ("1", "conda")}, requires={"b": ("a @ https://e.org/a.zip",)})
    with pytest.raises(InteropError) as caught:
        assign(one, "b")
    assert caught.value.code == "would-overwrite"


def test_a_version_that_is_none_of_pep_440_is_passed_over() -> None:
    one = assigner(channel={"x": ("2019c-custom", "1.0")})
    assert isinstance(assign(one, "x>=1")["x"], FromConda)


@pytest.mark.parametrize("manager", ["conda", "pip"])
def test_what_is_there_and_serves_is_kept_whoever_has_it(manager: Manager) -> None:
    one = assigner(channel={"x": ("9",)}, installed={"x": ("1.5", manager)})
    assert assign(one, "x>=1") == {"x": kept("1.5", manager)}


def test_a_pre_release_that_somebody_chose_to_have_serves() -> None:
    one = assigner(installed={"x": ("2.0rc1", "pip")})
    assert assign(one, "x>=1") == {"x": kept("2.0rc1", "pip")}


def test_an_installed_version_that_is_none_serves_who_asks_for_no_version() -> None:
    one = {"x": ("custom", "conda")}
    installed: Mapping[str, tuple[str, Manager]] = {"x": ("custom", "conda")}
    assert assign(assigner(installed=installed), "x") == {"x": kept("custom", "conda")}
    with pytest.raises(InteropError):
        assign(assigner(installed=installed), "x>=1")
    assert one


def test_condas_own_that_no_longer_serves_is_condas_to_change() -> None:
    one = assigner(channel={"x": ("1", "2")}, installed={"x": ("1", "conda")})
    assert assign(one, "x>=2") == {"x": from_conda("x", ">=2", ASKED)}


def test_pips_own_that_no_longer_serves_stays_pips() -> None:
    one = assigner(channel={"x": ("1", "2")}, installed={"x": ("1", "pip")})
    assert assign(one, "x>=2") == {"x": FromPip(reason="pip has 1 of it, needed >=2")}


def test_pip_may_not_overwrite_condas() -> None:
    one = assigner(channel={"x": ("1",)}, installed={"x": ("1", "conda")})
    with pytest.raises(InteropError) as caught:
        assign(one, "x>=2")
    assert caught.value.code == "would-overwrite"
    assert "conda installed x 1" in caught.value.message
    assert "the channels have 1," in caught.value.message
    assert any("x>=2" in hint and "-c CHANNEL" in hint for hint in caught.value.hints)


def test_pip_may_not_overwrite_condas_for_a_dependency_either() -> None:
    one = assigner(installed={"lib": ("1", "conda")}, requires={"app": ("lib>=2",)})
    with pytest.raises(InteropError) as caught:
        assign(one, "app")
    assert caught.value.code == "would-overwrite"


def test_what_pip_brings_needs_is_conda_s_first_and_says_who_needs_it() -> None:
    one = assigner(channel={"lib": ("1",)}, requires={"app": ("lib>=1", "tool")})
    assert assign(one, "app") == {
        "app": FromPip(reason="not in the channels"),
        "lib": from_conda("lib", ">=1", "needed by app"),
        "tool": FromPip(reason="not in the channels"),
    }


def test_what_conda_supplies_or_has_is_not_descended_into() -> None:
    one = assigner(
        channel={"a": ("1",)},
        installed={"b": ("1", "conda")},
        requires={"a": ("never",), "b": ("never",)},
    )
    assert assign(one, "a", "b").keys() == {"a", "b"}


def test_what_condas_depends_omit_counts_unless_it_is_not_to() -> None:
    one = assigner(
        channel={"a": ("1",)}, requires={"a": ("b>=2", "c")}, provides=lambda name: name in "ac"
    )
    assert assign(one, "a").keys() == {"a", "b"}
    assert one.omitted == {"b": "conda's a requires b>=2"}
    one = assigner(channel={"a": ("1",)}, requires={"a": ("b",)}, provides=lambda name: name == "a")
    one.count_omitted = False
    assert assign(one, "a").keys() == {"a"}


def test_an_extra_is_found_through_packages_that_conda_brings_along() -> None:
    one = assigner(
        channel={"a": ("1",)},
        requires={"a": ("b",), "b": ("c[x]>=9",), "c": ("d<2; extra == 'x'", "e; extra == 'y'")},
        provides=lambda name: name != "d",
    )
    assert assign(one, "a") == {
        "a": from_conda("a", "*", ASKED),
        "d": FromPip(reason="not in the channels"),
    }
    assert one.describe(canonicalize_name("d")) == "c requires d<2"


def test_what_pip_installs_has_to_satisfy_condas_packages_too() -> None:
    one = assigner(
        channel={"a": ("1",)},
        installed={"b": ("2", "pip")},
        requires={"a": ("b<2",)},
        provides=lambda name: name == "a",
    )
    assert assign(one, "a")["b"] == FromPip(reason="pip has 2 of it, needed <2")


def test_what_pips_own_needs_is_looked_after_as_pip_does() -> None:
    one = assigner(installed={"b": ("1", "pip")}, requires={"b": ("gone",)})
    assert assign(one, "b") == {
        "b": kept("1", "pip"),
        "gone": FromPip(reason="not in the channels"),
    }


def test_dependencies_are_followed_to_the_end_and_in_circles() -> None:
    one = assigner(requires={"a": ("b",), "b": ("c>=1",), "c": ("a", "d")})
    assert assign(one, "a").keys() == {"a", "b", "c", "d"}


def test_ranges_of_one_name_add_up() -> None:
    one = assigner(channel={"lib": ("1", "2", "3")}, requires={"a": ("lib>=2",), "b": ("lib<3",)})
    assert assign(one, "a", "b")["lib"] == from_conda("lib", "<3dev0,>=2", "needed by a")


def test_a_name_of_condas_turns_to_pip_when_a_later_range_excludes_the_channels() -> None:
    one = assigner(
        channel={"lib": ("1", "2")},
        requires={"a": ("lib>=1",), "b": ("lib>=3",), "lib": ("deep",)},
    )
    supplies = assign(one, "a", "b")
    assert supplies["lib"] == FromPip(reason="the channels have 1 to 2, required >=1,>=3")
    assert supplies["deep"] == FromPip(reason="not in the channels")


def test_a_name_that_was_kept_turns_when_a_later_range_excludes_it() -> None:
    one = assigner(
        channel={"lib": ("1", "3")},
        installed={"lib": ("1", "conda")},
        requires={"a": ("lib",), "b": ("lib>=2",)},
    )
    assert isinstance(assign(one, "a", "b")["lib"], FromConda)


def test_an_extra_of_what_pip_brings_is_followed() -> None:
    one = assigner(requires={"a": ("b", 'c; extra == "fast"', 'd; extra == "slow"')})
    assert assign(one, "a[fast]").keys() == {"a", "b", "c"}


def test_an_extra_is_found_however_it_is_spelled() -> None:
    one = assigner(requires={"a": ('c; extra == "very-fast"',)})
    assert assign(one, "a[Very_Fast]").keys() == {"a", "c"}


def test_an_extra_of_what_conda_supplies_is_followed_and_nothing_else_of_it() -> None:
    one = assigner(channel={"a": ("1",)}, requires={"a": ("b", 'c; extra == "fast"')})
    supplies = assign(one, "a[fast]")
    assert supplies.keys() == {"a", "c"}
    assert isinstance(supplies["a"], FromConda)


def test_an_extra_of_what_is_kept_is_followed_and_nothing_else_of_it() -> None:
    one = assigner(installed={"a": ("1", "conda")}, requires={"a": ("b", 'c; extra == "fast"')})
    assert assign(one, "a[fast]").keys() == {"a", "c"}


def test_an_extra_that_comes_later_is_followed_too() -> None:
    one = assigner(requires={"a": ('c; extra == "fast"',), "b": ("a[fast]",)})
    assert assign(one, "a", "b").keys() == {"a", "b", "c"}


def test_an_extra_that_asks_for_others_of_its_own_is_followed() -> None:
    one = assigner(requires={"a": ('a[x,y]; extra == "all"', 'b; extra == "x"', 'c; extra == "y"')})
    assert assign(one, "a[all]").keys() == {"a", "b", "c"}


def test_such_an_extra_of_condas_package_is_not_needed_by_itself() -> None:
    requires = {"a": ("b[all]",), "b": ('b[x]; extra == "all"', 'c; extra == "x"')}
    one = assigner(channel={"a": ("1",), "b": ("1",)}, requires=requires)
    assert assign(one, "a").keys() == {"a", "c"}
    assert one.describe(canonicalize_name("c")) == "b requires c"


@pytest.mark.parametrize(
    ("marker", "holds"),
    [
        ('sys_platform == "linux"', True),
        ('sys_platform == "win32"', False),
        ('python_version < "3.12"', True),
        ('python_version < "3.9"', False),
        ('python_full_version >= "3.11.8"', False),
        ('extra == "no" or os_name == "posix"', True),
        ('extra == "no" and os_name == "posix"', False),
    ],
)
def test_markers_are_those_of_the_target(marker: str, holds: bool) -> None:
    one = assigner(requires={"a": (f"b; {marker}",)})
    assert ("b" in assign(one, "a")) is holds


def test_a_marker_that_also_asks_for_an_extra_counts_with_both() -> None:
    one = assigner(
        requires={
            "a": (
                'b; extra == "x" and sys_platform == "linux"',
                'c; extra == "x" and sys_platform == "win32"',
            )
        }
    )
    assert assign(one, "a[x]").keys() == {"a", "b"}


def test_a_dependency_that_is_no_requirement_is_left_out() -> None:
    one = assigner(requires={"a": ("b (>=1", "c")})
    assert assign(one, "a").keys() == {"a", "c"}


_NAMES = ("a", "b", "c", "d")
_LINES = st.builds(
    lambda name, extra, clause: f"{name}{extra}{clause}",
    st.sampled_from(_NAMES),
    st.sampled_from(["", "[x]"]),
    st.sampled_from(["", ">=1", ">=2", "<2", ">=3"]),
)
_REQUIRES = st.dictionaries(
    st.sampled_from(_NAMES),
    st.lists(
        st.builds(
            lambda line, marker: line + marker, _LINES, st.sampled_from(["", '; extra == "x"'])
        ),
        max_size=3,
    ).map(tuple),
)
_CHANNELS = st.dictionaries(
    st.sampled_from(_NAMES), st.sampled_from([(), ("1",), ("1", "2"), ("1", "2", "3")])
)


@settings(max_examples=150, deadline=None)
@given(requires=_REQUIRES, channel=_CHANNELS, asked=st.lists(_LINES, min_size=1), data=st.data())
def test_who_supplies_what_does_not_depend_on_the_order_of_the_words(
    requires: dict[str, tuple[str, ...]],
    channel: dict[str, tuple[str, ...]],
    asked: list[str],
    data: st.DataObject,
) -> None:
    def suppliers(texts: list[str]) -> dict[str, str]:
        supplies = assign(assigner(channel=channel, requires=requires), *texts)
        return {name: type(supply).__name__ for name, supply in supplies.items()}

    first = suppliers(asked)
    second = suppliers(data.draw(st.permutations(asked)))
    assert first == second


@settings(max_examples=100, deadline=None)
@given(requires=_REQUIRES, channel=_CHANNELS, asked=st.lists(_LINES, min_size=1))
def test_what_conda_is_to_supply_the_channels_have(
    requires: dict[str, tuple[str, ...]], channel: dict[str, tuple[str, ...]], asked: list[str]
) -> None:
    one = assigner(channel=channel, requires=requires)
    for name, supply in assign(one, *asked).items():
        if isinstance(supply, FromConda):
            range_ = one.ranges[canonicalize_name(name)]
            assert list(range_.filter(channel[name]))


@settings(max_examples=150, deadline=None)
@given(
    requires=_REQUIRES,
    provided=st.frozensets(st.sampled_from(_NAMES)),
    asked=st.lists(_LINES, min_size=1),
)
def test_all_that_condas_packages_require_is_provided_or_assigned(
    requires: dict[str, tuple[str, ...]], provided: frozenset[str], asked: list[str]
) -> None:
    one = assigner(
        channel=dict.fromkeys(provided, ("1",)),
        requires=requires,
        provides=lambda name: name in provided,
    )
    supplies = assign(one, *asked)
    for name in one.extras:
        for text in requires.get(name, ()):
            requirement = Requirement(text)
            if requirement.marker is None or "x" in one.extras[name]:
                target = canonicalize_name(requirement.name)
                assert target in provided or target in supplies
                assert requirement.extras <= one.extras[target]
