"""Asynchronous successive halving: many networks train briefly, the best of them go on.

Li et al. 2020 (ASHA). All networks have one schedule of learning rates and go on from where they
stopped, so a network that comes to the end was trained as if it had never waited.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from netspace.errors import SpecError


@dataclass(frozen=True, slots=True, kw_only=True)
class Halving:
    """first: epochs after which a network waits for the first time. factor: one in so many goes on.

    Each further rung is `factor` times as many epochs, the last one the recipe's.
    """

    first: int = 1
    factor: int = 3

    def __post_init__(self) -> None:
        if self.first < 1:
            raise SpecError(f"first {self.first} must be at least 1 epoch")
        if self.factor < 2:
            raise SpecError(f"factor {self.factor} must be at least 2: one in so many goes on")

    def rungs(self, epochs: int) -> tuple[int, ...]:
        """The epochs at which networks wait, the last one the whole training.

        Raises SpecError where that leaves a single rung.
        """
        found = []
        rung = self.first
        while rung < epochs:
            found.append(rung)
            rung *= self.factor
        if not found:
            raise SpecError(
                f"halving: first {self.first} must be below the recipe's epochs {epochs}"
            )
        return (*found, epochs)

    def promoted(
        self, fitness: Mapping[int, Mapping[int, float]], waiting: Mapping[int, int]
    ) -> int | None:
        """The network that goes on next, of the best 1 / factor of a rung; None if none does.

        fitness: by rung, of every network that came to it. waiting: by network, the rung where it
        stands. The longest trained come first.
        """
        for rung in sorted(fitness, reverse=True):
            here = fitness[rung]
            ranked = sorted(here, key=lambda number: (-here[number], number))
            for number in ranked[: len(ranked) // self.factor]:
                if waiting.get(number) == rung:
                    return number
        return None

    def mean_epochs(self, epochs: int) -> float:
        """Epochs that a network is trained for on average, one in `factor` going on each time."""
        rungs = self.rungs(epochs)
        steps = zip((0, *rungs), rungs, strict=False)
        return sum((to - since) / float(self.factor) ** i for i, (since, to) in enumerate(steps))
