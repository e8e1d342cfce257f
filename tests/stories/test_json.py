"""Every command's `--json` is as the published schema says."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

import pytest

from tests.support.output_schema import DEFINITIONS, SCHEMA, validate_output

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.environments import MakeEnv

pytestmark = pytest.mark.e2e

_HERE = """\
list
list --outdated
show -f flask cowsay
tree
tree --reverse click
why click
freeze --all
export
export -o {folder}/environment.yml
check
history
report
report --html {folder}/page.html
undo --list
undo --dry-run
status
status --fingerprint
update --all --dry-run
upgrade-python --dry-run 3.12
adopt --all --dry-run
release --dry-run flask
restore --dry-run click
repair --dry-run
reconcile --dry-run
sync --check {folder}/requirements.txt
sync --dry-run {folder}/requirements.txt
install --dry-run requests
uninstall --dry-run cowsay
uninstall --dry-run nothing
protect
unprotect
"""
_ANYWHERE = """\
create -n {name}-new --dry-run {folder}/requirements.txt
check -n {name} -p {prefix}
status
names flask torch
names --conda flask
download --lock {folder}/pylock.toml -d {folder}/files --dry-run
names --update
translate {folder}/requirements.txt
translate {folder}/requirements.txt -o {folder}/out.yml
report --all
unprotect --all
completion bash
list --nothing
"""


def test_every_document_is_as_the_schema_says(make_env: MakeEnv, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("flask\ncowsay==6.0\n")
    (tmp_path / "map.json").write_text('{"torch": "pytorch"}')
    extra = {"CONDA_PLUGINS_PIP_INTEROP_NAMES_MAP": str(tmp_path / "map.json")}
    env = make_env("python", "pip")
    env.conda("pip install", "--yes", "flask", "cowsay==6.1")
    env.conda("pip export", "-o", str(tmp_path / "pylock.toml"))
    env.pip("install", "-q", "--no-deps", "click==8.1.7")
    words = {"folder": tmp_path, "name": env.name, "prefix": env.prefix}
    seen = set()
    for line in _HERE.format(**words).splitlines():
        command, *rest = shlex.split(line)
        env.json(f"pip {command}", *rest, check=False)
        seen.add(line)
    for line in _ANYWHERE.format(**words).splitlines():
        command, *rest = shlex.split(line)
        done = env.base.run("pip", command, *rest, "--json", check=False, **extra)
        validate_output((command, *rest), json.loads(done.stdout))
        seen.add(line)
    documented = {name for name in DEFINITIONS if name not in ("add", "remove", "upgrade")}
    assert {one for one in documented if not any(line.startswith(one) for line in seen)} == set()


def test_a_field_that_the_schema_does_not_have_is_refused() -> None:
    import jsonschema

    with pytest.raises(jsonschema.ValidationError):
        validate_output(("check",), {"prefix": "/env", "findings": [], "more": 1})
    with pytest.raises(jsonschema.ValidationError):
        validate_output(("check",), {"prefix": "/env"})


def test_the_schema_is_one() -> None:
    import jsonschema

    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    used = {*DEFINITIONS.values(), "error"}
    references = {text for text in schema["$defs"] if f'"#/$defs/{text}"' in SCHEMA.read_text()}
    assert used | references == schema["$defs"].keys()
