"""The command line called from tests: what it exits with and prints."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Told:
    """Exit code, stdout and stderr of one command."""

    code: int
    out: str
    err: str


Netspace = Callable[..., Told]
