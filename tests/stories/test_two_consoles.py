"""Two consoles at once: one waits, says so, and goes on from what the other has left."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from conda_pip_interop.changes.atomic.journal import STATE_FOLDER
from conda_pip_interop.changes.atomic.lock import hold_lock
from tests.support.environments import MakeEnv

pytestmark = pytest.mark.e2e


@contextmanager
def hold(prefix: Path) -> Iterator[None]:
    """Be another process of ours that is at work in `prefix`."""
    (prefix / STATE_FOLDER).mkdir(exist_ok=True)
    with hold_lock(prefix / STATE_FOLDER / "lock"):
        yield


def start(env: Any, *words: str, **extra: str) -> subprocess.Popen[str]:
    """`conda pip COMMAND -n NAME …` in a console of its own."""
    command = [env.base.conda, "pip", words[0], "-n", env.name, *words[1:]]
    return subprocess.Popen(
        command,
        env=env.base.env(**extra),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def read_until(console: subprocess.Popen[str], text: str) -> None:
    assert console.stderr is not None
    seen = ""
    while text not in seen:
        line = console.stderr.readline()
        assert line, f"it ended without {text!r}: {seen}"
        seen += line


def finish(console: subprocess.Popen[str], answers: str = "") -> tuple[str, str]:
    out, err = console.communicate(answers, timeout=240)
    assert console.returncode == 0, out + err
    assert "Traceback" not in err
    return out, err


def test_the_second_waits_plans_again_and_asks_again(make_env: MakeEnv) -> None:
    env = make_env("python", "pip")
    env.pip("install", "-q", "cowsay", "six")
    with hold(env.prefix):
        console = start(env, "uninstall", "cowsay", CONDA_ALWAYS_YES="false")
        assert console.stdin is not None
        console.stdin.write("y\n")
        console.stdin.flush()
        read_until(console, f"Waiting for another process that changes {env.name}")
        env.pip("uninstall", "-q", "-y", "six")
    out, err = finish(console, "y\n")
    assert "has changed since the plan was made. Planning again." in err
    assert out.count("Proceed") == 2
    assert out.count(f"## Plan for {env.name}") == 2
    assert set(env.owners()) == {"pip"}
    assert env.findings() == []


def test_what_the_first_has_done_already_is_seen_by_the_second(make_env: MakeEnv) -> None:
    env = make_env("python", "pip")
    env.pip("install", "-q", "cowsay")
    with hold(env.prefix):
        console = start(env, "uninstall", "cowsay", "--yes")
        read_until(console, "Waiting for another process")
        env.pip("uninstall", "-q", "-y", "cowsay")
    out, err = console.communicate(timeout=240)
    assert console.returncode == 1, out + err
    assert "cowsay is not installed" in err
    assert "Traceback" not in err


def test_two_installs_at_once_both_come_to_be(make_env: MakeEnv) -> None:
    env = make_env("python", "pip")
    consoles = [
        start(env, "install", "--yes", *words)
        for words in (("cowsay", "idna"), ("Flask-Testing", "click"))
    ]
    for console in consoles:
        finish(console)
    owners = {name: owner for name, (_, owner) in env.owners().items()}
    assert {owners[name] for name in ("cowsay", "flask-testing")} == {"pip"}
    assert {owners[name] for name in ("idna", "flask", "click")} == {"conda"}
    assert env.findings() == []
    env.pip("check")
    env.python("import cowsay, flask_testing, flask, idna")
