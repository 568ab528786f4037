"""Says in plain words what is wrong with a config: place, key, value, and what is allowed instead."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable
from typing import Any, get_args, get_origin

from pydantic.fields import FieldInfo

from factory.config.base import Section, sections_of, values_of

_LOGIN = re.compile(r"//[^/@\s]*@")
"""The name and password in an address, which are shown nowhere."""
_SCHEMA = "`factory schema` lists all keys"


def describe(model: type[Section], errors: Iterable[Any], place: str, sources: dict[str, str]) -> str:
    """One line for each wrong key. `errors` are pydantic's; `sources` has, by key, the --set that set it."""
    found: dict[str, list[str]] = {}
    for error in errors:
        key, siblings = _locate(model, error["loc"])
        if error["type"] in ("union_tag_invalid", "union_tag_not_found"):
            key += ".kind"
        source = next((sources[at] for at in reversed(sources) if _concerns(error, key, at)), place)
        start, what = _message(model, error, key, siblings)
        found.setdefault(f"{source}: {key}: {start}", []).append(what)
    return "\n".join(start + "; or ".join(dict.fromkeys(whats)) for start, whats in found.items())


def _concerns(error: Any, key: str, at: str) -> bool:
    """Whether the value set at `at` is what the error is about: the key itself, something in it, or a wrong way."""
    return f"{key}.".startswith(f"{at}.") or (error["type"] == "extra_forbidden" and at.startswith(f"{key}."))


def _locate(model: type[Section], steps: tuple[int | str, ...]) -> tuple[str, list[str]]:
    """The key to which pydantic's `steps` lead, and all keys of its section.

    Steps that no file has are left out: the `kind` that chose a section, and the name of one type among several.
    """
    sections: tuple[type[Section], ...] = (model,)
    field: FieldInfo | None = None
    parts: list[str] = []
    siblings: list[str] = []
    for step in steps:
        kinds = tuple(section for section in sections if len(sections) > 1 and _kind(section) == step)
        if kinds:
            sections = kinds
        elif sections and isinstance(step, str):
            siblings = list(dict.fromkeys(name for section in sections for name in section.model_fields))
            field = next((section.model_fields[step] for section in sections if step in section.model_fields), None)
            sections = sections_of(field.annotation) if field else ()
            parts.append(step)
        elif isinstance(step, int) or _is_mapping(field):
            parts.append(str(step))
            sections = _items(field)
    return ".".join(parts), siblings


def _kind(section: type[Section]) -> Any:
    kind = section.model_fields.get("kind")
    return kind.default if kind else None


def _is_mapping(field: FieldInfo | None) -> bool:
    return field is not None and get_origin(field.annotation) is dict


def _items(field: FieldInfo | None) -> tuple[type[Section], ...]:
    """The sections that a list may have as items."""
    return tuple(section for inner in get_args(field.annotation if field else None) for section in sections_of(inner))


def _message(model: type[Section], error: Any, key: str, siblings: list[str]) -> tuple[str, str]:
    """What is wrong with the value, and what it must be."""
    shown = _LOGIN.sub("//***@", json.dumps(error["input"], default=str))[:120]
    wrong = f"{shown} is not allowed: "
    match error["type"]:
        case "extra_forbidden":
            return "unknown key; " + _guess(model, key, siblings), _SCHEMA
        case "missing" | "union_tag_not_found":
            return "is missing; it has no default", ""
        case "union_tag_invalid":
            return (
                f"{json.dumps(error['ctx']['tag'])} is not allowed: ",
                f"it must be one of {error['ctx']['expected_tags']}",
            )
        case "tuple_type":
            example = [error["input"]] if isinstance(error["input"], str | int | float) else ["a", "b"]
            return wrong, f"it must be a list, such as {json.dumps(example)}"
        case "path_type":
            return wrong, "it must be a path"
        case "model_type" | "model_attributes_type":
            return wrong, "it must be a mapping of keys; leave it out to take the defaults"
        case _:
            return wrong, _plain(error["msg"])


def _guess(model: type[Section], key: str, siblings: list[str]) -> str:
    """ "did you mean …?", by a key of nearly the same name in this section or of the same name in another."""
    *way, last = key.split(".")
    near = [".".join([*way, name]) for name in difflib.get_close_matches(last, siblings, 1)]
    near += [other for other, _ in values_of(model) if other.rpartition(".")[2] == last]
    return f"did you mean {near[0]}? " if near else ""


def _plain(text: str) -> str:
    """Pydantic's message as the end of our sentence."""
    text = text.removeprefix("Value error, ").partition(", unable to parse")[0]
    for start, ours in (("Input should be", "it must be"), ("String should", "it must"), ("Tuple should", "it must")):
        text = text.replace(start, ours, 1)
    return text
