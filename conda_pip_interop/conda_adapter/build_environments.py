"""Environments for builds: the target's Python and the build requirements, conda's first."""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from conda.base.context import context
from conda.models.match_spec import MatchSpec
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.changes.atomic.lock import hold_lock
from conda_pip_interop.changes.execute import execute
from conda_pip_interop.conda_adapter.channels.channel_names import open_repodata, user_folder
from conda_pip_interop.conda_adapter.console import quiet_stdout, report_progress
from conda_pip_interop.conda_adapter.session import current_session
from conda_pip_interop.conda_adapter.transactions.solver import CondaEnvironment
from conda_pip_interop.dependencies.requirements import satisfies
from conda_pip_interop.environment.conda_meta.conda_python import build_python_spec
from conda_pip_interop.environment.paths import is_private
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.environment.target import Target
from conda_pip_interop.errors import InteropError
from conda_pip_interop.installers.building import BuildNeeds
from conda_pip_interop.installers.interface import BuildEnvironment
from conda_pip_interop.resolve.install import plan_install
from conda_pip_interop.resolve.parts import SolvedPart, WrongPackageError
from conda_pip_interop.resolve.request.request import build_request
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from conda_pip_interop.environment.prefix import Prefix, PythonInstall
    from conda_pip_interop.installers.interface import Installer

#: A build environment that was not used for so long is removed.
KEPT_DAYS: Final = 14
_SECONDS_A_DAY: Final = 86_400
#: Sources the activation scripts, and prints the variables as JSON; $0 is a Python.
_ACTIVATE: Final = """
for script in "$CONDA_PREFIX"/etc/conda/activate.d/*.sh; do
    if test -f "$script"; then . "$script" >&2; fi
done
exec "$0" -c 'import json, os; print(json.dumps(dict(os.environ)))'
"""
_SHELLS_OWN: Final = frozenset(("PATH", "PWD", "OLDPWD", "SHLVL", "_"))


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildEnvironments:
    """Build environments for the Python of one prefix, reused for the same requirements.

    `versions` are the target's distributions, as they are or will be: a build requirement gets the
    same version if it allows that, so that extension modules match what they run with.
    `open_installer` opens an installer for the interpreter of such an environment.
    """

    prefix: Prefix
    versions: Mapping[NormalizedName, str]
    open_installer: Callable[[Path], Installer]

    def prepare(self, needs: BuildNeeds) -> BuildEnvironment:
        """Return an environment with the build requirements, pip, and compilers if needed.

        Raises InteropError if the requirements cannot be satisfied.
        """
        wanted = self._fit(map(Requirement, needs.requires))
        compilers = _find_compilers(needs.languages)
        python = self._python
        spec = build_python_spec(python.minor, free_threaded=python.free_threaded)
        folder = _open_builds_folder() / _digest(spec, (*compilers, *wanted))
        with hold_lock(folder.with_suffix(".lock")):
            ready = folder / "conda-meta" / "pip-interop-build"
            if not ready.is_file():
                shutil.rmtree(folder, ignore_errors=True)
                what = ", ".join((*compilers, *wanted)) or "pip"
                report_progress(f"Preparing a build environment with {what}")
                with quiet_stdout(), _let_conda_change():
                    _create(folder, spec, compilers)
                    self._install(folder, wanted)
                ready.write_text("".join(f"{one}\n" for one in wanted), encoding="utf-8")
            os.utime(ready)
        _prune(folder.parent)
        scripts = folder / python.scripts
        return BuildEnvironment(
            python=folder / python.executable,
            site_packages=folder / python.site_packages,
            scripts=scripts,
            environ=_read_activation(folder, scripts) if compilers else {},
        )

    def prepare_stand_in(self) -> Path:
        """Return an interpreter of the prefix's Python that has no distributions (a venv)."""
        there = self.prepare(BuildNeeds())
        root = Path(str(there.site_packages).removesuffix(str(self._python.site_packages)))
        folder = root / "pip-interop-empty"
        python = folder / self._python.scripts / there.python.name
        with hold_lock(root.with_suffix(".lock")):
            if not (folder / "ready").is_file():
                words = ("-m", "venv", "--without-pip", "--clear", str(folder))
                done = subprocess.run([there.python, *words], capture_output=True, check=False)
                if done.returncode:
                    raise InteropError(
                        "no-venv", f"Python {self._python.version} cannot make a venv in {folder}."
                    )
                (folder / "ready").touch()
        return python

    @property
    def _python(self) -> PythonInstall:
        python = self.prefix.python
        if python is None:
            raise InteropError("no-python", f"{self.prefix.root} has no Python to build for.")
        return python

    def _fit(self, requirements: Iterable[Requirement]) -> tuple[str, ...]:
        """Merge requirements by name and pin the target's versions if they allow that; sorted."""
        by_name: dict[NormalizedName, Requirement] = {}
        for one in requirements:
            name = canonicalize_name(one.name)
            known = by_name.setdefault(name, one)
            known.specifier &= one.specifier
            known.extras |= one.extras
        for name, one in by_name.items():
            version = self.versions.get(name)
            if version is not None and satisfies(one.specifier, version):
                one.specifier = SpecifierSet(f"=={version}")
        return tuple(sorted(map(str, by_name.values())))

    def _install(self, folder: Path, wanted: tuple[str, ...]) -> None:
        target = Target(prefix=folder, name=None, is_base=False)
        snapshot = read_snapshot(folder)
        python = snapshot.prefix.python
        if not wanted or python is None:
            return
        installer = self.open_installer(folder / python.executable)
        conda = CondaEnvironment(target=target)
        while True:
            plan = plan_install(
                build_request(map(Requirement, wanted)),
                snapshot=snapshot,
                target=target,
                solver=conda,
                installer=installer,
            )
            try:
                if isinstance(plan.conda, SolvedPart):
                    plan.conda.refuse_other_projects()
                execute(plan, target, conda)
            except WrongPackageError:  # what was downloaded is known from now on
                continue
            return


def _open_builds_folder() -> Path:
    """Return where build environments are kept; programs are run from there.

    Where other users can change it, as under `sudo` with the caller's HOME, or where it cannot be
    made, a temporary folder takes its place until the process ends.
    """
    session, folder = current_session(), user_folder() / "builds"
    if session.builds is None and is_private(folder):
        with contextlib.suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return folder
    if session.builds is None:
        session.builds = Path(tempfile.mkdtemp(prefix="pip-interop-"))
        atexit.register(shutil.rmtree, session.builds, ignore_errors=True)
    return session.builds


def _digest(python: str, wanted: tuple[str, ...]) -> str:
    parts = [python, context.subdir, *context.channels, "--", *wanted]
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()[:16]


@contextlib.contextmanager
def _let_conda_change() -> Iterator[None]:
    """Let conda create an unregistered environment, even if the command is a dry run."""
    with contextlib.ExitStack() as stack:
        for key in ("dry_run", "register_envs"):
            # conda has no public way
            stack.enter_context(context._override(key, False))  # noqa: SLF001
        yield


def _find_compilers(languages: Iterable[str]) -> tuple[str, ...]:
    """Find the compiler packages of some languages in the channels."""
    names = (f"{one}-compiler" for one in languages)
    repodata = open_repodata()
    return tuple(name for name in names if repodata.find(name))


def _read_activation(folder: Path, scripts: Path) -> dict[str, str]:
    """Return what an environment's activation scripts set: CC, CFLAGS … of its compilers.

    Nothing on Windows, where setuptools finds the system's compiler itself.
    """
    shell = shutil.which("bash") or shutil.which("sh")
    if shell is None or os.name == "nt":
        return {}
    path = os.pathsep.join([str(scripts), os.environ.get("PATH", os.defpath)])
    before = {**os.environ, "CONDA_PREFIX": str(folder), "PATH": path}
    words = [shell, "-c", _ACTIVATE, str(scripts / "python")]
    done = subprocess.run(words, env=before, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InteropError(
            "no-compiler",
            f"The compilers in {folder} cannot be activated:\n{done.stderr}",
            hints=("To build without them: `conda pip install --no-build-isolation NAME`.",),
        )
    after: dict[str, str] = json.loads(done.stdout)
    return {
        key: value
        for key, value in after.items()
        if before.get(key) != value and key not in _SHELLS_OWN
    }


def _create(folder: Path, python: str, compilers: tuple[str, ...]) -> None:
    """Create an unregistered environment with Python, pip and compilers."""
    backend = context.plugin_manager.get_cached_solver_backend()
    specs = [MatchSpec(python), MatchSpec("pip"), *map(MatchSpec, compilers)]
    solver = backend(str(folder), context.channels, context.subdirs, specs_to_add=specs)
    transaction = solver.solve_for_transaction()
    transaction.download_and_extract()
    transaction.execute()


def _prune(builds: Path) -> None:
    """Remove the environments that were not used for `KEPT_DAYS`."""
    oldest = time.time() - KEPT_DAYS * _SECONDS_A_DAY
    for ready in builds.glob("*/conda-meta/pip-interop-build"):
        with contextlib.suppress(FileNotFoundError):  # another process may prune at the same time
            if ready.stat().st_mtime < oldest:
                shutil.rmtree(ready.parents[1], ignore_errors=True)
