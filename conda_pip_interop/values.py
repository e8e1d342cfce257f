"""`dataclass` and `regex` for the values of this package, which cost little to import.

For each class `dataclasses` compiles up to six methods, which took two fifths of the time in which
our modules are imported; regular expressions took a sixth. Here all classes share their methods,
which learn about the fields of a class when it is first used: a value costs a microsecond more, and
most classes have few of them. An expression is compiled when it is used.

That nothing is assigned to a frozen value is checked by mypy, which reads these as
`dataclasses.dataclass` and `re.compile`, and not at run time.
"""

from __future__ import annotations

import operator
import re
from dataclasses import MISSING, Field, field, make_dataclass
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass", "regex"]

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from dataclasses import dataclass
    from re import compile as regex
else:

    class regex:  # noqa: N801  # what it is to mypy
        """A regular expression that is compiled when it is first used."""

        def __init__(self, text: str | bytes, flags: int = 0) -> None:
            self._arguments = (text, flags)

        def __getattr__(self, name: str) -> Any:
            found = getattr(re.compile(*self._arguments), name)
            setattr(self, name, found)  # not asked for it again
            return found

    def dataclass(
        *,
        kw_only: bool,
        frozen: bool = False,
        slots: bool = False,
        order: bool = False,
        eq: bool = True,
    ) -> Callable[[type], type]:
        """Build a class as `dataclasses.dataclass` does; all fields are `kw_only`."""
        if not kw_only:
            raise NotImplementedError

        def build(cls: type) -> type:
            own = _find_own(cls)
            built = _build_slots(cls, own) if slots else _remove_fields(cls, own)
            built.__shape__ = _Late("__shape__", built, lambda: _Shape(built, own))
            built.__dataclass_fields__ = _Late(
                "__dataclass_fields__", built, lambda: _build_fields(built, own)
            )
            built.__init__ = _initialise
            built.__repr__ = _render
            if eq:
                built.__eq__ = _is_equal
                built.__hash__ = _hash if frozen else None
            if order:
                for compare in (operator.lt, operator.le, operator.gt, operator.ge):
                    setattr(built, f"__{compare.__name__}__", _build_order(compare))
            return built

        return build


class _Late:
    """An attribute of a class that is made when it is first needed, and then takes this place."""

    def __init__(self, name: str, cls: type, make: Callable[[], object]) -> None:
        self._name, self._cls, self._make = name, cls, make

    def __get__(self, _value: object, _cls: type) -> object:
        made = self._make()
        setattr(self._cls, self._name, made)
        return made


def _find_own(cls: type) -> dict[str, Any]:
    """Find the fields that a class itself has, each with its default, Field or MISSING."""
    names = [name for name, kind in cls.__annotations__.items() if "ClassVar" not in str(kind)]
    return {name: cls.__dict__.get(name, MISSING) for name in names}


def _remove_fields(cls: type, own: Mapping[str, object]) -> type:
    for name, value in own.items():
        if isinstance(value, Field):
            delattr(cls, name)
    return cls


def _build_slots(cls: type, own: Mapping[str, object]) -> type:
    """Build the same class with a slot for each field; a class cannot get them afterwards."""
    inherited = {name for base in cls.__mro__[1:] for name in getattr(base, "__slots__", ())}
    content = {name: value for name, value in cls.__dict__.items() if name not in own}
    content.pop("__dict__", None)
    content.pop("__weakref__", None)
    content["__slots__"] = tuple(name for name in own if name not in inherited)
    built = type(cls)(cls.__name__, cls.__bases__, content)
    built.__qualname__ = cls.__qualname__
    return built


def _build_fields(cls: Any, own: Mapping[str, Any]) -> object:
    """Build what `dataclasses.fields` and `replace` read."""
    given = [
        (name, cls.__annotations__[name], *(() if value is MISSING else (value,)))
        for name, value in own.items()
    ]
    made: Any = make_dataclass(
        cls.__name__,
        given,
        bases=cls.__bases__,
        namespace={"__doc__": cls.__doc__},  # or its signature would be described
        init=False,
        eq=False,
        repr=False,
        kw_only=True,
    )
    cls.__dataclass_params__ = made.__dataclass_params__
    return made.__dataclass_fields__


class _Shape:
    """What the methods of a class have to know of its fields."""

    def __init__(self, cls: type, own: Mapping[str, Any]) -> None:
        self.own = own
        found: dict[str, Any] = {}
        for base in cls.__mro__[:0:-1]:
            found |= base.__shape__.own if hasattr(base, "__shape__") else {}
        found |= own
        stated = {
            name: one if isinstance(one, Field) else field(default=one)
            for name, one in found.items()
        }
        self.defaults = {
            name: one.default for name, one in stated.items() if one.default is not MISSING
        }
        self.factories = tuple(
            (name, one.default_factory)
            for name, one in stated.items()
            if one.default_factory is not MISSING
        )
        made = {*self.defaults, *(name for name, _ in self.factories)}
        self.names = {name for name, one in stated.items() if one.init} | made
        self.is_completed = hasattr(cls, "__post_init__")
        self.shown = [name for name, one in stated.items() if one.repr]
        self.compared = _read([name for name, one in stated.items() if one.compare])
        self.counted = _read(
            [
                name
                for name, one in stated.items()
                if (one.compare if one.hash is None else one.hash)
            ]
        )


def _read(names: list[str]) -> Callable[[Any], object]:
    return operator.attrgetter(*names) if names else lambda _: ()


def _initialise(self: Any, /, **given: Any) -> None:
    shape = self.__shape__
    values = {**shape.defaults, **given}
    for name, make in shape.factories:
        if name not in given:
            values[name] = make()
    if values.keys() != shape.names:
        wrong = ", ".join(sorted(values.keys() ^ shape.names))
        message = f"{self.__class__.__name__}: missing or unknown: {wrong}"
        raise TypeError(message)
    for name, value in values.items():
        setattr(self, name, value)
    if shape.is_completed:
        self.__post_init__()


def _render(self: Any) -> str:
    shown = ", ".join([f"{name}={getattr(self, name)!r}" for name in self.__shape__.shown])
    return f"{self.__class__.__qualname__}({shown})"


def _is_equal(self: Any, other: object) -> object:
    compared = self.__shape__.compared
    if other.__class__ is not self.__class__:
        return NotImplemented
    return compared(self) == compared(other)


def _hash(self: Any) -> int:
    return hash(self.__shape__.counted(self))


def _build_order(compare: Callable[[Any, Any], bool]) -> Callable[[Any, object], object]:
    def method(self: Any, other: object) -> object:
        compared = self.__shape__.compared
        if other.__class__ is not self.__class__:
            return NotImplemented
        return compare(compared(self), compared(other))

    return method
