"""Rewards for trainers, under the name that published cards and trainers' settings have for them.

`factory.grading.reward` says what they promise.
"""

from factory.grading.reward import compute_score, passes

__all__ = ["compute_score", "passes"]
