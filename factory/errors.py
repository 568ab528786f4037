"""What the factory raises. A candidate's behaviour is never here: that is a verdict.

FactoryError
├── InputError            the user's input or config is wrong: place, value, remedy (exit 2)
│   ├── ConfigError         a config file, a --set, or a run directory of another config
│   ├── ProblemError        a problem file
│   └── RolloutError        a rollout file
└── WorkError             the work failed (exit 1)
    ├── EngineError         the sampling engine could not start, or died and did not come back
    ├── PartError           a file of the run directory is damaged
    ├── CanaryError         a program whose verdict is known got another
    └── InfrastructureError a sandbox or a worker process was lost, on fresh ones too
"""


class FactoryError(Exception):
    """Anything the factory raises on purpose. `exit_code` is what the command ends with."""

    exit_code = 1


class InputError(FactoryError):
    """The user's input is wrong; the message names place, value and remedy."""

    exit_code = 2


class ConfigError(InputError):
    """A config value, a `--set`, or a run directory that belongs to another config."""


class ProblemError(InputError):
    """A problem file, at a line and a field."""


class RolloutError(InputError):
    """A rollout file, at a line and a field."""


class WorkError(FactoryError):
    """The work failed through no fault of the input."""


class EngineError(WorkError):
    """The sampling engine could not start, or died and did not come back."""


class PartError(WorkError):
    """A file of the run directory is damaged; the message names it."""


class CanaryError(WorkError):
    """A canary got a verdict that it must not have: nothing graded since the last good round can be trusted."""


class InfrastructureError(WorkError):
    """A sandbox or worker process was lost, and lost again when tried afresh."""
