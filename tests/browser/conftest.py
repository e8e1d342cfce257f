"""A headless browser, and pages of environments that are made for it.

These tests run with tools of their own; without `make test-browser` they are left out.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from conda_pip_interop.__main__ import main
from tests.support.builders import PrefixBuilder

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

OpenPage: TypeAlias = "Callable[..., Page]"
_OPTIONS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's chromium, or the one that CHROMIUM names."""
    from playwright.sync_api import sync_playwright

    program = os.environ["CHROMIUM"]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=list(_OPTIONS))
        yield started
        started.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core."""
    return Path(os.environ["AXE"]).read_text(encoding="utf-8")


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Open a page; at the end it must have asked for nothing else and have had no error."""
    opened: list[Page] = []
    said: list[str] = []

    def open_one(file: Path, *, width: int = 1280, theme: str = "light", **more: Any) -> Page:
        page = browser.new_page(
            viewport={"width": width, "height": 800}, color_scheme=theme, **more
        )
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: said.append(f"dialog: {dialog.message}"))
        page.on("request", lambda request: said.append(request.url))
        page.goto(file.as_uri())
        assert said.pop(0) == file.as_uri()
        opened.append(page)
        return page

    yield open_one
    for page in opened:
        page.close()
    assert said == []


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of an environment with findings, packages of both managers, and a history."""
    built = PrefixBuilder(root=tmp_path_factory.mktemp("report") / "env")
    built.conda_package("click", "8.1.7", license="BSD-3-Clause")
    built.conda_package("jinja2", "3.1.6", license="BSD-3-Clause", requires=("click",))
    built.conda_package("flask", "3.0.3", requires=("click>=8.1", "jinja2"), license="MIT")
    built.pip_package("tool", "1.10", {"tool.py": "x" * 5000}, requires=("click<8", "gone"))
    built.pip_package("cowsay", "1.9")
    built.pip_upgrade("click", "8.1.7", "8.2.0", requested=False)
    built.write(
        "conda-meta/history",
        "==> 2026-01-02 03:04:05 <==\n# cmd: conda create -n env flask\n"
        "==> 2026-02-02 03:04:05 <==\n# cmd: conda install -n env jinja2\n",
    )
    return write_page(built)


def write_page(built: PrefixBuilder) -> Path:
    """Write the page of an environment beside it."""
    page = built.root.parent / "page.html"
    assert main(["report", "-p", str(built.root), "--html", str(page)]) == 0
    return page
