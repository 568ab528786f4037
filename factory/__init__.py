"""Verified synthetic code in batches: sample programs, run them on their tests, translate and ship what passes.

`factory.cli` has the commands and `factory.reward` the rewards for trainers. Importing this package loads nothing else.
"""

__version__ = "0.1.0"
"""The version of this code, by semantic versioning. Nothing else states it: `pyproject.toml` reads it from here."""
