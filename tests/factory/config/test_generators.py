"""A list of generators in a config: what each inherits, what cannot work together, what may extend a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from factory.config import Config, load, validate
from factory.config.generators import is_same
from factory.config.resume import differences, settled
from factory.errors import ConfigError
from factory.sampling.plans import groups_of, plan_name

BASE: dict[str, Any] = {"name": "test", "problems": {"path": "p"}}
REPLAY = {"kind": "replay", "path": "r"}
VLLM = {"kind": "vllm", "model": "m"}
OTHER = {"kind": "vllm", "model": "other"}
ADAPTIVE = {"kind": "adaptive"}


def config(*several: dict[str, Any], **sections: Any) -> Config:
    return validate(Config, BASE | {"generators": several} | sections, "x.yaml")


def one(name: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "engine": REPLAY} | fields


def test_a_generator_inherits_what_it_does_not_say() -> None:
    first, second, third = config(
        one("a"),
        one(
            "b", when="unsolved", n=3, sampling={"temperature": 1.5, "chat_template_kwargs": {"enable_thinking": True}}
        ),
        one("c", when="few", plan=ADAPTIVE),
        sampling={"n": 7, "temperature": 0.1, "max_tokens": 99},
    ).asked
    assert (first.tier, first.sampling.n, first.sampling.temperature, first.first) == (1, 7, 0.1, 0)
    assert (second.tier, second.sampling.n, second.sampling.temperature, second.sampling.max_tokens) == (2, 3, 1.5, 99)
    assert second.sampling.chat_template_kwargs == {"enable_thinking": True}
    assert (third.tier, third.sampling.plan.kind, third.first) == (3, "adaptive", 2_000_000)


def test_a_config_with_an_engine_is_a_list_of_one() -> None:
    plain = validate(Config, BASE | {"engine": REPLAY, "sampling": {"n": 7}}, "x.yaml")
    listed = config(one("default"), sampling={"n": 7})
    assert plain.asked == listed.asked
    assert plan_name(plain) == plan_name(listed) == "7"
    assert "generators" not in settled(plain)
    assert "generators" not in settled(plain)["translate"]
    assert differences(plain.in_form_of(listed), listed) == []


def test_a_written_config_is_read_as_it_was() -> None:
    given = config(one("a"), one("b", when="few", n=2, sampling={"stop": ["x"]}), translate={"generators": ["b", "a"]})
    assert validate(Config, json.loads(given.model_dump_json()), "x.yaml") == given
    assert [it.name for it in given.translators] == ["b", "a"]


@pytest.mark.parametrize(
    ("several", "sections", "said", "remedy"),
    [
        ([one("a"), one("a")], {}, "generators: [", "'a' names 2 of them; remedy: a name of its own"),
        ([one("a", when="unsolved"), one("b")], {}, "0.when: 'unsolved'", "remedy: when: always"),
        ([one("a", when="never"), one("b")], {}, "0.when: 'never'", "remedy"),
        ([one("a", weight=0)], {}, "generators.0.weight: 0 is not allowed", "greater than 0"),
        ([one("a", weight=-1.5)], {}, "generators.0.weight: -1.5 is not allowed", "greater than 0"),
        ([one("a"), one("b", when="few", weight=2)], {}, "generators.1: ", "weight: 2 shares out"),
        ([one("a", n=3, weight=2)], {}, "generators.0: ", "remedy: leave weight out"),
        ([one("a", n=3, plan=ADAPTIVE)], {}, "generators.0: ", "remedy: leave one of them out"),
        ([one("a", n=0)], {}, "generators.0.n: 0 is not allowed", "greater than or equal to 1"),
        ([one("a b")], {}, 'generators.0.name: "a b" is not allowed', "match"),
        ([one("a"), one("default")], {}, "1.name: 'default'", "remedy: another name"),
        ([one("a", wen="few")], {}, "generators.0.wen: unknown key", "generators.0.when"),
        ([one("a", when="seldom")], {}, 'generators.0.when: "seldom" is not allowed', "'always'"),
        ([one("a")], {"engine": VLLM}, "engine: ", "remedy: leave one of them out"),
        ([], {}, "engine: is missing", "no default"),
        ([one("a")], {"translate": {"generators": ["b"]}}, "no generator is called 'b'", "there are: a"),
        ([], {"engine": REPLAY, "translate": {"generators": ["b"]}}, "no generator is called 'b'", "no `generators`"),
        ([one("a")], {"translate": {"generators": ["a", "a"]}}, "'a' is there twice", "remedy: each name once"),
        ([one("a")], {"translate": {"generators": ["a"], "engine": VLLM}}, "translate: ", "leave one of them out"),
        ([one("a", engine=VLLM), one("b", engine=OTHER)], {}, "take 1.8 of a GPU's memory", "remedy: shares"),
        (
            [one("a"), one("b", n=2)],
            {"sampling": {"plan": ADAPTIVE, "budget": {"tokens": 9}}},
            "generators.1.n: sampling.budget",
            "remedy: plan: {kind: adaptive}",
        ),
        ([one("a"), one("b", when="few")], {"sampling": {"n": 2_000_000}}, "generators.0: 'a' may make", "n_max"),
        (
            [one("a"), one("b", sampling={"template": "t.j2"})],
            {"shards": {"prompts": "asked"}},
            "shards.prompts: 'asked' needs one prompt",
            "remedy: shards.prompts: task",
        ),
        ([one("a")], {"review": {"inputs_from": ["model"]}}, "review.inputs_from: 'model'", "remedy"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_refused(
    several: list[dict[str, Any]], sections: dict[str, Any], said: str, remedy: str
) -> None:
    with pytest.raises(ConfigError) as found:
        config(*several, **sections)
    (line,) = str(found.value).splitlines()
    assert line.startswith("x.yaml: ")
    assert said in line
    assert remedy in line


def test_engines_of_the_same_settings_are_one_whatever_they_cost() -> None:
    several = config(one("a", engine=VLLM | {"price": {"completion": 1.0}}), one("b", engine=VLLM)).asked
    assert is_same(several[0].engine, several[1].engine)
    shared = [VLLM | {"gpu_memory_utilization": 0.3}, OTHER | {"gpu_memory_utilization": 0.6}]
    assert not is_same(*(it.engine for it in config(*(one(f"g{at}", engine=it) for at, it in enumerate(shared))).asked))


def test_weights_share_out_every_number_and_take_nothing_back() -> None:
    (group,) = groups_of(config(one("a", weight=1), one("b", weight=2.5), one("c", weight=0.1)))
    before: tuple[int, ...] = (0, 0, 0)
    for total in range(1, 400):
        now = group.shares(total)
        assert sum(now) == total
        assert all(had <= has for had, has in zip(before, now, strict=True))
        assert all(abs(has - total * weight / 3.6) < 1.5 for has, weight in zip(now, (1, 2.5, 0.1), strict=True))
        before = now


@pytest.mark.parametrize(
    ("now", "refused"),
    [
        ([one("a"), one("b", when="few", n=2), one("c", when="unsolved")], []),
        ([one("a"), one("b", when="few", n=9)], []),
        ([one("a", engine=REPLAY | {"price": {"completion": 2.0}}), one("b", when="few", n=2)], []),
        ([one("a"), one("b", when="few", n=1)], ["generators.1.n: 2 -> 1"]),
        ([one("a"), one("b", when="unsolved", n=2)], ['generators.1.when: "few" -> "unsolved"']),
        ([one("a"), one("b", when="few", n=2, sampling={"top_k": 3})], ["generators.1.sampling.top_k: null -> 3"]),
        ([one("a"), one("x", when="few", n=2)], ['generators.1.name: "b" -> "x"']),
    ],
)
def test_what_a_run_may_be_extended_by(now: list[dict[str, Any]], refused: list[str]) -> None:
    old = config(one("a"), one("b", when="few", n=2), translate={"generators": ["a"]})
    assert differences(old, config(*now, translate={"generators": ["a", now[1]["name"]]})) == refused


def test_a_list_never_gets_shorter() -> None:
    old = config(one("a"), one("b", when="few", n=2))
    assert any(line.startswith("generators.1") for line in differences(old, config(one("a"))))


def test_the_example_is_valid() -> None:
    found = load(Path(__file__).parents[3] / "configs/two-tiers.yaml")
    assert [(it.name, it.tier, it.sampling.n) for it in found.asked] == [("careful", 1, 4), ("bold", 2, 12)]
    assert is_same(found.asked[0].engine, found.asked[1].engine)
    with pytest.raises(ConfigError, match="bolt"):
        load(Path(__file__).parents[3] / "configs/two-tiers.yaml", ("translate.generators=[bolt]",))
