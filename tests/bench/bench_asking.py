"""What ways to ask for Go come to: how many answers compile and pass, side by side on the same verified programs.

    python tests/bench/bench_asking.py qwen2.5-coder-0.5b --out ASKED [--problems 12] [--n 6] [--ways free prefill]
    python tests/bench/bench_asking.py --out ASKED                     # grade what is there

The sources are the references of the starter problems. One engine answers all ways, problem by problem, so that they
share its speed and the cache of their prompts; answers go to ASKED/WAY.jsonl as they come, and only those are asked for
that are not there. A rate is the mean over problems, with the 95 % interval of `factory.tuning.guard`; the last column
is the change of the pass rate beside `free`, over the same problems. Tokens are those of the answers.
"""

from __future__ import annotations

import argparse
import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from factory.config import GradingConfig, LimitsConfig, ProblemsConfig, SamplingConfig, TranslateConfig, VllmEngine
from factory.grading.session import GradingSession
from factory.languages import language
from factory.problems import Loaded, read
from factory.records import Problem, Rollout, Status, Survivor, sha256
from factory.run.units import GradeUnit, grade
from factory.sampling.engines import open_engine
from factory.translation import Specification, specify
from factory.translation.prompts import translation_request
from factory.tuning.guard import Counts, Estimate, change, pass_rate

STARTER = Path(__file__).parents[2] / "configs" / "problems" / "starter.jsonl"
WAYS = {
    "free": TranslateConfig(),
    "prefill": TranslateConfig(prefill=True),
    "hints": TranslateConfig(import_hints=True),
    "prefill, hints": TranslateConfig(prefill=True, import_hints=True),
}
UNBUILT = {Status.COMPILE_ERROR, Status.SYNTAX_ERROR, Status.NO_CODE, Status.MISSING_ENTRY_POINT}


def problems(count: int) -> list[Problem]:
    """`count` starter problems, spread over the set, that have cases and a reference."""
    loaded = [it.problem for it in read(ProblemsConfig(path=STARTER)) if isinstance(it, Loaded)]
    usable = [it for it in loaded if it.cases and it.reference]
    return usable[:: max(len(usable) // count, 1)][:count]


def wanted(problem: Problem) -> Specification:
    code = problem.reference or ""
    return specify(
        problem, Survivor(problem.id, 0, "python", 0, code, sha256(code), "", 0, 0, 0.0, 0.0), language("go")
    )


def answers(out: Path, way: str) -> dict[str, list[Rollout]]:
    """The answers to one way that are there, by problem."""
    found: dict[str, list[Rollout]] = defaultdict(list)
    path = out / f"{way}.jsonl"
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        one = Rollout.model_validate_json(line)
        found[one.problem_id].append(one)
    return found


async def sample(model: str, out: Path, ways: Sequence[str], asked: Sequence[Problem], n: int) -> None:
    sampling = SamplingConfig(temperature=0.6, max_tokens=400)
    engine = VllmEngine(model=model, max_model_len=2048, max_num_seqs=64, in_flight=64, enforce_eager=True)
    there = {way: answers(out, way) for way in ways}

    async def one(way: str, problem: Problem) -> None:
        done = {it.index for it in there[way][problem.id]}
        request = translation_request(wanted(problem), range(n), WAYS[way])
        request = replace(request, indices=[at for at in request.indices if at not in done])
        async for answer in running.sample(request, sampling):
            if isinstance(answer, Rollout):
                with (out / f"{way}.jsonl").open("a", encoding="utf-8") as file:
                    file.write(answer.model_dump_json(exclude_none=True) + "\n")

    async with open_engine(engine) as running:
        await asyncio.gather(*(one(way, problem) for problem in asked for way in ways))
        print(f"{running.meter.completion_tokens:,} tokens in {running.meter.elapsed_s:.0f} s")


def table(out: Path, ways: Sequence[str], asked: Sequence[Problem], n: int) -> None:
    there = {way: answers(out, way) for way in ways}
    whole = [it for it in asked if all(len(there[way][it.id]) >= n for way in ways)]
    print(f"{len(whole)} problems, {n} answers to each way")
    print(f"{'':18} {'compile':>22} {'pass':>22} {'tokens':>7} {'change of pass':>24}")
    passed: dict[str, Counts] = {}
    with GradingSession(GradingConfig(limits=LimitsConfig(cpu_s=2))) as session:
        for way in ways:
            built: dict[str, tuple[int, int]] = {}
            good: dict[str, tuple[int, int]] = {}
            for problem in whole:
                verdicts = grade(session, GradeUnit(problem, tuple(there[way][problem.id]), "go"))
                built[problem.id] = len(verdicts), sum(it.status not in UNBUILT for it in verdicts)
                good[problem.id] = len(verdicts), sum(it.status is Status.PASSED for it in verdicts)
            passed[way] = good
            tokens = [it.completion_tokens or 0 for problem in whole for it in there[way][problem.id]]
            moved = shown(change(passed["free"], good)) if way != "free" and "free" in passed else ""
            mean = sum(tokens) / max(len(tokens), 1)
            print(f"{way:18} {shown(pass_rate(built)):>22} {shown(pass_rate(good)):>22} {mean:7.0f} {moved:>24}")


def shown(estimate: Estimate) -> str:
    return f"{estimate.value:.3f} ({estimate.low:.3f} to {estimate.high:.3f})"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("model", nargs="?", help="as in engine.model; left out, only what is there is graded")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--problems", type=int, default=12)
    parser.add_argument("--n", type=int, default=6)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    given = parser.parse_args()
    asked = problems(given.problems)
    if given.model:
        given.out.mkdir(parents=True, exist_ok=True)
        asyncio.run(sample(given.model, given.out, given.ways, asked, given.n))
    table(given.out, given.ways, asked, given.n)


if __name__ == "__main__":
    main()
