"""The formats of `conda pip export`, and the file names that they have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatch
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from conda_pip_interop.exports.contents import Contents
    from conda_pip_interop.exports.layout import Layout

    Render: TypeAlias = Callable[[Contents, Layout], str]


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportFormat:
    """A format. `files` are patterns of file names, `renderer` is its function in this package.

    `comments` is the function that lists what other formats say in comments, where it has none.
    """

    name: str
    summary: str
    files: tuple[str, ...]
    renderer: str
    comments: str = ""

    def render(self, contents: Contents, layout: Layout) -> str:
        """Render contents; raises InteropError where the format cannot carry them."""
        render: Render = _find_function(self.renderer)
        return render(contents, layout)

    def list_comments(self, contents: Contents, layout: Layout) -> tuple[str, ...]:
        """List, in sentences, what the rendered text has no place for."""
        if not self.comments:
            return ()
        find: Callable[[Contents, Layout], Iterable[str]] = _find_function(self.comments)
        return tuple(find(contents, layout))


def _find_function(name: str) -> Any:
    module, _, function = name.rpartition(".")
    return getattr(import_module(f"conda_pip_interop.exports.{module}"), function)


_ALL: Final = (
    ExportFormat(
        name="environment",
        summary="environment.yml, both parts",
        files=("environment*.yml", "environment*.yaml"),
        renderer="as_environment.render_environment_yml",
    ),
    ExportFormat(
        name="environment-json",
        summary="environment.json, both parts",
        files=("environment*.json",),
        renderer="as_environment.render_environment_json",
        comments="as_environment.list_comments",
    ),
    ExportFormat(
        name="requirements",
        summary="requirements.txt, pip's part",
        files=("requirements*.txt",),
        renderer="as_requirements.render_requirements",
    ),
    ExportFormat(
        name="pylock",
        summary="pylock.toml, pip's part (PEP 751)",
        files=("pylock.toml", "pylock.*.toml"),
        renderer="as_pylock.render_pylock",
    ),
    ExportFormat(
        name="explicit",
        summary="explicit.txt, conda's part, with pylock.toml beside it",
        files=("explicit*.txt", "spec*.txt"),
        renderer="as_explicit.render_explicit",
    ),
    ExportFormat(
        name="conda-lock",
        summary="conda-lock.yml, both parts (CEP 37)",
        files=("conda-lock.yml", "conda-lock.yaml", "*.conda-lock.yml", "*.conda-lock.yaml"),
        renderer="as_conda_lock.render_conda_lock",
    ),
    ExportFormat(
        name="pixi-lock",
        summary="pixi.lock, both parts (needs py-rattler)",
        files=("pixi.lock",),
        renderer="as_pixi_lock.render_pixi_lock",
    ),
    ExportFormat(
        name="cyclonedx-json",
        summary="CycloneDX 1.6, a bill of materials of both parts",
        files=("*.cdx.json", "bom.json"),
        renderer="as_cyclonedx.render_cyclonedx",
    ),
)
#: The formats by their names; of file names the first match counts.
FORMATS: Final[Mapping[str, ExportFormat]] = {one.name: one for one in _ALL}


def find_format(file_name: str) -> ExportFormat | None:
    """Find the format by the name of a file; None if it says nothing."""
    for one in FORMATS.values():
        if any(fnmatch(file_name, pattern) for pattern in one.files):
            return one
    if file_name.endswith(".json"):
        return FORMATS["environment-json"]
    return FORMATS["environment"] if file_name.endswith((".yml", ".yaml")) else None
