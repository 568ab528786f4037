"""The config reference as Markdown, made of the config's JSON schema and of nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from factory.config import Config

Schema = dict[str, Any]
_HEAD = """\
# Config reference

Made by `factory schema --markdown` from the schema; do not edit. A config is a YAML file with the keys below, of
which `name`, `problems` and `engine` are needed. Any of them from the command line: `--set sampling.n=50`. Unknown
keys are refused. What a meaning calls None is `null` in YAML.
"""
_NAMES = {
    "any": "any value",
    "boolean": "true or false",
    "integer": "integer",
    "null": "null",
    "number": "number",
    "object": "mapping",
    "string": "text",
}
_BOUNDS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<", "pattern": "like"}


def markdown() -> str:
    """The whole page."""
    schema = Config.model_json_schema()
    known: dict[str, Schema] = schema["$defs"]
    told: dict[str, str] = {}
    fields: Schema = schema["properties"]
    below = {name: field for name, field in fields.items() if _sections(field, known)}
    plain = {name: field for name, field in fields.items() if name not in below}
    pieces = [_HEAD, "## Of the run\n", _table(plain, schema, known, told)]
    for name, field in below.items():
        pieces += _pages(name, field, known, told)
    return "\n".join(pieces)


def _pages(name: str, field: Schema, known: dict[str, Schema], told: dict[str, str]) -> Iterator[str]:
    """Heading and table of every section that `field`, whose key is `name`, may be, and of those inside it.

    `told` is what was told before, section by key: that is not told twice.
    """
    for section in _sections(field, known):
        if section in told:
            continue
        told[section] = name
        content = known[section]
        constant = content["properties"].get("kind", {}).get("const")
        title = f"`{name}` with `kind: {constant}`" if constant else f"`{name}`"
        yield f"## {title}\n\n{content['description']}\n"
        yield _table(content["properties"], content, known, told)
        for key, inner in content["properties"].items():
            yield from _pages(f"{name}.{key}", inner, known, told)


def _sections(field: Schema, known: dict[str, Schema]) -> list[str]:
    """Names of the sections that a field may be or list: none of a plain value, one, or one of every `kind`."""
    options = [field, field.get("items", {}), *field.get("oneOf", ()), *field.get("anyOf", ())]
    options += [inner for option in options[1:] for inner in option.get("oneOf", ())]
    names = [option["$ref"].rsplit("/", 1)[1] for option in options if "$ref" in option]
    return [name for name in names if "properties" in known[name]]


def _table(fields: Schema, section: Schema, known: dict[str, Schema], told: dict[str, str]) -> str:
    needed = set(section.get("required", ()))
    rows = [
        f"| `{name}` | {_cell(_type(field, known, told))} | {_default(name, field, needed)} | {_meaning(field)} |"
        for name, field in fields.items()
    ]
    return "\n".join(["| key | type | default | meaning |", "|---|---|---|---|", *rows, ""])


def _type(field: Schema, known: dict[str, Schema], told: dict[str, str]) -> str:
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return " or ".join(f"`{value}`" for value in field["enum"])
    if "$ref" in field and not _sections(field, known):
        return _type(known[field["$ref"].rsplit("/", 1)[1]], known, told)
    if "oneOf" in field or "$ref" in field:
        (section, *_) = _sections(field, known)
        return f"as `{told[section]}`" if section in told else "section below"
    if "anyOf" in field:
        return " or ".join(_type(option, known, told) for option in field["anyOf"])
    if field.get("type") == "array":
        return f"list of {_type(field['items'], known, told)}" if "items" in field else "list"
    name = "path" if field.get("format") == "path" else _NAMES[field.get("type", "any")]
    return ", ".join([name, *_bounds(field)])


def _bounds(field: Schema) -> Iterator[str]:
    for key, sign in _BOUNDS.items():
        if key in field:
            yield f"{sign} `{field[key]}`" if key == "pattern" else f"{sign} {field[key]:g}"


def _default(name: str, field: Schema, needed: set[str]) -> str:
    if name in needed:
        return "needed"
    if "default" in field:
        return f"`{json.dumps(field['default'], ensure_ascii=False)}`"
    return "`{}`" if field.get("type") == "object" else ""


def _meaning(field: Schema) -> str:
    return _cell(field.get("description", "") if "$ref" not in field else "")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
