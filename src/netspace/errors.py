"""Every exception of netspace.

    NetspaceError
    ├── UserError (also ValueError)   something the user can put right; the CLI exits with 2
    │   ├── UnknownNameError          a network, space, field or option that does not exist
    │   ├── SpecError                 a network, block or recipe that breaks a rule
    │   ├── InfeasibleError           no network of the space meets the constraints
    │   ├── StudyError                a study file that cannot be read as one
    │   ├── DataError                 images or weights that cannot be used as they are
    │   ├── RunError                  a run folder that holds something else, or is in use
    │   └── StorageError              a disk that is full or cannot be written
    └── TrainingError                 training that broke down: one becomes a failed trial,
                                      all alike stop the run

Messages say the rule, the value, where it stands, and the remedy.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class NetspaceError(Exception):
    """Root of all errors raised on purpose by netspace."""


class UserError(NetspaceError, ValueError):
    """A mistake the user can put right."""


class UnknownNameError(UserError):
    """A name that does not exist; the nearest existing one is suggested."""

    @classmethod
    def of(cls, kind: str, name: str, known: Iterable[str]) -> "UnknownNameError":
        """The error for `name`, which is none of the `known` names of this kind."""
        return cls(f"unknown {kind} '{name}'; {suggestion(name, known)}")


class SpecError(UserError):
    """A network, block or recipe that breaks a rule."""


class InfeasibleError(UserError):
    """No network of the space meets the constraints."""


class StudyError(UserError):
    """A study file that cannot be read as one."""


class DataError(UserError):
    """Images or weights that cannot be used as they are."""


class RunError(UserError):
    """A run folder that holds something else, or is in use."""


class StorageError(UserError):
    """A disk that is full or cannot be written."""


class TrainingError(NetspaceError):
    """A training that broke down and becomes a failed trial; or all, alike, which stops the run."""


def suggestion(name: str, known: Iterable[str]) -> str:
    """'did you mean …?' when a known name is close, else the list of known names."""
    names = sorted(known)
    close = get_close_matches(name, names, n=1, cutoff=0.6)
    return f"did you mean '{close[0]}'?" if close else f"known are {', '.join(names)}"
