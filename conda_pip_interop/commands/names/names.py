"""`conda pip names`: which conda package carries a project, and which source says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, Protocol

from conda_pip_interop.commands.output import Output
from conda_pip_interop.errors import UsageError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable, Iterator, Sequence

    from packaging.utils import NormalizedName

    from conda_pip_interop.commands.host import Host
    from conda_pip_interop.commands.parser import CommandParser
    from conda_pip_interop.names.lookup import Lookup
    from conda_pip_interop.names.names_map import ExtraMap
    from conda_pip_interop.names.package_contents import Carried
    from conda_pip_interop.resolve.solver import CondaPackage

HELP: Final = "Show which conda package carries a PyPI project"
EXAMPLES: Final = "conda pip names torch opencv-python --check\nconda pip names --conda py-opencv"
#: Versions shown of a package before the rest is only counted.
SHOWN_VERSIONS = 5


def configure(parser: CommandParser) -> None:
    """Add the names, either way, and where the answer comes from."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="a PyPI project")
    parser.add_argument(
        "--conda",
        action="append",
        metavar="NAME",
        help="show what this conda package carries instead",
    )
    parser.add_argument("--check", action="store_true", help="download the package and inspect it")
    parser.add_argument("--update", action="store_true", help="fetch the additional map again")


def execute(args: Namespace, host: Host) -> Output:
    """Explain names of PyPI, or packages of conda; `--update` alone only fetches the map."""
    if not args.update and bool(args.names) == bool(args.conda):
        raise UsageError(
            "usage",
            "Give either PyPI projects, or conda packages with `--conda`.",
            hints=("See `conda pip names --help`.",),
        )
    if args.update:
        from conda_pip_interop.commands.names.update_map import update_map

        updated = update_map(host)
        if not args.names and not args.conda:
            return updated
    channels = host.channels()
    if args.conda:
        return explain_packages(args.conda, channels, check=args.check)
    extra = host.read_extra_map()
    return explain_names(args.names, channels, check=args.check, extra=extra, age=_tell_age(extra))


def _tell_age(extra: ExtraMap | None) -> str:
    import time

    if extra is None:
        return ""
    days = max(0, int((time.time() - extra.fetched) // 86_400))
    return {0: "today", 1: "a day ago"}.get(days, f"{days} days ago")


class Channels(Protocol):
    """What is asked of the channels, for one environment's Python."""

    def look_up(self, project: NormalizedName) -> Lookup:
        """What the sources of names say of a project."""
        ...

    def find_packages(self, conda_name: str) -> tuple[CondaPackage, ...]:
        """The channels' packages of a name that the environment can use, oldest first."""
        ...

    def read_carried(self, package: CondaPackage, *, download: bool) -> tuple[Carried, ...] | None:
        """The distributions in a package; None where nobody has looked, and nobody may."""
        ...

    def read_installed(self, conda_name: str) -> tuple[str, tuple[Carried, ...]] | None:
        """Version with build, and distributions, of a package that the environment has."""
        ...

    def guess_projects(self, conda_name: str) -> tuple[NormalizedName, ...]:
        """The projects that a package carries, as far as its name tells."""
        ...

    def is_wrong(self, package: CondaPackage, project: NormalizedName) -> bool:
        """Whether it is remembered that a package does not carry a project."""
        ...

    def remember_wrong(self, package: CondaPackage, project: NormalizedName) -> None:
        """Remember that a package does not carry a project."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """The answer for one project. `carried`: whether a look at the files says so, None for none.

    `considered` are the newest packages of the names that were tried.
    """

    lookup: Lookup
    considered: tuple[CondaPackage, ...]
    package: CondaPackage | None
    versions: tuple[str, ...]
    carried: bool | None
    evidence: str

    @property
    def by_conda(self) -> bool:
        """Whether conda can supply the project."""
        return self.package is not None and self.carried is not False


def explain_names(
    words: Iterable[str], channels: Channels, *, check: bool, extra: ExtraMap | None, age: str
) -> Output:
    """The answer of `conda pip names NAME…`; exit code 1 where a check shows a guess to be wrong.

    `age` tells how old the additional map is.
    """
    verdicts = [_judge(_parse_name(word), channels, check=check) for word in words]
    text = "\n\n".join(_render_verdict(one, checked=check) for one in verdicts)
    if extra is not None:
        text += f"\n\nnames map: {extra.origin}, fetched {age}"
    return Output(
        text=text,
        document={
            "names": [_verdict_to_dict(one) for one in verdicts],
            "map": None if extra is None else {"origin": extra.origin, "fetched": extra.fetched},
        },
        exit_code=1 if any(one.carried is False for one in verdicts) else 0,
        requested=True,
    )


def explain_packages(words: Iterable[str], channels: Channels, *, check: bool) -> Output:
    """The answer of `conda pip names --conda NAME`: the distributions of conda packages."""
    found = [_find_contents(name, channels, check=check) for name in words]
    return Output(
        text="\n\n".join(map(_render_contents, found)),
        document={"packages": [_contents_to_dict(one) for one in found]},
        requested=True,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Contents:
    """What a conda package carries; `known_from` is empty where its name is all there is."""

    conda: str
    version: str | None
    known_from: Literal["installed", "package", ""]
    distributions: tuple[Carried, ...]


def _find_contents(name: str, channels: Channels, *, check: bool) -> Contents:
    from conda_pip_interop.names.package_contents import Carried

    installed = channels.read_installed(name)
    if installed is not None:
        version, carried = installed
        return Contents(conda=name, version=version, known_from="installed", distributions=carried)
    packages = channels.find_packages(name)
    inside = channels.read_carried(packages[-1], download=check) if packages else None
    newest = f"{packages[-1].version} {packages[-1].build}" if packages else None
    if inside is not None:
        return Contents(conda=name, version=newest, known_from="package", distributions=inside)
    guessed = tuple(Carried(name=one, version="") for one in channels.guess_projects(name))
    return Contents(conda=name, version=newest, known_from="", distributions=guessed)


def _render_contents(contents: Contents) -> str:
    where = {
        "installed": f" {contents.version}, as installed, carries",
        "package": f" {contents.version} carries",
        "": ", by its name, carries"
        if contents.version
        else " is not in the channels; by its name it would carry",
    }
    lines = [f"  {one.name} {one.version}".rstrip() for one in contents.distributions]
    heading = f"{contents.conda}{where[contents.known_from]}:"
    return "\n".join([heading, *(lines or ["  no Python distribution"])])


def _contents_to_dict(contents: Contents) -> dict[str, object]:
    return {
        "conda": contents.conda,
        "version": contents.version,
        "known_from": contents.known_from or None,
        "distributions": [
            {"name": one.name, "version": one.version or None} for one in contents.distributions
        ],
    }


def _parse_name(word: str) -> NormalizedName:
    from packaging.utils import canonicalize_name

    if not word or not all(one.isalnum() or one in "-_." for one in word):
        raise UsageError(
            "usage",
            f"{word!r} is not the name of a project.",
            hints=("Names come without versions: `conda pip names torch opencv-python`.",),
        )
    return canonicalize_name(word)


def _judge(project: NormalizedName, channels: Channels, *, check: bool) -> Verdict:
    lookup = channels.look_up(project)
    evidence = ""
    wrong: CondaPackage | None = None
    considered: list[CondaPackage] = []
    for name in lookup.names:
        packages = channels.find_packages(name)
        if not packages:
            evidence = evidence or f"no {name} of the channels is for this Python"
            continue
        considered.append(packages[-1])
        packages = tuple(one for one in packages if one.needs_python or lookup.trusted)
        if not packages:
            evidence = f"{name} is a program or library, without a Python distribution"
            continue
        package = packages[-1]
        remembered = channels.is_wrong(package, project)
        carrier = not remembered and find_recorded(project, package, channels, download=check)
        if carrier is False:
            wrong = wrong or package
            if not remembered:
                channels.remember_wrong(package, project)
            continue
        return Verdict(
            lookup=lookup,
            considered=tuple(considered),
            package=package,
            versions=tuple(dict.fromkeys(one.version for one in reversed(packages))),
            carried=None if carrier is None else True,
            evidence=f"{carrier.name} {carrier.version} carries it" if carrier else "",
        )
    if wrong is not None:
        evidence = f"{wrong.name} {wrong.version} {wrong.build} does not carry {project}"
    return Verdict(
        lookup=lookup,
        considered=tuple(considered),
        package=wrong,
        versions=(),
        carried=False if wrong is not None else None,
        evidence=evidence,
    )


def find_recorded(
    project: NormalizedName, package: CondaPackage, channels: Channels, *, download: bool
) -> CondaPackage | Literal[False] | None:
    """The package that carries a project; False where none does, None where nobody has looked.

    A metapackage has no files: what it needs in its own version (matplotlib and matplotlib-base)
    is looked at in its place.
    """
    carried = channels.read_carried(package, download=download)
    if carried is None:
        return None
    if any(one.name == project for one in carried):
        return package
    if not carried:
        for part in _find_parts(package, channels):
            inside = channels.read_carried(part, download=download)
            if any(one.name == project for one in inside or ()):
                return part
    return False


def _find_parts(package: CondaPackage, channels: Channels) -> Iterator[CondaPackage]:
    from conda_pip_interop.names.conda_depends import parse_depend

    for line in package.depends:
        depend = parse_depend(line)
        if depend is None or depend.name == "python":
            continue
        same = [one for one in channels.find_packages(depend.name) if _same_version(one, package)]
        yield from same[-1:]


def _same_version(one: CondaPackage, other: CondaPackage) -> bool:
    return one.version == other.version


def _render_verdict(verdict: Verdict, *, checked: bool) -> str:
    lookup = verdict.lookup
    lines = [f"{lookup.project}: {_summarise(verdict)}"]
    for answer in lookup.answers:
        names = f" [{', '.join(answer.names)}]" if answer.names else ""
        lines.append(f"  {answer.source.ljust(8)}  {answer.says}{names}")
    if verdict.considered:
        shown = (f"{one.name} {one.version} {one.build}" for one in verdict.considered)
        lines.append(f"  packages  {', '.join(shown)}")
    if verdict.versions:
        lines.append(f"  versions  {_shorten(verdict.versions)}")
    if verdict.evidence:
        lines.append(f"  files     {verdict.evidence}")
    elif verdict.package is not None and not checked:
        lines.append("  files     not looked at; `--check` downloads the package and looks")
    return "\n".join(lines)


def _summarise(verdict: Verdict) -> str:
    if not verdict.by_conda or verdict.package is None:
        return "stays with pip"
    certain = "" if verdict.carried else ", a guess"
    return f"conda's {verdict.package.name}{certain}"


def _shorten(versions: Sequence[str]) -> str:
    rest = len(versions) - SHOWN_VERSIONS
    shown = ", ".join(versions[:SHOWN_VERSIONS])
    return f"{shown} and {rest} older" if rest > 0 else shown


def _verdict_to_dict(verdict: Verdict) -> dict[str, object]:
    package = verdict.package if verdict.by_conda else None
    return {
        "name": verdict.lookup.project,
        "manager": "conda" if package else "pip",
        "conda": package.name if package else None,
        "reason": verdict.evidence or verdict.lookup.reason,
        "sources": [
            {"source": one.source, "names": list(one.names), "says": one.says}
            for one in verdict.lookup.answers
        ],
        "considered": [
            {"name": one.name, "version": one.version, "build": one.build, "channel": one.channel}
            for one in verdict.considered
        ],
        "versions": list(verdict.versions),
        "carried": verdict.carried,
    }
