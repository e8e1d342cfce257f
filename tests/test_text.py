"""Text that a person will see: no passwords."""

from __future__ import annotations

import pytest

from conda_pip_interop.text import hide_password


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://me:secret@example.org/x", "https://****@example.org/x"),
        (
            "pip install git+ssh://git@example.org/x@v1",
            "pip install git+ssh://****@example.org/x@v1",
        ),
        ("https://a:b@h/x and https://c:d@h/y", "https://****@h/x and https://****@h/y"),
        ("https://example.org/x@1.0", "https://example.org/x@1.0"),
        ("x @ file:///x", "x @ file:///x"),
    ],
)
def test_a_url_is_shown_without_its_user_and_password(text: str, shown: str) -> None:
    assert hide_password(text) == shown
