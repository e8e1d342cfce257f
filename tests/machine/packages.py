"""What the machine installs: small projects, as wheels and as packages of a conda channel."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.pip_worlds import build_project, build_wheel
from tests.world.cache import write_atomically
from tests.world.channel import native_subdir
from tests.world.package import PLACEHOLDER, File, Link, Package, write_package

_NAMESPACE = "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n"


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Project:
    """A project: on which side it is in which versions, and what it has in each.

    `conda`: the name of its conda package, if it has another; `depends`: what that depends on
    beside the project's requirements; `compiled`: it is one for each platform and Python.
    """

    name: str
    on_conda: tuple[str, ...] = ()
    on_pip: tuple[str, ...] = ()
    conda: str = ""
    requires: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    depends: tuple[str, ...] = ()
    modules: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)
    script: bool = False
    compiled: bool = False

    def list_modules(self, version: str, who: str) -> dict[str, str]:
        """Files below site-packages: some that all versions have, some that only one packer has."""
        return {
            f"{self.name}.py": f"version = {version!r}\n",
            f"{self.name}_parts/__init__.py": "# no empty one: its loss would be no damage\n",
            f"{self.name}_parts/v{version[0]}.py": f"{self.name} = {version!r}\n",
            f"{self.name}_parts/packed.py": f"by = {who!r}\n",
            **self.modules,
        }

    @property
    def conda_name(self) -> str:
        """The name of its conda package."""
        return self.conda or self.name

    def list_required(self) -> set[str]:
        """The names of the projects that it requires in some version."""
        found = {text for texts in self.requires.values() for text in texts}
        return {re.split("[>=]", text)[0] for text in found}

    def list_data(self, version: str) -> dict[str, str]:
        """Files below the prefix."""
        return {path: text.format(version=version) for path, text in self.data.items()}


PROJECTS = (
    Project(
        name="alpha",
        on_conda=("1.0", "2.0"),
        on_pip=("1.0", "2.0", "3.0"),
        requires={"1.0": ("beta>=1",), "2.0": ("beta>=2",), "3.0": ("beta>=2",)},
        script=True,
    ),
    Project(name="beta", on_conda=("1.0", "2.0"), on_pip=("1.0", "2.0", "3.0")),
    Project(
        name="gamma",
        on_conda=("1.0", "2.0"),
        on_pip=("2.0", "3.0"),
        data={"share/gamma/data.txt": "gamma {version}\n"},
        compiled=True,
    ),
    Project(
        name="nsone",
        on_conda=("1.0",),
        on_pip=("1.0", "2.0"),
        modules={"ns/__init__.py": _NAMESPACE, "ns/one.py": "one = 1\n"},
    ),
    Project(
        name="nstwo",
        on_conda=("1.0",),
        on_pip=("1.0", "2.0"),
        modules={"ns/__init__.py": _NAMESPACE, "ns/two.py": "two = 2\n"},
    ),
    Project(
        name="tool", conda="py-tool", on_conda=("1.0", "2.0"), on_pip=("1.0", "3.0"), script=True
    ),
    Project(
        name="delta",
        on_pip=("1.0", "2.0"),
        requires={"1.0": ("alpha>=1",), "2.0": ("alpha>=2", "gamma")},
        data={"share/delta/data.txt": "delta {version}\n"},
    ),
    Project(
        name="clash",
        on_pip=("1.0",),
        modules={"beta_parts/packed.py": "by = 'clash'\n"},
        data={"share/gamma/data.txt": "of clash\n"},
    ),
    Project(
        name="consumer",
        on_conda=("1.0",),
        requires={"1.0": ("alpha>=1",)},
        depends=("libz",),
    ),
)
EDITABLE = "edith"
LIBRARY = "libz"
NAMES = tuple(one.name for one in PROJECTS)


@dataclass(frozen=True, kw_only=True, slots=True)
class Packages:
    """Where they are: a channel, wheels, a project to be installed editable, what is extracted."""

    channel: str
    wheels: Path
    project: Path
    extracted: Path
    requirements: tuple[Path, ...]


def build_packages(folder: Path, python: str) -> Packages:
    """Build them all; `python` is the minor version that compiled ones are for."""
    for project in PROJECTS:
        for version in project.on_pip:
            build_wheel(
                folder / "wheels",
                project.name,
                version,
                requires=project.requires.get(version, ()),
                scripts=project.script,
                data=project.list_data(version),
                more=project.list_modules(version, "pip"),
            )
    built = [
        _build_package(project, version, python)
        for project in PROJECTS
        for version in project.on_conda
    ]
    built += [_build_library(version) for version in ("1.0", "2.0")]
    return Packages(
        channel=_write_channel(folder / "channel", built),
        wheels=folder / "wheels",
        project=build_project(folder / EDITABLE, EDITABLE, requires=("beta>=1",)),
        extracted=folder / "pkgs",
        requirements=tuple(_write_requirements(folder)),
    )


def _write_requirements(folder: Path) -> Iterator[Path]:
    """Files for `conda pip sync`; pip itself stays."""
    for number, lines in enumerate(
        (["alpha==2.0"], ["beta", "delta==1.0"], ["gamma", "nsone", "tool"], [])
    ):
        file = folder / f"requirements-{number}.txt"
        file.write_text("\n".join(["pip", *lines, ""]))
        yield file


def _build_package(project: Project, version: str, python: str) -> Package:
    place = f"lib/python{python}/site-packages" if project.compiled else "site-packages"
    files = [
        File(path=f"{place}/{path}", content=text.encode())
        for path, text in _list_site_packages(project, version)
    ]
    files += [
        File(path=path, content=text.encode()) for path, text in project.list_data(version).items()
    ]
    if project.compiled:  # a program that has the prefix in it, and what Python can not read
        program = f"#!{PLACEHOLDER}/bin/python\nprint({version!r})\n".encode()
        files.append(File(path=f"bin/{project.name}", content=program, executable=True))
        files.append(File(path=f"{place}/_{project.name}.so", content=b"\0" + version.encode()))
    requires = project.requires.get(version, ())
    return Package(
        name=project.conda_name,
        version=version,
        build="py_0",
        subdir=native_subdir() if project.compiled else "noarch",
        depends=(
            f"python {python}.*" if project.compiled else "python",
            *(one.replace(">=", " >=") for one in requires),
            *project.depends,
        ),
        files=files,
        entry_points=(f"{project.name} = {project.name}:version",) if project.script else (),
    )


def _list_site_packages(project: Project, version: str) -> Iterator[tuple[str, str]]:
    info = f"{project.name}-{version}.dist-info"
    metadata = ["Metadata-Version: 2.1", f"Name: {project.name}", f"Version: {version}"]
    metadata += [f"Requires-Dist: {one}" for one in project.requires.get(version, ())]
    files = {
        **project.list_modules(version, "conda"),
        f"{info}/METADATA": "\n".join([*metadata, ""]),
        f"{info}/INSTALLER": "conda\n",
    }
    if project.script:
        script = f"[console_scripts]\n{project.name} = {project.name}:version\n"
        files[f"{info}/entry_points.txt"] = script
    rows = [*files, f"{info}/RECORD", *([f"../../../bin/{project.name}"] if project.script else [])]
    files[f"{info}/RECORD"] = "".join(f"{row},,\n" for row in rows)
    yield from files.items()


def _build_library(version: str) -> Package:
    real = f"lib/libz.so.{version}"
    return Package(
        name=LIBRARY,
        version=version,
        build="h_0",
        subdir=native_subdir(),
        depends=(),
        files=[
            File(path=real, content=f"\0libz {version}".encode(), executable=True),
            Link(path="lib/libz.so", target=Path(real).name),
            File(path="include/libz.h", content=f"// {version}\n".encode()),
        ],
    )


def _write_channel(folder: Path, packages: list[Package]) -> str:
    for subdir in ("noarch", native_subdir()):
        (folder / subdir).mkdir(parents=True)
        found = {
            f"{one.stem}.conda": write_package(one, folder / subdir)
            for one in packages
            if one.subdir == subdir
        }
        content = {"info": {"subdir": subdir}, "packages": {}, "packages.conda": found}
        write_atomically(folder / subdir / "repodata.json", json.dumps(content))
    return folder.as_uri()
