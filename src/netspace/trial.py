"""One training: what was trained, how, and what came out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from netspace.design.complexity import Complexity
from netspace.design.network import Network
from netspace.recipe import Recipe

State = Literal["planned", "running", "finished", "failed"]
Round = Literal[
    "population",
    "final",
    "scaling",
    "confirmation",
    "fidelity",
    "contest",
    "transfer",
    "fine-tuning",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """One epoch of a learning curve; number counts from 1, train_loss is the mean over images.

    seconds: of training, without the evaluation.
    """

    number: int
    learning_rate: float
    train_loss: float
    validation_error_percent: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One training of one network.

    index: the network's place in its space's sample. attempts: how often it was begun.
    error: on the validation split, in percent, after the epochs of its curve; None before it first
    finished, and where it failed. seconds: of training. reason: why it failed. setting: versions,
    device, precision and thread count used.
    """

    id: int = 0
    round: Round = "population"
    space: str
    index: int
    network: Network
    parameters: Mapping[str, object] = field(default_factory=dict)
    complexity: Complexity
    recipe: Recipe
    seed: int
    state: State = "planned"
    attempts: int = 0
    error: float | None = None
    seconds: float | None = None
    reason: str = ""
    curve: tuple[Epoch, ...] = ()
    setting: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What the network is called in its run: 'regnetx-7'."""
        return f"{self.space}-{self.index}"
