"""What a report says of an environment: JSON-ready values of the model that other commands read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from conda_pip_interop.commands.graph_text import dependency_to_dict, package_to_dict
from conda_pip_interop.commands.inspect.check import ask_channels
from conda_pip_interop.commands.inspect.history import Event, read_events
from conda_pip_interop.dependencies.read_graph import read_graph
from conda_pip_interop.environment.origin import find_origin, shorten_channel
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.errors import InteropError
from conda_pip_interop.exports.as_cyclonedx import build_licences
from conda_pip_interop.exports.contents import CondaPackage, PipPackage, read_contents
from conda_pip_interop.exports.sources import FromArchive, FromIndex, FromRepository
from conda_pip_interop.findings.registry import find_asked
from conda_pip_interop.text import strip_channel, strip_credentials
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conda_pip_interop.commands.host import Host
    from conda_pip_interop.dependencies.graph import Package
    from conda_pip_interop.environment.conda_meta.records import CondaRecord
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.findings.base import Finding

#: In bytes; JavaScript counts exactly up to here, and no package comes near.
_LARGEST: Final = 1 << 53


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadEnvironment:
    """An environment as it was read; `problem` is why it could not be."""

    target: Target
    python: str | None = None
    packages: tuple[dict[str, Any], ...] = ()
    findings: tuple[Finding, ...] = ()
    events: tuple[Event, ...] = ()
    notes: tuple[str, ...] = ()
    problem: str | None = None


def read_environment(target: Target) -> ReadEnvironment:
    """Read an environment; raises InteropError `not-an-environment`."""
    snapshot = read_snapshot(target.prefix)
    contents = read_contents(snapshot, name=target.name)
    known: dict[str, CondaPackage | PipPackage] = {
        **{f"conda:{one.record.name}": one for one in contents.conda},
        **{f"pip:{one.key}": one for one in contents.pip},
    }
    graph = read_graph(snapshot)
    records = {f"conda:{one.name}": one for one in snapshot.records}
    python = snapshot.prefix.python
    return ReadEnvironment(
        target=target,
        python=None if python is None else python.version,
        packages=tuple(
            _describe_package(one, snapshot, records.get(key), known.get(key))
            for key, one in sorted(graph.packages.items())
        ),
        findings=find_asked(snapshot),
        events=tuple(read_events(target)),
        notes=contents.notes,
    )


def try_environment(target: Target) -> ReadEnvironment:
    """Read an environment; an error becomes its `problem`."""
    try:
        return read_environment(target)
    except (InteropError, OSError) as error:
        return ReadEnvironment(target=target, problem=str(error))


def describe_environment(read: ReadEnvironment, host: Host) -> dict[str, Any]:
    """Describe an environment, its findings with the commands that `conda pip check` names."""
    target = read.target
    findings = [ask_channels(one, target, host) for one in read.findings]
    return {
        "name": target.label,
        "prefix": str(target.prefix),
        "python": read.python,
        "problem": read.problem,
        "packages": list(read.packages),
        "findings": [one.to_dict(target.command) for one in findings],
        "events": [one.to_dict(target) for one in read.events],
        "notes": list(read.notes),
    }


def _describe_package(
    package: Package,
    snapshot: Snapshot,
    record: CondaRecord | None,
    known: CondaPackage | PipPackage | None,
) -> dict[str, Any]:
    """Describe a package; `record` is conda's, `known` what exports say of it, if anything."""
    first = next(iter(package.distributions), None)
    origin = None if first is None else find_origin(snapshot, first)
    if record is not None:
        source = shorten_channel(strip_channel(record.channel))
        size = _add_sizes(record)
    else:
        source = strip_credentials(str(origin))
        size = None if first is None else first.size
    return {
        "key": package.key,
        **package_to_dict(package),
        "build": None if record is None else record.build,
        "source": source,
        "url": next(filter(_is_link, _find_urls(known)), None),
        "in_place_of": None if origin is None else origin.in_place_of,
        "size": None if size is None else min(size, _LARGEST),
        "license": _find_licence(known),
        "summary": None if first is None else snapshot.read_metadata(first).summary,
        "needs": [
            {"name": one.name, "key": one.target, **dependency_to_dict(one)}
            for one in package.dependencies
        ],
    }


def _add_sizes(record: CondaRecord) -> int | None:
    """Add up the bytes of its files as far as the record states them."""
    found = [one.size for one in record.files if one.size is not None and 0 <= one.size < _LARGEST]
    return sum(found) if found else None


def _find_licence(known: CondaPackage | PipPackage | None) -> str:
    match known:
        case None:
            return ""
        case CondaPackage(record=record):
            text = str(record.raw.get("license") or "")
        case PipPackage(licence=text):
            pass
    return next((_name_licence(one) for one in build_licences(text)), "")


def _name_licence(built: dict[str, Any]) -> str:
    return str(built["expression"] if "expression" in built else built["license"]["name"])


def _find_urls(known: CondaPackage | PipPackage | None) -> Iterator[str]:
    """Yield where its file or repository is, without credentials."""
    match known:
        case CondaPackage():
            yield known.url
        case PipPackage(
            source=FromIndex(url=str(url)) | FromArchive(url=url) | FromRepository(url=url)
        ):
            yield strip_credentials(url)


def _is_link(url: str) -> bool:
    """Return whether a browser may follow it: no `javascript:`, no `file:`."""
    return url.isprintable() and url.startswith(("https://", "http://"))
