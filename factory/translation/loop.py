"""The rounds in which candidates for one translation are sampled, and those that failed are repaired.

Promises: which candidates are repaired, and when a source needs no further round, are functions of the verdicts.
Nothing here samples or runs anything: `factory.run.steps.translate` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from factory.config import SamplingConfig, TranslateConfig
from factory.records import Request, Status, Verdict
from factory.translation.prompts import repair_request
from factory.translation.specification import Specification

_NOT_REPAIRED = {Status.PASSED, Status.CONTAMINATED, Status.FILTERED}


def translation_sampling(sampling: SamplingConfig, settings: TranslateConfig) -> SamplingConfig:
    """How translations are sampled: as the rollouts of the same generator are, except for what `translate` says."""
    return sampling.model_copy(
        update={
            "n": settings.n,
            "mode": "chat",
            "temperature": settings.temperature,
            "max_tokens": settings.max_tokens,
            "stop": (),
        }
    )


def to_repair(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """The failed candidates among `verdicts` that a model can be shown."""
    return [verdict for verdict in verdicts if verdict.status not in _NOT_REPAIRED and verdict.code]


def repair_requests(
    wanted: Specification, failed: Sequence[Verdict], first: int, settings: TranslateConfig
) -> list[Request]:
    """One request a failed candidate; the rollouts they ask for have the indices from `first` on."""
    return [
        replace(repair_request(wanted, verdict, range(at, at + 1), settings), repair_of=verdict.code_sha256)
        for at, verdict in enumerate(failed, first)
    ]
