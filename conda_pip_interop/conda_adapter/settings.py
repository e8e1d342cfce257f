"""The settings of the plugin in conda's configuration, and the policy that is read from them.

Every conda command loads this module, so the policy is imported only where it is read.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from conda.base.context import context
from conda.common import configuration
from conda.plugins.types import CondaSetting

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from packaging.utils import NormalizedName

    from conda_pip_interop.protection.policy import Policy

Choice = TypeVar("Choice", bound=str)

PREFIX = "pip_interop_"


class PrimitiveParameter(configuration.PrimitiveParameter):  # type: ignore[misc]  # not typed
    """A word, several words with commas, or a YAML list of words, stored as one text.

    conda merges a sequence parameter across files; here the file of the highest rank replaces the
    others. `conda config --set` goes by the name of the class, so it is the name of conda's.
    """

    def __init__(self, default: str, *, words: tuple[type, ...] = (str,)) -> None:
        super().__init__(default, element_type=str)
        self._words = words

    def load(self, name: str, match: Any) -> configuration.PrimitiveLoadedParameter:
        """Load one source's value (see conda's `Parameter.load`).

        Anything else becomes the empty text, which `read_policy` reports as invalid.
        """
        value = _unwrap(match.value(None))
        words = value if isinstance(value, list) else [value]
        known = all(isinstance(word, self._words) for word in words)
        text = ",".join(map(str, words)) if known else ""
        return configuration.PrimitiveLoadedParameter(
            name, str, text, match.keyflag(), match.valueflags(None), self._validation
        )


class _NameParameter(configuration.PrimitiveParameter):  # type: ignore[misc]  # not typed
    """The name of a package, or null; anything else becomes the empty text."""

    def load(self, name: str, match: Any) -> configuration.PrimitiveLoadedParameter:
        """Load one value of a map (see conda's `Parameter.load`)."""
        value = _unwrap(match.value(None))
        known = value if value is None or isinstance(value, str) else ""
        return configuration.PrimitiveLoadedParameter(
            name, (str, type(None)), known, match.keyflag(), match.valueflags(None)
        )


class MapParameter(configuration.MapParameter):  # type: ignore[misc]  # not typed
    """A map of names, merged across files; anything else becomes a map with an empty name.

    With conda's own parameter, some invalid values make every command fail that reads them.
    """

    def load(self, name: str, match: Any) -> configuration.MapLoadedParameter:
        """Load one source's value (see conda's `Parameter.load`)."""
        if isinstance(match.value(None), Mapping):
            return super().load(name, match)
        nothing = configuration.PrimitiveLoadedParameter(name, str, "", None, None)
        return configuration.MapLoadedParameter(
            name,
            configuration.frozendict({"": nothing}),
            self._element_type,
            match.keyflag(),
            configuration.frozendict(),
        )


def _unwrap(value: Any) -> Any:
    """Return a value of a `.condarc` without the wrappers that conda puts around its elements."""
    if isinstance(value, Mapping):
        return {key: _unwrap(one) for key, one in value.items()}
    if isinstance(value, (tuple, list)):
        return [_unwrap(one) for one in value]
    return _unwrap(value.value(None)) if hasattr(value, "valueflags") else value


def build_settings() -> Iterable[CondaSetting]:
    """Build the settings, for `conda config --describe` and `context.plugins`."""
    yield CondaSetting(
        name="pip_interop_protect",
        description="Environments protected from plain pip by an EXTERNALLY-MANAGED marker: base, "
        "none, all, or names and path patterns (! negates, the last match wins).",
        parameter=PrimitiveParameter("base"),
    )
    yield CondaSetting(
        name="pip_interop_reconcile",
        description="What to do before and after conda commands: auto updates conda's records to "
        "what pip has changed, removes stale metadata and reports findings; report only reports; "
        "off does nothing.",
        parameter=PrimitiveParameter("auto"),
    )
    yield CondaSetting(
        name="pip_interop_guard",
        description="What to do when a conda transaction would break what pip has installed: warn "
        "prints a warning, error refuses, off does nothing.",
        parameter=PrimitiveParameter("warn"),
    )
    yield CondaSetting(
        name="pip_interop_prefer",
        description="Where `conda pip install` looks for a package first: conda (the channels) or "
        "pypi (pip's indexes).",
        parameter=PrimitiveParameter("conda"),
    )
    yield CondaSetting(
        name="pip_interop_installer",
        description="The installer for pip's part of `conda pip install`: pip or uv.",
        parameter=PrimitiveParameter("pip"),
    )
    yield CondaSetting(
        name="pip_interop_message",
        description="Text added to the message of a protected environment: a contact, a link.",
        parameter=PrimitiveParameter("", words=(str, int, float)),
    )
    yield CondaSetting(
        name="pip_interop_names",
        description="Map of PyPI names to conda names, null for projects that conda never "
        "provides; it takes precedence over all other sources of names.",
        parameter=MapParameter(_NameParameter(None, element_type=(str, type(None)))),
    )
    yield CondaSetting(
        name="pip_interop_names_map",
        description="File or https URL of an additional map of names, for `conda pip names "
        "--update`.",
        parameter=PrimitiveParameter(""),
    )


def read_policy() -> Policy:
    """Return the policy in force; an invalid value is reported once, and its default used.

    An unknown setting is reported once, too.
    """
    from conda_pip_interop.protection.policy import (
        GUARD_MODES,
        INSTALLERS,
        PREFERENCES,
        PROTECT_WORDS,
        RECONCILE_MODES,
        Policy,
    )

    report_unknown()
    protect = tuple(word.strip() for word in _read("protect").split(",") if word.strip())
    if not protect or (len(protect) > 1 and "none" in protect):
        _complain("protect", f"{', '.join(PROTECT_WORDS)}, or names and path patterns")
        protect = ("base",)
    return Policy(
        protect=protect,
        protect_source=_find_source("protect"),
        reconcile=_choose("reconcile", RECONCILE_MODES),
        guard=_choose("guard", GUARD_MODES),
        prefer=_choose("prefer", PREFERENCES),
        prefer_source=_find_source("prefer"),
        prefer_locked=_is_final(_find_raw("prefer")),
        installer=_choose("installer", INSTALLERS),
        installer_source=_find_source("installer"),
        message=_read("message") or None,
    )


def read_names(channels: Sequence[str]) -> dict[NormalizedName, str | None]:
    """Return the user's map of names for these channels: normalized PyPI name to conda name.

    Raises InteropError `invalid-setting`: without it, an invalid name would be looked up elsewhere.
    """
    from packaging.utils import canonicalize_name

    from conda_pip_interop.errors import InteropError
    from conda_pip_interop.names.names_map import choose_entries, split_section

    names = dict(getattr(context.plugins, PREFIX + "names"))
    for key, name in names.items():
        if not _is_name(split_section(str(key))[1]) or (name is not None and not _is_name(name)):
            raise InteropError(
                "invalid-setting",
                f"{PREFIX}names is set to {_unwrap(_find_raw('names'))!r} by "
                f"{_find_source('names')}, which is not a map of PyPI names to conda names.",
                hints=(
                    f"Under plugins: in a .condarc, write {PREFIX}names: {{torch: pytorch}}.",
                    "Names have no version; null means that conda never provides a project.",
                    "`bioconda::salmon` applies if that channel is searched.",
                    "An environment variable cannot hold a map.",
                ),
            )
    chosen = choose_entries({str(key): name for key, name in names.items()}, channels)
    return {canonicalize_name(project): name for project, name in chosen.items()}


def _is_name(value: object) -> bool:
    """Return whether `value` is a valid name of a PyPI project or conda package (CEP 26)."""
    return (
        isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", value) is not None
    )


def read_names_map() -> str:
    """Return the origin of the additional map of names: a path, a URL, or empty."""
    return _read("names_map")


def _choose(name: str, choices: tuple[Choice, ...]) -> Choice:
    """Return the choice that is set; the first is the default, also for an invalid value."""
    value = _read(name)
    for choice in choices:
        if value == choice:
            return choice
    _complain(name, ", ".join(choices))
    return choices[0]


def _read(name: str) -> str:
    return str(getattr(context.plugins, PREFIX + name))


def _find_source(name: str) -> str:
    """Return the file that sets a value, `envvars`, or `default`."""
    raw = _find_raw(name)
    return "default" if raw is None else str(raw.source)


def _find_raw(name: str) -> Any:
    """Return the value in force as it is written: the first `#!final`, else the last one."""
    found = None
    for parameters in context.plugins.raw_data.values():
        if PREFIX + name in parameters:
            found = parameters[PREFIX + name]
            if _is_final(found):
                break
    return found


def _is_final(raw: Any) -> bool:
    """Return whether a value is locked where it is written (`#!final`)."""
    return raw is not None and raw.keyflag() is configuration.ParameterFlag.final


def report_unknown() -> None:
    """Report each setting of ours that there is not, or that is not under `plugins:`, once."""
    known = {one.name for one in build_settings()}
    for source, name in _list_ours(context.plugins.raw_data):
        if name not in known:
            nearest = _find_nearest(name, known)
            warn_once(
                (source, name),
                f"{source} has an unknown setting {name}, which has no effect. "
                f"Did you mean {nearest}?",
            )
    for source, name in _list_ours(context.raw_data):
        if source != "envvars":
            nearest = name if name in known else _find_nearest(name, known)
            warn_once(
                (source, name),
                f"{source} has {name} outside of plugins:, where it has no effect. "
                f"Under plugins:, set {nearest}.",
            )


def _list_ours(raw_data: Mapping[Any, Mapping[str, Any]]) -> Iterable[tuple[str, str]]:
    """Return the source and the name of what somebody takes for a setting of ours."""
    return [
        (str(source), name)
        for source, parameters in raw_data.items()
        for name in parameters
        if str(name).replace("-", "_").startswith(PREFIX.rstrip("_"))
    ]


def _find_nearest(name: str, known: Collection[str]) -> str:
    from difflib import get_close_matches

    return get_close_matches(name, sorted(known), n=1, cutoff=0)[0]


def _complain(name: str, choices: str) -> None:
    value = _unwrap(_find_raw(name))
    warn_once(
        ("", name),
        f"{PREFIX}{name} is set to {value!r} by {_find_source(name)}, which is "
        f"not valid; choose {choices}. The default is used.",
    )


def warn_once(about: tuple[str, str], text: str) -> None:
    """Print a line on stderr, once a process for each setting of a source."""
    from conda_pip_interop.conda_adapter.session import current_session
    from conda_pip_interop.text import write_text

    complained = current_session().complained
    if about not in complained:
        complained.add(about)
        write_text(f"conda-pip-interop: {text}\n", sys.stderr)
