"""What all sections of the config share: unknown keys are refused, values never change, marks are in the schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ConfigDict
from pydantic.fields import FieldInfo

from factory.config.marks import resume_of, varies_of


def _show_marks(schema: dict[str, Any], model: type[BaseModel]) -> None:
    """Add `x-resume` and `x-varies-when` to every key of a section's JSON schema that is not a section itself."""
    for name, field in model.model_fields.items():
        if holds_value(field):
            schema["properties"][name]["x-resume"] = resume_of(field).value
        varies = varies_of(field)
        if varies is not None:
            schema["properties"][name]["x-varies-when"] = "set" if varies.value is None else varies.value


class Section(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, defer_build=True, json_schema_extra=_show_marks
    )


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
