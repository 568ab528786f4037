"""The nouns of the field, as frozen records. Stages pass these and nothing else.

Problem -> Rollout -> Program -> Verdict -> Survivor -> (Rollout -> Verdict) -> Translation -> shard rows.
`Problem` and `Rollout` come from outside and are validated (pydantic); the others are ours.
"""

from factory.records.base import LanguageName, Record, sha256
from factory.records.calling import Calling
from factory.records.limits import LimitOverrides
from factory.records.outcome import Answered, ProblemOutcome, Question
from factory.records.problem import (
    BenchmarkProblem,
    Case,
    Comparison,
    Problem,
    ProblemMeta,
    cases_text,
)
from factory.records.review import RejectedProgram, Review
from factory.records.rollout import PER_GENERATOR, Maker, Message, Request, Rollout, Sampling, Unanswered
from factory.records.survivor import Survivor, row_id
from factory.records.verdict import (
    BenchmarkMatch,
    Canary,
    Difference,
    Differential,
    Failure,
    Misfit,
    Prepared,
    Program,
    Rejection,
    Run,
    Status,
    Verdict,
)

__all__ = [
    "PER_GENERATOR",
    "Answered",
    "BenchmarkMatch",
    "BenchmarkProblem",
    "Calling",
    "Canary",
    "Case",
    "Comparison",
    "Difference",
    "Differential",
    "Failure",
    "LanguageName",
    "LimitOverrides",
    "Maker",
    "Message",
    "Misfit",
    "Prepared",
    "Problem",
    "ProblemMeta",
    "ProblemOutcome",
    "Program",
    "Question",
    "Record",
    "RejectedProgram",
    "Rejection",
    "Request",
    "Review",
    "Rollout",
    "Run",
    "Sampling",
    "Status",
    "Survivor",
    "Unanswered",
    "Verdict",
    "cases_text",
    "row_id",
    "sha256",
]
