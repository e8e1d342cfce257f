"""`dataclass` for the values of this package, at a third of what it costs to import.

For each frozen class `dataclasses` compiles six methods, which took two fifths of the time in which
our modules are imported. Here `__init__` alone is compiled; equality, hash and text are made of
attribute getters. That nothing is assigned to a frozen value is checked by mypy, which reads this
as `dataclasses.dataclass`, and not at run time.
"""

from __future__ import annotations

import dataclasses
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import dataclass as dataclass  # noqa: PLC0414  # imported from here
else:

    def dataclass(
        *, frozen: bool = False, order: bool = False, eq: bool = True, **options: bool
    ) -> Callable[[type], type]:
        """Build a class as `dataclasses.dataclass` does; a frozen one costs less."""
        if order or not frozen:
            return dataclasses.dataclass(frozen=frozen, order=order, eq=eq, **options)

        def build(cls: type) -> type:
            built = dataclasses.dataclass(eq=False, repr=False, **options)(cls)
            _add_text(built)
            if eq:
                _add_comparison(built)
            return built

        return build


def _add_text(cls: Any) -> None:
    names = [one.name for one in dataclasses.fields(cls) if one.repr]

    def text(self: Any) -> str:
        shown = ", ".join([f"{name}={getattr(self, name)!r}" for name in names])
        return f"{self.__class__.__qualname__}({shown})"

    cls.__repr__ = text


def _add_comparison(cls: Any) -> None:
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
    cls.__hash__ = hashed


def _read(names: list[str]) -> Callable[[Any], object]:
    return attrgetter(*names) if names else lambda _: ()
