"""The boundary, with a stand-in for conda's context: conda itself is not needed here."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import NoReturn

import pytest

from conda_pip_interop.conda_adapter.boundary import guarded


@pytest.fixture
def context(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    context = SimpleNamespace(verbosity=0, json=False)
    module = ModuleType("conda.base.context")
    module.__dict__["context"] = context
    monkeypatch.setitem(sys.modules, "conda", ModuleType("conda"))
    monkeypatch.setitem(sys.modules, "conda.base", ModuleType("conda.base"))
    monkeypatch.setitem(sys.modules, "conda.base.context", module)
    return context


def _read_settings() -> None:
    import conda_pip_interop.conda_adapter.missing  # type: ignore[import-not-found]  # noqa: F401


@pytest.mark.usefixtures("context")
def test_a_handler_that_lacks_a_module_yields_nothing_silently(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert list(guarded(_read_settings)) == []
    assert capsys.readouterr() == ("", "")


def test_a_failure_is_one_line_for_verbose_users_and_never_in_json(
    context: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    context.verbosity = 1
    guarded(_read_settings)
    line = "conda-pip-interop: skipped read_settings (No module named "
    assert capsys.readouterr().err.startswith(line)
    context.json = True
    guarded(_read_settings)
    assert capsys.readouterr() == ("", "")


def test_an_error_that_a_handler_returns_stops_conda() -> None:
    def refuse(reason: str) -> ValueError:
        return ValueError(reason)

    with pytest.raises(ValueError, match="breaks flask"):
        guarded(refuse, "breaks flask")


def test_ctrl_c_in_a_handler_stops_conda() -> None:
    def interrupt() -> NoReturn:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        guarded(interrupt)


def test_what_a_handler_returns_is_passed_on() -> None:
    assert guarded(lambda *words: words, "a", "b") == ("a", "b")
