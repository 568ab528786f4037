"""What a dataset card says of those who were asked: how often, how, and what each gave."""

from __future__ import annotations

from factory import escape
from factory.config import Config, FixedPlan, Generator
from factory.config.generators import DEFAULT
from factory.records.summary import Summary
from factory.sampling.plans import plan_of
from factory.shards.manifest import Manifest


def generators(config: Config, manifest: Manifest, summary: Summary) -> list[str]:
    """Who was asked, in a run of several; without what was measured."""
    lines: list[str] = []
    for name in summary.languages if summary.generators else ():
        found = [(who, it[name]) for who, it in summary.generators.items() if name in it]
        if found:
            lines += [f"| {name.capitalize()} by generator | tier | asked | price | rollouts | pass | kept |"]
            lines += ["|---|---:|---|---|---:|---:|---:|"]
        for who, it in found:
            rate = "" if it.pass_rate is None else f"{it.pass_rate:.3f}"
            lines += [
                f"| {escape.markdown(who)} | {it.tier or ''} | {it.when} | {_price(config, who)} "
                f"| {it.rollouts} | {rate} | {it.kept} |"
            ]
        lines += [""]
    if not lines:
        return []
    about = "A row names its `generator`, with `tier` and `price`; `model` is the model and its revision. Price is in"
    return ["## Generators", "", about, "dollars for a million tokens of prompts and of answers.", "", *lines]


def _price(config: Config, name: str) -> str:
    price = next(it.engine.price for it in config.asked if it.name == name)
    return "" if price is None else f"{price.prompt:g}, {price.completion:g}"


def asked(config: Config) -> str:
    """How often, and how, models were asked."""
    translate = config.translate
    several = [it for it in config.asked if it.tier]
    together = sum(it.tier == 1 and it.shares for it in several) > 1
    text = " and ".join(_of_generator(it, it.tier == 1 and it.shares and together) for it in several)
    if translate.targets:
        into = " and ".join(target.capitalize() for target in translate.targets)
        best = "the best survivor" if translate.survivors == 1 else f"each of the {translate.survivors} best survivors"
        text += f"; {translate.n} translations into {into} of {best}"
    return f"{text}. A row has what its program was sampled with"


def _of_generator(it: Generator, shares: bool) -> str:
    """How often, and how, one generator was asked, which perhaps `shares` its rollouts with others."""
    most = f"{'a share of ' if shares else ''}{plan_of(it.sampling).most}"
    if it.engine.kind == "replay":
        text = f"up to {most} recorded rollouts a problem"
    else:
        text = f"{most}" if isinstance(it.sampling.plan, FixedPlan) else f"up to {most}"
        text = f"{text} rollouts a problem at temperature {it.sampling.temperature:g}"
    if it.name == DEFAULT:
        return text
    where = {"unsolved": " where nothing passed before", "few": " where too few passed before"}.get(it.when, "")
    return f"{text} by {escape.markdown(it.name)}{where}"
