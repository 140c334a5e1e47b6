"""What a search maximises: accuracy, accuracy against one cost, or the front of both."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

import numpy as np
from pydantic import Discriminator

from netspace.design.units import format_size, parse_milliseconds, parse_size
from netspace.errors import SpecError
from netspace.search.front import front
from netspace.spaces.ranges import Floats

Cost: TypeAlias = Literal["flops", "params", "activations", "latency_ms"]
Costs = Mapping[str, Floats]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """The lowest error, among networks that keep to the budget."""

    kind: Literal["accuracy"] = "accuracy"

    @property
    def costs(self) -> tuple[Cost, ...]:
        """The costs that it weighs."""
        return ()

    def fitness(self, errors: Floats, costs: Costs, chance: np.random.Generator) -> Floats:
        """Accuracy as a share, (N,); errors in percent, NaN stays NaN."""
        return 1 - errors / 100

    def preference(self, errors: Floats, costs: Costs) -> Floats:
        """What a final choice takes the highest of, (N,)."""
        return 1 - errors / 100

    @property
    def sentence(self) -> str:
        """The objective in words."""
        return "highest accuracy within the budget"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reward:
    """accuracy x (cost / target)^w, as MnasNet has it (Tan et al. 2019, eq. 2 and 3).

    target: of the cost, as a number or written like 5M or 5ms. w: -0.07 lets a doubled cost pay if
    accuracy grows by 5 % of itself. form: soft weighs every cost so; hard leaves costs below the
    target aside and divides by cost / target above it (w = -1) unless w is given.
    """

    kind: Literal["reward"] = "reward"
    target: str | float
    cost: Cost = "flops"
    form: Literal["soft", "hard"] = "soft"
    w: float | None = None

    def __post_init__(self) -> None:
        if not 0 < self.amount < math.inf:
            raise SpecError(f"target {self.target} must be above 0; give it as 5M or 5ms")
        if self.w is not None and not -math.inf < self.w < 0:
            raise SpecError(
                f"w {self.w:g} must be below 0, or a higher cost would be rewarded; -0.07 is usual"
            )

    @property
    def amount(self) -> float:
        """The target as a number, in units of the cost."""
        if isinstance(self.target, str):
            latency = self.cost == "latency_ms"
            return parse_milliseconds(self.target) if latency else parse_size(self.target)
        return self.target

    @property
    def costs(self) -> tuple[Cost, ...]:
        """The costs that it weighs."""
        return (self.cost,)

    @property
    def exponents(self) -> tuple[float, float]:
        """MnasNet's alpha, at or below the target, and beta, above it."""
        if self.form == "hard":
            return 0.0, -1.0 if self.w is None else self.w
        soft = -0.07 if self.w is None else self.w
        return soft, soft

    def fitness(self, errors: Floats, costs: Costs, chance: np.random.Generator) -> Floats:
        """The reward, (N,); errors in percent, NaN stays NaN."""
        return self.preference(errors, costs)

    def preference(self, errors: Floats, costs: Costs) -> Floats:
        """The reward again: a final choice takes the highest, (N,)."""
        ratio = _above_0(self.cost, costs) / self.amount
        below, above = self.exponents
        return np.asarray((1 - errors / 100) * ratio ** np.where(ratio <= 1, below, above))

    @property
    def sentence(self) -> str:
        """The objective in words."""
        below, above = self.exponents
        name, target = self.cost.removesuffix("_ms"), self.target
        if not isinstance(target, str):
            target = f"{target:g}ms" if self.cost == "latency_ms" else format_size(target)
        if below == above:
            return f"accuracy x ({name} / {target})^{below:g}"
        return f"accuracy, above {target} {name} x ({name} / {target})^{above:g}"

    @property
    def remark(self) -> str:
        """What users of the soft form are surprised by; empty for the hard one."""
        below, above = self.exponents
        if below != above:
            return ""
        return (
            "the target only scales this objective and changes no order of networks; a hard "
            f"limit on {self.cost.removesuffix('_ms')} does: a budget, or the hard form"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pareto:
    """The networks that no other beats in accuracy and in one or two costs.

    Strategies that need one number get, each time they ask, the augmented Chebyshev distance from
    the best of all under weights drawn anew (Knowles 2006, ParEGO).
    """

    kind: Literal["pareto"] = "pareto"
    costs: tuple[Cost, ...] = ("flops",)

    def __post_init__(self) -> None:
        if not 1 <= len(self.costs) <= 2 or len(set(self.costs)) < len(self.costs):
            raise SpecError(f"pareto weighs one or two different costs, not {list(self.costs)}")

    def fitness(self, errors: Floats, costs: Costs, chance: np.random.Generator) -> Floats:
        """How near to the best each is under weights drawn by chance, (N,); NaN stays NaN."""
        columns = _scaled(self.values(errors, costs))
        weights = chance.dirichlet(np.ones(columns.shape[1]))
        weighed = columns * weights
        return np.asarray(-(weighed.max(axis=1) + 0.05 * weighed.sum(axis=1)))

    def preference(self, errors: Floats, costs: Costs) -> Floats:
        """What a final choice takes the highest of: the front first, by error, (N,)."""
        beaten = ~front(self.values(errors, costs))
        return np.asarray(-errors - 100.0 * beaten)

    def values(self, errors: Floats, costs: Costs) -> Floats:
        """What is to be low: error in percent and the logarithms of the costs, (N, 2 or 3)."""
        return np.stack([errors, *(np.log10(_above_0(name, costs)) for name in self.costs)], axis=1)

    @property
    def sentence(self) -> str:
        """The objective in words."""
        return f"the front of accuracy and {' and '.join(self.costs)}"


Objective = Annotated[Accuracy | Reward | Pareto, Discriminator("kind")]


def _above_0(name: Cost, costs: Costs) -> Floats:
    if (costs[name] <= 0).any():
        raise SpecError(f"{name} of 0 cannot be weighed; choose another cost, or leave such out")
    return costs[name]


def _scaled(values: Floats) -> Floats:
    """Columns from 0 to 1 over the rows without NaN."""
    known = values[np.isfinite(values).all(axis=1)]
    if not len(known):
        return values
    low, span = known.min(axis=0), np.ptp(known, axis=0)
    return np.asarray((values - low) / np.where(span > 0, span, 1))
