"""The config reference as Markdown, made of the config's JSON schema and of nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from factory.config import Config

Schema = dict[str, Any]
_HEAD = """\
# Config reference

`factory schema --markdown` makes this page from the schema; do not edit it. A config is a YAML file with the keys
below. `name`, `problems` and `engine` (or `generators`) are required; every other key has a default. `--set
sampling.n=50` sets a key from the command line. An unknown key is an error. None in a meaning is `null` in YAML.

The column "on resume" says what happens when you change a value and run again on the same run directory:

- **free**: the run goes on. No rollout and no verdict depends on the value. Another spelling of the same path is
  always free.
- **may grow**: the run goes on if the value is larger than before (or is now None, no limit). It keeps what it has and
  does the rest.
- **may shrink**: the same with a smaller value.
- **refused**: the run stops with an error, because its results depend on the value. Use another run directory.

A key that the old run did not have counts as its default.
"""
_ON_RESUME = {"free": "free", "extends": "may grow", "shrinks": "may shrink", "refuse": "refused"}
_NAMES = {
    "any": "any value",
    "boolean": "true or false",
    "integer": "integer",
    "null": "null",
    "number": "number",
    "object": "mapping",
    "string": "text",
}
_FORMATS = {"path": "path", "path-or-url": "path or URL"}
_BOUNDS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<", "pattern": "like"}


def json_schema() -> str:
    """The JSON schema of the config."""
    return json.dumps(Config.model_json_schema(), indent=2) + "\n"


def markdown() -> str:
    """The whole page."""
    schema = Config.model_json_schema()
    known: dict[str, Schema] = schema["$defs"]
    shown: dict[str, str] = {}
    fields: Schema = schema["properties"]
    below = {name: field for name, field in fields.items() if _sections(field, known)}
    plain = {name: field for name, field in fields.items() if name not in below}
    pieces = [_HEAD, "## Of the run\n", _table(plain, schema, known, shown)]
    # A list's items have sections that the run has itself, which are shown there.
    for name, field in sorted(below.items(), key=lambda item: "items" in item[1]):
        pieces += _pages(name, field, known, shown)
    return "\n".join(pieces)


def _pages(name: str, field: Schema, known: dict[str, Schema], shown: dict[str, str]) -> Iterator[str]:
    """Heading and table of every section that `field`, whose key is `name`, may be, and of those inside it.

    `shown` has the key below which each section was shown: no section is shown twice.
    """
    for section in _sections(field, known):
        if section in shown:
            continue
        shown[section] = name
        content = known[section]
        constant = content["properties"].get("kind", {}).get("const")
        title = f"`{name}` with `kind: {constant}`" if constant else f"`{name}`"
        yield f"## {title}\n\n{content['description']}\n"
        yield _table(content["properties"], content, known, shown)
        for key, inner in content["properties"].items():
            yield from _pages(f"{name}.{key}", inner, known, shown)


def _sections(field: Schema, known: dict[str, Schema]) -> list[str]:
    """Names of the sections that a field may be or list: none of a plain value, one, or one of every `kind`."""
    options = [field, field.get("items", {}), *field.get("oneOf", ()), *field.get("anyOf", ())]
    options += [inner for option in options[1:] for inner in option.get("oneOf", ())]
    names = [option["$ref"].rsplit("/", 1)[1] for option in options if "$ref" in option]
    return [name for name in names if "properties" in known[name]]


def _table(fields: Schema, section: Schema, known: dict[str, Schema], shown: dict[str, str]) -> str:
    needed = set(section.get("required", ()))
    rows = [
        f"| `{name}` | {_cell(_type(field, known, shown))} | {_default(name, field, needed)} | {_meaning(field)} "
        f"| {_ON_RESUME.get(field.get('x-resume', ''), '')} |"
        for name, field in fields.items()
    ]
    return "\n".join(["| key | type | default | meaning | on resume |", "|---|---|---|---|---|", *rows, ""])


def _type(field: Schema, known: dict[str, Schema], shown: dict[str, str]) -> str:
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return " or ".join(f"`{value}`" for value in field["enum"])
    if "$ref" in field and not _sections(field, known):
        return _type(known[field["$ref"].rsplit("/", 1)[1]], known, shown)
    if "oneOf" in field or "$ref" in field:
        (section, *_) = _sections(field, known)
        return f"as `{shown[section]}`" if section in shown else "section below"
    if "anyOf" in field:
        return " or ".join(_type(option, known, shown) for option in field["anyOf"])
    if field.get("type") == "array":
        return f"list of {_type(field['items'], known, shown)}" if "items" in field else "list"
    name = _FORMATS.get(field.get("format", "")) or _NAMES[field.get("type", "any")]
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
    return _cell(f"{field.get('description', '')} {_varies(field)}")


def _varies(field: Schema) -> str:
    if "x-varies-when" not in field:
        return ""
    value = field["x-varies-when"]
    when = "When it is set" if value == "set" else f"With `{json.dumps(value) if value is True else value}`"
    return f"{when}, the shards' bytes vary from run to run, and the manifest says so."


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
