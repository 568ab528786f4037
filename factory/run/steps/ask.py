"""Between grading and review: the model is asked for inputs and preconditions of a problem, once.

Promises: an answer that is there is never asked for again, however the run is resumed or extended. One that does not
come costs the review these inputs, and the next run asks again; the review is then made anew.
"""

from __future__ import annotations

from factory.config import Config
from factory.records import Problem, Rollout, Unanswered
from factory.review.asking import asks_model, inputs_request, inputs_sampling
from factory.run.directory import RunDir
from factory.run.sampler import Sampler
from factory.run.store import Made, Part, PartStore


class AskStep:
    """Gives the answer of the model about a problem, which `sampler` samples where it is not there."""

    def __init__(self, config: Config, run_dir: RunDir, store: PartStore, sampler: Sampler) -> None:
        self._config, self._run_dir, self._store, self._sampler = config, run_dir, store, sampler

    async def __call__(self, problem: Problem) -> Rollout | None:
        """The answer; None where the model is not asked, or gave none. Raises PartError, ConfigError."""
        if not asks_model(problem, self._config.review, self._sampler.generator.sampling):
            return None
        path = self._run_dir.inputs(problem)
        part = Part(path, Rollout, "asked", problem.id, "asked again", unique=True)
        try:
            (answer,) = await self._store.get_or_make(part, lambda: self._ask(problem))
        except _NothingCame as nothing:
            for one in nothing.lost if self._sampler.failure is None else ():
                facts = {"refused": int(one.refused), "failed": int(not one.refused), "reason": one.reason}
                about = {"of": self._run_dir.name(path), "problem": problem.id, **self._sampler.named()}
                self._run_dir.log("unanswered", **about, **facts)
            return None
        return answer

    async def _ask(self, problem: Problem) -> Made[Rollout]:
        sampling = inputs_sampling(self._sampler.generator.sampling)
        answers: list[Rollout] = []
        lost = await self._sampler.sample(inputs_request(problem, sampling), sampling, answers.append)
        self._sampler.count(len(answers), lost)
        if not answers:
            raise _NothingCame(lost)
        facts = {
            "model": answers[0].model or "",
            "template": answers[0].template or "",
            "prompt_tokens": answers[0].prompt_tokens or 0,
            "completion_tokens": answers[0].completion_tokens or 0,
            **self._sampler.facts(),
        }
        return Made(answers, facts)


class _NothingCame(Exception):
    """There is no answer, so that there is no part."""

    def __init__(self, lost: list[Unanswered]) -> None:
        super().__init__()
        self.lost = lost
