"""What a rollout has to get through: verification, review, decontamination, ranking."""

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
    """Seed programs whose verdict is known into the stream; a wrong verdict on one stops the run."""
    filters: tuple[str, ...] = ()
    """Optional filters (`factory/filters/`), in order, that programs have to get through after they have passed, such
    as debug_output.
    """
    chunk: int = Field(256, ge=1, le=65536)
    """Rollouts of one problem that are verified together: the unit of work and of resume."""


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
    """What it is called; of humaneval, humaneval_plus, mbpp, mbpp_plus, apps (its test split) and livecodebench the
    name alone is enough. `path` may also be one text: a .txt file.
    """
    mapping: dict[str, str] = Field(default_factory=dict)
    """Columns of id, prompt, solution and date, where they have other names than in the known problem sets."""
    since: date | None = None
    """Only problems of this day or later; for benchmarks that date them, as LiveCodeBench does."""
    until: date | None = None
    """Only problems of this day or earlier."""

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
    """What must not be shipped although it passed: what repeats a benchmark, or another problem's program."""

    benchmarks: tuple[Benchmark, ...] = ()
    """Benchmarks that problems and programs are compared with; empty compares with none."""
    ngram: int = Field(13, ge=8, le=64)
    """Tokens in a row that tell a text. 13 is that of GPT-3 (Brown et al. 2020, appendix C)."""
    solution_share: float = Field(0.5, gt=0, le=1)
    """Share of a benchmark solution's n-grams from which on a program that has them repeats it."""
    near_duplicate: Annotated[float | None, Resume.FREE] = Field(0.85, gt=0, le=1)
    """Similarity (Jaccard, estimated) from which on a program is not shipped beside one of an earlier problem; None
    ships all. 0.85 is that of The Stack (Kocetkov et al. 2022).
    """


RankKey = Literal["import_fixes", "lint", "length", "simplicity", "index", "cpu"]


class RankConfig(Section):
    """Which survivors are best."""

    by: Annotated[tuple[RankKey, ...], VariesWhen("cpu")] = ("import_fixes", "lint", "length", "simplicity", "index")
    """What is compared, in this order; less is better. `cpu` is the CPU time of a program on all cases."""
    keep: int = Field(4, ge=1)
    """Distinct survivors kept a problem."""
    diverse: bool = True
    """After the best, keep those that differ most from the ones kept already; false keeps the first by rank."""
    min_distance: float = Field(0.0, ge=0, le=1)
    """`diverse`: a survivor nearer than this to one kept already is not kept; 0 fills up to `keep`."""


class ReviewConfig(Section):
    """The review of programs that passed: whether they are right where the tests did not look."""

    programs: int = Field(32, ge=1)
    """Distinct programs of a problem that are reviewed, best first, never fewer than `rank.keep`; no other is kept."""
    rerun: bool = True
    """Run them again in another worker, under another hash seed, cases in reverse; what then fails is `flaky`."""
    inputs: int = Field(32, ge=0, le=4096)
    """Most generated inputs, like those of the cases, on which they are compared with each other; 0 compares none."""
    majority: float = Field(0.8, gt=0.5, le=1)
    """Share of them (and at least three) that must give one answer for the input to become a derived case."""
    mutants: int = Field(16, ge=0, le=1024)
    """Most mutants of the best programs on which the tests are tried; 0 leaves test strength unknown."""
    min_test_strength: float = Field(0.0, ge=0, le=1)
    """Share of wrong programs that a problem's tests must catch; otherwise no program of the problem is kept."""
