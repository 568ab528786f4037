"""What a rollout goes through before it is kept: verification, review, decontamination, ranking."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from factory.config.base import Section
from factory.config.marks import Resume, VariesWhen
from factory.config.problems import Source


class VerifyConfig(Section):
    """The filter chain."""

    dedup: bool = True
    """Run programs of the same text once; false runs each."""
    canaries: Annotated[bool, Resume.FREE] = True
    """Grade programs whose verdict is known among the others; a wrong verdict on one stops the run."""
    filters: tuple[str, ...] = ()
    """Optional filters (`factory/filters/`) for programs that have passed, in the order in which they are applied, such
    as debug_output.
    """
    chunk: int = Field(256, ge=1, le=65536)
    """Most rollouts of one problem that are verified together. A killed run loses at most the chunks in work."""


KNOWN_BENCHMARKS: dict[str, dict[str, str]] = {
    "humaneval": {"dataset": "openai/openai_humaneval"},
    "humaneval_plus": {"dataset": "evalplus/humanevalplus"},
    "mbpp": {"dataset": "google-research-datasets/mbpp", "subset": "full"},
    "mbpp_plus": {"dataset": "evalplus/mbppplus"},
    "apps": {"dataset": "codeparrot/apps", "subset": "all", "revision": "refs/convert/parquet"},
    "livecodebench": {"dataset": "lighteval/code_generation_lite", "subset": "release_latest"},
}
"""Where benchmarks lie on the hub in a form that needs no code of theirs; all of them in the split "test"."""


class Benchmark(Source):
    """A set of problems that nothing shipped may repeat."""

    name: str = Field(min_length=1)
    """Name of the benchmark. For humaneval, humaneval_plus, mbpp, mbpp_plus, apps (its test split) and livecodebench
    the name is enough; others need a `path`, which may also be a text file (.txt), or a `dataset`.
    """
    mapping: dict[str, str] = Field(default_factory=dict)
    """Names of the columns that hold id, prompt, solution and date, if the known problem sets name them otherwise."""
    since: date | None = None
    """Take only problems of this day or later; for benchmarks with dates, such as LiveCodeBench."""
    until: date | None = None
    """Take only problems of this day or earlier."""

    @model_validator(mode="before")
    @classmethod
    def _known(cls, data: Any) -> Any:
        if isinstance(data, dict) and not (data.get("path") or data.get("dataset")):
            name = str(data.get("name"))
            if name not in KNOWN_BENCHMARKS:
                known = ", ".join(KNOWN_BENCHMARKS)
                raise ValueError(f"{name!r} is not known; name its path or dataset, or one of {known}")
            return KNOWN_BENCHMARKS[name] | {key: value for key, value in data.items() if value is not None}
        return data


class DecontaminationConfig(Section):
    """Programs that passed and are not shipped, since they repeat a benchmark or another problem's program."""

    benchmarks: tuple[Benchmark, ...] = ()
    """Benchmarks that problems and programs are compared with."""
    ngram: int = Field(13, ge=8, le=64)
    """A text repeats another that shares this many tokens in a row; 13 as for GPT-3 (Brown et al. 2020, appendix C)."""
    solution_share: float = Field(0.5, gt=0, le=1)
    """A program repeats a benchmark's solution if it has at least this share of the solution's n-grams."""
    near_duplicate: Annotated[float | None, Resume.FREE] = Field(0.85, gt=0, le=1)
    """A program is not shipped if its estimated Jaccard similarity to a program of an earlier problem is at least this;
    None ships all. 0.85 as for The Stack (Kocetkov et al. 2022).
    """


RankKey = Literal["import_fixes", "lint", "agreement", "length", "simplicity", "index", "cpu"]


BEST_FIRST: tuple[RankKey, ...] = ("import_fixes", "lint", "agreement", "length", "simplicity", "index")


class RankConfig(Section):
    """Which survivors are best."""

    by: Annotated[tuple[RankKey, ...], VariesWhen("cpu")] = BEST_FIRST
    """What survivors are ordered by, first key first; less is better. `agreement` counts how few of the other programs
    answer the same to inputs that the review finds in dispute; `cpu` is a program's CPU time on all cases.
    """
    keep: int = Field(4, ge=1)
    """Most distinct survivors that are kept of a problem."""
    diverse: bool = True
    """After the best one, keep those that differ most from the ones kept already; false keeps the best by rank."""
    min_distance: float = Field(0.0, ge=0, le=1)
    """With `diverse`, drop a survivor that is nearer than this to one kept already; 0 drops none for that."""


class ReviewConfig(Section):
    """The review of programs that passed: whether they are right where the tests did not look."""

    programs: int = Field(128, ge=1)
    """Distinct programs of a problem that are reviewed, best first, at least `rank.keep`. Others are not kept."""
    rerun: bool = True
    """Run them again in another worker, with another hash seed and cases in reverse, and once with the items of their
    sets in reverse; those that fail or answer otherwise are `flaky`.
    """
    inputs: int = Field(64, ge=0, le=4096)
    """Most inputs, like those of the cases, on which programs are compared with each other; at most four times as many
    lie farther off. 0 compares none.
    """
    inputs_from: tuple[Literal["generated", "model"], ...] = Field(("generated",), min_length=1)
    """Where these inputs come from. With `generated` they are made from those of the cases; with `model` the engine is
    asked for some, once for each problem that has a program that passed, and for preconditions.
    """
    majority: float = Field(0.6, gt=0.5, le=1)
    """Where no reference decides, this share of the programs, and three more than all others, have to give the same
    answer for others to be wrong.
    """
    mutants: int = Field(16, ge=0, le=1024)
    """Most mutants of the best programs that the tests are tried on; with 0, test strength is not measured."""
    min_test_strength: float = Field(0.0, ge=0, le=1)
    """Share of wrong programs that a problem's tests must catch; otherwise no program of the problem is kept."""
