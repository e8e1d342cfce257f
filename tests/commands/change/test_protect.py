"""`conda pip protect --all` and `unprotect --all`: every environment in one command."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from conda_pip_interop.commands.change import unprotect
from conda_pip_interop.commands.change.protect import execute
from conda_pip_interop.environment.target import Target
from conda_pip_interop.protection.policy import Policy
from conda_pip_interop.values import dataclass
from tests.support.builders import PrefixBuilder
from tests.support.hosts import FakeHost


@dataclass(frozen=True, kw_only=True)
class ManyHost(FakeHost):
    """A host with several environments."""

    targets: tuple[Target, ...]

    def list_targets(self) -> list[Target]:
        """See `Host.list_targets`."""
        return list(self.targets)


def test_the_result_of_each_environment_is_shown_and_a_failure_is_exit_code_1(
    tmp_path: Path,
) -> None:
    for name in ("web", "ml"):
        PrefixBuilder(root=tmp_path / name, python="3.11.7")
    targets = tuple(
        Target(prefix=tmp_path / name, name=name, is_base=False) for name in ("web", "ml", "none")
    )
    host = ManyHost(target=targets[0], targets=targets, policy=Policy(protect=("web", "none")))
    output = execute(Namespace(all=True, no_user_site=False), host)
    lines = output.text.splitlines()
    assert lines[:2] == ["web: now protected", "ml: not protected, unchanged"]
    assert lines[2].startswith("none: failed: ")
    assert output.exit_code == 1
    assert output.document["success"] is False
    unprotecting = ManyHost(target=targets[0], targets=targets[:2], policy=Policy(protect=("ml",)))
    again = execute(Namespace(all=True, no_user_site=False), unprotecting)
    assert again.text.splitlines() == ["web: no longer protected", "ml: now protected"]
    assert again.exit_code == 0


def test_unprotect_removes_every_marker_and_says_where_a_policy_forbids_it(tmp_path: Path) -> None:
    for name in ("base", "web"):
        PrefixBuilder(root=tmp_path / name, python="3.11.7")
    targets = tuple(
        Target(prefix=tmp_path / name, name=name, is_base=name == "base")
        for name in ("base", "web")
    )
    host = ManyHost(target=targets[0], targets=targets, policy=Policy())
    execute(Namespace(all=True, no_user_site=False), host)
    execute(
        Namespace(all=False, no_user_site=False),
        ManyHost(target=targets[1], targets=targets, policy=Policy()),
    )
    gone = unprotect.execute(Namespace(all=True, no_user_site=False), host)
    assert gone.text.splitlines() == ["base: no longer protected", "web: no longer protected"]
    assert execute(Namespace(all=True, no_user_site=False), host).text.splitlines() == [
        "base: not protected, unchanged",
        "web: not protected, unchanged",
    ], "nor does the default policy bring it back"

    locked = Policy(protect=("web",), protect_source="/etc/conda/.condarc")
    refused = unprotect.execute(
        Namespace(all=True, no_user_site=False),
        ManyHost(target=targets[0], targets=targets, policy=locked),
    )
    assert refused.exit_code == 1
    assert refused.text.splitlines()[1].startswith("web: failed: Cannot unprotect web")
