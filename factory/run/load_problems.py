"""Problems on their way in: read, settled by their references, and checked by them.

Promises: every row ends as a problem or as a refusal with its reason, in order; a problem that repeats one of
`decontamination.benchmarks` is set aside, and so is one whose reference fails its own tests. That check costs a
verdict a problem, which for most sets is some milliseconds, the first time (`factory.run.reference_checks`);
`problems.check_reference: false` saves it, but not where the reference's answers are the expected ones: these have to
agree with what the row shows itself, nor where a statement leaves a doubt that several solutions may settle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from factory import problems
from factory.config import GradingConfig, ProblemsConfig
from factory.decontamination import benchmarks
from factory.decontamination.matcher import Contamination, Hit
from factory.errors import ProblemError
from factory.grading.session import GradingSession
from factory.problems import Loaded, Oracle, Refusal
from factory.records import Problem
from factory.run.reference_checks import BATCH, ReferenceChecks
from factory.sampling.prompts import examples


@dataclass(frozen=True, slots=True)
class LoadedProblems:
    """The problems that can be used, and the rows that cannot, in order."""

    problems: tuple[Problem, ...]
    refused: tuple[Refusal, ...]
    traced: int
    """Cases that come from running references under test code."""
    benchmarks: Contamination
    contaminated: dict[str, Hit]
    """By id of a problem that was set aside for it: the benchmark problem that it repeats."""
    order: tuple[str, ...] = ()
    """The id of every row that was read, in the order of the set; "" for a row that is refused, where it has none or
    another row's."""

    def notes(self, most: int = 5) -> Iterator[str]:
        """Lines for the user about the rows that are refused: the first `most`, and how many more."""
        for refusal in self.refused[:most]:
            yield f"set aside: {refusal}"
        if len(self.refused) > most:
            yield f"set aside: {len(self.refused) - most} more; `factory problems` lists them"


def load_problems(config: ProblemsConfig, settings: GradingConfig) -> LoadedProblems:
    """The problems that a config names. Raises ConfigError, ProblemError where there is none, InfrastructureError."""
    known = Contamination(
        (one for each in settings.decontamination.benchmarks for one in benchmarks.read(each)), settings.decontamination
    )
    contaminated: dict[str, Hit] = {}
    kept: list[Problem] = []
    refused: list[Refusal] = []
    order: list[tuple[str, bool]] = []
    traced = 0

    def sift(found: Loaded) -> Loaded | Refusal:
        """Refuse a problem that is not used whatever its reference does."""
        if known and (hit := known.of_prompt(_asked(found.problem))):
            contaminated[found.problem.id] = hit
            return Refusal(found.place, found.problem.id, f"contaminated: {hit.detail}")
        fault = session.checker_fault(found.problem)
        return Refusal(found.place, found.problem.id, fault) if fault else found

    with ExitStack() as stack:
        oracle = stack.enter_context(Oracle(settings))
        session = stack.enter_context(GradingSession(settings))
        check = stack.enter_context(ReferenceChecks(settings, session))
        rows = problems.read(config, oracle, settings.max_limits, settings.limits)
        while batch := _batch(rows, config, sift, len(kept)):
            asked = [
                it for it in batch if isinstance(it, Loaded) and (config.check_reference or it.answered or it.doubt)
            ]
            checked = dict(zip(map(id, asked), check(asked), strict=True))
            for found in (checked.get(id(it), it) for it in batch):
                order.append(_name(found))
                if isinstance(found, Refusal):
                    refused.append(found)
                elif isinstance(found, Loaded):
                    kept.append(found.problem)
                    traced += found.traced
    _complain(config, kept, refused)
    usable = {name for name, is_usable in order if is_usable}
    names = tuple("" if name in usable and not is_usable else name for name, is_usable in order)
    return LoadedProblems(tuple(kept), tuple(refused), traced, known, contaminated, names)


@dataclass(frozen=True, slots=True)
class _NotAsked:
    """A problem that `problems.ids` does not name."""

    id: str


_Row = Loaded | Refusal | _NotAsked


def _batch(
    rows: Iterator[Loaded | Refusal], config: ProblemsConfig, sift: Callable[[Loaded], Loaded | Refusal], kept: int
) -> list[_Row]:
    """The next rows: no more than hold `BATCH` problems, nor than are wanted where `kept` are there already."""
    most = BATCH if config.limit is None else min(BATCH, config.limit - kept)
    batch: list[_Row] = []
    while most > 0 and (found := next(rows, None)) is not None:
        row: _Row = found
        if isinstance(found, Loaded):
            row = _NotAsked(found.problem.id) if config.ids and found.problem.id not in config.ids else sift(found)
        batch.append(row)
        most -= isinstance(row, Loaded)
    return batch


def _name(row: _Row) -> tuple[str, bool]:
    """The id of a row, and whether its problem can be used."""
    return (row.problem.id, True) if isinstance(row, Loaded) else (row.id, isinstance(row, _NotAsked))


def _asked(problem: Problem) -> str:
    """All of a problem that a prompt shows, in a run and in shards."""
    return "\n".join([problem.prompt, problem.starter_code, *examples(problem)])


def _complain(config: ProblemsConfig, kept: list[Problem], refused: list[Refusal]) -> None:
    """Raise ProblemError where something that was asked for is not there, or nothing is."""
    source = config.path or config.dataset
    known = [one.id for one in kept]
    for wanted in config.ids if config.limit is None else ():
        if wanted not in known:
            why = next((f": {refusal.reason}" for refusal in refused if refusal.id == wanted), "")
            raise ProblemError(f"{source}: has no problem {wanted!r} that can be used{why or _some(known)}")
    if kept:
        return
    if refused:
        more = f" (and {len(refused) - 1} more rows are refused)" if len(refused) > 1 else ""
        raise ProblemError(f"{refused[0]}{more}")
    raise ProblemError(f"{source}: holds no problem")


def _some(known: list[str]) -> str:
    return f"; such as {known[0]!r} are there" if known else ""
