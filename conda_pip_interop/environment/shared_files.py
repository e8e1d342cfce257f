"""Files that packages share without harm: namespace modules that do the same, or nothing."""

from __future__ import annotations

import ast
import functools
import hashlib
import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Final

from conda_pip_interop.environment.conda_meta.records import as_packaged
from conda_pip_interop.environment.paths import read_regular

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conda_pip_interop.environment.claims import Claim
    from conda_pip_interop.environment.site_packages.record import InstalledFile

EMPTY_SHA256: Final = hashlib.sha256(b"").hexdigest()
#: In bytes. A module that only declares a namespace is shorter, its license included.
_LIMIT: Final = 1 << 14
#: The ways to declare a namespace: pkgutil's and setuptools' (packaging.python.org).
_DECLARATIONS: Final = (
    "__path__ = __import__('pkgutil').extend_path(__path__, __name__)",
    "__path__ = pkgutil.extend_path(__path__, __name__)",
    "__path__ = extend_path(__path__, __name__)",
    "__import__('pkg_resources').declare_namespace(__name__)",
    "pkg_resources.declare_namespace(__name__)",
    "declare_namespace(__name__)",
)
_IMPORTS: Final = (
    "import pkgutil",
    "import pkg_resources",
    "from pkgutil import extend_path",
    "from pkg_resources import declare_namespace",
)


def is_harmless(file: InstalledFile, claim: Claim, *, root: Path) -> bool:
    """Return whether it does not matter that pip's distribution and a record list one file."""
    if file.sha256 is not None and claim.allows(file.sha256):
        return True
    return is_shareable(file, claim, root=root)


def is_shareable(
    file: InstalledFile, claim: Claim, *, root: Path, pips: bytes | None = None
) -> bool:
    """Return whether nothing is lost if both list one file, and one of them removes it.

    A program of the same content is not: without it the other one is damaged. ``pips`` is pip's
    content, if it is not installed yet. What cannot be read may matter.
    """
    if file.path.endswith(".pyc") or claim.file.path_type == "directory":
        return True
    if file.sha256 == EMPTY_SHA256 and claim.allows(EMPTY_SHA256):
        return True
    if not file.path.endswith("/__init__.py"):
        return False
    if file.sha256 is not None and claim.allows(file.sha256):
        return True
    there = _read(root / file.path)
    condas = there if there is not None and claim.allows(_hash(there)) else _read_packaged(claim)
    if pips is None and there is not None and file.sha256 == _hash(there):
        pips = there
    return _is_trivial(condas, (claim.file.sha256, claim.file.sha256_in_prefix)) and _is_trivial(
        pips, (file.sha256,)
    )


def _read(file: Path) -> bytes | None:
    try:
        return read_regular(file)
    except OSError:
        return None


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _read_packaged(claim: Claim) -> bytes | None:
    """Read the file of conda's in the package cache, if it is still there."""
    folder = claim.record.extracted_package_dir
    if folder is None:
        return None
    is_noarch = claim.record.raw.get("noarch") == "python"
    path = as_packaged(claim.file.path) if is_noarch else claim.file.path
    content = _read(Path(folder, path))
    return content if content is not None and claim.allows(_hash(content)) else None


def _is_trivial(content: bytes | None, stated: tuple[str | None, ...]) -> bool:
    """Return whether a module does nothing but declare a namespace, by its content or its hash."""
    if content is None:
        return not _list_known().isdisjoint(stated)
    return declares_at_most_a_namespace(content)


def declares_at_most_a_namespace(content: bytes) -> bool:
    """Return whether a module has no statement but those that declare a namespace."""
    if len(content) > _LIMIT:
        return False
    try:
        body = ast.parse(content).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return all(map(_is_declaration, body))


def _is_declaration(statement: ast.stmt) -> bool:
    match statement:
        case ast.Pass() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Try(body=body, handlers=handlers, orelse=[], finalbody=[]):
            inside = (*body, *(one for handler in handlers for one in handler.body))
            return all(map(_is_declaration, inside))
        case _:
            return ast.dump(statement) in _dump_declarations()


@functools.cache
def _dump_declarations() -> frozenset[str]:
    return frozenset(ast.dump(ast.parse(text).body[0]) for text in (*_DECLARATIONS, *_IMPORTS))


@functools.cache
def _list_known() -> frozenset[str]:
    """List the hashes of usual spellings: of a file that was overwritten only that is known."""
    return frozenset(_hash(text.encode()) for text in _spell())


def _spell() -> Iterator[str]:
    pkgutil, _, extend, resources, *_ = _DECLARATIONS
    trying = f"try:\n    {resources}\nexcept ImportError:\n    {pkgutil}"
    extending = f"from pkgutil import extend_path\n{extend}"
    spaced = extending.replace("\n", "\n\n")
    texts = ("", pkgutil, resources, trying, extending, spaced)
    quoted: Mapping[str, None] = dict.fromkeys(
        one for text in texts for one in (text, text.replace("'", '"'))
    )
    ends = ("", "\n", "\n\n", "  # type: ignore\n", "  # noqa\n")
    for text, end in itertools.product(quoted, ends):
        yield f"{text}{end}"
        yield f"{text}{end}".replace("\n", "\r\n")
