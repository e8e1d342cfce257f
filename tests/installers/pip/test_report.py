"""pip's installation report."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conda_pip_interop.errors import InteropError
from conda_pip_interop.installers.pip.report import parse_report


def item(**changes: Any) -> dict[str, Any]:
    whole = {
        "metadata": {"metadata_version": "2.1", "name": "Flask_Login", "version": "0.6.3"},
        "download_info": {"url": "https://files.example/flask_login.whl", "archive_info": {}},
        "requested": True,
        "is_direct": False,
    }
    return {**whole, **changes}


def report(*items: dict[str, Any], version: object = "1") -> str:
    return json.dumps({"version": version, "pip_version": "26.1", "install": list(items)})


def test_an_item_is_read_with_its_name_normalised() -> None:
    metadata = {
        "name": "Flask_Login",
        "version": "0.6.3",
        "requires_dist": ["Flask>=1.0.4", 'x; extra == "a"'],
        "provides_extra": ["a"],
    }
    (one,) = parse_report(report(item(metadata=metadata, requested_extras=["a"])))
    assert (one.name, one.version) == ("flask-login", "0.6.3")
    assert one.requires_dist == ("Flask>=1.0.4", 'x; extra == "a"')
    assert (one.provides_extra, one.requested_extras) == (("a",), ("a",))
    assert one.requested
    assert not one.is_direct
    assert one.url == "https://files.example/flask_login.whl"


def test_what_an_item_may_leave_out_is_empty() -> None:
    (one,) = parse_report(report(item()))
    assert (one.requires_dist, one.provides_extra, one.requested_extras) == ((), (), ())


def test_items_keep_their_order_and_nothing_to_install_is_no_item() -> None:
    names = [
        one.name
        for one in parse_report(
            report(*(item(metadata={"name": name, "version": "1"}) for name in "cab"))
        )
    ]
    assert names == ["c", "a", "b"]
    assert parse_report(report()) == ()


@pytest.mark.parametrize("version", ["0", "2", 1, None])
def test_a_report_of_another_version_is_refused_and_the_version_named(version: object) -> None:
    with pytest.raises(InteropError) as caught:
        parse_report(report(item(), version=version))
    assert caught.value.code == "pip-report"
    assert repr(version) in caught.value.message
    assert caught.value.hints


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "null", "3", "{}"),
        '{"version": "1"}',
        '{"version": "1", "install": null}',
        '{"version": "1", "install": [3]}',
        '{"version": "1", "install": {"a": 1}}',
        report({"metadata": {"name": "a", "version": "1"}}),
        report(item(metadata={"name": "a"})),
        report(item(metadata={"version": "1"})),
        report(item(metadata={"name": 3, "version": "1"})),
        report(item(metadata={"name": "a", "version": "1", "requires_dist": None})),
        report(item(download_info=None)),
    ],
)
def test_what_is_no_report_is_refused(text: str) -> None:
    with pytest.raises(InteropError) as caught:
        parse_report(text)
    assert caught.value.code == "pip-report"
