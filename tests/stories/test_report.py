"""`conda pip report`: a page of real environments, with the commands that work there."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.environments import MakeEnv

pytestmark = pytest.mark.e2e

EPOCH = "1700000000"


def read_page(page: Path) -> dict[str, Any]:
    """Return the environments in a page, by name."""
    (text,) = re.findall(
        r'<script type="application/json" id="data">(.*)</script>', page.read_text()
    )
    return {one["name"]: one for one in json.loads(text)["environments"]}


def test_the_page_has_what_the_other_commands_tell(make_env: MakeEnv, tmp_path: Path) -> None:
    env = make_env("python", "pip", "flask", "click=8.1.7")
    env.conda("pip install", "--yes", "cowsay==6.1")
    env.pip("install", "-q", "click==8.1.8")
    env.pip("uninstall", "-q", "-y", "itsdangerous")
    page = tmp_path / "page.html"
    written = env.conda("pip report", "--html", str(page), SOURCE_DATE_EPOCH=EPOCH)
    assert (written.stdout.strip(), written.stderr) == (f"Wrote {page}", "")
    shown = read_page(page)[env.name]
    packages = {one["key"]: one for one in shown["packages"]}
    owners = {name: one["owner"] for one in shown["packages"] for name in one["distributions"]}
    assert owners == {name: owner for name, (_, owner) in env.owners().items()}
    assert {one.removeprefix("conda:") for one in packages if one[:6] == "conda:"} == (
        env.records().keys() - {"click"}
    )
    assert shown["findings"] == env.json("pip check", check=False)["findings"]
    assert {one["kind"] for one in shown["findings"]} == {"overridden", "vanished"}
    assert shown["events"] == env.json("pip history")["events"]
    assert (packages["pip:cowsay"]["asked"], packages["pip:cowsay"]["url"]) == (True, None)
    assert packages["conda:python"]["size"] > 10**6

    before = page.read_bytes()
    assert (
        "up to date" in env.conda("pip report", "--html", str(page), SOURCE_DATE_EPOCH=EPOCH).stdout
    )
    assert page.read_bytes() == before
    for finding in shown["findings"]:
        program, *words = shlex.split(finding["commands"][0])
        assert program == "conda"
        env.base.run(*words, *(["--yes"] if words[1] != "reconcile" else []))
    env.conda("pip report", "--html", str(page))
    assert read_page(page)[env.name]["findings"] == []


def test_all_environments_are_on_one_page_also_what_cannot_be_read(
    make_env: MakeEnv, tmp_path: Path
) -> None:
    one, other = make_env("python", "pip"), make_env("python")
    page = tmp_path / "page.html"
    (other.prefix / "conda-meta/broken-1-0.json").write_text("{")
    one.base.run("pip", "report", "--all", "--html", page)
    shown = read_page(page)
    assert {"base", one.name, other.name} <= shown.keys()
    assert [finding["kind"] for finding in shown[other.name]["findings"]] == ["corrupt-record"]
    assert "conda-meta/broken-1-0.json" in shown[other.name]["notes"][0]
    line = one.base.run("pip", "report", "-n", one.name).stdout.splitlines()[0]
    number = len(shown[one.name]["packages"])
    assert line == f"{one.name}: {number} packages ({number} conda, 0 pip), 0 findings"
