"""GRPO with the sandbox as its reward: TRL's trainer on the `rl` view of a finished run.

    python examples/train_grpo.py SHARDS --check           # grade the run's own rollouts again; no model is loaded
    python examples/train_grpo.py SHARDS --model Qwen/Qwen2.5-Coder-0.5B-Instruct --out grpo

SHARDS is RUN_DIR/shards of a run whose config has `shards.views: [rl]`. A completion is rewarded with 1.0 if its
program passes every test of its row behind the wall, else with 0.0. `--check` compares such rewards with those that the
run recorded, so that a wall which works no more is found before a GPU is paid for. Rewards may differ where more
than the tests dropped a program (`dropped_by`): such a response is printed, and is no error.
"""

import argparse
from typing import Any

from datasets import Dataset, load_dataset

from factory.reward import passes


def check(rows: Dataset) -> int:
    """Grade every recorded response again; the number of passing ones. Raises SystemExit where none passes."""
    passing = 0
    for row in rows:
        found = passes(row["responses"], [row["reward_model"]] * len(row["responses"]))
        passing += int(sum(found))
        for index, now, then in zip(row["rollout_indices"], found, row["rewards"], strict=True):
            if now != then:
                print(f"{row['id']} rollout {index}: {now}, recorded {then}")
    if not passing:
        raise SystemExit("no recorded response passes: is the sandbox at work? remedy: factory doctor")
    return passing


def trainer(model: str, rows: Dataset, out: str) -> Any:
    """TRL's trainer over `rows`, whose columns `prompt` and `reward_model` are what it and the reward need."""
    from trl import GRPOConfig, GRPOTrainer

    settings = GRPOConfig(output_dir=out, num_generations=8, max_completion_length=512, learning_rate=1e-6)
    return GRPOTrainer(model=model, reward_funcs=passes, train_dataset=rows, args=settings)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shards")
    parser.add_argument("--check", action="store_true", help="grade what the run recorded, and stop")
    parser.add_argument("--model", default="Qwen/Qwen2.5-Coder-0.5B-Instruct")
    parser.add_argument("--out", default="grpo")
    options = parser.parse_args()
    rows = load_dataset(options.shards, "rl", split="train")
    if options.check:
        print(f"{check(rows)} of {sum(map(len, rows['responses']))} recorded responses pass")
    else:
        trainer(options.model, rows, options.out).train()


if __name__ == "__main__":
    main()
