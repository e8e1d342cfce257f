"""An undo ends in no state with findings that were not there before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.stories.tree import hash_tree
from tests.support.pip_worlds import build_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.environments import Env
    from tests.world.base import Base

pytestmark = pytest.mark.e2e


def refuse(env: Env, *words: str, names: str) -> str:
    """What `conda pip undo` says, which changes nothing."""
    before = hash_tree(env.prefix)
    for flag in ("--dry-run", "--yes"):
        refused = env.conda("pip undo", flag, *words, check=False)
        assert refused.returncode == 1
        assert names in refused.stderr
        assert "Undo in" not in refused.stdout, "refused before it is shown and asked"
    document = env.json("pip undo", "--yes", *words, check=False)
    assert document["error"]["code"] == "would-break"
    assert hash_tree(env.prefix) == before
    return refused.stderr


def test_what_needs_an_older_operation_is_named(make_env: Any, tmp_path: Path) -> None:
    env = make_env("python", "pip")
    lib = build_wheel(tmp_path, "lib")
    app, tool = (build_wheel(tmp_path, name, requires=["lib"]) for name in ("app", "tool"))
    env.conda("pip install", "--yes", "cowsay")
    env.conda("pip install", "--yes", str(lib))
    env.conda("pip install", "--yes", str(app))
    first, older, later = [one["id"] for one in env.json("pip undo", "--list")["operations"]]
    told = refuse(env, older, names="unmet: pip's app 1.0 requires lib, but lib is not installed.")
    assert f"To undo first what followed: `conda pip undo -n {env.name} {later}`." in told
    env.conda("pip undo", "--yes", later)
    env.pip("install", "-q", str(tool))
    told = refuse(env, names="unmet: pip's tool 1.0 requires lib")
    assert "To undo the last" not in env.conda("pip history").stdout
    assert f"To remove first what needs it: `conda pip uninstall -n {env.name} tool`." in told
    refuse(env, "--to", first, names="unmet: pip's tool 1.0 requires lib")
    env.conda("pip uninstall", "--yes", "tool")
    env.conda("pip undo", "--yes", older)
    assert {"lib", "tool"}.isdisjoint(env.owners())
    assert env.findings() == []


def test_another_python_since_would_strand_what_comes_back(make_env: Any, base: Base) -> None:
    env = make_env("python", "pip")
    env.conda("pip install", "--yes", "cowsay==6.1")
    env.conda("pip uninstall", "--yes", "cowsay")
    *_, removal = env.json("pip undo", "--list")["operations"]
    env.conda("install", "-y", f"python={base.channel.pythons[1]}")
    refuse(env, removal["id"], names="stranded: ")


def test_a_finding_from_before_the_operation_may_come_back(make_env: Any) -> None:
    env = make_env("python", "pip")
    env.pip("install", "-q", "idna==3.11")
    env.conda("install", "-y", "idna", CONDA_PLUGINS_PIP_INTEROP_RECONCILE="report")
    before = env.findings()
    assert before == [("stale-metadata", "idna")]
    env.conda("pip reconcile", "--yes")
    *_, operation = env.json("pip undo", "--list")["operations"]
    env.conda("install", "-y", "six")
    env.pip("install", "-q", "cowsay")
    env.conda("pip undo", "--yes", operation["id"])
    assert env.findings() == before


def test_the_title_names_all_that_a_repair_mended(make_env: Any) -> None:
    env = make_env("python", "pip", "click=8.1.7")
    env.pip("install", "-q", "cowsay==6.1", "idna==3.11")
    (env.site_packages / "cowsay" / "main.py").unlink()
    (env.site_packages / "idna" / "core.py").unlink()
    (env.site_packages / "click" / "core.py").unlink()
    env.conda("pip repair", "--yes")
    assert env.findings() == []
    (operation,) = env.json("pip undo", "--list")["operations"]
    verb, *names = operation["title"].split()
    assert (verb, sorted(names)) == ("repair", ["click", "cowsay", "idna"])
    assert f"({operation['title']}, " in env.conda("pip undo", "--dry-run").stdout
