"""`values.dataclass` behaves as `dataclasses.dataclass` for whoever does not assign to a value."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import re
from dataclasses import field
from functools import cached_property
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conda_pip_interop.values import dataclass, regex


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """One of ours."""

    x: int
    y: str = "a"
    note: str = field(default="", compare=False)
    secret: str = field(default="s", repr=False)
    table: dict[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Other(Point):
    """Another class with equal fields."""

    z: tuple[int, ...] = ()


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """The same as `Point`, by the standard library."""

    x: int
    y: str = "a"
    note: str = field(default="", compare=False)
    secret: str = field(default="s", repr=False)
    table: dict[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Empty:
    """Without a field."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Identical:
    """Compared by identity."""

    x: int


@dataclass(frozen=True, kw_only=True)
class Derived:
    """With a view that is made once."""

    x: int

    @cached_property
    def double(self) -> int:
        """Twice the number."""
        return 2 * self.x


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Sorted:
    """With an order."""

    x: int
    y: str = ""


@dataclass(kw_only=True)
class Counter:
    """One that changes, and that completes itself."""

    kind: ClassVar[str] = "counter"
    start: int
    log: list[int] = field(default_factory=list)
    count: int = field(init=False)

    def __post_init__(self) -> None:
        """Begin."""
        self.count = self.start


fields = st.fixed_dictionaries(
    {"x": st.integers(0, 2)},
    optional={
        **{name: st.sampled_from(["a", "s", ""]) for name in ("y", "note", "secret")},
        "table": st.sampled_from([{}, {"a": "b"}]),
    },
)


@given(fields, fields)
def test_equality_hash_and_text_are_those_of_dataclasses(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    ours, theirs = Point(**first), Reference(**first)
    assert (ours == Point(**second)) == (theirs == Reference(**second))
    if ours == Point(**second):
        assert hash(ours) == hash(Point(**second))
    assert repr(ours) == repr(theirs).replace("Reference", "Point")
    assert dataclasses.asdict(ours) == dataclasses.asdict(theirs)


@given(fields)
def test_copies_are_equal(given_fields: dict[str, Any]) -> None:
    point = Other(**given_fields, z=(1,))
    pickled = pickle.loads(pickle.dumps(point))  # noqa: S301  # our own bytes
    for same in (copy.deepcopy(point), pickled, dataclasses.replace(point)):
        assert same == point
        assert same is not point


def test_values_of_different_classes_differ() -> None:
    assert Point(x=1) != Other(x=1)
    assert Point(x=1) != object()
    assert Empty() == Empty()
    assert len({Empty(), Empty()}) == 1
    assert Identical(x=1) != Identical(x=1)


def test_a_view_is_kept_and_not_compared() -> None:
    value = Derived(x=2)
    assert value.double == 4
    assert value == Derived(x=2)
    assert repr(value) == "Derived(x=2)"


def test_values_have_the_order_of_their_fields() -> None:
    values = [Sorted(x=2), Sorted(x=1, y="b"), Sorted(x=1, y="a")]
    assert sorted(values) == values[::-1]
    assert Sorted(x=1) <= Sorted(x=1)
    assert Sorted(x=2) > Sorted(x=1)
    assert Sorted(x=2) >= Sorted(x=1)
    with pytest.raises(TypeError):
        assert Sorted(x=1) < Point(x=1)  # type: ignore[operator]  # what is tested


def test_what_changes_has_no_hash() -> None:
    first, second = Counter(start=1), Counter(start=1)
    assert first == second
    first.log.append(1)
    assert first != second
    assert (first.count, first.log, second.log) == (1, [1], [])
    assert (first.kind, dataclasses.replace(first).log) == ("counter", [1])
    with pytest.raises(TypeError):
        hash(first)


def test_an_expression_is_compiled_when_it_is_used() -> None:
    lazy, compiled = regex("(A+)b", re.IGNORECASE), re.compile("(A+)b", re.IGNORECASE)
    for text in ("aab", "b"):
        assert bool(lazy.fullmatch(text)) is bool(compiled.fullmatch(text))
        assert lazy.sub("c", text) == compiled.sub("c", text)
    assert lazy.pattern == compiled.pattern
    assert regex(rb"\d").findall(b"a1b2") == [b"1", b"2"]
    with pytest.raises(re.error):
        regex("(").search("")


def test_fields_are_those_of_dataclasses() -> None:
    for ours, theirs in zip(dataclasses.fields(Point), dataclasses.fields(Reference), strict=True):
        for name in ("name", "type", "default", "repr", "compare", "hash", "init", "kw_only"):
            assert getattr(ours, name) == getattr(theirs, name)
    assert [one.name for one in dataclasses.fields(Other)][-1] == "z"
    assert dataclasses.is_dataclass(Empty)
    assert {*Point.__slots__}.isdisjoint(Other.__slots__)
    assert not hasattr(Counter, "log")
    assert not hasattr(Point(x=1), "__dict__")


def test_fields_are_checked() -> None:
    with pytest.raises(TypeError):
        Point()  # type: ignore[call-arg]  # what is tested
    with pytest.raises(TypeError):
        Point(x=1, w=2)  # type: ignore[call-arg]  # what is tested
    with pytest.raises(TypeError):
        Point(1)  # type: ignore[call-arg]  # what is tested
