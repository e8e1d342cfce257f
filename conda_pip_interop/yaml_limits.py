"""YAML of others: parsed only where it is as long as it looks."""

from __future__ import annotations

import re
from typing import Final

from conda_pip_interop.values import regex

#: With as many, ten steps of three, a document grows by 59,049 at most; people use a few.
_ALIASES: Final = 30
#: Of brackets in brackets; ruamel.yaml takes quadratic time for them.
_NESTED: Final = 100
#: What may be an alias; `>=1.*` and `"*"`, of which locks have thousands, are none.
_ALIAS: Final = regex(r"(?<![^\s\[\]{},:?])\*(?=\S)")


def explain_yaml_error(error: Exception) -> str:
    """Return in a few words why ruamel.yaml has refused a document.

    A list or a mapping as a key (`{{}: 1}`) ends in a TypeError.
    """
    if isinstance(error, TypeError):
        return "a key is a list or a mapping"
    return str(getattr(error, "problem", None) or error)


def refuse_bombs(text: str) -> None:
    """Raise ValueError where a YAML document has more aliases or brackets than people write.

    Each `*name` stands for all of an earlier part: lists of lists of them grow exponentially.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.tokens import AliasToken

    depth = 0
    for bracket in re.findall(r"[\[\]{}]", text):
        depth += 1 if bracket in "[{" else -1
        if depth > _NESTED:
            raise ValueError(f"it is nested more than {_NESTED} levels deep")
    if len(_ALIAS.findall(text)) > _ALIASES:
        aliases = sum(isinstance(one, AliasToken) for one in YAML(pure=True).scan(text))
        if aliases > _ALIASES:
            raise ValueError(f"it has more than {_ALIASES} aliases")
