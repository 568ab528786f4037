"""Which problems a run works on."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from factory.config.base import Section
from factory.config.marks import Resume
from factory.config.places import Place


class Source(Section):
    """Where rows are read from: a file or directory, or a dataset of the hub."""

    path: Place | None = None
    """File or directory of problems, or its URL (`s3://…`, `hf://…`); relative paths start at the current directory."""
    dataset: str | None = None
    """Id of a dataset on the Hugging Face hub, or whatever else `datasets.load_dataset` takes, instead of a path."""
    subset: str | None = None
    """Name of one configuration of `dataset`."""
    split: str = "test"
    """Split of `dataset`."""
    revision: str | None = None
    """Branch, tag or commit of `dataset`; to repeat a run, name a commit."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.path is None) == (self.dataset is None):
            raise ValueError("name either path or dataset")
        return self


class ProblemsConfig(Source):
    """Which problems to work on."""

    format: str = "auto"
    """Name of a problem format, or "auto", which recognises it by the first row."""
    mapping: dict[str, str] = Field(default_factory=dict)
    """For the format "mapping": the column of each field, such as {id: task, prompt: question, tests: asserts}."""
    check_reference: bool = True
    """Run every reference solution when problems are loaded, and leave out a problem whose reference fails. One that
    has passed is not run again at the next start. A reference whose answers became the expected ones is always checked.
    """
    limit: Annotated[int | None, Resume.EXTENDS] = Field(None, ge=1)
    """Take only the first problems, at most this number."""
    ids: tuple[str, ...] = ()
    """Take only the problems with these ids, in the file's order; empty takes all."""
