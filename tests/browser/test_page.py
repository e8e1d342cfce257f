"""What a person sees and does on the page of `conda pip report`, in a real browser."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conda_pip_interop.commands.inspect.report.page import render_page
from tests.browser.conftest import OpenPage, write_page
from tests.support.builders import PrefixBuilder

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

WIDTHS = (360, 1280)
THEMES = ("light", "dark")
HOSTILE = "</script><script>alert(1)</script><img src=https://e.org/x onerror=alert(2)>"
#: The levels of WCAG 2 that are checked.
LEVELS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


def find_violations(page: Page, axe: str) -> list[str]:
    """Return what axe-core finds, with the elements."""
    page.evaluate(axe)
    options = {"runOnly": {"type": "tag", "values": list(LEVELS)}}
    found = page.evaluate("options => axe.run(document, options)", options)
    assert len(found["passes"]) > 20
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


def list_shown(page: Page) -> list[str]:
    """Return the names in the table of packages, as they stand."""
    return [str(one) for one in page.locator("#packages tbody button:visible").all_inner_texts()]


def get_background(page: Page) -> str:
    """Return the colour behind the page."""
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


def build_environment(name: str, packages: int) -> dict[str, Any]:
    """Build the data of an environment in which each package needs the one before it."""
    rows = [
        {
            "key": f"conda:package-{number}",
            "name": f"package-{number}",
            "version": f"1.{number}",
            "owner": "conda",
            "distributions": [],
            "asked": number % 7 == 0,
            "build": "0",
            "source": "conda-forge",
            "url": None,
            "in_place_of": None,
            "size": number * 1000,
            "license": ("MIT", "BSD-3-Clause", "")[number % 3],
            "summary": None,
            "needs": [
                {
                    "name": f"package-{one}",
                    "key": f"conda:package-{one}",
                    "asked": ">=1",
                    "extra": None,
                    "met": True,
                }
                for one in range(max(0, number - 5), number)
            ],
        }
        for number in range(packages)
    ]
    empty: dict[str, Any] = {"problem": None, "findings": [], "events": [], "notes": []}
    return {"name": name, "prefix": f"/{name}", "python": None, "packages": rows, **empty}


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    open_page: OpenPage, report: Path, axe: str, width: int, theme: str
) -> None:
    page = open_page(report, width=width, theme=theme, bypass_csp=True)
    assert find_violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.get_by_role("button", name="flask").first.click()
    page.locator("#details summary").first.click()
    assert find_violations(page, axe) == []
    assert page.evaluate("document.querySelector('dialog').scrollWidth") <= width


def test_the_table_is_searched_filtered_and_sorted(open_page: OpenPage, report: Path) -> None:
    page = open_page(report)
    every = ["click", "cowsay", "flask", "jinja2", "python", "tool"]
    assert list_shown(page) == every
    page.get_by_label("Search").fill("pip TOOL")
    assert list_shown(page) == ["tool"]
    assert page.locator("#shown").inner_text() == "1 of 6 packages"
    page.get_by_label("Search").fill("")
    page.get_by_label("Owner").select_option("pip")
    assert list_shown(page) == ["click", "cowsay", "tool"]
    page.get_by_label("Requested").select_option("Only needed")
    assert list_shown(page) == ["click"]
    page.get_by_label("Requested").select_option("All")
    page.get_by_label("With findings").check()
    assert list_shown(page) == ["click", "tool"]
    page.get_by_label("With findings").uncheck()
    for _ in range(2):
        page.get_by_role("button", name="Version").click()
    header = page.get_by_role("columnheader", name="Version")
    assert header.get_attribute("aria-sort") == "descending"
    assert list_shown(page) == ["click", "tool", "cowsay"]  # 8.2.0, 1.10, 1.9
    page.get_by_label("Owner").select_option("All")
    page.get_by_role("button", name="Size").click()
    assert list_shown(page)[-1] == "tool"
    page.locator("#licenses").get_by_role("button", name="MIT").click()
    assert list_shown(page) == ["flask"]


def test_a_finding_has_its_command_which_is_copied(open_page: OpenPage, report: Path) -> None:
    page = open_page(report, permissions=["clipboard-read", "clipboard-write"])
    finding = page.locator("#findings article", has_text="overridden")
    command = finding.locator(".command code").first.inner_text()
    assert command.startswith("conda pip restore -p ")
    finding.get_by_role("button", name="Copy").first.click()
    page.get_by_text("Copied", exact=True).wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == command


def test_a_package_shows_what_it_needs_and_what_needs_it(open_page: OpenPage, report: Path) -> None:
    page = open_page(report)
    page.locator("#packages").get_by_role("button", name="flask").click()
    details = page.get_by_role("dialog")
    assert "flask 3.0.3" in details.inner_text()
    needs = details.locator(".tree").first
    assert re.search(r"click\s+pip\s+8\.2\.0 \(required: >=8\.1\)", needs.inner_text())
    needs.locator("summary").click()
    assert needs.locator(".tree").inner_text().startswith("click")
    needs.get_by_role("button", name="click").first.click()
    assert details.get_by_role("heading", level=2).inner_text() == "click 8.2.0"
    assert "overridden" in details.locator("article").inner_text()
    users = details.locator(".tree").last
    assert users.locator("> li > button").all_inner_texts() == ["flask", "jinja2", "tool"]
    assert "not satisfied" in users.locator("> li").last.inner_text()
    details.get_by_role("button", name="Back").click()
    assert details.get_by_role("heading", level=2).inner_text() == "flask 3.0.3"
    details.get_by_role("button", name="Close").click()
    page.locator("#packages").get_by_role("button", name="tool").click()
    assert re.search(r"gone\s+not installed", details.locator(".tree").first.inner_text())


def test_the_keyboard_does_it_all(open_page: OpenPage, report: Path) -> None:
    page = open_page(report)
    press = page.keyboard.press
    focused = "document.activeElement.innerText || document.activeElement.id"
    press("Tab")
    assert page.evaluate(focused) == "Skip to the report"
    press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.get_by_label("Search").focus()
    seen: list[str] = []
    while "Requested" not in seen[4:]:
        press("Tab")
        seen.append(page.evaluate(focused).split("\n")[0])
        assert len(seen) < 20
    press("Tab")
    assert page.evaluate(focused) == "click"
    press("ArrowDown")
    press("ArrowDown")
    assert page.evaluate(focused) == "flask"
    press("ArrowUp")
    assert page.evaluate(focused) == "cowsay"
    press("Enter")
    assert page.evaluate(focused) == "cowsay 1.9"
    assert page.get_by_role("dialog").is_visible()
    press("Escape")
    assert not page.get_by_role("dialog").is_visible()
    assert page.evaluate(focused) == "cowsay"


def test_the_theme_is_the_systems_until_another_is_chosen(
    open_page: OpenPage, report: Path
) -> None:
    colours = [get_background(open_page(report, theme=one)) for one in THEMES]
    assert len(set(colours)) == 2
    page = open_page(report, theme="light")
    page.get_by_label("Theme").select_option("Dark")
    assert get_background(page) == colours[1]
    page.emulate_media(color_scheme="dark")
    page.get_by_label("Theme").select_option("Light")
    assert get_background(page) == colours[0]


def test_paper_is_light_without_buttons_and_has_the_paths(
    open_page: OpenPage, report: Path
) -> None:
    page = open_page(report, theme="dark")
    white = "rgb(255, 255, 255)"
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print", color_scheme="dark")
    assert get_background(page) == white
    assert not page.get_by_role("button", name="Copy").first.is_visible()
    assert not page.get_by_label("Search").is_visible()
    assert page.locator("#packages").get_by_role("button", name="flask").is_visible()
    assert page.locator("#findings li").first.is_visible()


def test_what_an_environment_says_is_text(open_page: OpenPage, tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    record: dict[str, Any] = {"name": HOSTILE, "version": HOSTILE, "license": HOSTILE}
    record |= {"url": "javascript:alert(3)", "channel": HOSTILE, "depends": [HOSTILE]}
    built.write("conda-meta/bad-1-0.json", json.dumps(record))
    prototype = {"name": "__proto__", "version": "1", "license": "constructor", "depends": []}
    built.write("conda-meta/proto-1-0.json", json.dumps(prototype))
    built.write("conda-meta/history", f"==> {HOSTILE} <==\n# cmd: conda {HOSTILE}\n+{HOSTILE}\n")
    page = open_page(write_page(built))
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    assert HOSTILE in list_shown(page)
    assert page.locator("#history").get_by_text(HOSTILE).count() > 0
    page.locator("#packages").get_by_role("button", name=HOSTILE).click()
    assert HOSTILE in page.get_by_role("dialog").inner_text()
    assert page.locator("#details a, img").count() == 0
    assert page.locator("script").count() == 2


def test_the_policy_stops_markup_scripts_and_requests(browser: Browser, report: Path) -> None:
    page = browser.new_page()
    asked: list[str] = []
    page.on("requestfinished", lambda request: asked.append(request.url))
    page.goto(report.as_uri())
    for attempt in (
        "document.body.innerHTML = '<i>x</i>'",
        "document.createElement('script').text = '1'",
    ):
        with pytest.raises(Exception, match=r"TrustedHTML|TrustedScript"):
            page.evaluate(f"() => {{ {attempt} }}")
    page.evaluate("document.body.append(Object.assign(new Image(), {src: 'file:///etc/x.png'}))")
    assert page.evaluate("fetch('data:,x').then(() => 'done', () => 'stopped')") == "stopped"
    assert asked == [report.as_uri()]
    page.close()


def test_a_page_without_findings_and_without_packages_says_so(
    open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_page(write_page(PrefixBuilder(root=tmp_path / "env")))
    assert "No findings" in page.locator("#findings").inner_text()
    empty = tmp_path / "empty.html"
    data = {"generated": "now", "environments": [build_environment("one", 0)]}
    empty.write_text(render_page(data), encoding="utf-8")
    assert open_page(empty).locator("#shown").inner_text() == "All 0 packages"


def test_several_environments_are_chosen_from_a_table_or_a_list(
    open_page: OpenPage, tmp_path: Path
) -> None:
    broken = {**build_environment("broken", 0), "problem": "no such folder"}
    environments = [build_environment("one", 3), build_environment("two", 5), broken]
    file = tmp_path / "page.html"
    data = {"generated": "now", "environments": environments}
    file.write_text(render_page(data), encoding="utf-8")
    page = open_page(file)
    assert page.get_by_role("heading", level=1).inner_text() == "one"
    page.locator("#environments").get_by_role("button", name="two").click()
    assert (page.title(), len(list_shown(page))) == ("two: environment report", 5)
    page.locator("#environment").select_option("broken")
    assert "could not be read: no such folder" in page.locator("#overview").inner_text()
    assert not page.locator("#packages").is_visible()
    page.locator("#environment").select_option("one")
    assert len(list_shown(page)) == 3


def test_a_thousand_packages_are_shown_sorted_and_filtered_without_delay(
    open_page: OpenPage, tmp_path: Path
) -> None:
    file = tmp_path / "page.html"
    data = {"generated": "now", "environments": [build_environment("big", 1000)]}
    file.write_text(render_page(data), encoding="utf-8")
    page = open_page(file)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    spent = {
        action: _measure(page, session, action)
        for action in (
            "render()",
            "$('search').value = 'package-99'; filterRows()",
            "$('search').value = ''; filterRows()",
            "document.querySelectorAll('#packages th button')[4].click()",
            "showDetails(current.packages[999])",
        )
    }
    assert len(list_shown(page)) == 1000
    assert max(spent.values()) < 1, spent  # of CPU, on a busy machine too; a tenth is usual


def _measure(page: Page, session: Any, action: str) -> float:
    """Return the CPU time that an action takes, layout and painting included."""
    before = _read_seconds(session)
    page.evaluate(f"""() => {{ {action}; return new Promise(done =>
        requestAnimationFrame(() => setTimeout(done))); }}""")
    return _read_seconds(session) - before


def _read_seconds(session: Any) -> float:
    """Return the CPU time of the page's main thread so far (`threadTicks`)."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return next(float(one["value"]) for one in metrics if one["name"] == "TaskDuration")
