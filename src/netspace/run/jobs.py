"""What a worker is asked to do, and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from netspace.design.network import Network
from netspace.recipe import Recipe
from netspace.train.probe import Speed
from netspace.trial import Epoch


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainJob:
    """Train one network; keep its weights in this file, if given.

    until: stop after this epoch; None is the recipe's last. state: where the training is saved at
    its end, and from where it goes on if that file is there. start: weights trained on other
    images, from which all but the classifier begins.
    """

    id: int
    network: Network
    recipe: Recipe
    seed: int
    weights: Path | None = None
    until: int | None = None
    state: Path | None = None
    start: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeJob:
    """Time a few steps of one network."""

    id: int
    network: Network
    recipe: Recipe


Job = TrainJob | ProbeJob


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochDone:
    """A training has come one epoch further."""

    id: int
    epoch: Epoch


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A training has come to its end or as far as it was to, with its result.

    error: on the validation split in percent. seconds, curve: of earlier parts as well.
    """

    id: int
    error: float
    seconds: float
    curve: tuple[Epoch, ...]
    setting: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A job broke down for a reason that lies in the network or its recipe.

    unexpected: it may as well lie in netspace or on this machine. seconds, curve: of this job.
    """

    id: int
    reason: str
    unexpected: bool = False
    seconds: float = 0.0
    curve: tuple[Epoch, ...] = ()
    setting: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Died:
    """The worker is gone in the middle of a job, or ends since its accelerator takes no more work.

    killed: by a signal, as for lack of memory.
    """

    id: int
    reason: str
    killed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """The worker cannot do any job for a reason outside the networks, such as a full disk."""

    id: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """A probe's measurement."""

    id: int
    speed: Speed


Event = EpochDone | Finished | Failed | Died | Stopped | Probed
