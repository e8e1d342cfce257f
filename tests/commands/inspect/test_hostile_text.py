"""What packages say of themselves reaches the terminal without control characters."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from conda_pip_interop.__main__ import main
from conda_pip_interop.changes.atomic.journal import JOURNAL_FOLDER, render_close, render_header
from conda_pip_interop.changes.state import State, write_state
from conda_pip_interop.commands.output import render_table
from tests.support.builders import PrefixBuilder

#: Moves the cursor, sets the title, rings, breaks the line, turns the writing round.
HOSTILE = "\x1b[2J\x1b]0;owned\x07\r\x0b\x85\u2028\u202e\x9b31m"
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\ud800-\udfff]")
COMMANDS = (
    *("check", "list", "show app", "show other", "tree", "tree --reverse", "why app", "freeze"),
    *("history", "report", "export"),
)


@pytest.fixture
def hostile(tmp_path: Path) -> PrefixBuilder:
    built = PrefixBuilder(root=tmp_path / "env")
    requires = (f"gone{HOSTILE}", "gone", f"gone ; extra == '{HOSTILE}'")
    url = {"url": f"https://e.org/{HOSTILE}\n--index-url=https://evil/", "archive_info": {}}
    built.conda_package("app", "1.0", requires=requires)
    built.pip_package("other", "1.0", requires=("app>=2", *requires), direct_url=url)
    info = f"{built.site_packages}/bad{HOSTILE}-1{HOSTILE}.dist-info"
    headers = f"Name: bad{HOSTILE}\nVersion: 1{HOSTILE}\nSummary: {HOSTILE}\n"
    built.write(f"{info}/METADATA", f"Metadata-Version: 2.1\n{headers}\n")
    built.write(f"{info}/INSTALLER", f"pip{HOSTILE}\n")
    built.write(f"{built.site_packages}/~bad{HOSTILE}\nforged/x.py", "")
    raw = (built.root / built.site_packages).as_posix().encode() + b"/~\xff\xfe"
    Path(raw.decode(errors="surrogateescape")).mkdir()
    built.write("conda-meta/broken-1-0.json", json.dumps({"name": HOSTILE, "version": HOSTILE}))
    record = {"name": "third", "version": "1", "build": HOSTILE, "channel": HOSTILE, "url": HOSTILE}
    built.write("conda-meta/third-1-0.json", json.dumps(record | {"license": HOSTILE}))
    history = f"# cmd: conda install {HOSTILE}\n# update specs: ['{HOSTILE}']\n+{HOSTILE}::x-1-0\n"
    built.write("conda-meta/history", f"==> 2026-01-01 00:00:00 <==\n{history}")
    write_state(built.root, State(requests={f"app{HOSTILE}": HOSTILE, "app": HOSTILE}))
    header = render_header(f"title {HOSTILE}", f"2026-01-01T00:00:00+00:00{HOSTILE}")
    built.write(f"{JOURNAL_FOLDER}/20260101T000000Z/journal.jsonl", header + render_close())
    return built


@pytest.mark.parametrize("command", COMMANDS)
def test_no_control_character_reaches_a_terminal(
    hostile: PrefixBuilder, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    main([*command.split(), "-p", str(hostile.root)])
    shown = capsys.readouterr()
    assert shown.out
    assert CONTROL.findall(shown.out + shown.err) == []
    assert not [line for line in shown.out.splitlines() if line.startswith(("forged", "--index"))]


@pytest.mark.parametrize("command", COMMANDS)
def test_json_stays_json(
    hostile: PrefixBuilder, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    main([*command.split(), "--json", "-p", str(hostile.root)])
    shown = capsys.readouterr().out
    assert shown.isascii()
    json.loads(shown)


def test_no_control_character_of_an_error_reaches_a_terminal(
    hostile: PrefixBuilder, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", f"none{HOSTILE}", "-p", str(hostile.root)]) == 1
    assert CONTROL.findall(capsys.readouterr().err) == []


def test_a_cell_of_a_table_is_one_line() -> None:
    assert len(render_table(("A", "B"), [("a\nb", "c\td")]).splitlines()) == 2
