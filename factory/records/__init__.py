"""The nouns of the field, as frozen records. Stages pass these and nothing else.

Problem -> Rollout -> Program -> Verdict -> Survivor -> (Rollout -> Verdict) -> Translation -> shard rows.
`Problem` and `Rollout` come from outside and are validated (pydantic); the others are ours.
"""

from factory.records.base import LanguageName, Record, sha256
from factory.records.outcome import ProblemOutcome
from factory.records.problem import BenchmarkProblem, Case, Comparison, LimitOverrides, Problem, ProblemMeta
from factory.records.review import Review
from factory.records.rollout import Message, Request, Rollout
from factory.records.survivor import Survivor
from factory.records.verdict import Canary, Prepared, Program, Rejection, Run, Status, Verdict

__all__ = [
    "BenchmarkProblem",
    "Canary",
    "Case",
    "Comparison",
    "LanguageName",
    "LimitOverrides",
    "Message",
    "Prepared",
    "Problem",
    "ProblemMeta",
    "ProblemOutcome",
    "Program",
    "Record",
    "Rejection",
    "Request",
    "Review",
    "Rollout",
    "Run",
    "Status",
    "Survivor",
    "Verdict",
    "sha256",
]
