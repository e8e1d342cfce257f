"""pip's configuration, read as pip reads it, for uv.

The files and their order are those of pip's documentation, "Configuration". pip itself is not
asked: it need not be there, and `pip config list` sorts by file, not by what counts.
"""

from __future__ import annotations

import configparser
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from conda_pip_interop.environment.paths import read_regular
from conda_pip_interop.errors import InteropError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conda_pip_interop.installers.pip.options import PipOptions

#: The sections that count for `pip install`, in the order in which they count.
_SECTIONS = ("global", "install")


def read_configuration(
    prefix: Path, environ: Mapping[str, str], *, platform: str = sys.platform
) -> Mapping[str, str]:
    """Read what pip's files and variables set for `pip install`, by option name without hyphens.

    Empty values count as none, as with pip.

    Raises InteropError `pip-configuration` for a file that pip could not read either.
    """
    found: dict[str, dict[str, str]] = {section: {} for section in _SECTIONS}
    for path in _list_files(prefix, environ, platform):
        parser = _read_file(path)
        for section in _SECTIONS:
            if parser.has_section(section):
                found[section].update(
                    {_normalize(name): value for name, value in parser.items(section)}
                )
    variables = {
        _normalize(name[4:]): value
        for name, value in environ.items()
        if name.startswith("PIP_") and name not in ("PIP_VERSION", "PIP_HELP")
    }
    parts = (found["global"], found["install"], variables)
    return {name: value for part in parts for name, value in part.items() if value}


def _list_files(prefix: Path, environ: Mapping[str, str], platform: str) -> Iterator[Path]:
    """List global, user's, environment's and named file; a later one counts more."""
    named = environ.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return
    windows = platform == "win32"
    name = "pip.ini" if windows else "pip.conf"
    home = Path(environ.get("HOME") or Path.home())
    yield from (folder / name for folder in _list_global(environ, platform))
    if not (named and Path(named).exists()):
        yield home / ("pip" if windows else ".pip") / name
        yield _find_user_folder(home, environ, platform) / name
    yield prefix / name
    if named:
        yield Path(named)


def _list_global(environ: Mapping[str, str], platform: str) -> Iterator[Path]:
    if platform == "win32":
        yield Path(environ.get("PROGRAMDATA", "C:\\ProgramData")) / "pip"
        return
    if platform == "darwin":
        yield Path("/Library/Application Support/pip")
        return
    for folder in environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(os.pathsep):
        yield Path(folder) / "pip"
    yield Path("/etc")


def _find_user_folder(home: Path, environ: Mapping[str, str], platform: str) -> Path:
    if platform == "win32":
        return Path(environ.get("APPDATA", home / "AppData" / "Roaming")) / "pip"
    apple = home / "Library" / "Application Support" / "pip"
    if platform == "darwin" and apple.is_dir():
        return apple
    return Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip"


def _read_file(path: Path) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser()
    try:
        text = read_regular(path).decode()
    except (FileNotFoundError, NotADirectoryError):
        return parser
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, str(error)) from error
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise _unreadable(path, error.message.partition("\n")[0]) from error
    return parser


def _unreadable(path: Path, reason: str) -> InteropError:
    return InteropError(
        "pip-configuration",
        f"pip's configuration file {path} cannot be read: {reason}. Nothing was changed.",
        hints=("Correct the file, or remove it.",),
    )


def _normalize(name: str) -> str:
    return name.lower().replace("_", "-").removeprefix("--")


def hides_unreached(prefix: Path, environ: Mapping[str, str], options: PipOptions) -> bool:
    """Return whether pip only logs that an index did not answer: it warns when it retries."""
    try:
        configured = read_configuration(prefix, environ)
    except InteropError:  # pip itself says so
        return False
    given = options.values("--retries")
    retries = given[-1] if given else configured.get("retries", "")
    has_log = options.has("--log") or "log" in configured or "log-file" in configured
    return retries.strip() == "0" and not has_log
