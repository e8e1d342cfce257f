"""Find the environments that a conda command reads or changes."""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path
from typing import Any

from conda.base.context import context, determine_target_prefix, env_name
from conda.core.prefix_data import PrefixData

from conda_pip_interop.environment.target import Target


def build_target(prefix: str | Path) -> Target:
    """Return the environment at `prefix`, with the name and path by which conda knows it.

    A symbolic link to base or to a named environment is that environment, under the same policy.
    """
    path = Path(prefix)
    root = Path(context.root_prefix)
    if path == root or os.path.realpath(path) == os.path.realpath(root):
        return Target(prefix=root, name=env_name(str(root)), is_base=True)
    parent = os.path.realpath(path.parent)
    for folder in map(Path, context.envs_dirs):
        if path.parent == folder or os.path.realpath(folder) == parent:
            return Target(prefix=folder / path.name, name=path.name, is_base=False)
    return Target(prefix=path, name=None, is_base=False)


def find_target_by(option: str, value: str) -> Target:
    """Return the environment with a `name` or `prefix`, as conda's own commands select it."""
    wanted = Namespace(name=None, prefix=None)
    setattr(wanted, option, value)
    return build_target(determine_target_prefix(context, wanted))


def add_channels(channels: tuple[str, ...], *, only: bool) -> None:
    """Search these channels before conda's own, as conda does for those of an environment file.

    Those of the command line stay the first. `only` these if conda's settings allow
    `--override-channels`.
    """
    if channels:
        known = dict(context._argparse_args or {})  # noqa: SLF001 - conda has no other way to ask
        named = known.get("channel") or ()
        wanted: dict[str, object] = {"channel": tuple(dict.fromkeys((*named, *channels)))}
        wanted |= {"override_channels": True} if only else {}
        context.__init__(argparse_args=Namespace(**(known | wanted)))


def find_other_channels(channels: tuple[str, ...], stated: tuple[str, ...]) -> tuple[str, ...]:
    """Find the channels that none of the `stated` is: one may be spelled by name and by URL."""
    from conda.models.channel import Channel

    known = {url for one in stated for url in Channel(one).base_urls}
    return tuple(one for one in channels if not known.issuperset(Channel(one).base_urls))


#: The commands that take the environment's name from their file; the others ignore it.
_NAMED_BY_FILE = frozenset(["create", "env_create", "env_update"])


def takes_file() -> bool:
    """Return whether the command reads environment or requirements files."""
    return bool(_argument("file"))


def removes_all(command: str) -> bool:
    """Return whether `command` unlinks all packages: `conda remove --all`, not `env remove`."""
    return command == "remove" and bool(_argument("all")) and _argument("package_names") is not None


def find_target(command: str) -> Path:
    """Return the prefix named on the command line, else in its file, else the active one."""
    named = _argument("name") or _argument("prefix")
    if not named and command in _NAMED_BY_FILE:
        for file in list_files():
            name, prefix = _read_names(file)
            if name or prefix:
                wanted = Namespace(name=name, prefix=None if name else prefix)
                return Path(determine_target_prefix(context, wanted))
    return Path(context.target_prefix)


def find_copy(command: str) -> tuple[Path, Path] | None:
    """Return source and destination if `command` clones or renames an environment."""
    if command == "create" and (source := _argument("clone")):
        return _locate(source), find_target(command)
    if command == "rename" and (destination := _argument("destination")):
        return find_target(command), _locate(destination)
    return None


def _locate(name_or_path: str) -> Path:
    named = os.sep not in name_or_path and not Path(name_or_path).is_dir()
    wanted = Namespace(name=name_or_path if named else None, prefix=None if named else name_or_path)
    return Path(determine_target_prefix(context, wanted))


def find_touched(command: str) -> tuple[Path, ...]:
    """Return the existing environments that this process may have changed.

    They are those whose records conda has read, which it does before it changes any. conda always
    reads base's, so base counts only if it is the command's own. Folders of environments are not
    searched: there may be hundreds, and another process may be changing one.
    """
    known = {Path(key[0] if isinstance(key, tuple) else key) for key in PrefixData._cache_}
    known.discard(Path(context.root_prefix))
    known.add(find_target(command))
    return tuple(sorted(one for one in known if (one / "conda-meta").is_dir()))


def _argument(name: str) -> Any:
    return (context._argparse_args or {}).get(name)  # noqa: SLF001 - conda has no other way to ask


def list_files() -> tuple[str, ...]:
    """Return the command's files; `env create` of conda < 26.7 has one instead of a list."""
    given = _argument("file") or ()
    return (given,) if isinstance(given, str) else tuple(map(str, given))


def locate_file(file: str) -> Path:
    """Return the path of a file on the command line, as conda finds it."""
    return Path(os.path.expandvars(file)).expanduser()


def read_yaml(file: str) -> dict[Any, Any]:
    """Read an environment file; empty if it has no mapping, cannot be read, or is remote."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        document = YAML(typ="safe", pure=True).load(locate_file(file))
    except (OSError, ValueError, TypeError, RecursionError, YAMLError):
        return {}
    return document if isinstance(document, dict) else {}


def _read_names(file: str) -> tuple[str | None, str | None]:
    """Read the `name` and `prefix` of an environment file; None if it has none."""
    document = read_yaml(file)
    name, prefix = document.get("name"), document.get("prefix")
    return (str(name) if name else None), (str(prefix) if prefix else None)
