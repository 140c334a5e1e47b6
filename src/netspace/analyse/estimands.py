"""What two populations are compared by."""

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias, assert_never, cast, get_args

import numpy as np
from pydantic import Discriminator

from netspace.analyse.influence import Effect, Influenced, best_of_influences, effect
from netspace.analyse.outcomes import Floats
from netspace.errors import UnknownNameError, UserError

EstimandName: TypeAlias = Literal["best_of_10", "mean", "chance"]

USUAL_MARGIN: dict[EstimandName, float] = {"best_of_10": 0.5, "mean": 0.5, "chance": 5.0}
"""Below such differences two populations count as equivalent, unless the user says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BestOf:
    """The expected error of the best of k networks, in percentage points."""

    kind: Literal["best_of"] = "best_of"
    k: int

    def __str__(self) -> str:
        return f"expected error of the best of {self.k}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """The mean error, in percentage points."""

    kind: Literal["mean"] = "mean"

    def __str__(self) -> str:
        return "mean error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """50 % minus P(B < A): the chance that a network of B has the lower error, ties half.

    In percentage points of that chance, below 0 where B is better, as errors are.
    """

    kind: Literal["chance"] = "chance"

    def __str__(self) -> str:
        return "chance that a network of one has the lower error than one of the other"


Estimand: TypeAlias = Annotated[BestOf | Mean | Chance, Discriminator("kind")]


def named(name: str) -> EstimandName:
    """The name itself, known to be one. Raises UnknownNameError."""
    if name not in get_args(EstimandName):
        raise UnknownNameError.of("estimand", name, get_args(EstimandName))
    return cast("EstimandName", name)


def estimand_of(name: str, smaller: int) -> Estimand:
    """The named estimand; best_of_10 becomes the best of half of a side of fewer than 20.

    smaller: finished networks of the smaller side, at least 2. Raises UnknownNameError.
    """
    match named(name):
        case "best_of_10":
            return BestOf(k=min(10, smaller // 2))
        case "mean":
            return Mean()
        case "chance":
            return Chance()


def margin_of(name: EstimandName, margin: float | None) -> float:
    """The margin in the estimand's points; the usual one if None. Raises UserError."""
    if margin is None:
        return USUAL_MARGIN[name]
    if not 0.0 < margin < 100.0:
        raise UserError(f"margin {margin:g} must lie between 0 and 100 points; 0.5 is usual")
    return margin


def effect_of(estimand: Estimand, a: Floats, b: Floats) -> Effect:
    """B against A, from ascending errors `(..., n_a)` and `(..., n_b)`, two or more on each side.

    Populations in the same row of the leading axes are compared with each other.
    """
    match estimand:
        case BestOf(k=k):
            return effect(best_of_influences(a, k), best_of_influences(b, k))
        case Mean():
            return effect(best_of_influences(a, 1), best_of_influences(b, 1))
        case Chance():
            return _chance(a, b)
    assert_never(estimand)


def _chance(a: Floats, b: Floats) -> Effect:
    """By placements: the share of the other side that each network beats.

    Source: DeLong, DeLong and Clarke-Pearson 1988. Where one side beats the other throughout, its
    placements do not vary; the variance is then that of half a network's worth of doubt.
    """
    beaten_by_b = 100.0 - 100.0 * _placements(b, a)
    beating_a = 100.0 * _placements(a, b)
    middle = beaten_by_b.mean(axis=-1)
    sides = [
        Influenced(estimate=middle, influences=values - values.mean(axis=-1, keepdims=True))
        for values in (beating_a, beaten_by_b)
    ]
    found = effect(*sides)
    n = min(a.shape[-1], b.shape[-1])
    share = np.clip(middle / 100.0, 0.5 / n, 1.0 - 0.5 / n)
    doubt = np.where((middle <= 0.0) | (middle >= 100.0), 1e4 * share * (1.0 - share) / n, 0.0)
    return Effect(
        difference=50.0 - middle,
        variance=np.maximum(found.variance, doubt),
        degrees=np.where(doubt > 0.0, n - 1.0, found.degrees),
    )


def _placements(values: Floats, others: Floats) -> Floats:
    """The share `(..., n)` of `others` below each of `values`, ties half."""
    from scipy.stats import rankdata  # takes half a second to import

    together = rankdata(np.concatenate([values, others], axis=-1), axis=-1)
    own = rankdata(values, axis=-1)
    return np.asarray((together[..., : values.shape[-1]] - own) / others.shape[-1])
