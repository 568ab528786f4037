"""The commands as a user meets them: exit codes, what stands on stdout and stderr, what is written."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

PROBLEM = {
    "id": "p/1",
    "prompt": "Add.",
    "entry_point": "add",
    "cases": [{"args": [1, 2], "expected": 3, "public": True}, {"args": [0, 0], "expected": 0}],
}
ROLLOUTS = [
    {"problem_id": "p/1", "index": 0, "text": "def add(a, b):\n    return a + b\n", "mode": "code"},
    {"problem_id": "p/1", "index": 1, "text": "def add(a, b):\n    return a - b\n", "mode": "code"},
    {"problem_id": "p/1", "index": 2, "text": "def add(x, y):\n    return x + y  # sum\n", "mode": "code", "extra": 1},
]


def write_lines(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def given(tmp_path):
    """(problem file, rollout file, output folder)."""
    return write_lines(tmp_path / "p.jsonl", [PROBLEM]), write_lines(tmp_path / "r.jsonl", ROLLOUTS), tmp_path / "out"


def verify(factory, given, *more):
    problems, rollouts, out = given
    return factory("verify", "--problems", problems, "--rollouts", rollouts, "--out", out, *more)


def test_verify_writes_verdicts_and_a_summary(given, factory_process):
    done = verify(factory_process, given)
    assert done.returncode == 0, done.stderr
    assert "passes all tests" in done.stdout
    rows = pq.ParquetFile(given[2] / "verdicts.parquet").read().to_pylist()
    assert [(row["index"], row["status"], row["duplicate_of"]) for row in rows] == [
        (0, "passed", None),
        (1, "wrong_answer", None),
        (2, "passed", None),
    ]
    assert rows[1]["detail"] == "case 0: answered -1, expected 3"
    assert rows[1]["first_failure"]["case"] == 0
    summary = json.loads((given[2] / "summary.json").read_text())
    assert summary["languages"]["python"]["funnel"]["passed"] == 2


def test_verify_takes_settings(given, factory):
    done = verify(factory, given, "--set", "verify.dedup=false", "--set", "executor.workers=1")
    assert done.returncode == 0
    rows = pq.ParquetFile(given[2] / "verdicts.parquet").read().to_pylist()
    assert all(row["duplicate_of"] is None for row in rows)


def test_verify_grades_go(given, factory):
    write_lines(
        given[1],
        [{"problem_id": "p/1", "index": 0, "text": "package x\nfunc Add(a, b int) int { return a+b }", "mode": "code"}],
    )
    done = verify(factory, given, "--language", "go")
    assert done.returncode == 0, done.stderr
    (row,) = pq.ParquetFile(given[2] / "verdicts.parquet").read().to_pylist()
    assert (row["status"], row["language"], row["cases_passed"]) == ("passed", "go", 2)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([ROLLOUTS[0] | {"problem_id": "p/9"}], "the rollouts are of 'p/9', …, the problems are 'p/1', …"),
        ([ROLLOUTS[0] | {"index": "x"}], "index"),
        ([ROLLOUTS[0] | {"mode": "speech"}], "mode"),
    ],
)
def test_a_bad_rollout_is_named(given, rows, told, factory):
    write_lines(given[1], rows)
    done = verify(factory, given)
    assert done.returncode == 2
    assert told in done.stderr
    assert str(given[1]) in done.stderr
    assert "Traceback" not in done.stderr
    assert not (given[2] / "verdicts.parquet").exists()


def test_a_row_that_is_no_rollout_is_left_out_and_counted(given, factory):
    lines = [json.dumps(one) for one in (ROLLOUTS[0] | {"text": None}, *ROLLOUTS, ROLLOUTS[0] | {"problem_id": "p/9"})]
    given[1].write_text("\n".join([*lines, lines[1][:20]]))
    done = verify(factory, given)
    assert done.returncode == 0, done.stderr
    left_out = json.loads((given[2] / "summary.json").read_text())["left_out"]
    first = f"their row is no rollout (the first: {given[1]}:1: text: null: Input should be a valid string)"
    assert left_out == {first: 2, "their problem_id is not among the problems (the first: 'p/9')": 1}
    assert f"2 rollout(s) left out: {first}" in done.stderr.replace("\n", "")


def test_rollouts_of_no_known_form_are_mapped(given, factory):
    write_lines(given[1], [{"task": "p/1", "answers": [one["text"] for one in ROLLOUTS]}])
    done = verify(factory, given, "--set", "rollouts.mapping={problem_id: task, text: answers, mode: code}")
    assert done.returncode == 0, done.stderr
    rows = pq.ParquetFile(given[2] / "verdicts.parquet").read().to_pylist()
    assert [row["status"] for row in rows] == ["passed", "wrong_answer", "passed"]
    done = verify(factory, given, "--set", "rollouts.mapping={problem_id: task, txt: answers}")
    assert done.returncode == 2
    assert "txt: no such field of a rollout" in done.stderr


def test_a_bad_problem_is_set_aside_with_its_line(given, factory):
    write_lines(given[0], [PROBLEM, PROBLEM | {"id": "p/2", "entry_point": 5}])
    done = verify(factory, given)
    assert done.returncode == 0, done.stderr
    assert f"set aside: {given[0]}:2: entry_point: 5" in done.stderr


def test_a_file_without_a_good_problem_is_wrong_input(given, factory):
    write_lines(given[0], [PROBLEM | {"entry_point": 5}])
    done = verify(factory, given)
    assert done.returncode == 2
    assert f"{given[0]}:1: entry_point: 5" in done.stderr


def test_rollouts_of_a_refused_problem_are_left_out_and_counted(given, factory):
    write_lines(given[0], [PROBLEM | {"id": "p/2"}, PROBLEM | {"cases": []}])
    done = verify(factory, given)
    assert done.returncode == 0, done.stderr
    (reason,) = json.loads((given[2] / "summary.json").read_text())["left_out"]
    assert (
        reason == f"their problem is refused: {given[0]}:2: cases: a problem without cases or test_code decides nothing"
    )


def test_rollouts_of_an_unknown_problem_are_left_out_and_counted_apart(given, factory):
    write_lines(
        given[0], [PROBLEM, PROBLEM | {"id": "p/2", "comparison": {"kind": "predicate", "predicate": "1 == 1"}}]
    )
    write_lines(given[1], [*ROLLOUTS, *(ROLLOUTS[0] | {"problem_id": name} for name in ("p/2", "p/8", "p/9"))])
    done = verify(factory, given)
    assert done.returncode == 0, done.stderr
    left_out = json.loads((given[2] / "summary.json").read_text())["left_out"]
    refused, unknown = sorted(left_out)
    assert "predicate: does not mention 'answer'" in refused.replace('"1 == 1": ', "")
    assert unknown == "their problem_id is not among the problems (the first: 'p/8')"
    assert (left_out[refused], left_out[unknown]) == (1, 2)
    assert f"2 rollout(s) left out: {unknown}" in done.stderr


def test_a_replay_leaves_out_what_belongs_to_no_problem_in_use(given, factory):
    problems, rollouts, out = given
    write_lines(problems, [PROBLEM, PROBLEM | {"id": "p/2", "cases": []}])
    write_lines(rollouts, [*ROLLOUTS, ROLLOUTS[0] | {"problem_id": "p/2"}, ROLLOUTS[0] | {"problem_id": "p/9"}])
    config = out.parent / "c.yaml"
    settings = {"name": "t", "problems": {"path": str(problems)}, "engine": {"kind": "replay", "path": str(rollouts)}}
    config.write_text(json.dumps(settings | {"sampling": {"n": 3}, "translate": {"targets": []}}))
    done = factory("run", config, "--run-dir", out)
    assert done.returncode == 0, done.stderr
    assert "1 rollout(s) left out: their problem is refused: " in done.stderr
    assert "1 rollout(s) left out: their problem_id is not among the problems (the first: 'p/9')" in done.stderr
    lines = map(json.loads, (out / "ledger.jsonl").read_text().splitlines())
    (line,) = [it for it in lines if it["event"] == "left_out"]
    assert sorted(line["rollouts"].values()) == [1, 1]
    write_lines(rollouts, [ROLLOUTS[0] | {"problem_id": "p/9"}])
    done = factory("run", config, "--run-dir", out.parent / "other")
    assert done.returncode == 2
    assert "the rollouts are of 'p/9', …, the problems are 'p/2', 'p/1', …" in done.stderr


def test_translate_leaves_out_survivors_of_a_refused_problem(given, factory):
    problems, survivors, out = given
    write_lines(problems, [PROBLEM, PROBLEM | {"id": "p/2", "cases": []}])
    code = "def add(a, b):\n    return a + b\n"
    write_lines(survivors, [{"problem_id": name, "code": code} for name in ("p/1", "p/2")])
    answers = write_lines(out.parent / "go.jsonl", [ROLLOUTS[0] | {"language": "go", "text": "func Add() {}"}])
    config = out.parent / "c.yaml"
    settings = {"name": "t", "problems": {"path": str(problems)}, "engine": {"kind": "replay", "path": str(answers)}}
    config.write_text(json.dumps(settings | {"translate": {"targets": [], "n": 1}}))
    done = factory("translate", "--problems", problems, "--survivors", survivors, "--config", config, "--out", out)
    assert done.returncode == 0, done.stderr
    assert "1 rollout(s) left out: their problem is refused: " in done.stderr


@pytest.mark.parametrize(
    ("name", "data", "place"),
    [
        ("s.jsonl", b'{"problem_id": "p/1", "code": "x"}\n{"problem_id": "p/1", "co', "s.jsonl:2"),
        ("s.jsonl", b'{"problem_id": "p/1"}\n', "s.jsonl:1"),
        ("s.jsonl", b"[1]\n", "s.jsonl:1"),
        ("s.parquet", b"PAR1 no more", "s.parquet"),
        ("none.jsonl", None, "none.jsonl"),
    ],
)
def test_survivors_that_cannot_be_read_are_named(given, factory, name, data, place):
    problems, _, out = given
    write_lines(problems, [PROBLEM])
    if data is not None:
        (out.parent / name).write_bytes(data)
    config = out.parent / "c.yaml"
    settings = {"name": "t", "problems": {"path": str(problems)}, "engine": {"kind": "replay", "path": str(problems)}}
    config.write_text(json.dumps(settings | {"translate": {"targets": []}}))
    survivors = out.parent / name
    done = factory("translate", "--problems", problems, "--survivors", survivors, "--config", config, "--out", out)
    assert done.returncode == 2
    assert f"error: {out.parent / place}: " in done.stderr


def test_problems_tells_what_would_be_loaded(given, factory):
    write_lines(given[0], [PROBLEM, PROBLEM | {"id": "p/2", "reference": "def add(a, b):\n    return 0"}])
    done = factory("problems", given[0])
    assert done.returncode == 0, done.stderr
    assert "1 problems (1 call), 0 with a reference" in done.stdout
    assert "2 cases (2 equal), 1 of them public" in done.stdout
    assert f"{given[0]}:2: p/2: its reference fails its own tests: wrong_answer: case 0" in done.stdout
    done = factory("problems", given[0], "--format", "mapping", "--set", "problems.mapping={prompt: prompt}")
    assert done.returncode == 2
    assert "problems.mapping.tests: is missing" in done.stderr
    assert factory("problems").returncode == 2


def test_an_unknown_language_is_answered_with_those_there_are(given, factory):
    done = verify(factory, given, "--language", "cobol")
    assert done.returncode == 2
    assert "python, go" in done.stderr


def test_an_unknown_wall_is_answered_with_those_there_are(given, factory):
    done = verify(factory, given, "--set", "sandbox.backend=paper")
    assert done.returncode == 2
    assert "bubblewrap" in done.stderr


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name: x\nproblems: {path: p}\nengine: {kind: replay, path: r}\nwrong: 1\n", "wrong: unknown key"),
        ("name: x\nproblems: {path: p}\nengine: {kind: psychic}\n", "vllm"),
        ("name: X Y\nproblems: {path: p}\nengine: {kind: replay, path: r}\n", 'name: "X Y" is not allowed'),
        (
            "name: x\nproblems: {path: p}\nengine: {kind: replay, path: r}\nsampling: {n: 0}\n",
            "sampling.n: 0 is not allowed",
        ),
        ("just text\n", "a config must be a mapping"),
        ("a: [\n", "is not valid YAML"),
    ],
)
def test_a_bad_config_is_named_with_key_and_value(tmp_path, text, told, factory):
    path = tmp_path / "c.yaml"
    path.write_text(text)
    done = factory("run", path)
    assert done.returncode == 2
    assert str(path) in done.stderr
    assert told in done.stderr


def test_schema_describes_every_key(factory):
    done = factory("schema")
    assert done.returncode == 0
    schema = json.loads(done.stdout)
    assert schema["properties"]["sampling"]
    limits = schema["$defs"]["LimitsConfig"]["properties"]
    assert all("description" in field for field in limits.values())


def test_a_place_that_cannot_be_written_to_is_told_in_a_line(given, tmp_path, factory_process):
    (tmp_path / "file").write_text("")
    done = verify(factory_process, (*given[:2], tmp_path / "file" / "below"))
    assert done.returncode == 1
    (*_, last) = done.stderr.splitlines()
    assert last.startswith(f"error: {tmp_path / 'file' / 'below'}: Not a directory; remedy: ")
    assert "Traceback" not in done.stderr


def test_doctor_tells_what_there_is(factory_process):
    done = factory_process("doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "wall bubblewrap" in done.stdout
    assert "go1." in done.stdout


def test_a_run_directory_that_is_none(factory):
    done = factory("status", Path("/nonexistent/run"))
    assert done.returncode == 2
    assert "is no run directory" in done.stderr


def test_a_second_process_on_a_run_is_turned_away(tmp_path, given, factory):
    import fcntl

    run_dir = tmp_path / "run"
    run_dir.mkdir()
    config = tmp_path / "c.yaml"
    config.write_text(f"name: x\nproblems: {{path: {given[0]}}}\nengine: {{kind: replay, path: {given[1]}}}\n")
    with (run_dir / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = factory("run", config, "--run-dir", run_dir)
    assert done.returncode == 2
    assert "another process" in done.stderr
