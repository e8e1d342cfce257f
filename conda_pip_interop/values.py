"""`dataclass` and `regex` for the values of this package, which cost little to import.

For each class `dataclasses` compiles up to six methods, which took two fifths of the time in which
our modules are imported; regular expressions took a sixth. Here no method is compiled: a value
costs a microsecond more, and most classes have few of them. An expression is compiled when it is
used, since a command uses few of them.

That nothing is assigned to a frozen value is checked by mypy, which reads these as
`dataclasses.dataclass` and `re.compile`, and not at run time.
"""

from __future__ import annotations

import dataclasses
import operator
import re
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass", "regex"]

if TYPE_CHECKING:
    from collections.abc import Callable
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
        *, frozen: bool = False, order: bool = False, eq: bool = True, **options: bool
    ) -> Callable[[type], type]:
        """Build a class as `dataclasses.dataclass` does; all fields are `kw_only`."""

        def build(cls: type) -> type:
            built = dataclasses.dataclass(init=False, eq=False, repr=False, **options)(cls)
            _add_init(built)
            _add_text(built)
            if eq:
                _add_comparison(built, frozen=frozen)
            if order:
                _add_order(built)
            return built

        return build


def _add_init(cls: Any) -> None:
    missing = dataclasses.MISSING
    fields = dataclasses.fields(cls)
    defaults = {one.name: one.default for one in fields if one.default is not missing}
    factories = [
        (one.name, one.default_factory) for one in fields if one.default_factory is not missing
    ]
    names = {*defaults, *(name for name, _ in factories), *(one.name for one in fields if one.init)}
    is_completed = hasattr(cls, "__post_init__")

    def init(self: Any, /, **given: Any) -> None:
        values = {**defaults, **given}
        for name, make in factories:
            if name not in given:
                values[name] = make()
        if values.keys() != names:
            wrong = ", ".join(sorted(values.keys() ^ names))
            message = f"{cls.__name__}: missing or unknown: {wrong}"
            raise TypeError(message)
        for name, value in values.items():
            setattr(self, name, value)
        if is_completed:
            self.__post_init__()

    cls.__init__ = init


def _add_text(cls: Any) -> None:
    names = [one.name for one in dataclasses.fields(cls) if one.repr]

    def text(self: Any) -> str:
        shown = ", ".join([f"{name}={getattr(self, name)!r}" for name in names])
        return f"{self.__class__.__qualname__}({shown})"

    cls.__repr__ = text


def _add_comparison(cls: Any, *, frozen: bool) -> None:
    fields = dataclasses.fields(cls)
    compared = _read([one.name for one in fields if one.compare])
    counted = _read([one.name for one in fields if (one.compare if one.hash is None else one.hash)])

    def equal(self: Any, other: object) -> object:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return compared(self) == compared(other)

    def hashed(self: Any) -> int:
        return hash(counted(self))

    cls.__eq__ = equal
    cls.__hash__ = hashed if frozen else None


def _add_order(cls: Any) -> None:
    compared = _read([one.name for one in dataclasses.fields(cls) if one.compare])

    def build(compare: Callable[[Any, Any], bool]) -> Callable[[Any, object], object]:
        def method(self: Any, other: object) -> object:
            if other.__class__ is not self.__class__:
                return NotImplemented
            return compare(compared(self), compared(other))

        return method

    for compare in (operator.lt, operator.le, operator.gt, operator.ge):
        setattr(cls, f"__{compare.__name__}__", build(compare))


def _read(names: list[str]) -> Callable[[Any], object]:
    return operator.attrgetter(*names) if names else lambda _: ()
