"""The ``conda`` package: conda as conda-lock's wheel vendors it, under its own name again."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

from tests.world.package import File, Package
from tests.world.table import CONDA_DEPENDS, CONDA_VERSION

if TYPE_CHECKING:
    from pathlib import Path

_VENDORED = "conda_lock/_vendor/conda/"
_METADATA = f"Metadata-Version: 2.1\nName: conda\nVersion: {CONDA_VERSION}\n"
_ENTRY_POINTS = "[console_scripts]\nconda = conda.cli.main_pip:main\n"

# The vendored tree lacks conda's shell folder; `conda run` needs this one file of it: after
# `conda shell.posix hook` has set CONDA_EXE, a function that can change the calling shell.
_SHELL = """\
conda() {
    case "${1:-}" in
        activate|deactivate|reactivate)
            \\local commands
            commands="$(PS1="${PS1:-}" "$CONDA_EXE" shell.posix "$@")" || \\return
            \\eval "$commands"
            \\hash -r
            ;;
        *)
            "$CONDA_EXE" "$@"
            ;;
    esac
}
if [ -z "${CONDA_SHLVL+x}" ]; then
    \\export CONDA_SHLVL=0
    PATH="$(\\dirname "$(\\dirname "$CONDA_EXE")")/condabin${PATH:+":$PATH"}"
    \\export PATH
fi
"""


def read_conda_modules(conda_lock: Path) -> dict[str, bytes]:
    """Return conda's package tree by path from site-packages, its imports its own again."""
    modules = {}
    with zipfile.ZipFile(conda_lock) as archive:
        for name in archive.namelist():
            if name.startswith(_VENDORED) and not name.endswith("/"):
                target = name.removeprefix("conda_lock/_vendor/")
                modules[target] = _unvendor(archive.read(name))
    modules["conda/shell/etc/profile.d/conda.sh"] = _SHELL.encode()
    return modules


def _unvendor(source: bytes) -> bytes:
    for old, new in (
        (b"from conda_lock._vendor import conda", b"import conda"),
        (b"conda_lock._vendor.conda", b"conda"),
        (b"conda_lock.vendor.conda", b"conda"),
        # Python 3.13 has taken these two away; conda 24.7 is older than that
        (b"logging._acquireLock", b"logging._lock.acquire"),
        (b"logging._releaseLock", b"logging._lock.release"),
    ):
        source = source.replace(old, new)
    return source


def build_conda(conda_lock: Path) -> Package:
    """Return the package. Its script is ``bin/conda``, that of a base environment."""
    modules = read_conda_modules(conda_lock)
    info = f"conda-{CONDA_VERSION}.dist-info"
    modules |= {
        f"{info}/METADATA": _METADATA.encode(),
        f"{info}/entry_points.txt": _ENTRY_POINTS.encode(),
        f"{info}/INSTALLER": b"conda\n",
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = [*modules, f"{info}/RECORD", "../../../bin/conda"]
    modules[f"{info}/RECORD"] = "".join(f"{row},,\n" for row in rows).encode()
    return Package(
        name="conda",
        version=CONDA_VERSION,
        build="pyhd_0",
        subdir="noarch",
        depends=CONDA_DEPENDS,
        files=[File(path=f"site-packages/{p}", content=data) for p, data in modules.items()],
        entry_points=("conda = conda.cli:main",),
        summary="OS-agnostic, system-level binary package manager",
    )
