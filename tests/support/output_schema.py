"""What `--json` prints, held against the published schema, to which nothing may be missing."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

SCHEMA: Final = Path(__file__).parents[2] / "docs/reference/output.schema.json"

#: The definition that describes what a command prints, by its name and perhaps an option.
DEFINITIONS: Final = {
    **dict.fromkeys(("install", "add", "uninstall", "remove", "update", "upgrade"), "plan"),
    **dict.fromkeys(("upgrade-python", "create", "sync", "adopt", "release"), "plan"),
    **dict.fromkeys(("restore", "repair", "reconcile", "undo"), "plan"),
    "undo --list": "operations",
    "download --lock": "download",
    "names --conda": "conda_names",
    "names --update": "update_map",
    "protect": "protection",
    "unprotect": "protection",
    **{
        name: name
        for name in (
            *("check", "list", "show", "tree", "why", "freeze", "export", "history", "status"),
            *("names", "translate", "completion", "report"),
        )
    },
}


def validate_output(words: tuple[str, ...], document: Any) -> None:
    """Validate what `conda pip WORDS --json` printed; raises jsonschema's ValidationError.

    What is pip's own (`inspect`) has no schema of ours.
    """
    named = (DEFINITIONS.get(f"{words[0]} {one}") for one in words[1:])
    name = next(filter(None, named), DEFINITIONS.get(words[0]))
    if isinstance(document, dict) and "error" in document:
        name = "error"
    if name is not None:
        _build_validator(name).validate(document)


@cache
def _build_validator(name: str) -> Any:
    """Build a validator that accepts no field but those in the schema."""
    import jsonschema  # which takes seconds: only where something is validated

    schema = json.loads(SCHEMA.read_text(encoding="utf-8"), object_hook=_close)
    return jsonschema.Draft202012Validator({**schema, "$ref": f"#/$defs/{name}"})


def _close(schema: dict[str, Any]) -> dict[str, Any]:
    return {**schema, "additionalProperties": False} if "required" in schema else schema
