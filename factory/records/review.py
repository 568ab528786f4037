"""What the review of a problem's passing programs has shown."""

from __future__ import annotations

from dataclasses import dataclass, field

from factory.records.problem import Case
from factory.records.verdict import Failure, Status


@dataclass(frozen=True, slots=True)
class RejectedProgram:
    """A program that had passed and that the review rejects: by which check, and the verdict that it has from now."""

    by: str
    status: Status
    detail: str
    first_failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """What the review of a problem's programs that had passed has shown. One a problem.

    All but `cpu_ms` is a function of the verdicts.
    """

    problem_id: str
    fingerprint: str
    """Of the verdicts it is about."""
    rejected: dict[str, RejectedProgram]
    """By code_sha256."""
    accepted: dict[str, str]
    """By code_sha256: how the program behaves on inputs where right ones may differ; equal texts are alike."""
    traced: tuple[Case, ...] = ()
    """Calls that test code made of a program that passes it, with the answer on which all accepted programs agree."""
    derived: tuple[Case, ...] = ()
    """Generated inputs with the answer of the reference or a clear majority."""
    disputed: int = 0
    """Generated inputs that accepted programs answer, but without a clear majority."""
    agreement: dict[str, float] = field(default_factory=dict)
    """By code_sha256 of an accepted program that differs from others on inputs in dispute: the mean share of the others
    that answer as it does.
    """
    inputs: int = 0
    """Inputs on which programs were compared, those that the model named among them."""
    answer_sha256: str = ""
    """Of what the model answered that was asked for inputs; "" where there is no answer."""
    named: int = 0
    """Inputs that the model named and that were put to programs."""
    preconditions: tuple[str, ...] = ()
    """Preconditions that the model named and that accept what the problem's own cases ask."""
    excluded: int = 0
    """Inputs that these do not accept, and that were put to no program."""
    mutants_killed: int = 0
    mutants_alive: int = 0
    """Mutants that passed the tests although they differ on a derived or traced case, or where no such case exists."""
    mutants_alike: int = 0
    """Mutants that differ nowhere: taken for equivalent, and in no rate."""
    rollouts_killed: int = 0
    """Distinct near misses: rollouts that the tests caught though they are right in at least one case."""
    rollouts_alive: int = 0
    """Programs that the tests had passed and that were caught by a derived case, with a table of the cases, or by the
    order of their sets; and of
    those that are accepted and differ from each other, how many are wrong at least.
    """
    kill_rate: float | None = None
    """Test strength: the share of these wrong programs that the tests caught, near misses counted at most as often as
    mutants; None where there was none.
    """
    weak: bool = False
    """It is below `review.min_test_strength`: nothing of the problem is kept."""
    cpu_ms: float = 0.0

    @property
    def under_specified(self) -> bool:
        """Whether accepted programs still answer differently."""
        return self.disputed > 0
