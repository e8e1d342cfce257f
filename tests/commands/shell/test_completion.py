"""`conda pip completion`: the scripts have every command and option, and bash completes by them."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from conda_pip_interop.commands.command_line.parser import parse_arguments
from conda_pip_interop.commands.command_line.registry import COMMANDS
from conda_pip_interop.commands.shell.completion import build_script, find_named, list_options
from conda_pip_interop.errors import UsageError

_SHELLS = ("bash", "zsh", "fish")


@pytest.mark.parametrize("shell", _SHELLS)
def test_the_script_has_every_command_and_every_option_that_help_shows(shell: str) -> None:
    script = build_script(shell)
    assert "# @" not in script
    for name, command in COMMANDS.items():
        if shell == "fish":
            lines = [line for line in script.splitlines() if f"'__conda_pip_at {name}'" in line]
            text = " ".join(lines)
            assert f"-f -a {name} -d '" in script
        else:
            (text,) = re.findall(
                rf"^ *{name}(?:\|[a-z|]+)?\) printf.* -h .*$", script, re.MULTILINE
            )
        words = set(text.split())
        for option in list_options(command):
            for one in option.spellings:
                short, long = f"-s {one[1:]} ", f"-l {one[2:]} "
                assert one in words or (shell == "fish" and (short in text or long in text)), one


def test_a_refused_option_is_not_offered() -> None:
    shown = {text for one in list_options(COMMANDS["install"]) for text in one.spellings}
    assert "--target" not in shown
    assert "--from-pypi" in shown


def test_the_commands_about_installed_packages_are_known() -> None:
    named = {name: find_named(command) for name, command in COMMANDS.items()}
    assert {named[name] for name in ("show", "why", "tree", "restore", "repair")} == {"all"}
    assert {named[name] for name in ("uninstall", "adopt")} == {"pip"}
    assert {named[name] for name in ("install", "names", "translate", "list", "download")} == {""}


def test_a_shell_that_is_not_known_is_refused_with_those_that_are() -> None:
    with pytest.raises(UsageError, match="fish"):
        parse_arguments(["completion", "tcsh"])


def test_bash_completes_commands_options_environments_and_installed_names(tmp_path: Path) -> None:
    web = tmp_path / "conda" / "envs" / "web"
    hostile = "$(touch PWNED)"
    for folder in ("Flask_Testing-0.8.1", f"{hostile}-1", "a b-1"):
        (web / f"lib/python3.12/site-packages/{folder}.dist-info").mkdir(parents=True)
    (web / "conda-meta").mkdir()
    (web / "conda-meta" / "flask-sqlalchemy-3.1-py_0.json").touch()
    gone = tmp_path / "conda" / "envs" / "gone"
    (tmp_path / ".conda").mkdir()
    (tmp_path / ".conda" / "environments.txt").write_text(f"/opt/conda\n{web}\n{gone}\n")
    script = tmp_path / "completion.bash"
    script.write_text(build_script("bash"), encoding="utf-8")

    def complete(*words: str) -> list[str]:
        """Complete the last word, as readline has bash do it."""
        code = f"""
            complete -F before conda; before() {{ COMPREPLY=(of conda); }}
            . {shlex.quote(str(script))}; . {shlex.quote(str(script))}
            COMP_WORDS=({shlex.join(("conda", *words))}); COMP_CWORD={len(words)}
            $(complete -p conda | sed 's/.* -F \\([^ ]*\\) .*/\\1/')
            printf '%s\\n' "${{COMPREPLY[@]}}"
        """
        done = subprocess.run(
            ["bash", "--norc", "-c", code],
            env={"HOME": str(tmp_path), "PATH": os.environ["PATH"], "CONDA_PREFIX": str(web)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stderr == ""
        return done.stdout.split()

    assert complete("pip", "unp") == ["unprotect"]
    assert complete("pip", "-n", "web", "rest") == ["restore"]
    assert complete("pip", "install", "--from") == ["--from-pypi", "--from-conda"]
    assert complete("pip", "install", "--prefer", "") == ["conda", "pypi"]
    assert complete("pip", "why", "-n", "") == ["base", "web"]
    assert complete("pip", "why", "fla") == ["flask-sqlalchemy", "flask-testing"]
    assert complete("pip", "-n", "web", "uninstall", "") == ["flask-testing"]
    assert complete("pip", "uninstall", "-n", "gone", "") == []
    assert complete("pip", "install", "fla") == []  # bash itself goes on with names of files
    assert complete("inst") == ["of", "conda"]
    assert complete("install", "-n", "") == ["of", "conda"]
    assert not (tmp_path / "PWNED").exists()
