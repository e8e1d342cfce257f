"""Text that a person will see."""

from __future__ import annotations

import re


def hide_password(text: str) -> str:
    """Replace the user and the password of every URL in a text by asterisks."""
    return re.sub(r"(://)[^/@\s]+@", r"\1****@", text)


def count(number: int, noun: str) -> str:
    """Return a number with its noun in the right form."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
