"""The page of `conda pip report`: what it holds, and that nothing in it can become markup."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from conda_pip_interop.__main__ import main
from conda_pip_interop.commands.inspect.report.description import try_environment
from conda_pip_interop.environment.target import Target
from tests.support.builders import PrefixBuilder
from tests.support.output_schema import validate_output

#: Ends the element that holds the data, opens a comment, turns the writing around, breaks lines.
HOSTILE = "</script><script>alert(1)</script><!--<img src=x onerror=alert(2)>\u202e\u2028\r\n{{js}}"
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\ud800-\udfff]")


class Parts(HTMLParser):
    """The elements of a page in order, and the text of each script and style."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Add to the text of a script or style; what follows it is white space."""
        tag, attributes = self.elements[-1] if self.elements else ("", {})
        if tag in ("script", "style") and self.cdata_elem:
            name = attributes.get("id") or tag
            self.texts[name] = self.texts.get(name, "") + data

    @property
    def policy(self) -> str:
        """The content of the Content-Security-Policy."""
        return next(
            one["content"] or "" for _, one in self.elements if one.get("http-equiv") is not None
        )

    @property
    def data(self) -> Any:
        """The document in the page."""
        return json.loads(self.texts["data"])


@pytest.fixture
def built(tmp_path: Path) -> PrefixBuilder:
    built = PrefixBuilder(root=tmp_path / "env")
    built.conda_package("click", "8.1.7", license="BSD-3-Clause")
    built.conda_package(
        "flask",
        "3.0.3",
        {"flask/__init__.py": "x" * 1000},
        requires=("click>=8.1.3",),
        license="bsd-3-clause",
        requested_spec="flask",
    )
    built.pip_package("tool", "1.0", {"tool.py": "y" * 500}, requires=("click<8",))
    built.pip_upgrade("click", "8.1.7", "8.2.0", requested=False)
    return built


def write_page(built: PrefixBuilder, name: str = "page.html") -> str:
    """Write the page of an environment, and return it."""
    file = built.root.parent / name
    assert main(["report", "-p", str(built.root), "--html", str(file)]) == 0
    return file.read_text(encoding="utf-8")


def print_json(command: str, built: PrefixBuilder, capsys: pytest.CaptureFixture[str]) -> Any:
    """Return the document of a command."""
    capsys.readouterr()
    main([command, "-p", str(built.root), "--json"])
    return json.loads(capsys.readouterr().out)


def test_a_package_has_its_owner_source_size_license_and_needs(built: PrefixBuilder) -> None:
    (environment,) = Parts(write_page(built)).data["environments"]
    packages = {one["key"]: one for one in environment["packages"]}
    assert packages.keys() == {"conda:flask", "conda:python", "pip:click", "pip:tool"}
    flask, click, tool = (packages[one] for one in ("conda:flask", "pip:click", "pip:tool"))
    assert (flask["source"], flask["license"], flask["asked"]) == ("main", "BSD-3-Clause", True)
    assert flask["url"] == "https://example.org/main/linux-64/flask-3.0.3-0.conda"
    assert (click["in_place_of"], click["version"], click["asked"]) == ("click", "8.2.0", False)
    assert click["source"] == "index, replaces conda's click"
    stated = built.root / built.dist_info("tool", "1.0") / "RECORD"
    sizes = [int(line.rpartition(",")[2] or 0) for line in stated.read_text().splitlines()]
    assert 500 < tool["size"] == sum(sizes)
    assert 1000 < flask["size"] < 2000
    assert packages["conda:python"]["size"] is None
    assert flask["needs"] == [
        {"name": "click", "key": "pip:click", "asked": ">=8.1.3", "extra": None, "met": True}
    ]
    assert [one["met"] for one in tool["needs"]] == [False]


def test_findings_and_events_are_those_of_check_and_history(
    built: PrefixBuilder, capsys: pytest.CaptureFixture[str]
) -> None:
    built.write("conda-meta/history", "==> 2026-01-02 03:04:05 <==\n# cmd: conda create\n")
    (environment,) = Parts(write_page(built)).data["environments"]
    findings = print_json("check", built, capsys)["findings"]
    assert [one["kind"] for one in findings] == ["overridden", "unmet"]
    assert environment["findings"] == findings
    events = print_json("history", built, capsys)["events"]
    assert [one["what"] for one in events] == ["conda create"]
    assert environment["events"] == events


def test_the_document_of_json_is_the_one_in_the_page(
    built: PrefixBuilder, capsys: pytest.CaptureFixture[str]
) -> None:
    document = print_json("report", built, capsys)
    validate_output(("report",), document)
    data = Parts(write_page(built)).data
    assert data.pop("generated")
    assert data == document


def test_without_html_a_line_and_the_command_are_printed(
    built: PrefixBuilder, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "-p", str(built.root)]) == 0
    line, _, command = capsys.readouterr().out.splitlines()
    assert line == f"{built.root}: 4 packages (2 conda, 2 pip), 2 findings"
    assert command.endswith(f"conda pip report -p {built.root} --html report.html")


def test_the_policy_allows_the_style_and_the_script_and_nothing_else(built: PrefixBuilder) -> None:
    parts = Parts(write_page(built))
    allowed = dict(one.strip().split(" ", 1) for one in parts.policy.split(";"))
    assert allowed.pop("default-src") == "'none'"
    for name, tag in (("style-src", "style"), ("script-src", "script")):
        digest = base64.b64encode(hashlib.sha256(parts.texts[tag].encode()).digest()).decode()
        assert allowed.pop(name) == f"'sha256-{digest}'"
    assert set(allowed.values()) <= {"'none'", "'script'"}
    named = [one for _, attributes in parts.elements for one in attributes]
    assert not {"src", "style"} & set(named)
    assert not [one for one in named if one.startswith("on")]


def test_what_an_environment_says_stays_data(tmp_path: Path) -> None:
    plain = PrefixBuilder(root=tmp_path / "plain")
    built = PrefixBuilder(root=tmp_path / "</script><b>")
    scheme = {"url": f"javascript:alert(3)//{HOSTILE}", "archive_info": {}}
    record: dict[str, object] = {
        "name": HOSTILE,
        "version": HOSTILE,
        "build": HOSTILE,
        "license": HOSTILE,
    }
    record |= {"url": "javascript:alert(4)", "channel": HOSTILE, "depends": [f"python {HOSTILE}"]}
    built.write("conda-meta/bad-1-0.json", json.dumps(record))
    built.write("conda-meta/broken-1-0.json", HOSTILE)
    built.write("conda-meta/history", f"==> {HOSTILE[:20]} <==\n# cmd: conda {HOSTILE}\n+{HOSTILE}")
    built.pip_package("tool", "1.0", requires=("python>=9",), direct_url=scheme)
    built.pip_package("other", "1.0", requires=(f"gone ; extra == '{HOSTILE}'", "gone"))
    metadata = f"{built.dist_info('tool', '1.0')}/METADATA"
    built.write(metadata, f"Name: tool\nVersion: 1.0\nSummary: {HOSTILE}\nLicense: {HOSTILE}\n\n")
    page = write_page(built)
    parts = Parts(page)
    assert parts.elements == Parts(write_page(plain)).elements
    assert not CONTROL.findall(page)
    text = json.dumps(parts.data, ensure_ascii=False)
    assert "</script><script>alert(1)</script>" in text
    assert not CONTROL.findall(text)
    assert "<" not in parts.texts["data"]
    (environment,) = parts.data["environments"]
    assert {one["url"] for one in environment["packages"]} <= {
        None,
        "https://example.org/main/linux-64/python-3.11.7-h0_0.conda",
    }


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("javascript:alert(1)", None),
        ("JAVASCRIPT:alert(1)//https://e.org/", None),
        ("data:text/html,x", None),
        ("file:///etc/passwd", None),
        ("https://e.org/x", "https://e.org/x"),
        ("http://e.org/x", "http://e.org/x"),
    ],
)
def test_only_http_and_https_become_links(tmp_path: Path, url: str, link: str | None) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    built.conda_package("one", "1.0", url=url)
    built.pip_package("two", "1.0", direct_url={"url": url, "archive_info": {}})
    packages = {
        one["key"]: one for one in Parts(write_page(built)).data["environments"][0]["packages"]
    }
    assert packages["conda:one"]["url"] == link
    assert packages["pip:two"]["url"] == link


def test_no_password_and_no_token_reach_the_page(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    url = "https://u:SECRET@e.org/t/SECRET/main/noarch"
    built.conda_package("one", "1.0", channel=url, url=f"{url}/one-1.0-0.conda")
    direct = {"url": "https://u:SECRET@e.org/two.whl", "archive_info": {}}
    built.pip_package("two", "1.0", direct_url=direct)
    command = "# cmd: conda install https://u:SECRET@e.org/x.conda"
    built.write("conda-meta/history", f"==> 2026-01-02 03:04:05 <==\n{command}\n")
    page = write_page(built)
    assert "SECRET" not in page
    packages = {one["key"]: one for one in Parts(page).data["environments"][0]["packages"]}
    assert packages["conda:one"]["url"] == "https://e.org/main/noarch/one-1.0-0.conda"
    assert (packages["pip:two"]["url"], packages["pip:two"]["source"]) == (
        "https://e.org/two.whl",
        "https://e.org/two.whl",
    )


@pytest.mark.parametrize("size", [-5, 10**300, True, "7", None])
def test_a_size_that_no_file_has_is_no_error(tmp_path: Path, size: object) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    built.conda_package("one", "1.0")
    (file,) = (built.root / "conda-meta").glob("one-*.json")
    record = json.loads(file.read_text())
    for entry in record["paths_data"]["paths"]:
        entry["size_in_bytes"] = size
    file.write_text(json.dumps(record))
    built.pip_package("two", "1.0")
    listed = built.root / built.dist_info("two", "1.0") / "RECORD"
    listed.write_text(re.sub(r",\d+$", f",{'9' * 19}", listed.read_text(), flags=re.MULTILINE))
    packages = Parts(write_page(built)).data["environments"][0]["packages"]
    assert all(one["size"] is None or 0 <= one["size"] <= 2**53 for one in packages)


def test_two_pages_of_an_environment_are_equal_but_for_the_time(
    built: PrefixBuilder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    page = write_page(built)
    assert Parts(page).data["generated"] == "2023-11-14 22:13 UTC"
    assert write_page(built, "other.html") == page
    assert write_page(built) == page
    assert capsys.readouterr().out.splitlines()[-1].endswith("page.html is up to date.")
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    now = write_page(built)
    assert now.replace(Parts(now).data["generated"], "2023-11-14 22:13 UTC") == page


def test_a_wrong_time_or_a_file_that_cannot_be_written_is_an_error(
    built: PrefixBuilder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["report", "-p", str(built.root), "--html"]
    assert main([*words, str(built.root)]) == 1
    assert f"{built.root} cannot be written" in capsys.readouterr().err
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    assert main([*words, str(built.root.parent / "page.html")]) == 2
    assert "SOURCE_DATE_EPOCH" in capsys.readouterr().err
    assert main(["report", "-p", str(built.root / "none")]) == 1
    assert "cannot be read as an environment" in capsys.readouterr().err


def test_what_cannot_be_read_of_all_environments_is_a_problem(tmp_path: Path) -> None:
    read = try_environment(Target(prefix=tmp_path / "none", name="none", is_base=False))
    assert read.problem is not None
    assert str(tmp_path) in read.problem


def test_the_overview_does_not_import_what_makes_the_page() -> None:
    code = (
        "import sys; from conda_pip_interop.commands.inspect.report import command;"
        "sys.exit(any(one.rpartition('.')[2] in ('page', 'description', 'snapshot')"
        " for one in sys.modules if one.startswith('conda_pip_interop.')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
