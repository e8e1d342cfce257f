"""Translate pip's options and configuration for uv; those that uv lacks are refused by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import Any, Final

from conda_pip_interop.errors import InteropError
from conda_pip_interop.installers.pip.options import (
    BY_NAME,
    ForwardedOption,
    PipArgument,
    PipOptions,
)
from conda_pip_interop.values import dataclass

_LINES: Final = ("--no-index",)
#: pip treats its indexes as equals; uv takes the first that has a name. Only where there are
#: several: with it, uv says nothing of an index that wants a password.
_EQUALS: Final = "--index-strategy=unsafe-best-match"
#: They take a list of names with commas; uv takes one name a line.
_NAMES: Final = ("--only-binary", "--no-binary")
#: In a requirements file, as with pip: so a password is in no list of processes.
_SOURCES: Final = ("--index-url", "--extra-index-url", "--find-links")
#: Which field of `UvSettings`, and uv's name. Whatever is built, pip builds; but for a resolution
#: uv may have to build metadata.
_WORDS: Final = {
    "--trusted-host": ("words", "--allow-insecure-host"),
    "--uploaded-prior-to": ("words", "--exclude-newer"),
    "--refresh-package": ("words", "--refresh-package"),
    "--cache-dir": ("words", "--cache-dir"),
    "--no-cache-dir": ("words", "--no-cache"),
    "--build-constraint": ("resolving", "--build-constraints"),
    "--config-settings": ("resolving", "--config-setting"),
    "--no-build-isolation": ("resolving", "--no-build-isolation"),
    "--compile": ("installing", "--compile-bytecode"),
    "--pre": ("words", "--prerelease=allow"),
}
_PRERELEASES: Final = {"--all-releases": "allow", "--only-final": "disallow"}
_KEYRING: Final = {"subprocess": ["--keyring-provider=subprocess"], "auto": [], "disabled": []}
_VARIABLES: Final = {
    "--cert": ("SSL_CERT_FILE",),
    "--client-cert": ("SSL_CLIENT_CERT",),
    "--proxy": ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"),
    "--timeout": ("UV_HTTP_TIMEOUT",),
    "--retries": ("UV_HTTP_RETRIES",),
}
#: What pip's builds alone go by, and what uv does anyway, or has nothing of.
_NOTHING: Final = (
    *("--check-build-dependencies", "--global-option", "--use-pep517", "--no-use-pep517", "--src"),
    *("--no-compile", "--no-warn-conflicts", "--root-user-action", "--no-python-version-warning"),
    *("--progress-bar", "--no-color", "--no-clean", "--exists-action"),
)
#: Of pip's configuration these are for pip itself, or say how it goes about its work.
_OF_PIP_ALONE: Final = (
    *("--cache-dir", "--no-cache-dir", "--log", "--debug", "--use-feature", "--use-deprecated"),
    *("--resume-retries", "--no-proxy-env"),
)
#: pip takes each of these as often as it is given; of others the last one counts.
_SEVERAL: Final = (
    *("--extra-index-url", "--find-links", "--trusted-host", *_NAMES, *_PRERELEASES),
    *("--config-settings", "--build-constraint", "--refresh-package"),
)
#: Their values are divided by spaces in pip's configuration.
_SPACED: Final = ("--extra-index-url", "--find-links", "--trusted-host", "--build-constraint")
_YES: Final = ("1", "true", "yes", "on", "y", "t")


@dataclass(frozen=True, kw_only=True, slots=True)
class UvSettings:
    """How uv is to be run: `lines` of a requirements file, words of its command line, variables.

    `resolving` are words for a resolution alone, `installing` for an installation. `constraints`
    are files that pip's configuration names.
    """

    lines: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    resolving: tuple[str, ...] = ()
    installing: tuple[str, ...] = ()
    environ: Mapping[str, str] = field(default_factory=dict)
    constraints: tuple[str, ...] = ()
    require_hashes: bool = False


def build_settings(options: PipOptions, configured: Mapping[str, str]) -> UvSettings:
    """What was given, with pip's configuration (`pip_configuration`) before it.

    Raises InteropError `no-uv-option`.
    """
    if options.verbatim:
        raise _refuse(" ".join(options.verbatim))
    constraints = tuple(configured.get("constraint", "").split())
    settings = UvSettings(constraints=constraints)
    arguments = (*read_configured(configured), *options.arguments)
    last = {one.name: one for one in arguments}
    if any(one.name == "--extra-index-url" for one in arguments):
        settings = replace(settings, words=(_EQUALS,))
    for one in arguments:
        if one.name in _SEVERAL or last[one.name] is one:
            settings = _add(settings, one)
    return settings


def read_configured(configured: Mapping[str, str]) -> Iterator[PipArgument]:
    """Read pip's configuration as the options that it sets."""
    for name, value in configured.items():
        option = BY_NAME.get(f"--{name}")
        if not isinstance(option, ForwardedOption):
            continue
        argument = PipArgument(option=option, value=value)
        if argument.name in _OF_PIP_ALONE or not value.strip():
            continue
        if option.metavar is None:
            if value.strip().lower() in _YES:
                yield replace(argument, value=None)
        elif argument.name in _SPACED:
            yield from (replace(argument, value=word) for word in value.split())
        else:
            yield argument


def _add(settings: UvSettings, one: PipArgument) -> UvSettings:
    if one.name in _NOTHING:
        return settings
    if one.name in _VARIABLES:
        variables = dict.fromkeys(_VARIABLES[one.name], one.value or "")
        return replace(settings, environ={**settings.environ, **variables})
    if one.name == "--require-hashes":
        return replace(settings, require_hashes=True)
    where, added = _translate(one.name, one.value)
    more: dict[str, Any] = {where: (*getattr(settings, where), *added)}
    return replace(settings, **more)


def _translate(name: str, value: str | None) -> tuple[str, list[str]]:
    """The field of `UvSettings` that an option belongs to, and what stands there."""
    if name in (*_SOURCES, *_LINES):
        location = f" {find_url(value)}" if value is not None else ""
        return "lines", [f"{name}{location}"]
    if name in _NAMES:
        return "lines", [f"{name} {word}" for word in _split(value)]
    if name in _WORDS:
        where, word = _WORDS[name]
        return where, [word if value is None else f"{word}={value}"]
    if name in _PRERELEASES:
        return "words", [_prefer(word, _PRERELEASES[name]) for word in _split(value)]
    if name == "--keyring-provider" and value in _KEYRING:
        return "words", _KEYRING[value]
    raise _refuse(name if value is None else f"{name} {value}")


def find_url(location: str) -> str:
    """pip means paths from the current folder on; uv from that of the file they stand in."""
    return (
        location
        if "://" in location or location.startswith("file:")
        else Path(location).resolve().as_uri()
    )


def _split(value: str | None) -> list[str]:
    return [word.strip() for word in (value or "").split(",") if word.strip()]


def _prefer(name: str, wanted: str) -> str:
    if name == ":all:":
        return f"--prerelease={wanted}"
    return f"--prerelease-package={name}={wanted}"


def _refuse(name: str) -> InteropError:
    return InteropError(
        "no-uv-option",
        f"uv has no option like pip's {name}, and pip_interop_installer is set to uv.",
        hints=(
            "Remove it from the command line or from pip's configuration.",
            "Or use pip: set CONDA_PLUGINS_PIP_INTEROP_INSTALLER=pip.",
        ),
    )
