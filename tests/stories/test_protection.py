"""Base is protected by itself, and nothing else is in the way of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.world.base import Base

pytestmark = pytest.mark.e2e


def marker_of(prefix: Path) -> Path:
    (stdlib,) = (path.parent for path in (prefix / "lib").glob("python3.*/os.py"))
    return stdlib / "EXTERNALLY-MANAGED"


def test_conda_create_protects_base_and_says_so_once(own_base: Base) -> None:
    first = own_base.run("create", "-y", "-n", "one", "python")
    assert marker_of(own_base.prefix).is_file()
    assert first.stderr.count("base is now protected") == 1
    assert "conda pip unprotect -n base" in first.stderr
    second = own_base.run("create", "-y", "-n", "two", "six")
    assert "protected" not in second.stderr
    assert not marker_of(own_base.envs / "one").exists()


def test_pip_in_a_protected_base_names_the_next_commands(own_base: Base) -> None:
    own_base.run("pip", "protect", "-n", "base")
    refused = own_base.run_in(own_base.prefix, "pip", "install", "six", check=False)
    assert refused.returncode == 1
    words = refused.stderr
    assert "externally-managed-environment" in words
    first, then, last = (
        words.index(command) for command in ("conda create", "conda pip", "--break-system-packages")
    )
    assert first < then < last


def test_nothing_is_said_under_json_and_quiet(own_base: Base) -> None:
    made = own_base.run("create", "-y", "-n", "one", "--json")
    assert made.stderr == ""
    assert json.loads(made.stdout)["success"] is True
    assert marker_of(own_base.prefix).is_file()


def test_unprotect_lasts_and_protect_brings_it_back(own_base: Base) -> None:
    marker = marker_of(own_base.prefix)
    own_base.run("create", "-y", "-q", "-n", "one")
    own_base.run("pip", "unprotect", "-n", "base")
    own_base.run("create", "-y", "-q", "-n", "two")
    assert not marker.exists()
    own_base.run_in(own_base.prefix, "pip", "install", "-q", "cowsay")
    answer = json.loads(own_base.run("pip", "protect", "-n", "base", "--json").stdout)
    assert answer["marker"] == "written"
    assert marker.is_file()
    own_base.run("create", "-y", "-q", "-n", "three")
    assert marker.is_file()


def test_a_policy_that_somebody_set_is_not_undone_by_unprotect(own_base: Base) -> None:
    refused = own_base.run(
        *("pip", "unprotect", "-n", "base"), check=False, CONDA_PLUGINS_PIP_INTEROP_PROTECT="base"
    )
    assert refused.returncode == 1
    assert "envvars" in refused.stderr
    assert "pip_interop_protect" in refused.stderr


def test_policy_none_leaves_base_as_it_is(own_base: Base) -> None:
    own_base.run("create", "-y", "-q", "-n", "one", CONDA_PLUGINS_PIP_INTEROP_PROTECT="none")
    assert not marker_of(own_base.prefix).exists()


def test_a_value_that_means_nothing_falls_back_to_base_and_says_so(own_base: Base) -> None:
    made = own_base.run("create", "-y", "-q", "-n", "one", CONDA_PLUGINS_PIP_INTEROP_PROTECT=",")
    assert "pip_interop_protect" in made.stderr
    assert "base, none, all" in made.stderr
    assert marker_of(own_base.prefix).is_file()


def test_a_foreign_marker_is_left_alone(own_base: Base) -> None:
    marker = marker_of(own_base.prefix)
    marker.write_text("[externally-managed]\nError=ask the admin\n")
    own_base.run("create", "-y", "-q", "-n", "one")
    refused = own_base.run("pip", "unprotect", "-n", "base", check=False)
    assert refused.returncode == 1
    assert marker.read_text() == "[externally-managed]\nError=ask the admin\n"


def test_the_message_of_the_policy_is_shown_by_pip(own_base: Base) -> None:
    said = "Ask the lab at extension 42."
    own_base.run("create", "-y", "-n", "one", CONDA_PLUGINS_PIP_INTEROP_MESSAGE=said)
    refused = own_base.run_in(own_base.prefix, "pip", "install", "six", check=False)
    assert said in refused.stderr


def test_conda_pip_install_into_a_protected_base_is_refused_with_advice(own_base: Base) -> None:
    words = ("pip", "install", "-n", "base", "--yes", "cowsay")
    refused = own_base.run(*words, check=False)
    assert refused.returncode == 1
    assert "conda create -n NEW" in refused.stderr
    assert "conda pip unprotect -n base" in refused.stderr
    own_base.run(*words, CONDA_PLUGINS_PIP_INTEROP_PROTECT="none")
    own_base.run_in(own_base.prefix, "python", "-c", "import cowsay")


def test_a_pip_section_works_in_spite_of_a_marker_and_spares_what_is_condas(
    own_base: Base, tmp_path: Path
) -> None:
    file = tmp_path / "environment.yml"
    conda, pip = "python, pip, six=1.16.0, idna=3.10", "cowsay, six>=1.15, idna==3.11"
    file.write_text(f"name: fromfile\ndependencies: [{conda}, {{pip: [{pip}]}}]\n")
    own_base.run("pip", "protect", "-n", "base")
    for command in (("env", "create"), ("env", "update")):
        own_base.run(*command, "-q", "-f", file, TMPDIR=str(tmp_path))
        rows = json.loads(own_base.run("pip", "list", "-n", "fromfile", "--json").stdout)
        owners = {one["name"]: (one["version"], one["owner"]) for one in rows["distributions"]}
        assert (owners["six"], owners["cowsay"][1]) == (("1.16.0", "conda"), "pip")
        assert owners["idna"] == ("3.11", "pip")
        assert not [*tmp_path.glob("pip-interop-*")]


def test_without_conda_the_module_protects_any_prefix(own_base: Base) -> None:
    base = own_base
    run = ("-m", "conda_pip_interop")
    done = base.run_in(base.prefix, "python", *run, "protect", "-p", base.prefix)
    assert "protected" in done.stdout
    assert marker_of(base.prefix).is_file()
    base.run_in(base.prefix, "python", *run, "unprotect", "-p", base.prefix)
    assert not marker_of(base.prefix).exists()
