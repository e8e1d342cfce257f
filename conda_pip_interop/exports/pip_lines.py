"""pip's part as lines of a requirements file, for requirements.txt and environment.yml."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from conda_pip_interop.errors import InteropError
from conda_pip_interop.exports.layout import refuse_unknown
from conda_pip_interop.exports.sources import (
    FromArchive,
    FromFolder,
    FromIndex,
    FromRepository,
    Unknown,
    build_reference,
    find_path,
)
from conda_pip_interop.values import dataclass, regex

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from conda_pip_interop.exports.contents import Contents, PipPackage
    from conda_pip_interop.exports.layout import Layout

_PLAIN_PATH: Final = regex(r"[\w./\\:+~-]+", re.ASCII)
_VARIABLE: Final = regex(r"\$\{([A-Z0-9_]+)\}")


@dataclass(frozen=True, kw_only=True, slots=True)
class PipLine:
    """A line of a requirements file, and the comment that belongs to it, without its `#`."""

    text: str
    comment: str = ""


def build_lines(contents: Contents, layout: Layout) -> tuple[PipLine, ...]:
    """Build the options about indexes, then a line for each distribution.

    With `layout.conda` "requested" these are only the ones that were requested, as they were.
    Raises InteropError `unknown-source` and `no-hashes` if hashes are wanted and cannot be written.
    """
    as_asked = layout.conda == "requested"
    packages = [one for one in contents.pip if not as_asked or one.requested or one.asked]
    known = [one for one in packages if not isinstance(one.source, Unknown)]
    if layout.hashes:
        _refuse_without_hash(contents, known)
    return (*_build_options(known), *(_build_line(one, layout, as_asked=as_asked) for one in known))


def _build_line(package: PipPackage, layout: Layout, *, as_asked: bool) -> PipLine:
    name = f"{package.name}{package.extras}"
    comment = f"in place of conda's {package.in_place_of}" if package.in_place_of else ""
    match package.source:
        case FromRepository(editable=True) as source:
            url, _, within = build_reference(source).partition("#")
            text = f"-e {url}#egg={package.name}{f'&{within}' if within else ''}"
        case FromRepository() as source:
            text = f"{name} @ {build_reference(source)}"
        case FromFolder() as source:
            option = "-e " if source.editable else ""
            within = f"/{source.subdirectory}" if source.subdirectory else ""
            text = f"{option}{_render_path(source.path + within, layout)}{package.extras}"
        case FromArchive() as source:
            text = f"{name} @ {build_reference(source)}"
            if layout.folder is not None and source.url.startswith("file:"):
                path = _render_path(find_path(source.url), layout)
                text = path if path.startswith("./") and not source.subdirectory else text
            if layout.hashes:
                text += f" --hash={source.algorithm}:{source.digest}"
        case FromIndex():
            text = _build_pin(package, layout, as_asked=as_asked)
        case Unknown():
            raise AssertionError(package)
    return PipLine(text=text, comment=comment)


def _render_path(path: str, layout: Layout) -> str:
    return render_path(path, relative=layout.relate(path))


def render_path(path: str, *, relative: str | None = None) -> str:
    """Render the path of a project; as a URL if pip would not take it for one word."""
    shown = path if relative is None else relative
    return shown if _PLAIN_PATH.fullmatch(shown) else PurePath(path).as_uri()


def _build_pin(package: PipPackage, layout: Layout, *, as_asked: bool) -> str:
    """Build the line of a distribution from an index: its version, or the versions requested."""
    asked = package.asked
    specifier = str(asked.specifier) if as_asked and asked is not None else package.pin
    text = f"{package.name}{package.extras}{specifier}"
    if asked is not None and asked.marker is not None:
        text += f" ; {asked.marker}"
    if layout.hashes and isinstance(package.source, FromIndex):
        text += f" --hash=sha256:{package.source.sha256}"
    return text


def _build_options(packages: Iterable[PipPackage]) -> tuple[PipLine, ...]:
    """Build the options about indexes that hold for all of the file.

    pip has one `--index-url` for all. If not everything was installed with the same one, it becomes
    an additional index, so that what came from others is still found.
    """
    from_index = [one for one in packages if isinstance(one.source, FromIndex)]
    mains = {_find_main(one.options) for one in from_index}
    lines = dict.fromkeys(line for one in from_index for line in one.options)
    comment = ""
    if len(mains) > 1:
        comment = "not all of pip's packages are known to be from it"
        lines = dict.fromkeys(
            line.replace("--index-url", "--extra-index-url", 1)
            if line.startswith("--index-url ")
            else line
            for line in lines
        )
        lines.pop("--no-index", None)
    ordered = sorted(lines, key=lambda line: (not line.startswith("--index-url"), line))
    return tuple(
        PipLine(text=line, comment=comment if line.startswith("--extra-index-url") else "")
        for line in ordered
    )


def _find_main(options: Iterable[str]) -> str:
    return next((one for one in options if one.startswith(("--index-url ", "--no-index"))), "")


def _refuse_without_hash(contents: Contents, packages: Sequence[PipPackage]) -> None:
    """Raise InteropError unless all have hashes: pip wants them for all lines, or for none."""
    refuse_unknown(
        contents, [one for one in contents.unknown_files if one in packages], what="`--hashes`"
    )
    without = [
        one for one in packages if not isinstance(one.source, FromIndex) and not _has_hash(one)
    ]
    if without:
        raise InteropError(
            "no-hashes",
            "pip wants a hash for every line or for none, and folders and repositories have none: "
            f"{', '.join(one.name for one in without)}.",
            hints=("To write the file without hashes: leave out `--hashes`.",),
        )


def _has_hash(package: PipPackage) -> bool:
    return isinstance(package.source, FromArchive) and bool(package.source.algorithm)


def find_variables(lines: Iterable[PipLine]) -> tuple[str, ...]:
    """Find the environment variables that pip needs for these lines."""
    return tuple(dict.fromkeys(name for line in lines for name in _VARIABLE.findall(line.text)))
