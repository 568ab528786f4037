"""What is read of a model's answer about inputs: calls on literals, texts in fences, conditions. None of it runs."""

from __future__ import annotations

import pytest

from factory.config import ReviewConfig, SamplingConfig
from factory.records import Problem, Rollout
from factory.records.values import decode
from factory.review.asking import asks_model, inputs_request, inputs_sampling
from factory.review.suggested import LONGEST_PRECONDITION, MOST_INPUTS, MOST_PRECONDITIONS, suggested

MODEL = ReviewConfig(inputs_from=("generated", "model"))
STARTER = "def f(a: int, b: int) -> int:\n"


@pytest.fixture
def two(make_problem):
    return make_problem(((1, 2), 3), ((3, 4), 7), starter_code=STARTER)


def read(problem: Problem, text: str, mode: str = "chat"):
    return suggested(Rollout(problem_id=problem.id, index=0, text=text, mode=mode), problem)


def calls(problem: Problem, text: str, mode: str = "chat"):
    return [decode(case.args) for case in read(problem, text, mode).inputs]


@pytest.mark.parametrize(
    "text",
    [
        "```python\nf(5, 6)\nf(0, -1)\n```",
        "Sure:\n```\nprint(f(5, 6))\nassert f(0, b=-1) == -1\n```\nDone.",
        "f(5, 6)\nf(a=0, b=-1)",
        "```python\n>>> f(5, 6)\n>>> f(0, -1)\n```",
        "```python\nf(5, 6)\nf(0, -1)\nf(1,",
        "<think>f(7, 7)</think>\n```python\nx = f(5, 6), Solution().f(0, -1)\n```",
        "```python\nf(5, 6)\n```\n```python\nf(0, -1)\nf(5, 6)\n```",
    ],
)
def test_calls_on_literals_are_inputs(two, text):
    assert calls(two, text) == [[5, 6], [0, -1]]


@pytest.mark.parametrize(
    "call",
    [
        "f(__import__('os').system('id'), 1)",
        "f(open('/etc/passwd').read(), 1)",
        "f(*[1, 2])",
        "f(**{'a': 1, 'b': 2})",
        "f(2**99999999, 1)",
        "f('a' * 10**10, 1)",
        "f([x for x in range(3)], 1)",
        "f(a, b)",
        "f('\\ud800', 1)",
        f"f({'[' * 300}1{']' * 300}, 1)",
        f"f({'-' * 5000}1, 1)",
        f"f('{'a' * 30_000}', 1)",
        "g(1, 2)",
        "f(1) if True else (",
    ],
)
def test_what_is_no_literal_call_is_left_out(two, call):
    assert calls(two, f"```python\n{call}\nf(1, 1)\n```") == [[1, 1]]


def test_arguments_are_given_as_the_cases_give_them():
    rows = [{"args": [1], "kwargs": {"b": 2}, "expected": 3}]
    problem = Problem.model_validate(
        {
            "id": "t",
            "prompt": "",
            "entry_point": "S.f",
            "starter_code": "class S:\n    def f(self, a, b):\n",
            "cases": rows,
        }
    )
    found = read(problem, "S().f(5, 6)\nS().f(a=7, b=8)\n").inputs
    assert [(case.args, case.kwargs) for case in found] == [([5], {"b": 6}), ([7], {"b": 8})]


def test_conditions_are_asserts_that_do_not_call_the_function(two):
    found = read(two, "```python\nassert a >= 0, 'why'\nassert f(1, 1) == 2\nassert a < b\nassert a >= 0\n```")
    assert found.preconditions == ("a >= 0", "a < b")
    long = f"assert a != {'1' * LONGEST_PRECONDITION}"
    many = "\n".join(f"assert a != {n}" for n in range(50))
    assert read(two, f"{long}\n{many}").preconditions == tuple(f"a != {n}" for n in range(MOST_PRECONDITIONS))


def test_conditions_need_the_names_of_parameters(make_problem):
    problem = make_problem(((1, 2), 3))
    assert read(problem, "assert a > 0\nf(2, 2)").preconditions == ()


def test_no_more_inputs_are_taken_than_a_bound(two):
    assert len(calls(two, "\n".join(f"f({n}, 1)" for n in range(500)))) == MOST_INPUTS


def test_blocks_are_standard_inputs(make_problem):
    problem = make_problem(("1 2\n", "3\n"))
    text = "Here:\n```\n3 4\n```\n```text\n5 6\n\n```\n```\n3 4\n```\n```\ncut off"
    assert [case.stdin for case in read(problem, text).inputs] == ["3 4\n", "5 6\n"]


def test_a_completion_goes_on_where_the_prompt_ends(two):
    assert calls(two, "5, 6) == 11\nassert f(0, -1) == -1\nassert f(", "completion") == [[5, 6], [0, -1]]
    request = inputs_request(two, SamplingConfig(mode="completion"))
    assert (request.mode, request.messages) == ("completion", ())
    assert request.prompt.endswith("assert f(")
    assert "def f(a: int, b: int) -> int:\n    pass\n" in request.prompt


def test_a_chat_shows_public_cases_alone(make_problem):
    rows = [{"args": [n, 1], "expected": n + 1, "public": n == 70001} for n in (70001, 80002)]
    problem = make_problem(((1, 2), 3), starter_code=STARTER, cases=rows)
    (message,) = inputs_request(problem, SamplingConfig()).messages
    assert "f(70001, 1)" in message.content
    assert "over `a` and `b` alone" in message.content
    assert "80002" not in message.content


def test_who_is_asked(make_problem, two):
    chat, completion = SamplingConfig(), SamplingConfig(mode="completion")
    stream = make_problem(("1\n", "2\n"))
    checker = {"kind": "checker", "checker": "def check(args, kwargs, answer):\n    return answer == 1\n"}
    assert asks_model(two, MODEL, chat)
    assert asks_model(two, MODEL, completion)
    assert asks_model(stream, MODEL, chat)
    assert not asks_model(stream, MODEL, completion)
    assert not asks_model(two, ReviewConfig(), chat)
    assert not asks_model(two, MODEL.model_copy(update={"inputs": 0}), chat)
    assert not asks_model(make_problem(((1, 2), 3), comparison=checker), MODEL, chat)


def test_what_ends_a_program_does_not_end_the_answer():
    asked = inputs_sampling(SamplingConfig(n=7, stop=("\nassert",), logprobs=3, temperature=0.3))
    assert (asked.n, asked.stop, asked.logprobs, asked.temperature) == (1, (), None, 0.3)


@pytest.mark.parametrize(
    "piece", ["f(1, 2)\n", "assert a\n", "assert (", "f(", " ", "```\n", "[", "assert f(1, [", "-"]
)
def test_an_answer_of_any_kind_is_read_in_linear_time(two, piece, assert_grows, cpu_s):
    def cost(size):
        answer = Rollout(problem_id="t/0", index=0, text=piece * (size // len(piece)), mode="chat")
        return cpu_s(lambda: suggested(answer, two))

    assert_grows(cost, 20_000)
