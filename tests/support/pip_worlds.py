"""A venv of this Python, and tiny wheels in a folder: what a real pip needs to work offline."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name

from conda_pip_interop.installers.interface import Line, Pin
from conda_pip_interop.installers.pip.process import PipProcess
from conda_pip_interop.installers.pip.runs import CAN_FORK, PipServer
from conda_pip_interop.resolve.request.request import Request


def build_wheel(
    folder: Path,
    name: str,
    version: str = "1.0",
    *,
    requires: Iterable[str] = (),
    extras: Iterable[str] = (),
    scripts: bool = False,
    data: Mapping[str, str] | None = None,
    python: str | None = None,
    more: Mapping[str, str] | None = None,
) -> Path:
    """A wheel with one module, in `folder` (binary distribution format).

    `data`: files relative to the prefix that it is installed into; `more`: to site-packages;
    `python`: its Requires-Python.
    """
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    metadata = [
        *("Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"),
        *(f"Provides-Extra: {extra}" for extra in extras),
        *(f"Requires-Dist: {line}" for line in requires),
        *([] if python is None else [f"Requires-Python: {python}"]),
    ]
    files = {
        f"{name}.py": f"version = {version!r}\n",
        f"{info}/METADATA": "\n".join([*metadata, ""]),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files |= more or {}
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


#: A build backend inside of a project (PEP 517, `backend-path`): builds need no index.
_BACKEND = """
import json, pathlib, zipfile

HERE = pathlib.Path(__file__).parent
NAME, VERSION, REQUIRES = {name!r}, {version!r}, {requires!r}


def get_requires_for_build_wheel(config_settings=None):
    return []


get_requires_for_build_editable = get_requires_for_build_wheel


def _build(folder, files):
    info = f"{{NAME}}-{{VERSION}}.dist-info"
    lines = ["Metadata-Version: 2.1", f"Name: {{NAME}}", f"Version: {{VERSION}}"]
    lines += ["Provides-Extra: x", *(f"Requires-Dist: {{one}}" for one in REQUIRES)]
    files[f"{{info}}/METADATA"] = "\\n".join([*lines, ""])
    files[f"{{info}}/WHEEL"] = "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    files[f"{{info}}/RECORD"] = "".join(f"{{one}},,\\n" for one in [*files, f"{{info}}/RECORD"])
    name = f"{{NAME}}-{{VERSION}}-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(folder) / name, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return name


def build_wheel(folder, config_settings=None, metadata_directory=None):
    text = f"settings = {{json.dumps(config_settings or {{}})}}\\n"
    return _build(folder, {{f"{{NAME}}.py": text}})


def build_editable(folder, config_settings=None, metadata_directory=None):
    return _build(folder, {{f"__editable__{{NAME}}.pth": f"{{HERE / 'src'}}\\n"}})
"""


def build_project(
    folder: Path, name: str, version: str = "1.0", *, requires: Iterable[str] = ()
) -> Path:
    """A project's folder; what is built of it says with which settings."""
    (folder / "src").mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(
        "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n"
    )
    text = _BACKEND.format(name=name, version=version, requires=[*requires])
    (folder / "backend.py").write_text(text)
    (folder / "src" / f"{name}.py").write_text("settings = 'editable'\n")
    return folder


def build_sdist(folder: Path, project: Path, name: str, version: str = "1.0") -> Path:
    """A source archive of a project."""
    folder.mkdir(parents=True, exist_ok=True)
    sdist = folder / f"{name}-{version}.tar.gz"
    with tarfile.open(sdist, "w:gz") as archive:
        archive.add(project, f"{name}-{version}")
        info = project / "PKG-INFO"
        info.write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.add(info, f"{name}-{version}/PKG-INFO")
    info.unlink()
    return sdist


def build_clone(folder: Path) -> str:
    """Make a git repository of a folder; its one commit."""
    git = ["git", "-c", "user.name=me", "-c", "user.email=me@example.org", "-C", str(folder)]
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "all"]):
        subprocess.run([*git, *words], check=True)
    return subprocess.run(
        [*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    ).stdout.strip()


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
        server = PipServer(python=self.python) if own and CAN_FORK else None
        return PipProcess(python=self.python, runner=runner, server=server)

    def for_request(self, request: Request) -> PipProcess:
        """pip as it is run for a command line."""
        return dataclasses.replace(
            self.process(),
            options=request.options.pip,
            constraints=tuple(one.line for one in request.constraints),
            links=request.links,
            resolving=request.resolving,
        )

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
