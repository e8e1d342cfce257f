"""A base environment: a real conda with the plugin in it, to run tests against."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from tests.world.bootstrap import run_bootstrap
from tests.world.cache import (
    CACHE,
    WORKER,
    WorldError,
    digest,
    file_digest,
    locked,
    say,
    write_atomically,
)
from tests.world.channel import Channel, build_channel
from tests.world.conda_server import CondaServer
from tests.world.environment import build_environment, write_condarc
from tests.world.plugin_package import NAME, add_plugin, has_plugin, plugin_key
from tests.world.table import CONDA_VERSION

_BASES = CACHE / "bases"
_CLONES = CACHE / "clones" / (WORKER or "main")
_GIVEN = "CONDA_PIP_INTEROP_TEST_BASE"
# Python itself, and what is compiled: replaced if at all, and never written into.
_LINKED = re.compile(r"/include/|/lib/python3\.\d+t?/(?!site-packages/)|\.pyc$|\.so(?:\.[\d.]+)?$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Base:
    """A conda and the scratch folder it keeps its user's things in: home, envs, condarc."""

    prefix: Path
    version: str
    channel: Channel
    scratch: Path
    server: CondaServer | None = None

    @property
    def python(self) -> Path:
        """The base environment's interpreter."""
        return self.prefix / "bin" / "python"

    @property
    def conda(self) -> Path:
        """The conda program."""
        return self.prefix / "bin" / "conda"

    @property
    def envs(self) -> Path:
        """Where ``-n NAME`` goes."""
        return self.scratch / "envs"

    def env(self, **extra: str) -> dict[str, str]:
        """Return the variables to run this conda with, in isolation; `extra` win."""
        condarc = write_condarc(self.scratch, self.channel.url)
        return build_environment(self.scratch, condarc, prefix=self.prefix) | extra

    def at(self, scratch: Path) -> Base:
        """Return the same conda for another user, so to speak: with another scratch folder."""
        return replace(self, scratch=scratch, server=None)

    def run(
        self, *arguments: str | Path, check: bool = True, **extra: str
    ) -> subprocess.CompletedProcess[str]:
        """Run ``conda ARGUMENTS``; with `check`, raise WorldError with the output if it fails."""
        if self.server is not None:
            done = self.server.run([str(one) for one in arguments], self.env(**extra))
            if done is not None:
                return _checked(done, check=check)
        return self._run([self.conda, *arguments], check=check, extra=extra)

    def run_in(
        self, prefix: Path, program: str, *arguments: str | Path, check: bool = True, **extra: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of an environment (``pip``, ``python``), as if activated."""
        path = {"PATH": f"{prefix / 'bin'}:{self.env()['PATH']}", "CONDA_PREFIX": str(prefix)}
        return self._run([prefix / "bin" / program, *arguments], check=check, extra=path | extra)

    def _run(
        self, command: list[str | Path], *, check: bool, extra: dict[str, str]
    ) -> subprocess.CompletedProcess[str]:
        result = subprocess.run(
            command, env=self.env(**extra), capture_output=True, text=True, check=False
        )
        return _checked(result, check=check)


def _checked(
    result: subprocess.CompletedProcess[str], *, check: bool
) -> subprocess.CompletedProcess[str]:
    if check and result.returncode != 0:
        line = " ".join(map(str, result.args))
        message = f"{line}: exit {result.returncode}\n{result.stdout}\n{result.stderr}"
        raise WorldError(message)
    return result


def build_base() -> Base:
    """Return a base with the plugin at its current version.

    That named by ``CONDA_PIP_INTEROP_TEST_BASE`` if it is set (it is changed in place), else one of
    our own. While the checkout has no plugin yet, a base without it.
    """
    channel = build_channel()
    given = os.environ.get(_GIVEN)
    base = _read_given(Path(given), channel) if given else _build_own(channel)
    key = plugin_key()
    if key is None:
        return base
    add_plugin(channel, key)
    if not has_plugin(base.prefix, key):
        say(f"base: {NAME} → conda {base.version}")
        with locked():
            _install_plugin(base, key)
    _fill_package_cache(base)
    return base


def _fill_package_cache(base: Base) -> None:
    """Extract every package once, for all: runs of tests beside each other only read them there."""
    ready = CACHE / "pkgs" / f"filled-{base.channel.key}"
    if ready.is_file():
        return
    with locked():
        if not ready.is_file():
            base.run_in(base.prefix, "python", "-c", _FETCH_ALL)
            ready.touch()


_FETCH_ALL = """
from conda.base.context import reset_context
from conda.core.package_cache_data import ProgressiveFetchExtract
from conda.core.subdir_data import SubdirData
reset_context()
ProgressiveFetchExtract(SubdirData.query_all("*")).execute()
"""


def _read_given(prefix: Path, channel: Channel) -> Base:
    found = [re.fullmatch(r"conda-([^-]+)-[^-]+\.json", f.name) for f in find_records(prefix)]
    versions = [match[1] for match in found if match]
    if not versions:
        message = f"{_GIVEN}: no conda in {prefix}"
        raise WorldError(message)
    scratch = CACHE / "scratch" / digest(prefix)
    return Base(prefix=prefix, version=versions[0], channel=channel, scratch=scratch)


def find_records(prefix: Path) -> list[Path]:
    return list((prefix / "conda-meta").glob("*.json"))


def _build_own(channel: Channel) -> Base:
    """Create the base, in its final place since its path is in its files; `ready` comes last."""
    key = digest(channel.key, channel.folder)
    prefix = _BASES / f"conda-{CONDA_VERSION}-{key}"
    ready = _BASES / f"{prefix.name}.json"
    base = Base(
        prefix=prefix,
        version=CONDA_VERSION,
        channel=channel,
        scratch=CACHE / "scratch" / prefix.name,
    )
    if ready.is_file():
        return base
    with locked():
        if not ready.is_file():
            say(f"base: conda {CONDA_VERSION} on python {channel.pythons[0]}")
            shutil.rmtree(_BASES, ignore_errors=True)  # older ones serve nobody
            _create(base, [f"python={channel.pythons[0]}", "pip", f"conda={CONDA_VERSION}"])
            write_atomically(ready, json.dumps({"prefix": str(prefix)}))
    return base


def _create(base: Base, specs: list[str]) -> None:
    condarc = write_condarc(base.scratch, base.channel.url)
    environment = build_environment(base.scratch, condarc, prefix=None)
    environment["CONDA_SAT_SOLVER"] = "pysat"
    run_bootstrap(["create", "--yes", "--prefix", str(base.prefix), *specs], environment)
    (base.prefix / ".condarc").write_text("sat_solver: pysat\n", encoding="utf-8")


def _install_plugin(base: Base, key: str) -> None:
    """Install it offline, changing nothing else; an older build of it is replaced."""
    if not has_plugin(base.prefix, key):
        base.run(
            *("install", "--yes", "--prefix", base.prefix, "--freeze-installed"),
            *("--override-channels", "--channel", base.channel.url),
            f"{NAME}=*=pyhd_{key}_0",
        )


def clone(base: Base, name: str, *, folder: Path = _CLONES) -> Base:
    """Return a copy of a base, at `folder`/`name`, that a test may damage.

    Nothing done to it reaches the original or the package cache: only what no test writes into is
    hard linked. conda's own ``create --clone`` leaves conda out, so the prefix is rewritten here,
    in every text file.
    """
    target = folder / name
    scratch = folder / f"{name}-scratch"
    for old in (target, scratch):
        shutil.rmtree(old, ignore_errors=True)
    relocate = Relocation(base.prefix, target)

    def link_or_copy(source: str, copy: str) -> None:
        if _LINKED.search(source) and not relocate.changes(Path(source)):
            with suppress(OSError):  # a base that is given may be on another file system
                os.link(source, copy, follow_symlinks=False)
                return
        relocate(source, copy)

    shutil.copytree(
        base.prefix,
        target,
        symlinks=True,
        # what the plugin has left there, where somebody has used the base by hand
        ignore=shutil.ignore_patterns("EXTERNALLY-MANAGED", "pip-interop"),
        copy_function=link_or_copy,
    )
    for record in find_records(target):
        update_hashes(record, target)
    registered = scratch / "home" / ".conda" / "environments.txt"
    write_atomically(registered, f"{target}\n")
    return replace(base, prefix=target, scratch=scratch, server=None)


def update_hashes(record: Path, prefix: Path) -> None:
    """Make a record's hashes right for another prefix, in the files that hold the prefix."""
    text = record.read_text()
    rows = json.loads(text)["paths_data"]["paths"]
    for row in rows:
        if "sha256_in_prefix" in row and row.get("prefix_placeholder"):
            # conda leaves a noarch script's path here as it is in the archive; `files` is right.
            path = re.sub("^python-scripts/", "bin/", row["_path"])
            text = text.replace(row["sha256_in_prefix"], file_digest(prefix / path))
    write_atomically(record, _update_sizes(text, prefix))


def _update_sizes(text: str, prefix: Path) -> str:
    """Update what newer condas record: the length of a script, which has the prefix in it."""
    if '"unix_python_entry_point"' not in text:
        return text
    content = json.loads(text)
    for row in content["paths_data"]["paths"]:
        if row.get("path_type") == "unix_python_entry_point" and "size_in_bytes" in row:
            row["size_in_bytes"] = (prefix / row["_path"]).stat().st_size
    return json.dumps(content, indent=2)


class Relocation:
    """A copy function that writes one prefix for another; binaries and compiled files stay."""

    def __init__(self, old: Path, new: Path) -> None:
        self._old = os.fsencode(old)
        self._new = os.fsencode(new)

    def __call__(self, source: str, target: str) -> str:
        """Copy a file for the other prefix, and return where to."""
        shutil.copy2(source, target, follow_symlinks=False)
        file = Path(source)
        if self.changes(file):
            status = file.stat()
            Path(target).write_bytes(file.read_bytes().replace(self._old, self._new))
            os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))
        return target

    def changes(self, file: Path) -> bool:
        """Whether the text of a file names the prefix."""
        if file.is_symlink() or file.suffix in {".pyc", ".so"}:
            return False
        status = file.stat()
        return _names(file, self._old, status.st_mtime_ns, status.st_size)


@cache
def _names(file: Path, prefix: bytes, _time: int, _size: int) -> bool:
    """Whether a text names the prefix; read once, as long as it stays as it is."""
    content = file.read_bytes()
    return prefix in content and b"\0" not in content
