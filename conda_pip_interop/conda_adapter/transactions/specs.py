"""conda's match specs of what a plan requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda.models.match_spec import MatchSpec

from conda_pip_interop.errors import UnsatisfiableError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conda_pip_interop.resolve.solver import CondaSpec


def build_spec(spec: CondaSpec) -> MatchSpec:
    """Build conda's spec; one of any version by its bare name, as conda writes it down."""
    if spec.text or spec.version == "*":
        return MatchSpec(spec.text or spec.name)
    return MatchSpec(name=spec.name, version=spec.version)


def build_specs(specs: Iterable[CondaSpec]) -> list[MatchSpec]:
    """Build one spec a name; raises InteropError `unsatisfiable` where two exclude each other."""
    found = [build_spec(one) for one in specs]
    try:
        return list(MatchSpec.merge(found))
    except ValueError as error:
        raise UnsatisfiableError(
            f"conda cannot install {', '.join(map(str, found))}: {error}.",
            hints=("Request other versions.",),
        ) from error
