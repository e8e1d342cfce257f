"""conda's settings for the network and for the age of packages, as variables that pip reads."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Final

from conda.base.context import context
from packaging.version import Version

from conda_pip_interop.conda_adapter.settings import warn_once
from conda_pip_interop.errors import InteropError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: The first pip that has `--uploaded-prior-to`.
FIRST_PIP_WITH_CUTOFF: Final = Version("26.0")
CUTOFF: Final = "PIP_UPLOADED_PRIOR_TO"
#: Values of `ssl_verify` that name no file.
_NO_FILE: Final = ("truststore", "<truststore>")


def read_pip_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Read conda's settings as variables for pip; what `environ` sets already comes first.

    uv gets them, too, from pip's configuration.
    """
    variables = {
        f"{scheme.upper()}_PROXY": str(url)
        for scheme, url in context.proxy_servers.items()
        if scheme in ("http", "https") and url
    }
    if isinstance(context.ssl_verify, str) and context.ssl_verify not in _NO_FILE:
        variables["PIP_CERT"] = context.ssl_verify
    if context.offline:
        variables["PIP_NO_INDEX"] = "1"
    cutoff = _read_cutoff()
    if cutoff is not None:
        variables[CUTOFF] = datetime.fromtimestamp(cutoff, timezone.utc).strftime(
            "%Y-%m-%dT%H:%M:%SZ"
        )
    known = {name.upper() for name in environ}
    return {name: value for name, value in variables.items() if name not in known}


def _read_cutoff() -> float | None:
    """Read `exclude_newer` as POSIX time; None if it is not set, or conda is older than 26.9.

    A limit of now, which 0 stands for, is none: it would need an index that tells upload times.
    """
    policy: Any = getattr(context, "exclude_newer_policy", None)
    if policy is None or policy.global_cutoff == policy.now:
        return None
    cutoff: float | None = policy.global_cutoff
    return cutoff


def report_limits_of_packages() -> None:
    """Say that conda's age limits of single packages do not apply to pip's, which has none."""
    policy = getattr(context, "exclude_newer_policy", None)
    names = sorted(getattr(policy, "package_cutoffs", None) or ())
    if names:
        warn_once(
            ("", "exclude_newer_package"),
            f"exclude_newer_package ({', '.join(names)}) applies to conda's packages only, not to "
            "those from PyPI.",
        )


def refuse_old_pip(version: str, variables: Mapping[str, str], command: Callable[..., str]) -> None:
    """Refuse a pip that does not know conda's age limit; raises InteropError `no-age-limit`.

    `command` builds a command line for the environment of the pip.
    """
    if CUTOFF in variables and Version(version) < FIRST_PIP_WITH_CUTOFF:
        raise InteropError(
            "no-age-limit",
            f"conda's setting exclude_newer applies to pip's packages, too, but pip {version} has "
            f"no such limit; it needs pip {FIRST_PIP_WITH_CUTOFF}.",
            hints=(
                f"To fix: `{command('conda', 'install', f'pip>={FIRST_PIP_WITH_CUTOFF}')}`.",
                "To use uv, set CONDA_PLUGINS_PIP_INTEROP_INSTALLER=uv.",
            ),
        )
