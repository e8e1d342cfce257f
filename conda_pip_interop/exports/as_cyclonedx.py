"""An environment as a bill of materials in CycloneDX 1.6 (ECMA-424).

A conda package that contains distributions has them as components of its own, since advisories for
Python know only pkg:pypi. What pip put in the place of a conda package is one component, pip's.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from conda_pip_interop.changes.atomic.files import hash_file
from conda_pip_interop.dependencies.read_graph import read_graph
from conda_pip_interop.environment.paths import HASH_LIMIT, to_disk
from conda_pip_interop.exports.layout import drop_empty
from conda_pip_interop.exports.sources import (
    FromArchive,
    FromIndex,
    FromRepository,
    build_reference,
)
from conda_pip_interop.text import strip_credentials

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from conda_pip_interop.dependencies.graph import Package
    from conda_pip_interop.environment.site_packages.distributions import Distribution
    from conda_pip_interop.exports.contents import CondaPackage, Contents, PipPackage
    from conda_pip_interop.exports.layout import Layout

_ROOT: Final = "environment"
_OWN: Final = "conda-pip-interop"


def render_cyclonedx(contents: Contents, _layout: Layout) -> str:
    """Render all packages with their hashes, licences, sources and dependencies."""
    graph = read_graph(contents.snapshot)
    conda = {f"conda:{one.record.name}": one for one in contents.conda}
    pip = {f"pip:{one.key}": one for one in contents.pip}
    components: dict[str, dict[str, Any]] = {}
    for key, package in sorted(graph.packages.items()):
        if key in conda:
            components[key] = _build_conda(conda[key], package, contents)
        elif key in pip:
            components[key] = _build_pip(pip[key], package, contents)
    references = {key: one["bom-ref"] for key, one in components.items()}
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "tools": {"components": [{"type": "application", "name": _OWN}]},
            "component": {"type": "application", "bom-ref": _ROOT, "name": contents.name or _ROOT},
            "properties": [{"name": f"{_OWN}:note", "value": one} for one in contents.notes],
        },
        "components": list(components.values()),
        "dependencies": [
            {"ref": _ROOT, "dependsOn": sorted(references.values())},
            *(
                {"ref": reference, "dependsOn": _find_dependencies(graph.packages[key], references)}
                for key, reference in references.items()
            ),
        ],
    }
    text = json.dumps(document, sort_keys=True)
    serial = uuid.uuid5(uuid.NAMESPACE_OID, hashlib.sha256(text.encode()).hexdigest())
    return json.dumps({"serialNumber": f"urn:uuid:{serial}", **document}, indent=2) + "\n"


def _find_dependencies(package: Package, references: dict[str, str]) -> list[str]:
    found = {references[one.target] for one in package.dependencies if one.target in references}
    return sorted(found - {references[package.key]})


def _build_conda(package: CondaPackage, node: Package, contents: Contents) -> dict[str, Any]:
    record = package.record
    archive = record.url.rpartition("/")[2]
    purl = _build_purl(
        "conda",
        record.name,
        record.version,
        build=record.build,
        channel=package.channel,
        subdir=record.subdir,
        type="conda" if archive.endswith(".conda") else "tar.bz2",
    )
    component = {
        "type": "library",
        "bom-ref": purl,
        "name": record.name,
        "version": record.version,
        "purl": purl,
        "hashes": _build_hashes({"MD5": package.md5, "SHA-256": package.sha256}),
        "licenses": build_licences(str(record.raw.get("license") or "")),
        "externalReferences": [{"type": "distribution", "url": package.url}] if package.url else [],
        "components": [_build_contained(one, purl, contents) for one in node.distributions],
    }
    return drop_empty(component)


def _build_contained(one: Distribution, purl: str, contents: Contents) -> dict[str, Any]:
    """Build the component of a distribution in a conda package."""
    return drop_empty(
        {
            "type": "library",
            "bom-ref": f"{purl}#{one.name}",
            "name": one.name,
            "version": one.version,
            "purl": _build_purl("pypi", one.name, one.version),
            "externalReferences": list(_find_sboms(one, contents)),
        }
    )


def _build_pip(package: PipPackage, node: Package, contents: Contents) -> dict[str, Any]:
    hashes: dict[str, str] = {}
    qualifiers: dict[str, str] = {}
    references: list[dict[str, Any]] = []
    match package.source:
        case FromIndex(url=str(url), sha256=str(sha256)) as source:
            hashes = {"SHA-256": sha256}
            qualifiers = {"file_name": source.file_name}
            references = [{"type": "distribution", "url": url}]
        case FromRepository() as source:
            reference = strip_credentials(build_reference(source)).partition("#")[0]
            qualifiers = {"vcs_url": reference}
            references = [{"type": "vcs", "url": strip_credentials(source.url)}]
        case FromArchive() as source:
            url = strip_credentials(source.url)
            hashes = {source.algorithm.upper().replace("SHA", "SHA-"): source.digest}
            qualifiers = {"download_url": url}
            references = [{"type": "distribution", "url": url}]
    purl = _build_purl("pypi", package.key, package.version, **qualifiers)
    references += [found for one in node.distributions for found in _find_sboms(one, contents)]
    replaced = [package.in_place_of] if package.in_place_of is not None else []
    component = {
        "type": "library",
        "bom-ref": purl,
        "name": package.name,
        "version": package.version,
        "purl": purl,
        "hashes": _build_hashes(hashes),
        "licenses": build_licences(package.licence),
        "externalReferences": references,
        "properties": [{"name": f"{_OWN}:in-place-of", "value": name} for name in replaced],
    }
    return drop_empty(component)


def _build_purl(kind: str, name: str, version: str, **qualifiers: str) -> str:
    """Build a package URL (ECMA-427), with the qualifiers sorted by their keys."""
    found = "&".join(
        f"{key}={quote(value, safe=':/')}" for key, value in sorted(qualifiers.items()) if value
    )
    purl = f"pkg:{kind}/{quote(name, safe='')}@{quote(version, safe='')}"
    return f"{purl}?{found}" if found else purl


def _build_hashes(hashes: dict[str, str]) -> list[dict[str, str]]:
    return [{"alg": name, "content": value} for name, value in hashes.items() if value]


def build_licences(text: str) -> list[dict[str, Any]]:
    """Build a licence: an SPDX expression if it is one, else its name, without the whole text."""
    name = next((line.strip() for line in text.splitlines() if line.strip()), "")
    if not name or name.upper() == "UNKNOWN":
        return []
    try:
        from packaging.licenses import canonicalize_license_expression
    except ImportError:  # packaging < 24.2
        return [{"license": {"name": name}}]
    try:
        return [{"expression": str(canonicalize_license_expression(name))}]
    except ValueError:
        return [{"license": {"name": name}}]


def _find_sboms(one: Distribution, contents: Contents) -> Iterator[dict[str, Any]]:
    """Find the bills of materials in a distribution (PEP 770), by their path in the environment."""
    if one.layout != "dist-info":
        return
    root = contents.snapshot.prefix.root
    for file in _list_files(to_disk(root, one.metadata) / "sboms"):
        bom = {"type": "bom", "url": quote(file.relative_to(root).as_posix())}
        if file.stat().st_size > HASH_LIMIT:
            yield bom
        else:
            yield {**bom, "hashes": [{"alg": "SHA-256", "content": hash_file(file)}]}


def _list_files(folder: Path) -> Iterable[Path]:
    try:
        return [one for one in sorted(folder.rglob("*")) if one.is_file() and not one.is_symlink()]
    except OSError:
        return ()
