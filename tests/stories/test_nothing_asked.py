"""What conda is asked not to change, the plugin does not change either."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.stories.tree import hash_tree

if TYPE_CHECKING:
    from tests.world.base import Base

pytestmark = pytest.mark.e2e

#: With what conda does: nothing to do, a transaction, a removal, an environment made or copied.
COMMANDS = (
    "update -n {env} --all --dry-run",
    "update -n {env} --all -y --download-only",
    "install -n {env} --dry-run click",
    "install -n {env} -y --download-only click",
    "install -n {env} --dry-run idna",
    "install -n {env} -y --download-only idna",
    "install -n {env} -y --revision 0 --dry-run",
    "remove -n {env} --dry-run click",
    "remove -n {env} --all --dry-run",
    "rename -n {env} other --dry-run",
    "create -n other --clone {env} --dry-run",
    "clean --all --dry-run",
    "env update -n {env} -f {file} --dry-run",
    "env remove -n {env} --dry-run",
    "pip install -n {env} --dry-run cowsay",
    "pip install -n {env} --dry-run click==8.1.3",
    "pip uninstall -n {env} --dry-run cowsay",
    "pip restore -n {env} --dry-run click",
    "pip repair -n {env} --dry-run",
    "pip reconcile -n {env} --dry-run",
    "pip undo -n {env} --dry-run",
    "pip check -n {env}",
    "pip list -n {env}",
)


def test_what_must_not_change_is_not_changed(own_base: Base, make_env: Any, tmp_path: Any) -> None:
    env = make_env("python", "pip", "click", base=own_base)
    env.pip("install", "-q", "click==8.1.3", "cowsay==6.0")
    file = tmp_path / "environment.yml"
    file.write_text(f"name: {env.name}\ndependencies: [python, pip, click]\n")
    meta = own_base.prefix / "conda-meta"
    own_base.run("pip", "unprotect", "-n", "base", check=False)
    for marker in own_base.prefix.rglob("EXTERNALLY-MANAGED"):
        marker.unlink()
    before, base_before = hash_tree(env.prefix), hash_tree(meta)
    changed = []
    for command in COMMANDS:
        words = command.format(env=env.name, file=file).split()
        own_base.run(*words, check=False)
        markers = [*own_base.prefix.rglob("EXTERNALLY-MANAGED")]
        if hash_tree(env.prefix) != before or hash_tree(meta) != base_before or markers:
            changed.append(command)
            before, base_before = hash_tree(env.prefix), hash_tree(meta)
    assert changed == []
