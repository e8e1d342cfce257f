"""A venv of this Python, and tiny wheels in a folder: what a real pip needs to work offline."""

from __future__ import annotations

import base64
import hashlib
import sys
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name

from conda_pip_interop.pip.interface import Line, Pin
from conda_pip_interop.pip.process import PipProcess


def build_wheel(
    folder: Path,
    name: str,
    version: str = "1.0",
    *,
    requires: Iterable[str] = (),
    extras: Iterable[str] = (),
    scripts: bool = False,
    data: Mapping[str, str] | None = None,
) -> Path:
    """A wheel with one module, in `folder` (binary distribution format).

    `data`: files relative to the prefix that it is installed into.
    """
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    metadata = [
        *("Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"),
        *(f"Provides-Extra: {extra}" for extra in extras),
        *(f"Requires-Dist: {line}" for line in requires),
    ]
    files = {
        f"{name}.py": f"version = {version!r}\n",
        f"{info}/METADATA": "\n".join([*metadata, ""]),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    if scripts:
        files[f"{info}/entry_points.txt"] = f"[console_scripts]\n{name} = {name}:version\n"
    files |= {f"{name}-{version}.data/data/{path}": text for path, text in (data or {}).items()}
    rows = [f"{path},sha256={_digest(text)},{len(text)}\n" for path, text in files.items()]
    files[f"{info}/RECORD"] = "".join([*rows, f"{info}/RECORD,,\n"])
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return wheel


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def lines(*texts: str) -> tuple[Line, ...]:
    """What a command line asks of pip."""
    return tuple(Line(text=text) for text in texts)


def pins(*texts: str) -> tuple[Pin, ...]:
    """`NAME==VERSION`, or a name alone where any version serves."""
    made = []
    for text in texts:
        name, _, version = text.partition("==")
        made.append(Pin(name=canonicalize_name(name), version=version, line=Line(text=text)))
    return tuple(made)


@dataclass(frozen=True, kw_only=True, slots=True)
class World:
    """A venv, the folder of wheels that pip finds, and the pip.conf that it reads."""

    venv: Path
    wheels: Path
    config: Path

    @property
    def python(self) -> Path:
        """The venv's interpreter."""
        return self.venv / "bin" / "python"

    @property
    def site_packages(self) -> Path:
        """Where pip installs to."""
        (folder,) = (self.venv / "lib").glob("python*/site-packages")
        return folder

    def process(self, *, own: bool = True) -> PipProcess:
        """pip as the use cases run it: the environment's own, or that of another Python."""
        runner = self.python if own else Path(sys.executable)
        return PipProcess(python=self.python, runner=runner)

    def names(self) -> set[str]:
        """The distributions that are installed, `NAME-VERSION`."""
        return {path.stem for path in self.site_packages.glob("*.dist-info")}

    def files(self) -> set[str]:
        """Everything in the venv, compiled files left out."""
        every = (path.relative_to(self.venv).as_posix() for path in self.venv.rglob("*"))
        return {path for path in every if "__pycache__" not in path}

    def configure(self, *lines: str) -> None:
        """Write pip.conf: nothing is asked of any index, whatever else it says."""
        text = ["[global]", "no-index = true", f"find-links = {self.wheels}", *lines, ""]
        self.config.write_text("\n".join(text), encoding="utf-8")
