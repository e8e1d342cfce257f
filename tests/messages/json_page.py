"""Write docs/reference/json.md from the schema of what `--json` prints."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tests.support.output_schema import SCHEMA

_HEAD: Final = """\
# JSON output

This page is generated from the schema.

Every command takes `--json` and then prints one document and nothing else on stdout. Commands that
change something need `--yes` or `--dry-run` with it. [output.schema.json](output.schema.json) (JSON
Schema 2020-12, version 1) describes all documents; each has a definition there, `#/$defs/NAME`.
Within a version fields are added, and none is removed or changed: accept fields that you do not
know.

"""


def collect_json_page() -> str:
    """Return the page."""
    definitions = json.loads(SCHEMA.read_text(encoding="utf-8"))["$defs"]
    return _HEAD + "\n".join(
        "\n".join(_render(name, schema)) for name, schema in definitions.items()
    )


def _render(name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {name}\n\n{schema['description']}\n\n| field | type | meaning |\n|---|---|---|"
    for path, field in _walk(schema, ""):
        note = field.get("description", "")
        yield f"| `{path}` | {_name_type(field)} | {note} |"
    yield ""


def _walk(schema: Mapping[str, Any], path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for key, field in schema.get("properties", {}).items():
        yield f"{path}{key}", field
        yield from _walk(field, f"{path}{key}.")
    if "items" in schema:
        yield from _walk(schema["items"], path[:-1] + "[]." if path.endswith(".") else path)
    for one in (*schema.get("oneOf", ()), *schema.get("anyOf", ())):
        yield from _walk(one, path)


def _name_type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name})"
    if "anyOf" in schema:
        return " or ".join(map(_name_type, schema["anyOf"]))
    if "enum" in schema:
        return ", ".join(f"`{one}`" for one in schema["enum"])
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return " or ".join(
        f"array of {_name_type(schema['items'])}" if one == "array" else one for one in types
    )
