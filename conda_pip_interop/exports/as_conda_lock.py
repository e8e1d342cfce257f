"""An environment as a conda-lock.yml (CEP 37), which conda-lock, mamba and micromamba read."""

from __future__ import annotations

import hashlib
import io
import json
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from conda_pip_interop.dependencies.requirements import parse_applying
from conda_pip_interop.errors import InteropError
from conda_pip_interop.exports.as_explicit import refuse_without_urls
from conda_pip_interop.exports.layout import drop_empty, refuse_unknown, render_notes
from conda_pip_interop.exports.sources import (
    FromArchive,
    FromFolder,
    FromIndex,
    FromRepository,
    build_reference,
)
from conda_pip_interop.text import strip_credentials

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conda_pip_interop.exports.contents import CondaPackage, Contents, PipPackage
    from conda_pip_interop.exports.layout import Layout


def render_conda_lock(contents: Contents, _layout: Layout) -> str:
    """Render both parts, each package with its file and its hash.

    Raises InteropError `unknown-source`, `not-lockable`, `no-url`.
    """
    from ruamel.yaml import YAML

    refuse_unknown(contents, contents.unknown_files, what="conda-lock.yml")
    refuse_without_urls(contents)
    packages = [
        *(_build_conda(one, contents) for one in contents.conda),
        *(_build_pip(one, contents) for one in contents.pip),
    ]
    digest = hashlib.sha256(json.dumps(packages, sort_keys=True).encode()).hexdigest()
    document = {
        "version": 1,
        "metadata": {
            "content_hash": {contents.subdir: digest},
            "channels": [{"url": one, "used_env_vars": []} for one in contents.channels],
            "platforms": [contents.subdir],
            "sources": [""],
        },
        "package": packages,
    }
    stream = io.StringIO()
    yaml: Any = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False
    yaml.width = 10_000
    yaml.dump(document, stream)
    return render_notes(contents, ()) + stream.getvalue()


def _build_conda(package: CondaPackage, contents: Contents) -> dict[str, Any]:
    record = package.record
    if not package.md5:
        raise _refuse(record.name, record.version, "its record has no MD5, which the format needs")
    return {
        "name": record.name,
        "version": record.version,
        "manager": "conda",
        "platform": contents.subdir,
        "dependencies": dict(sorted(map(_split_spec, record.depends))),
        "url": package.url,
        "hash": drop_empty({"md5": package.md5, "sha256": package.sha256}),
        "category": "main",
        "optional": False,
        "build": record.build,
    }


def _split_spec(spec: str) -> tuple[str, str]:
    name, _, version = spec.strip().partition(" ")
    return name, version.strip()


def _build_pip(package: PipPackage, contents: Contents) -> dict[str, Any]:
    url, hashes, direct = _find_file(package)
    found: dict[str, Any] = {
        "name": package.key,
        "version": package.version,
        "manager": "pip",
        "platform": contents.subdir,
        "dependencies": _find_dependencies(package, contents),
        "url": url,
        "hash": hashes,
        "category": "main",
        "optional": False,
    }
    return found | ({"source": {"type": "url", "url": url}} if direct else {})


def _find_file(package: PipPackage) -> tuple[str, Mapping[str, str], bool]:
    """Return the URL, the hashes, and whether it is a direct reference.

    For a repository conda-lock writes the commit as the hash.
    """
    match package.source:
        case FromIndex(url=str(url), sha256=str(sha256)):
            return url, {"sha256": sha256}, False
        case FromRepository(editable=False) as source:
            return strip_credentials(build_reference(source)), {"sha256": source.commit}, True
        case FromArchive(algorithm="sha256") as source:
            return build_reference(source), {"sha256": source.digest}, True
        case FromArchive():
            reason = "its direct_url.json has no SHA-256 of the archive"
        case FromFolder(editable=False) as source:
            return build_reference(source), {}, True
        case FromFolder() | FromRepository():
            reason = "it is editable, and the format has no such packages"
        case other:
            reason = getattr(other, "reason", "its source is not known")
    raise _refuse(package.name, package.version, reason)


def _find_dependencies(package: PipPackage, contents: Contents) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for one in parse_applying(package.metadata.requires_dist, contents.environment):
        found.setdefault(canonicalize_name(one.name), []).append(str(one.specifier))
    return {name: ",".join(filter(None, texts)) for name, texts in sorted(found.items())}


def _refuse(name: str, version: str, reason: str) -> InteropError:
    return InteropError(
        "not-lockable",
        f"conda-lock.yml cannot contain {name} {version}: {reason}.",
        hints=("environment.yml can be written with it.",),
    )
