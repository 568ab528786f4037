"""From a problem to raw model output: prompts, weights, engines, and files of recorded rollouts."""
