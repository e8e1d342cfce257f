"""The overview of all commands, in groups."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping


def render_overview(
    program: str,
    commands: Mapping[str, str],
    headings: Mapping[str, str],
    *,
    shown: Collection[str],
) -> str:
    """What `conda pip` says when it stands alone: each of `shown` with its line of `commands`.

    `headings`: the heading of the group that begins with a command.
    """
    lines = [
        f"usage: {program} COMMAND [options]",
        "",
        "conda and pip as a team: conda owns what a channel has, pip the rest.",
        *_render_groups(commands, headings, shown),
        "",
        f"`{program} COMMAND --help` tells more.",
    ]
    return "\n".join(lines)


def _render_groups(
    commands: Mapping[str, str], headings: Mapping[str, str], shown: Collection[str]
) -> Iterator[str]:
    """A heading is left out with all of its group."""
    width = max(map(len, shown))
    heading: str | None = None
    for command, line in commands.items():
        heading = headings.get(command, heading)
        if command in shown:
            if heading is not None:
                yield ""
                yield f"{heading}:"
                heading = None
            yield f"  {command.ljust(width)}  {line}"
