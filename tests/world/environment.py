"""The process environment that isolates a conda from the machine and from its user."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from tests.world.cache import CACHE, WORKER, write_atomically
from tests.world.index import index_url

if TYPE_CHECKING:
    from pathlib import Path

# Everything else is dropped: CONDA_*, PIP_*, UV_*, PYTHON*, XDG_*, VIRTUAL_ENV, pyenv's, …
_KEPT = frozenset(
    {"LANG", "LANGUAGE", "LOGNAME", "SHELL", "TERM", "TMPDIR", "TZ", "USER", "COLUMNS"}
)
_KEPT_PREFIXES = ("LC_", "COVERAGE_", "COV_CORE_", "OPENBLAS_")
_SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
_PROGRAMS = CACHE / "programs"
# conda and pip name the system to an index. Debian's answer takes twelve processes; many systems
# have none.
_NO_ANSWER = "#!/bin/sh\nexit 1\n"

# To compile what it has linked, conda activates the environment, and base before it unless told.
_CONDARC = """\
channel_alias: {alias}
channels: [{channel}]
default_channels: []
pkgs_dirs: [{packages}]
envs_dirs: [{environments}]
solver: classic
always_yes: true
auto_activate_base: false
auto_update_conda: false
notify_outdated_conda: false
number_channel_notices: 0
report_errors: false
add_pip_as_python_dependency: false
"""


def write_condarc(scratch: Path, channel_url: str) -> Path:
    """Write the ``.condarc`` of a scratch folder and return its path. JSON strings are YAML."""
    path = scratch / "condarc"
    alias, _, channel = channel_url.rpartition("/")
    text = _CONDARC.format(
        alias=json.dumps(alias),  # so that the channel is shown by its name alone
        channel=json.dumps(channel),
        packages=", ".join(json.dumps(str(folder)) for folder in _package_folders(scratch)),
        environments=json.dumps(str(scratch / "envs")),
    )
    if not path.is_file() or path.read_text() != text:
        for folder in ("home", "envs", "config", "data", "state"):
            (scratch / folder).mkdir(parents=True, exist_ok=True)
        write_atomically(path, text)
    return path


def _write_programs() -> Path:
    """Write the programs that stand before the system's own, and return their folder."""
    program = _PROGRAMS / "lsb_release"
    if not program.is_file():
        write_atomically(program, _NO_ANSWER)
        program.chmod(0o755)
    return _PROGRAMS


def _package_folders(scratch: Path) -> list[Path]:
    """Where conda extracts packages to (the first), and where it finds them extracted."""
    own = _own_folder(scratch)
    return [CACHE / "pkgs"] if own is None else [own / "pkgs", CACHE / "pkgs"]


def _own_folder(scratch: Path) -> Path | None:
    """What a run of tests has for itself beside others; none for the base that all share."""
    if WORKER is None or scratch.is_relative_to(CACHE / "scratch"):
        return None
    return CACHE / "clones" / WORKER


def build_environment(scratch: Path, condarc: Path, *, prefix: Path | None) -> dict[str, str]:
    """Return the variables: `prefix`'s programs first, then the system's, nothing of the user's."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT or name.startswith(_KEPT_PREFIXES)
    }
    programs = [] if prefix is None else [prefix / "bin"]
    return {
        **kept,
        "PATH": ":".join(map(str, [*programs, _write_programs(), _SYSTEM_PATH])),
        "HOME": str(scratch / "home"),
        "XDG_CACHE_HOME": str((_own_folder(scratch) or CACHE) / "xdg"),
        "XDG_CONFIG_HOME": str(scratch / "config"),
        "XDG_DATA_HOME": str(scratch / "data"),
        "XDG_STATE_HOME": str(scratch / "state"),
        "CONDARC": str(condarc),
        "CONDA_SOLVER": os.environ.get("CONDA_PIP_INTEROP_TEST_SOLVER", "classic"),
        "CONDA_OVERRIDE_CUDA": "",  # else each solve starts a process to look for a GPU
        # pip reads no file at all with this one, not even the machine's.
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": index_url(),
        "PIP_CACHE_DIR": str(CACHE / "pip"),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
    }
