"""Entries of a map of names that count for one channel alone: `bioconda::salmon`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

Value = TypeVar("Value")


def list_channel_names(channels: Iterable[str]) -> list[str]:
    """The names that channels are known by: any part of a name or URL.

    `https://…/conda-forge` is conda-forge, `pkgs/main` is main.
    """
    return [part for channel in channels for part in channel.split("/") if part]


def split_section(key: str) -> tuple[str, str]:
    """The channel that a key names, with its `::` (empty where it names none), and the rest."""
    channel, separator, name = key.rpartition("::")
    return channel + separator, name


def choose_entries(entries: Mapping[str, Value], channels: Iterable[str]) -> dict[str, Value]:
    """The entries that count for channels: their own, the first channel's first, before others."""
    chosen = {key: value for key, value in entries.items() if "::" not in key}
    sections = [(*split_section(key), value) for key, value in entries.items() if "::" in key]
    for channel in reversed(list_channel_names(channels)):
        chosen.update((name, value) for prefix, name, value in sections if prefix == f"{channel}::")
    return chosen
