"""What every wall carries: values, streams, commands, conversations."""

from __future__ import annotations

import json
import random
import time

import pytest

from sandbox import CommandJob, Conversation, Isolation, Limits, PythonCalls, Sandbox, SandboxSpec, Step
from sandbox.contract import read_answers
from sandbox.worker import codec

INTERPRETER = (("LD_LIBRARY_PATH", "/opt/python/lib"), ("PYTHONHOME", "/opt/python"))
PYTHON = ("/opt/python/bin/python3", "-S")


@pytest.mark.parametrize(
    "value",
    [None, True, 0, -1, 2**53, 2**53 + 1, -(10**400), 1.5, float("inf"), 1e308, "", "ä\0\n\ud800", b"\0\xff", 1j,
     [], [1, [2]], (), (1, ("a",)), {1, 2}, frozenset({3}), {"a": 1}, {1: "a", (1, 2): None},
     {"$": 1}, [{"$": "x"}]],
)  # fmt: skip
def test_values_go_in_and_come_back(sandbox, calls, value):
    report, (answer,) = calls(sandbox, "def f(x):\n    return x\n", (value,))
    assert report.ok
    assert answer == value
    assert type(answer) is type(value)


def test_one_answer_an_input_in_order(sandbox, calls):
    _, answers = calls(sandbox, "def f(x):\n    return x * x\n", *((n,) for n in range(500)))
    assert answers == [n * n for n in range(500)]


def test_keyword_arguments(sandbox):
    job = PythonCalls("def f(a, *, b):\n    return [a, b]\n", "f", (codec.dumps([[1], {"b": 2}]),))
    assert read_answers(sandbox.run_calls(job).output, 1).answers[0].payload == "[1,2]"


def test_inputs_of_another_problem_are_not_mixed_up(sandbox, calls, streams):
    code = "def f(x):\n    return x\n"
    for n in range(3):
        assert calls(sandbox, code, (n,))[1] == [n]
        (report,) = streams(sandbox, "print(input())", f"{n}\n")
        assert report.output == f"{n}\n".encode()


def test_equal_inputs_in_another_tuple_are_sent_again(sandbox):
    source = "def f(x):\n    return x\n"
    for n in range(20):  # tuples come and go, and with them their addresses
        inputs = (codec.dumps([[n], {}]),)
        assert read_answers(sandbox.run_calls(PythonCalls(source, "f", inputs)).output, 1).answers[0].payload == str(n)


def test_argument_changed_by_one_candidate_is_whole_for_the_next(sandbox):
    inputs = (codec.dumps([[[1, 2]], {}]),)
    for _ in range(2):
        report = sandbox.run_calls(PythonCalls("def f(x):\n    x.append(3)\n    return x\n", "f", inputs))
        assert read_answers(report.output, 1).answers[0].payload == "[1,2,3]"


def test_load_error_and_missing_entry_point_are_told(sandbox):
    report = sandbox.run_calls(PythonCalls("def f(:\n", "f", ("[[], {}]",)))
    assert json.loads(read_answers(report.output, 1).load_error or "")["type"] == "SyntaxError"
    report = sandbox.run_calls(PythonCalls("def g():\n    pass\n", "f", ("[[], {}]",)))
    assert json.loads(read_answers(report.output, 1).missing or "") == ["g"]


@pytest.mark.parametrize("isolation", Isolation)
def test_chance_begins_the_same_in_every_process(backend, isolation, calls, streams):
    due = random.Random(0).random()
    with Sandbox(backend, SandboxSpec(isolation=isolation)) as sandbox:
        for _ in range(2):
            _, answers = calls(sandbox, "import random\ndef f():\n    return random.random()\n", ())
            assert answers == [due]
        printed = streams(sandbox, "import random\nprint(random.random())\n", "", "")
        assert [json.loads(report.output) for report in printed] == [due, due]


def test_streams_have_a_process_each(sandbox, streams):
    reports = streams(sandbox, "import os\nx = globals().get('x', 0) + int(input())\nprint(x)", "1", "2")
    assert [report.output for report in reports] == [b"1\n", b"2\n"]


def test_streams_by_the_hundreds(sandbox, streams):
    texts = [str(n) for n in range(600)]  # more than a worker could hold open at once
    reports = streams(sandbox, "print(input())", *texts)
    assert [report.output.decode().strip() for report in reports] == texts


def test_streams_end_after_a_breach(sandbox, streams):
    reports = streams(sandbox, "while input() == 'x':\n    pass", "y", "x\n" * 2, "y", cpu_s=0.3, output_kb=1)
    assert [report.ok for report in reports] == [True, False, True]
    reports = streams(sandbox, "while True:\n    pass", "1", "2", cpu_s=0.3)
    assert [report.breach for report in reports] == ["cpu"]


def test_stderr_and_exit_code_are_told(sandbox, streams):
    (report,) = streams(sandbox, "import sys\nprint('why' + 'x' * 10000 + 'end', file=sys.stderr)\nsys.exit(3)")
    assert (report.exit_code, report.signal, report.breach) == (3, None, None)
    assert report.errors == b"why" + b"x" * 1021 + b"\n" + b"x" * 3067 + b"end\n"
    assert len(report.errors) == 4096
    (report,) = streams(sandbox, "import os\nos.kill(os.getpid(), 9)")
    assert (report.exit_code, report.signal) == (None, 9)


def test_commands_run_in_order_in_one_directory(sandbox):
    steps = (
        Step((*PYTHON, "a/make.py"), env=INTERPRETER),
        Step((*PYTHON, "-c", "print(open('made').read() + input())"), stdin=b"stdin", env=INTERPRETER),
        Step((*PYTHON, "-c", "raise SystemExit(4)"), env=INTERPRETER, required=False),
        Step((*PYTHON, "-c", "import sys; sys.exit('no')"), env=INTERPRETER),
        Step((*PYTHON, "-c", "print('never')"), env=INTERPRETER),
    )
    job = CommandJob({"a/make.py": b"open('made', 'w').write('made, ')", "b": b""}, steps)
    reports = sandbox.run_commands(job)
    assert [report.exit_code for report in reports] == [0, 0, 4, 1]
    assert reports[1].output == b"made, stdin\n"
    assert reports[3].errors == b"no\n"


def test_command_that_is_not_there_fails_as_a_program_would(sandbox):
    (report,) = sandbox.run_commands(CommandJob({}, (Step(("/no/such",)),)))
    assert not report.ok


def test_files_of_megabytes(sandbox):
    data = bytes(range(256)) * 2**14
    step = Step((*PYTHON, "-c", "print(open('data', 'rb').read() == bytes(range(256)) * 2**14)"), env=INTERPRETER)
    (report,) = sandbox.run_commands(CommandJob({"data": data}, (step,)))
    assert report.output == b"True\n"


def test_conversation(sandbox):
    with sandbox.conversation(
        Conversation("total = 0\ndef f(n):\n    global total\n    total += n\n    return total\n", "f")
    ) as talk:
        assert talk.opening == ("R", "")
        assert [talk.ask(codec.dumps([[n], {}])) for n in (1, 2, 3)] == [("V", "1"), ("V", "3"), ("V", "6")]
    assert talk.report is not None
    assert talk.report.breach is None


def test_conversation_with_tests(sandbox):
    with sandbox.conversation(
        Conversation("def check(candidate):\n    assert candidate(1) == 2\n", "f", tests=True)
    ) as exam:
        assert exam.opening == ("C", "[[1],{}]")
        assert exam.ask(json.dumps({"kind": "V", "payload": "2"})) == ("P", "")


def test_conversation_with_one_who_left(sandbox):
    with sandbox.conversation(Conversation("import os\ndef f(n):\n    os._exit(0)\n", "f")) as talk:
        assert talk.ask("[[1], {}]") is None
        assert talk.ask("[[1], {}]") is None
    assert talk.report is not None
    assert talk.report.exit_code == 0


@pytest.mark.parametrize(
    ("code", "limits", "breach"),
    [("while True:\n    pass\n", {"cpu_s": 0.3}, "cpu"), ("import time\ntime.sleep(60)\n", {"wall_s": 0.3}, "wall"),
     ("def f(n):\n    return 'x' * 100_000\n", {"output_kb": 10}, "output")],
    ids=["cpu", "wall", "output"],
)  # fmt: skip
def test_conversation_broken_off_by_a_limit(sandbox, code, limits, breach):
    with sandbox.conversation(Conversation(code, "f", Limits(**limits))) as talk:
        assert talk.ask("[[1], {}]") is None
    assert talk.report is not None
    assert talk.report.breach == breach


def test_conversation_left_by_an_exception_leaves_a_sandbox_that_works(fresh, calls):
    job = Conversation("def f(n):\n    return n\n", "f")
    with pytest.raises(KeyError), fresh.conversation(job) as talk:  # noqa: PT012
        talk.ask("[[1], {}]")
        raise KeyError
    assert calls(fresh, "def f():\n    return 1\n")[1] == [1]


def test_time_that_the_host_takes_is_not_the_candidates(sandbox):
    with sandbox.conversation(Conversation("def f(n):\n    return n\n", "f", Limits(wall_s=0.5))) as talk:
        for _ in range(2):
            time.sleep(0.8)
            assert talk.ask("[[1], {}]") == ("V", "1")


def test_no_other_job_in_the_middle_of_a_conversation(fresh, calls):
    with pytest.raises(RuntimeError), fresh.conversation(Conversation("def f(n):\n    return n\n", "f")):
        calls(fresh, "def f():\n    return 1\n")
    assert calls(fresh, "def f():\n    return 1\n")[1] == [1]


def test_usage_is_measured(sandbox, calls):
    code = """
    import os, time
    def f():
        if os.fork() == 0:
            until = time.process_time() + 0.2
            while time.process_time() < until:
                pass
            os._exit(0)
        os.wait()
        held = bytearray(b"x") * (50 << 20)
        time.sleep(0.1)
    """
    report, _ = calls(sandbox, code)
    assert 200 < report.usage.cpu_ms < 1000
    assert report.usage.wall_ms > 250
    assert 50 < report.usage.peak_mb < 100


def test_a_method_is_called_on_a_fresh_object_each_time(sandbox):
    source = "class S:\n    def __init__(self):\n        self.n = 0\n    def f(self, method, owner=0):\n"
    source += "        self.n += method\n        return self.n\n    g = 5\n"
    job = PythonCalls(source, "S.f", ('[[1], {"owner": 2}]', '[[], {"method": 3}]'))
    assert [answer.payload for answer in read_answers(sandbox.run_calls(job).output, 2).answers] == ["1", "3"]
    for missing in ("S.h", "S.g", "T.f", "S"):
        report = sandbox.run_calls(PythonCalls(source.replace("class S", "S = 1\nclass U"), missing, ("[[], {}]",)))
        assert read_answers(report.output, 1).missing is not None, missing


def test_tests_of_a_method_find_its_class(sandbox, fresh):
    job = Conversation("assert S().f(1) == 2\nassert candidate(1) == 2", "S.f", tests=True)
    with fresh.conversation(job) as talk:
        for _ in range(2):
            assert talk.opening is not None
            last = talk.ask('{"kind": "V", "payload": "2"}')
    assert last is not None
    assert last[0] == "P"
