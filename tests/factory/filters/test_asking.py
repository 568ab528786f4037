"""Programs asked for answers: what ends most of them is not asked of all."""

from __future__ import annotations

from dataclasses import replace

from factory.filters.asking import NOTHING, SCOUTS, ask_many
from factory.records import Case
from sandbox.contract import Answer

ENDLESS_FROM_100 = "def f(n):\n    while n > 99:\n        pass\n    return n + {}\n"
ASKED = [Case(args=[n], kwargs={}, expected=None) for n in (1, 2, 100, 3)]


def asked(chain, problem, sources):
    limits = replace(chain.limits(problem), cpu_s=0.05)
    return [
        [output.payload if isinstance(output, Answer) else output for output in outputs]
        for outputs in ask_many(chain, problem, sources, ASKED, limits, 3)
    ]


def test_what_ends_most_of_the_first_is_not_asked_of_the_others(chain, make_problem):
    problem = make_problem(((7,), 7))
    sources = [ENDLESS_FROM_100.format(number) for number in range(4 * SCOUTS)]
    before = chain.ran_ms
    found = asked(chain, problem, sources)
    assert found == [[str(1 + n), str(2 + n), NOTHING, str(3 + n)] for n in range(4 * SCOUTS)]
    assert chain.ran_ms - before < 50 * len(sources)


def test_what_ends_few_is_asked_of_all(chain, make_problem):
    problem = make_problem(((7,), 7))
    sources = [ENDLESS_FROM_100.format(0), *[f"def f(n):\n    return n + {number}\n" for number in range(2 * SCOUTS)]]
    found = asked(chain, problem, sources)
    assert found[0] == ["1", "2", NOTHING, "3"]
    assert [outputs[2] for outputs in found[1:]] == [str(100 + number) for number in range(2 * SCOUTS)]


def test_what_some_of_the_first_answer_is_asked_of_all_but_last(chain, make_problem):
    problem = make_problem(((7,), 7))
    fast = ["def f(n):\n    return n\n", "def f(n):\n    return n + 0\n"]
    found = asked(chain, problem, [*fast, *[ENDLESS_FROM_100.format(number) for number in range(2 * SCOUTS - 2)]])
    assert found[:2] == [["1", "2", "100", "3"]] * 2
    assert found[2:] == [[str(1 + n), str(2 + n), NOTHING, str(3 + n)] for n in range(2 * SCOUTS - 2)]
