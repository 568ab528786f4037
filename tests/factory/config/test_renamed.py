"""Old names of keys: read under their new names, with a warning that names both and the place."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from factory.config import Config, GradingConfig, load, parse_section
from factory.config.base import values_of
from factory.config.renamed import KEYS, VALUES
from factory.errors import ConfigError, RenamedKeyWarning
from factory.records import Problem
from factory.run.directory import RunDir
from factory.storage.files import put

LEAST = "name: test\nproblems: {path: p.jsonl}\nengine: {kind: replay, path: r.jsonl}\n"
OLD = (
    "scrutiny: {inputs: 3}\nclean: {ngram: 9}\nsandbox: {workers: 2, scratch_mb: 7}\n"
    "rank: {by: [repairs, findings, index]}\n"
)


def written(tmp_path: Path, text: str = "") -> Path:
    path = tmp_path / "c.yaml"
    path.write_text(LEAST + text)
    return path


def test_an_old_file_is_read_under_the_new_names(tmp_path: Path) -> None:
    path = written(tmp_path, OLD)
    with pytest.warns(RenamedKeyWarning) as caught:
        config = load(path)
    assert (config.review.inputs, config.decontamination.ngram) == (3, 9)
    assert (config.executor.workers, config.sandbox.scratch_mb) == (2, 7)
    assert config.rank.by == ("import_fixes", "lint", "index")
    assert sorted(str(warning.message) for warning in caught) == [
        f"{path}: {old} is now called {new}; the next version refuses the old name"
        for old, new in [
            ("clean", "decontamination"),
            ("rank.by: findings", "lint"),
            ("rank.by: repairs", "import_fixes"),
            ("sandbox.workers", "executor.workers"),
            ("scrutiny", "review"),
        ]
    ]


@pytest.mark.parametrize(
    ("override", "old", "new"),
    [
        ("scrutiny.inputs=0", "scrutiny", "review"),
        ("scrutiny={inputs: 0}", "scrutiny", "review"),
        ("sandbox.workers=3", "sandbox.workers", "executor.workers"),
        ("sandbox={workers: 3}", "sandbox.workers", "executor.workers"),
        ("rank.by=[repairs]", "rank.by: repairs", "import_fixes"),
    ],
)
def test_an_old_name_on_the_command_line(tmp_path: Path, override: str, old: str, new: str) -> None:
    with pytest.warns(RenamedKeyWarning) as caught:
        config = load(written(tmp_path), (override,))
    assert [str(one.message).partition(";")[0] for one in caught] == [f"--set {override}: {old} is now called {new}"]
    assert config == load(written(tmp_path), (NEW[override],))


NEW = {
    "scrutiny.inputs=0": "review.inputs=0",
    "scrutiny={inputs: 0}": "review.inputs=0",
    "sandbox.workers=3": "executor.workers=3",
    "sandbox={workers: 3}": "executor.workers=3",
    "rank.by=[repairs]": "rank.by=[import_fixes]",
}


def test_an_override_by_an_old_name_wins_over_the_file(tmp_path: Path) -> None:
    with pytest.warns(RenamedKeyWarning):
        config = load(written(tmp_path, "review: {inputs: 3, mutants: 5}\n"), ("scrutiny.inputs=0",))
    assert (config.review.inputs, config.review.mutants) == (0, 5)


def test_a_section_of_its_own_is_read_too() -> None:
    with pytest.warns(RenamedKeyWarning, match=r"^--set clean\.ngram=9: clean is now called decontamination"):
        assert parse_section(GradingConfig, ("clean.ngram=9",)).decontamination.ngram == 9


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("clean: {ngram: 9}\ndecontamination: {ngram: 8}\n", "clean is the old name of decontamination, which is set"),
        ("executor: 3\nsandbox: {workers: 2}\n", "sandbox.workers is now executor.workers, but executor is a value"),
    ],
)
def test_an_old_name_that_cannot_be_read(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, text))
    assert message in str(caught.value)


def test_a_wrong_value_under_an_old_name_is_reported_under_the_new_one(tmp_path: Path) -> None:
    with (
        pytest.warns(RenamedKeyWarning),
        pytest.raises(ConfigError, match=r"--set scrutiny\.inputs=-1: review\.inputs"),
    ):
        load(written(tmp_path), ("scrutiny.inputs=-1",))


def test_the_new_names_are_keys_and_the_old_ones_are_not(tmp_path: Path) -> None:
    known = {key for key, _ in values_of(Config)}
    sections = {key.rpartition(".")[0] for key in known}
    assert set(KEYS.values()) <= known | sections
    assert not set(KEYS) & (known | sections)
    assert set(VALUES) <= known
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for key, names in VALUES.items():
            load(written(tmp_path), (f"{key}=[{', '.join(names.values())}]",))


# ---- run directories ----


def run_of(tmp_path: Path, text: str) -> RunDir:
    place = RunDir(tmp_path / "run")
    place.claim(load(written(tmp_path)), [PROBLEM])
    put(place.config_file, text.encode())
    rollouts = place.rollouts(PROBLEM, range(8))
    rollouts.parent.mkdir()
    rollouts.touch()  # a run without any takes every config
    return place


PROBLEM = Problem.model_validate(
    {"id": "a/1", "prompt": "x", "entry_point": "f", "cases": [{"args": [1], "expected": 1}]}
)


def test_a_run_directory_of_before_the_renaming_goes_on(tmp_path: Path) -> None:
    place = run_of(tmp_path, LEAST + OLD)
    new = OLD.replace("scrutiny", "review").replace("clean", "decontamination")
    new = new.replace("workers: 2, ", "").replace("repairs, findings", "import_fixes, lint")
    with pytest.warns(RenamedKeyWarning) as caught:
        place.claim(load(written(tmp_path, new)), [PROBLEM])
    assert {str(one.message).partition(": ")[0] for one in caught} == {str(place.config_file)}
    assert "scrutiny" not in place.config_file.read_text()


def test_a_run_directory_of_before_a_key_existed_goes_on_with_the_default(tmp_path: Path) -> None:
    place = run_of(tmp_path, LEAST)
    place.claim(load(written(tmp_path)), [PROBLEM])
    with pytest.raises(ConfigError, match=r"review\.mutants: 16 -> 3"):
        place.claim(load(written(tmp_path, "review: {mutants: 3}\n")), [PROBLEM])
