"""What repeats a benchmark: prompts of problems before anything is sampled, and programs that passed.

A text is compared by its runs of `decontamination.ngram` tokens (13: Brown et al., "Language Models are Few-Shot
Learners", 2020, appendix C). A text repeats a benchmark's prompt if it shares one run with it that has at least
`LEAST_WORDS` words, or holds all of a prompt that has no such run. A program repeats a benchmark's solution if it has
the share `decontamination.solution_share` of its runs, or a Python function of `LEAST_NODES` nodes that differs in
names alone. Runs that more than `COMMON` problems of a benchmark have, and lines of imports, do not count. The limits
on words, nodes and share are ours, set by measuring.

Promises: the same texts give the same answers in every process. Does not promise to find a problem in other
words, nor a solution rewritten; of translations it knows what a benchmark has in their language.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from factory.config import DecontaminationConfig
from factory.languages.python.functions import function_keys
from factory.records import BenchmarkMatch, BenchmarkProblem, Problem, Status, Verdict

LEAST_WORDS = 8
"""Words (not numbers, nor signs) in a run of a prompt that tells it: GPT-3's shortest. With fewer, lists of numbers and
type annotations meet; with 8, no prompt of HumanEval meets one of the first half of MBPP, which were written apart."""
LEAST_NODES = 20
"""Syntax nodes of the smallest function compared. With 15, `return s == s[::-1]` is found in problems of HumanEval that
have nothing to do with one another; from 18 on, of 4,229 recorded programs only those of twin problems are found."""
COMMON = 10
"""Problems of a benchmark that may share a run that tells something; GPT-3 ignored what more than 10 texts had."""

_TOKEN = re.compile(r"[^\W\d]\w*|\d+(?:\.\d+)?|[^\w\s]")
_SCAFFOLD = re.compile(
    r"^[ \t]*(?:import[ \t]+[\w.\"]|from[ \t]+[\w.]+[ \t]+import\b|package[ \t]+\w+$|if[ \t]+__name__\b).*$",
    re.MULTILINE,
)
_FACTOR = 0x9E3779B97F4A7C15
"""Odd, so that no place in a run is lost modulo 2**64: the golden ratio's, as in Knuth's hashing."""
_INVERSE = np.uint64(pow(_FACTOR, -1, 2**64))

Numbers = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]
_NONE = np.zeros(0, np.uint64)


def tokens(text: str) -> list[str]:
    """Words, numbers and single signs of prose or code, in lower case; lines of imports are left out."""
    return _TOKEN.findall(_SCAFFOLD.sub("", text).lower())


@dataclass(frozen=True, slots=True)
class Hit:
    """What of which benchmark's problem is repeated."""

    benchmark: str
    problem: str
    detail: str

    @property
    def contaminated_by(self) -> BenchmarkMatch:
        """As in a verdict."""
        return BenchmarkMatch(self.benchmark, self.problem)


class _Text:
    """A text as numbers: one a token, and those of its runs."""

    def __init__(self, text: str) -> None:
        self.tokens = tokens(text)
        numbers = np.fromiter(map(_number, self.tokens), np.uint64, len(self.tokens))
        self._sums = np.cumsum(np.append(np.uint64(0), numbers * _powers(np.uint64(_FACTOR), len(numbers))))
        self._words = np.cumsum([0, *(token[0].isalpha() or token[0] == "_" for token in self.tokens)])

    def runs(self, length: int) -> Numbers:
        """The hash of every run of `length` tokens, by where it begins: a polynomial in their numbers, modulo 2**64."""
        sums: Numbers = self._sums[length:] - self._sums[:-length]
        return sums * _powers(_INVERSE, len(sums))

    def telling(self, length: int) -> tuple[int, Numbers]:
        """The runs of `length` with `LEAST_WORDS` words; of a text without any the one that it is, and its length."""
        runs = self.runs(length)
        wordy = runs[self._words[length:] - self._words[:-length] >= LEAST_WORDS]
        if len(wordy) or len(self.tokens) < LEAST_WORDS:
            return length, wordy
        return len(self.tokens), self.runs(len(self.tokens))

    def shown(self, place: int, length: int) -> str:
        return " ".join(self.tokens[place : place + length])


def _powers(base: np.uint64, count: int) -> Numbers:
    """Those of `base` from 0 on, modulo 2**64."""
    found: Numbers = np.cumprod(np.append(np.uint64(1), np.full(count, base)))
    return found[:count]


@lru_cache(maxsize=2**18)
def _number(token: str) -> int:
    return int.from_bytes(hashlib.blake2b(token.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


@dataclass(frozen=True, slots=True)
class _Table:
    """Hashes of runs, ascending, and for each the number of a text that has it; several where several have."""

    runs: Numbers
    owners: Places

    def owned(self, runs: Numbers) -> list[tuple[int, int]]:
        """(place in `runs`, owner) of every run that is in the table."""
        first, last = np.searchsorted(self.runs, runs, "left"), np.searchsorted(self.runs, runs, "right")
        return [
            (int(place), int(owner))
            for place in np.flatnonzero(last > first)
            for owner in self.owners[first[place] : last[place]]
        ]


class _Runs:
    """Collects the runs of a benchmark's texts, and drops those that too many of its problems have."""

    def __init__(self) -> None:
        self._runs: list[Numbers] = []
        self._owners: list[int] = []
        self._problems: list[int] = []

    def add(self, runs: Numbers, owner: int, problem: int) -> None:
        self._runs.append(np.unique(runs))
        self._owners.append(owner)
        self._problems.append(problem)

    def telling(self) -> tuple[Numbers, Places]:
        """The runs that at most `COMMON` problems have, each beside its owner."""
        sizes = [len(runs) for runs in self._runs]
        runs = np.concatenate([_NONE, *self._runs])
        owners, problems = (np.repeat(np.array(of, np.int64), sizes) for of in (self._owners, self._problems))
        order = np.lexsort((problems, runs))
        first = np.ones(len(runs), np.bool_)  # of its kind in its problem
        first[1:] = (np.diff(runs[order]) != 0) | (np.diff(problems[order]) != 0)
        _, kind = np.unique(runs[order], return_inverse=True)
        rare = order[np.bincount(kind, first)[kind] <= COMMON]
        return runs[rare], owners[rare]


def _table(several: Iterable[_Runs]) -> _Table:
    found = [runs.telling() for runs in several]
    runs = np.concatenate([_NONE, *(one for one, _ in found)])
    owners = np.concatenate([np.zeros(0, np.int64), *(one for _, one in found)])
    order = np.lexsort((owners, runs))
    return _Table(runs[order], owners[order])


class Contamination:
    """The texts of benchmarks, ready to be compared with; without any, nothing is contaminated."""

    name = "decontamination"

    def __init__(self, problems: Iterable[BenchmarkProblem], settings: DecontaminationConfig) -> None:
        self._settings = settings
        self._problems: list[tuple[str, str]] = []
        self._solved: list[int] = []
        """The problem of each solution."""
        self._functions: dict[str, int] = {}
        prompts: dict[int, dict[str, _Runs]] = {}
        solutions: dict[str, _Runs] = {}
        for number, problem in enumerate(problems):
            self._problems.append((problem.benchmark, problem.id))
            text = _Text(problem.prompt)
            length, found = text.telling(settings.ngram)
            prompts.setdefault(length, {}).setdefault(problem.benchmark, _Runs()).add(found, number, number)
            for solution in problem.solutions or (problem.prompt,):  # a text alone may be a program
                runs = solutions.setdefault(problem.benchmark, _Runs())
                runs.add(_Text(solution).runs(settings.ngram), len(self._solved), number)
                self._solved.append(number)
                for key in _keys(problem.prompt, solution):
                    self._functions.setdefault(key, number)
        self._prompts = {length: _table(prompts[length].values()) for length in sorted(prompts, reverse=True)}
        self._solutions = _table(solutions.values())
        self._sizes = np.bincount(self._solutions.owners, minlength=len(self._solved))

    def __bool__(self) -> bool:
        """Whether there is anything to compare with."""
        return bool(self._problems)

    @property
    def sizes(self) -> dict[str, int]:
        """Problems by benchmark."""
        return dict(Counter(benchmark for benchmark, _ in self._problems))

    def of_prompt(self, text: str) -> Hit | None:
        """The benchmark's problem of whose prompt `text` has a telling run."""
        return self._prompt_in(_Text(text)) if self else None

    def of_program(self, code: str, language: str) -> Hit | None:
        """The benchmark's problem that `code` solves as its solution does, or whose prompt it tells."""
        for key, name in function_keys(code, LEAST_NODES).items() if language == "python" else ():
            if key in self._functions:
                return self._hit(self._functions[key], "{} is, but for names, that of a solution of {problem}", name)
        text = _Text(code)
        return self._solution_in(text) or self._prompt_in(text)

    def apply(self, problem: Problem, verdicts: Sequence[Verdict]) -> list[Verdict]:
        """`verdicts`, in which passed programs that repeat a benchmark are contaminated."""
        if not self:
            return list(verdicts)
        passed = {(it.code, it.language) for it in verdicts if it.status is Status.PASSED}
        hits = {program: self.of_program(*program) for program in passed}
        return [_contaminated(verdict, hits.get((verdict.code, verdict.language))) for verdict in verdicts]

    def _solution_in(self, text: _Text) -> Hit | None:
        runs, places = np.unique(text.runs(self._settings.ngram), return_index=True)
        found = self._solutions.owned(runs)
        counts = Counter(owner for _, owner in found)
        # A short solution counts as one of `ngram` runs: a single line of it tells nothing.
        shares = {owner: count / max(int(self._sizes[owner]), self._settings.ngram) for owner, count in counts.items()}
        owner = max(shares, key=lambda owner: (shares[owner], -owner), default=None)
        if owner is None or shares[owner] < self._settings.solution_share:
            return None
        place = min(int(places[at]) for at, whose in found if whose == owner)
        detail = f"has {counts[owner] / int(self._sizes[owner]):.0%} of a solution of {{problem}}: '{{}}'"
        return self._hit(self._solved[owner], detail, text.shown(place, self._settings.ngram))

    def _prompt_in(self, text: _Text) -> Hit | None:
        for length, table in self._prompts.items():
            for place, owner in table.owned(text.runs(length)):
                detail = f"shares {length} tokens with {{problem}}: '{{}}'"
                return self._hit(owner, detail, text.shown(place, self._settings.ngram))
        return None

    def _hit(self, number: int, detail: str, shown: str) -> Hit:
        benchmark, problem = self._problems[number]
        return Hit(benchmark, problem, detail.format(shown, problem=problem))


def _keys(prompt: str, solution: str) -> dict[str, str]:
    """Keys of a solution's functions; one that is no program by itself goes on where its prompt ends."""
    return function_keys(solution, LEAST_NODES) or function_keys(prompt + solution, LEAST_NODES)


def _contaminated(verdict: Verdict, hit: Hit | None) -> Verdict:
    if hit is None or verdict.status is not Status.PASSED:
        return verdict
    return replace(verdict, status=Status.CONTAMINATED, detail=hit.detail, contaminated_by=hit.contaminated_by)
