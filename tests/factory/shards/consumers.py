"""One optimiser step each of TRL's trainers on the views of a shard folder: `python consumers.py SHARDS MODEL OUT`.

Prints one JSON object: losses, rewards, and whether the weights moved. Its own process keeps torch's and TRL's
warnings out of the tests.
"""

import json
import sys

import torch
from datasets import load_dataset
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import DPOConfig, DPOTrainer, GRPOConfig, GRPOTrainer, SFTConfig, SFTTrainer

from factory import reward

SHARDS, MODEL, OUT = sys.argv[1:]
ARGUMENTS = {
    "output_dir": OUT, "max_steps": 1, "per_device_train_batch_size": 2, "report_to": [], "use_cpu": True,
    "bf16": False, "save_strategy": "no", "disable_tqdm": True, "learning_rate": 1e-2, "logging_steps": 1,
    "gradient_checkpointing": False,
}  # fmt: skip


def step(trainer: type, config: type, view: str, more: dict, **given: object) -> dict:
    model = AutoModelForCausalLM.from_pretrained(MODEL, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(MODEL)
    tokenizer.pad_token = tokenizer.eos_token
    before = model.lm_head.weight.detach().clone()
    training = trainer(
        model=model,
        args=config(**ARGUMENTS, **more),
        train_dataset=load_dataset(SHARDS, view, split="train"),
        processing_class=tokenizer,
        **given,
    )
    result = training.train()
    moved = not torch.equal(before, training.model.lm_head.weight.detach())
    return {"steps": result.global_step, "loss": result.training_loss, "moved": moved}


rewards: list[float] = []


def passes(completions: list, reward_model: list, **columns: object) -> list[float]:
    found = reward.passes(completions, reward_model, **columns)
    rewards.extend(found)
    return [value + 0.1 * place for place, value in enumerate(found)]  # a tiny random model solves nothing: no gradient


print(
    json.dumps(
        {
            "sft": step(SFTTrainer, SFTConfig, "sft", {"max_length": 256}),
            "pretrain": step(SFTTrainer, SFTConfig, "pretrain", {"max_length": 256}),
            "preference": step(DPOTrainer, DPOConfig, "preference", {"max_length": 256}),
            "rl": step(
                GRPOTrainer, GRPOConfig, "rl", {"num_generations": 2, "max_completion_length": 8}, reward_funcs=passes
            ),
            "rewards": rewards,
        }
    )
)
