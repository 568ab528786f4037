"""Problems on their way in: read, settled by their references, and checked by them.

Promises: every row ends as a problem or as a refusal with its reason, in order; a problem that repeats one of
`decontamination.benchmarks` is set aside, and so is one whose reference fails its own tests. That check costs a
verdict a problem, which for most sets is some milliseconds, the first time (`factory.run.references`);
`problems.check_reference: false` saves it, but not where the reference's answers are the expected ones: these have to
agree with what the row shows itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace

from factory import problems
from factory.config import GradingConfig, ProblemsConfig, key_to_raise
from factory.decontamination import benchmarks
from factory.decontamination.matcher import Contamination, Hit
from factory.errors import ProblemError
from factory.grading.chain import verify
from factory.grading.session import GradingSession
from factory.problems import Loaded, Oracle, Refusal
from factory.records import Problem, Program, Status
from factory.run.references import CheckedReferences
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
    kept: list[Loaded] = []
    refused: list[Refusal] = []
    order: list[tuple[str, bool]] = []
    with ExitStack() as stack:
        oracle = stack.enter_context(Oracle(settings))
        session = stack.enter_context(GradingSession(settings))
        checked = stack.enter_context(CheckedReferences(settings))
        for found in problems.read(config, oracle, settings.max_limits, settings.limits):
            if isinstance(found, Loaded) and config.ids and found.problem.id not in config.ids:
                order.append((found.problem.id, True))
                continue
            if known and isinstance(found, Loaded) and (hit := known.of_prompt(_asked(found.problem))):
                contaminated[found.problem.id] = hit
                found = Refusal(found.place, found.problem.id, f"contaminated: {hit.detail}")
            if isinstance(found, Loaded) and (fault := session.checker_fault(found.problem)):
                found = Refusal(found.place, found.problem.id, fault)
            if isinstance(found, Loaded) and (config.check_reference or found.answered):
                found = _checked(found, session, checked)
            if isinstance(found, Refusal):
                refused.append(found)
                order.append((found.id, False))
                continue
            kept.append(found)
            order.append((found.problem.id, True))
            if len(kept) == config.limit:
                break
    _complain(config, kept, refused)
    traced = sum(one.traced for one in kept)
    usable = {name for name, is_usable in order if is_usable}
    names = tuple("" if name in usable and not is_usable else name for name, is_usable in order)
    return LoadedProblems(tuple(one.problem for one in kept), tuple(refused), traced, known, contaminated, names)


def _asked(problem: Problem) -> str:
    """All of a problem that a prompt shows, in a run and in shards."""
    return "\n".join([problem.prompt, problem.starter_code, *examples(problem)])


def _checked(found: Loaded, session: GradingSession, checked: CheckedReferences) -> Loaded | Refusal:
    """The problem with the first of its solutions that passes its tests as the reference."""
    problem = found.problem
    if problem.reference is None:
        return found
    if (known := checked.passing(found)) is not None:
        return replace(found, problem=problem.model_copy(update={"reference": known}))
    faults = []
    for solution in (problem.reference, *found.solutions):
        (verdict,) = verify(session, problem, [Program(0, solution)], "python")
        if verdict.status is Status.PASSED:
            checked.add(found, solution)
            return replace(found, problem=problem.model_copy(update={"reference": solution}))
        faults.append(f"{verdict.status}: {verdict.detail}{key_to_raise(verdict.status)}")
    more = f", and so do {len(faults) - 1} other solutions" if len(faults) > 1 else ""
    return Refusal(found.place, problem.id, f"its reference fails its own tests: {faults[0]}{more}")


def _complain(config: ProblemsConfig, kept: list[Loaded], refused: list[Refusal]) -> None:
    """Raise ProblemError where something that was asked for is not there, or nothing is."""
    source = config.path or config.dataset
    known = [one.problem.id for one in kept]
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
