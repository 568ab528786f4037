"""What all sections of the config share: unknown keys are refused, values are fixed, the schema explains all keys."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ConfigDict
from pydantic.fields import FieldInfo

from factory.config.marks import resume_of, varies_of


def _explain(schema: dict[str, Any], model: type[BaseModel]) -> None:
    """Add what is written below each field of a section to its JSON schema, as `description`.

    Values get their marks too, as `x-resume` and `x-varies-when`.
    """
    for name, field in model.model_fields.items():
        found, text = schema["properties"][name], _meaning(model, name)
        if text is not None:
            found["description"] = text
        if holds_value(field):
            found["x-resume"] = resume_of(field).value
        varies = varies_of(field)
        if varies is not None:
            found["x-varies-when"] = "set" if varies.value is None else varies.value


def _meaning(model: type[BaseModel], field: str) -> str | None:
    known = (_meanings(base.__module__).get((base.__name__, field)) for base in model.__mro__)
    return next((text for text in known if text is not None), None)


@cache
def _meanings(module: str) -> dict[tuple[str, str], str]:
    """The texts below the fields of a module's classes, by class and field.

    Pydantic reads them too (`use_attribute_docstrings`), but as soon as a class is made: a third of the time that
    every command would take to start, and only the schema shows them.
    """
    source = ast.parse(inspect.getsource(sys.modules[module])) if module.startswith(__package__) else ast.Module([], [])
    return {
        (section.name, field.target.id): inspect.cleandoc(text.value.value)
        for section in source.body
        if isinstance(section, ast.ClassDef)
        for field, text in pairwise(section.body)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant) and isinstance(text.value.value, str)
    }


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True, json_schema_extra=_explain)


def sections_of(annotation: Any) -> tuple[type[Section], ...]:
    """The sections that a value of this type may be: none of a number, one, or one for each `kind`. Lists have none."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return (annotation,)
    if get_origin(annotation) in (tuple, list, dict):
        return ()
    return tuple(section for inner in get_args(annotation) for section in sections_of(inner))


def holds_value(field: FieldInfo) -> bool:
    """Whether a field may hold anything but one section: such a field has a mark of its own."""
    options = get_args(field.annotation) or (field.annotation,)
    return not all(sections_of(option) for option in options)


def values_of(model: type[Section], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Key and field of every value in a section and in those inside it, each key once for each `kind` that has it."""
    for name, field in model.model_fields.items():
        if holds_value(field):
            yield f"{prefix}{name}", field
        for section in sections_of(field.annotation):
            yield from values_of(section, f"{prefix}{name}.")
