"""What the factory raises. A candidate's behaviour is never here: that is a verdict.

FactoryError
├── InputError            the user's input or config is wrong: place, value, remedy (exit 2)
│   ├── ConfigError         a config file, a --set, or a run directory of another config
│   ├── ProblemError        a problem file
│   ├── RolloutError        a rollout file
│   └── HubRefused          the hub's token has no right to what was asked
└── WorkError             the work failed (exit 1)
    ├── EngineError         the sampling engine could not start, or died and did not come back
    ├── CanaryError         a program whose verdict is known got another
    ├── PartError           a file of the run directory cannot be read
    │   └── DamagedPart        its bytes are not those that were written
    ├── HubError            the hub could not be reached, or did not do what was asked
    ├── StoreError          an object store could not be reached, or did not do what was asked
    │   ├── ObjectGone         an object is not there
    │   └── StoreConflict      an object is another than this process wrote
    │       └── LeaseLost         another process has taken over what this one worked on
    ├── AuditError          an audit found damage, or a shipped record that does not pass again
    ├── ResourceError       this machine gives no further process, thread, file or memory
    ├── WallError           what sandboxes are built with is gone: a Docker daemon in mid-run
    └── InfrastructureError a sandbox or a worker process was lost, on fresh ones too

RenamedKeyWarning       a config uses an old name of a key; the message gives the new one
DamageWarning           the work goes on, but rests on a copy of what is damaged, or has no lock
"""


class FactoryError(Exception):
    """Anything the factory raises on purpose. `exit_code` is what the command ends with."""

    exit_code = 1


class InputError(FactoryError):
    """The user's input is wrong; the message names place, value and remedy."""

    exit_code = 2


class ConfigError(InputError):
    """A config value, a `--set`, or a run directory that belongs to another config."""


class LockedError(ConfigError):
    """Another process is working on the run, or on the slice."""


class ProblemError(InputError):
    """A problem file, at a line and a field."""


class RolloutError(InputError):
    """A rollout file, at a line and a field."""


class HubRefused(InputError):
    """The hub wants a token with other rights; never holds the token."""


class WorkError(FactoryError):
    """The work failed through no fault of the input."""


class EngineError(WorkError):
    """The sampling engine could not start, or died and did not come back."""


class PartError(WorkError):
    """A file of the run directory cannot be read; the message names it."""


class DamagedPart(PartError):
    """Its bytes are not those that were written: its sha256 is another than the one beside it."""


class HubError(WorkError):
    """The hub could not be reached, or did not do what was asked, in several tries; never holds the token."""


class StoreError(WorkError):
    """An object store did not answer, or not as asked, for as long as it is waited for; never holds a key."""


class ObjectGone(StoreError):
    """An object is not there."""


class StoreConflict(StoreError):
    """An object is there that must not be, or another than was there before: another process has written it."""


class LeaseLost(StoreConflict):
    """Another process has taken over the run, or the slice, that this one worked on."""


class AuditError(WorkError):
    """An audit found damage, or a shipped record that does not pass again; every one is named."""


class CanaryError(WorkError):
    """A canary got a verdict that it must not have: nothing graded since the last good round can be trusted."""


class ResourceError(WorkError):
    """This machine gives no further process, thread, open file or memory; the message says which limit to raise."""


class WallError(WorkError):
    """No sandbox can be built any more, though some were; the message names the service and the remedy."""


class InfrastructureError(WorkError):
    """A sandbox or worker process was lost, and lost again when tried afresh."""


class RenamedKeyWarning(FutureWarning):
    """A config uses a name that the next version refuses; the message names place, old name and new name."""


class DamageWarning(UserWarning):
    """The work goes on, but not as it should: a file is damaged and its copy is used, or there is no lock."""
