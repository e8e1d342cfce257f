"""The answers of `conda pip names`, as text and as documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.commands.names.name_matches import (
    Channels,
    NameMatch,
    PackageContents,
    find_contents,
    match_project,
)
from conda_pip_interop.commands.output import Output
from conda_pip_interop.errors import UsageError
from conda_pip_interop.grammar import is_conda_name
from conda_pip_interop.text import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from conda_pip_interop.names.names_map import ExtraMap
    from conda_pip_interop.resolve.solver import ListReleases

#: Versions of a package that are shown; the others are counted.
SHOWN_VERSIONS = 5


def explain_names(
    words: Iterable[str],
    channels: Channels,
    *,
    check: bool,
    extra: ExtraMap | None,
    age: str,
    list_releases: ListReleases | None = None,
) -> Output:
    """The output of `conda pip names NAME…`; exit code 1 if a package does not contain its project.

    `age` says when the additional map was fetched.
    """
    matches = [
        match_project(_parse_name(word), channels, check=check, list_releases=list_releases)
        for word in words
    ]
    text = "\n\n".join(_render_match(one, checked=check) for one in matches)
    if extra is not None:
        text += f"\n\nnames map: {extra.origin}, fetched {age}"
    return Output(
        text=text,
        document={
            "names": [_match_to_dict(one) for one in matches],
            "map": None if extra is None else {"origin": extra.origin, "fetched": extra.fetched},
        },
        exit_code=1 if any(one.contained is False for one in matches) else 0,
        requested=True,
    )


def explain_packages(words: Iterable[str], channels: Channels, *, check: bool) -> Output:
    """The output of `conda pip names --conda NAME…`: the distributions in conda packages."""
    found = [find_contents(_parse_package(word), channels, check=check) for word in words]
    return Output(
        text="\n\n".join(map(_render_contents, found)),
        document={"packages": [_contents_to_dict(one) for one in found]},
        requested=True,
    )


def _render_contents(contents: PackageContents) -> str:
    match contents:
        case PackageContents(known_from="installed", conda=name, version=version):
            heading = f"{name} {version} (installed) contains:"
        case PackageContents(known_from="package", conda=name, version=version):
            heading = f"{name} {version} contains:"
        case PackageContents(conda=name, version=None):
            heading = f"{name} is not in the channels; a guess from its name:"
        case PackageContents(conda=name):
            heading = f"{name} was not inspected (see `--check`); a guess from its name:"
    lines = [f"  {one.name} {one.version}".rstrip() for one in contents.distributions]
    return "\n".join([heading, *(lines or ["  no Python distribution"])])


def _contents_to_dict(contents: PackageContents) -> dict[str, object]:
    return {
        "conda": contents.conda,
        "version": contents.version,
        "known_from": contents.known_from or None,
        "guessed": not contents.known_from,
        "distributions": [
            {"name": one.name, "version": one.version or None} for one in contents.distributions
        ],
    }


def _parse_package(word: str) -> str:
    if not is_conda_name(word.lower()):
        raise UsageError(
            "usage",
            f"{quoted(word)} is not the name of a conda package.",
            hints=("Give names without versions: `conda pip names --conda pytorch`.",),
        )
    return word.lower()


def _parse_name(word: str) -> NormalizedName:
    if not word or not all(one.isalnum() or one in "-_." for one in word):
        raise UsageError(
            "usage",
            f"{word!r} is not the name of a project.",
            hints=("Give names without versions: `conda pip names torch opencv-python`.",),
        )
    return canonicalize_name(word)


def _render_match(match: NameMatch, *, checked: bool) -> str:
    lines = [f"{match.lookup.project}: {_summarize(match)}"]
    for result in match.lookup.results:
        names = f" [{', '.join(result.names)}]" if result.names else ""
        lines.append(f"  {result.source.ljust(8)}  {result.reason}{names}")
    if match.considered:
        shown = (f"{one.name} {one.version} {one.build}" for one in match.considered)
        lines.append(f"  packages  {', '.join(shown)}")
    if match.versions:
        lines.append(f"  versions  {_shorten(match.versions)}")
    if match.evidence:
        lines.append(f"  files     {match.evidence}")
    elif match.package is not None and not checked:
        lines.append("  files     not inspected; `--check` downloads and inspects the package")
    return "\n".join(lines)


def _summarize(match: NameMatch) -> str:
    if not match.by_conda or match.package is None:
        return "from PyPI"
    return f"from conda as {match.package.name}{'' if match.contained else ' (not verified)'}"


def _shorten(versions: Sequence[str]) -> str:
    rest = len(versions) - SHOWN_VERSIONS
    shown = ", ".join(versions[:SHOWN_VERSIONS])
    return f"{shown} and {rest} older" if rest > 0 else shown


def _match_to_dict(match: NameMatch) -> dict[str, object]:
    package = match.package if match.by_conda else None
    return {
        "name": match.lookup.project,
        "manager": "conda" if package else "pip",
        "conda": package.name if package else None,
        "reason": match.evidence or match.lookup.reason,
        "sources": [
            {"source": one.source, "names": list(one.names), "says": one.reason}
            for one in match.lookup.results
        ],
        "considered": [
            {"name": one.name, "version": one.version, "build": one.build, "channel": one.channel}
            for one in match.considered
        ],
        "versions": list(match.versions),
        "carried": match.contained,
    }
