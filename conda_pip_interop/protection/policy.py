"""Policy: what admin and user allow, with the place that each word of it came from."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final, Literal, TypeAlias

from conda_pip_interop.errors import InteropError

ReconcileMode: TypeAlias = Literal["auto", "report", "off"]
GuardMode: TypeAlias = Literal["warn", "error", "off"]
Preference: TypeAlias = Literal["conda", "pypi"]
InstallerName: TypeAlias = Literal["pip", "uv"]

#: Values of `pip_interop_protect` that stand alone; any other word is a name or path pattern.
PROTECT_WORDS: Final = ("base", "none", "all")
RECONCILE_MODES: Final[tuple[ReconcileMode, ...]] = ("auto", "report", "off")
GUARD_MODES: Final[tuple[GuardMode, ...]] = ("warn", "error", "off")
PREFERENCES: Final[tuple[Preference, ...]] = ("conda", "pypi")
INSTALLERS: Final[tuple[InstallerName, ...]] = ("pip", "uv")
DEFAULT_SOURCE: Final = "default"


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """The settings that decisions are made by.

    `protect` is one of `PROTECT_WORDS` alone, or patterns of environment names and absolute paths
    (`!` negates, the last match wins). A `…_source` says who set it: a file, `envvars`,
    `cmd_line`, or `default` where nobody did. `prefer_locked`: no command line says otherwise.
    """

    protect: tuple[str, ...] = ("base",)
    protect_source: str = DEFAULT_SOURCE
    reconcile: ReconcileMode = "auto"
    guard: GuardMode = "warn"
    prefer: Preference = "conda"
    prefer_source: str = DEFAULT_SOURCE
    prefer_locked: bool = False
    installer: InstallerName = "pip"
    installer_source: str = DEFAULT_SOURCE
    message: str | None = None


def decide_protection(policy: Policy, *, name: str | None, path: str, is_base: bool) -> bool:
    """Whether the policy wants a marker in the environment of that name, at that path.

    `name` is None for an environment outside conda's environment folders; base answers to `base`.
    """
    wanted = False
    for word in policy.protect:
        negated, pattern = word.startswith("!"), word.removeprefix("!")
        if _matches(pattern, name=name, path=path, is_base=is_base):
            wanted = not negated
    return wanted


def decide_preference(policy: Policy, asked: Preference | None) -> Preference:
    """Where an install looks first: as the command line says, unless the policy is locked.

    Raises InteropError `locked-setting`.
    """
    if asked is None or asked == policy.prefer:
        return policy.prefer
    if policy.prefer_locked:
        raise InteropError(
            "locked-setting",
            f"--prefer {asked} is not allowed: pip_interop_prefer is locked to {policy.prefer} by "
            f"{policy.prefer_source}.",
            hints=("Leave --prefer out, or ask whoever keeps that file.",),
        )
    return asked


def _matches(pattern: str, *, name: str | None, path: str, is_base: bool) -> bool:
    if pattern == "all":
        return True
    if pattern == "none":
        return False
    if is_base:
        return pattern == "base" or fnmatchcase(path, pattern)
    return fnmatchcase(path, pattern) or (name is not None and fnmatchcase(name, pattern))
