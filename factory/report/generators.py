"""What each generator of a run gives, and what it costs.

Promises: who made a rollout follows from its index; programs count for the generator that gave them first, in the order
of indices. Counts are exact; tokens are those of the ledger; dollars are tokens at the engine's `price`, or where it
has none, the time that the engine was held, shared out by tokens, at the prices of `cost`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from factory.config import Config, CostConfig, Generator, PriceConfig
from factory.records import PER_GENERATOR, Status, Verdict
from factory.records.summary import Cost, GeneratorYield
from factory.report import cost
from factory.report.cost import Account, Bought, Used

Made = dict[int, Counter[str]]
"""By a generator's place: problems that it was asked for, rollouts, those that passed, new distinct programs, kept."""


def made(verdicts: Iterable[Verdict], kept: Iterable[Verdict]) -> Made:
    """What the verdicts on a problem, or on the translations of a program, come to by generator."""
    found: Made = {}
    forms: set[str] = set()
    for verdict in sorted(verdicts, key=lambda it: it.index):
        counts = found.setdefault(verdict.index // PER_GENERATOR, Counter(problems=1))
        passed = verdict.status is Status.PASSED
        counts["rollouts"] += 1
        counts["graded"] += verdict.status is not Status.INFRASTRUCTURE_ERROR
        counts["passed"] += passed
        counts["distinct"] += passed and verdict.normal_form not in forms
        forms |= {verdict.normal_form} if passed else set()
    for verdict in kept:
        found[verdict.index // PER_GENERATOR]["kept"] += 1
    return found


@dataclass(frozen=True, slots=True)
class Prices:
    """What the engines of a run cost."""

    config: CostConfig
    by_language: Mapping[tuple[str, bool], PriceConfig | None]
    """By generator, and whether it is asked for Python."""

    @classmethod
    def of(cls, config: Config) -> Prices:
        python = {(it.name, True): it.engine.price for it in config.asked}
        return cls(config.cost, python | {(it.name, False): it.engine.price for it in config.translators})

    def tokens(self, used: Used) -> float | None:
        """Dollars for what was used, by its tokens; None where the engine has no price for them."""
        price = self.by_language.get((used.generator, used.language == "python"))
        if price is None:
            return None
        return (used.prompt_tokens * price.prompt + used.completion_tokens * price.completion) / 1e6

    def of_generator(self, used: Used) -> float | None:
        """The same, by its tokens or by time; None where nothing says it."""
        by_tokens, prices = self.tokens(used), self.config
        if by_tokens is not None:
            return by_tokens
        if not (used.gpu_held_s or used.engine_cpu_s):
            return None
        if (used.gpu_held_s and prices.gpu_hour is None) or (used.engine_cpu_s and prices.cpu_hour is None):
            return None
        return (used.gpu_held_s * (prices.gpu_hour or 0) + used.engine_cpu_s * (prices.cpu_hour or 0)) / 3600

    def bought(self, account: Account) -> dict[str, Bought] | None:
        """What was paid by the token, by language; None where no engine has a price for tokens."""
        if not any(self.by_language.values()):
            return None
        found: dict[str, Bought] = {}
        for it in account.used().values():
            if (paid := self.tokens(it)) is not None:
                known = found.get(it.language, Bought())
                found[it.language] = known + Bought(paid, it.gpu_held_s, it.engine_cpu_s)
        return found


def priced(account: Account, config: Config, records: int) -> Cost:
    """What a run used, with dollars where all that was used has a price."""
    bought = Prices.of(config).bought(account)
    whole = None if bought is None else sum(bought.values(), Bought())
    return cost.priced(account.cost(), config.cost, records, whole)


def yields(config: Config, by_language: Mapping[str, Made], account: Account) -> dict[str, dict[str, GeneratorYield]]:
    """What each generator gave, by its name and language; nothing for a run that has one engine."""
    prices, used = Prices.of(config), account.used()
    found: dict[str, dict[str, GeneratorYield]] = {}
    for it in config.asked if config.generators else ():
        for language, several in by_language.items():
            spent = used.get((it.name, language), Used(it.name, language))
            counts = several.get(it.place, Counter())
            if counts or spent.completion_tokens:
                found.setdefault(it.name, {})[language] = _yield(it, counts, spent, prices)
    return found


def _yield(it: Generator, counts: Counter[str], spent: Used, prices: Prices) -> GeneratorYield:
    dollars, new = prices.of_generator(spent), counts["distinct"]
    return GeneratorYield(
        tier=it.tier,
        when=it.when,
        problems=counts["problems"],
        rollouts=counts["rollouts"],
        passed=counts["passed"],
        pass_rate=round(counts["passed"] / counts["graded"], 6) if counts["graded"] else None,
        distinct=new,
        kept=counts["kept"],
        prompt_tokens=spent.prompt_tokens,
        completion_tokens=spent.completion_tokens,
        tokens_per_distinct=round(spent.completion_tokens / new, 1) if new and spent.completion_tokens else None,
        dollars=None if dollars is None else round(dollars, 6),
        dollars_per_distinct=round(dollars / new, 8) if dollars is not None and new else None,
    )


COLUMNS = (
    "generator", "tier", "asked", "problems", "rollouts", "pass", "new distinct", "kept", "tokens",
    "tokens a new one", "dollars a new one",
)  # fmt: skip


def table(found: Mapping[str, Mapping[str, GeneratorYield]], language: str) -> list[Sequence[str]]:
    """A row for each generator that was asked for programs in `language`, texts as in `COLUMNS`."""
    rows: list[Sequence[str]] = []
    for name, by_language in found.items():
        if (it := by_language.get(language)) is not None:
            each, dollars = it.tokens_per_distinct, it.dollars_per_distinct
            rows.append(
                (
                    name, f"{it.tier}" if it.tier else "", it.when, f"{it.problems:,}", f"{it.rollouts:,}",
                    "" if it.pass_rate is None else f"{it.pass_rate:.1%}", f"{it.distinct:,}", f"{it.kept:,}",
                    f"{it.completion_tokens:,}" if it.completion_tokens else "",
                    "" if each is None else f"{each:,.0f}", "" if dollars is None else f"${dollars:,.6f}",
                )
            )  # fmt: skip
    return rows
