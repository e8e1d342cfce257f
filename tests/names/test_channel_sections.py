"""Entries for one channel: they apply to that channel only, before the general ones."""

from __future__ import annotations

import pytest

from conda_pip_interop.names.channel_sections import choose_entries

ENTRIES = {"x": 0, "bioconda::x": 1, "pytorch::x": 2, "https://example.org/c::y": 3}


@pytest.mark.parametrize(
    ("channels", "chosen"),
    [
        ([], {"x": 0}),
        (["conda-forge"], {"x": 0}),
        (["conda-forge", "bioconda"], {"x": 1}),
        (["pytorch", "bioconda"], {"x": 2}),
        (["https://example.org/mirror/bioconda/"], {"x": 1}),
    ],
)
def test_entries_of_the_first_channel_come_first(
    channels: list[str], chosen: dict[str, int]
) -> None:
    assert choose_entries(ENTRIES, channels) == chosen
