"""Entries of a map of names that apply to one channel only: `bioconda::salmon`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

Value = TypeVar("Value")


def list_channel_names(channels: Iterable[str]) -> list[str]:
    """List the names that channels go by: every part of a name or URL.

    `https://…/conda-forge` is conda-forge, `pkgs/main` is main.
    """
    return [part for channel in channels for part in channel.split("/") if part]


def split_section(key: str) -> tuple[str, str]:
    """Split a key into its channel with the `::` (empty if it has none) and the name."""
    channel, separator, name = key.rpartition("::")
    return channel + separator, name


def choose_entries(entries: Mapping[str, Value], channels: Iterable[str]) -> dict[str, Value]:
    """Choose the entries that apply to channels: a channel's own first, in channel order."""
    chosen = {key: value for key, value in entries.items() if "::" not in key}
    sections = [(*split_section(key), value) for key, value in entries.items() if "::" in key]
    for channel in reversed(list_channel_names(channels)):
        chosen.update((name, value) for prefix, name, value in sections if prefix == f"{channel}::")
    return chosen
