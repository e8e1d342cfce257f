"""Our settings in conda's configuration, and the policy that they make.

Every conda command loads this module, so the policy is imported only where it is read.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from conda.base.context import context
from conda.common.configuration import PrimitiveLoadedParameter, PrimitiveParameter
from conda.plugins.types import CondaSetting

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conda_pip_interop.core.policy import Policy, ReconcileMode

PREFIX = "pip_interop_"
_said: set[str] = set()


class WordsParameter(PrimitiveParameter):  # type: ignore[misc]  # conda is not typed
    """A word, several words with commas, or a YAML list of words: kept as one text.

    A list in conda's own sequence parameter would be merged across files; here the file that
    outranks the others speaks alone.
    """

    def load(self, name: str, match: Any) -> PrimitiveLoadedParameter:
        """Load one source's value (see conda's `Parameter.load`)."""
        value = match.value(None)
        if isinstance(value, (tuple, list)):
            value = ",".join(str(getattr(one, "_raw_value", one)) for one in value)
        return PrimitiveLoadedParameter(
            name, str, str(value), match.keyflag(), match.valueflags(None), self._validation
        )


def build_settings() -> Iterable[CondaSetting]:
    """The settings, for `conda config --describe` and `context.plugins`."""
    yield CondaSetting(
        name="pip_interop_protect",
        description="Where plain pip is kept out by an EXTERNALLY-MANAGED marker: base, none, all, "
        "or names and path patterns of environments (! negates, the last match wins).",
        parameter=WordsParameter("base", element_type=str),
    )
    yield CondaSetting(
        name="pip_interop_reconcile",
        description="What follows a transaction: auto and report tell what conda and pip did to "
        "each other, off looks at nothing.",
        parameter=PrimitiveParameter("auto", element_type=str),
    )
    yield CondaSetting(
        name="pip_interop_message",
        description="Text added to what pip says where it is kept out: whom to ask, a link.",
        parameter=PrimitiveParameter("", element_type=str),
    )


def read_policy() -> Policy:
    """The policy in force. A value that means nothing is said, once, and its default taken."""
    from conda_pip_interop.core.policy import PROTECT_WORDS, RECONCILE_MODES, Policy

    protect = tuple(word.strip() for word in _read("protect").split(",") if word.strip())
    if not protect or (len(protect) > 1 and "none" in protect):
        _complain("protect", f"{', '.join(PROTECT_WORDS)}, or names and path patterns")
        protect = ("base",)
    mode = _read("reconcile")
    reconcile: ReconcileMode = "auto"
    for known in RECONCILE_MODES:
        if mode == known:
            reconcile = known
            break
    else:
        _complain("reconcile", ", ".join(RECONCILE_MODES))
    return Policy(
        protect=protect,
        protect_source=_find_source("protect"),
        reconcile=reconcile,
        message=_read("message") or None,
    )


def _read(name: str) -> str:
    return str(getattr(context.plugins, PREFIX + name))


def _find_source(name: str) -> str:
    """Which file, or `envvars`, sets a setting last; `default` where none does."""
    found = "default"
    for source, parameters in context.plugins.raw_data.items():
        if PREFIX + name in parameters:
            found = str(source)
    return found


def _complain(name: str, choices: str) -> None:
    if name in _said:
        return
    _said.add(name)
    print(
        f"conda-pip-interop: {PREFIX}{name} is set to {_read(name)!r} by {_find_source(name)}, "
        f"which means nothing; the values are {choices}. The default is used.",
        file=sys.stderr,
    )
