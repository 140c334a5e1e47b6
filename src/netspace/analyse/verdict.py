"""Which of two populations is better, and how sure that is."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from netspace.analyse import looks
from netspace.analyse.comparison import Comparison
from netspace.analyse.estimands import (
    Estimand,
    EstimandName,
    effect_of,
    estimand_of,
    margin_of,
)
from netspace.analyse.outcomes import Floats, Outcomes, check_confidence, outcomes
from netspace.errors import UserError


def compare(
    errors_a: ArrayLike,
    errors_b: ArrayLike,
    *,
    failed_a: int = 0,
    failed_b: int = 0,
    estimand: EstimandName = "best_of_10",
    margin: float | None = None,
    confidence: float = 0.95,
) -> Comparison:
    """Compare two populations by their errors in percent, `(n_a,)` and `(n_b,)`, at one look.

    NaN and infinite errors are added to the failed. Where a side has fewer than 20 finished
    networks, best_of_10 becomes the best of half of the smaller side. margin: 0.5 points if left
    out, 5 for the chance. The interval does not hold if one looks, trains more and looks again
    until it decides: `decide` does.
    Raises UserError if a side has fewer than 2 finished networks.
    """
    check_confidence(confidence)
    a, b = _side("A", errors_a, failed_a), _side("B", errors_b, failed_b)
    measure = estimand_of(estimand, min(a.finished, b.finished))
    return _judged(measure, a, b, margin_of(estimand, margin), confidence)


def decide(
    errors_a: ArrayLike,
    errors_b: ArrayLike,
    *,
    estimand: EstimandName = "best_of_10",
    margin: float | None = None,
    confidence: float = 0.95,
    horizon: int = looks.HORIZON,
    decided: Callable[[Comparison], bool] = lambda found: found.verdict != "undecided",
) -> Comparison:
    """Compare two populations, errors in the order drawn, as if they had been watched growing.

    NaN errors are failed networks. At each of the stated looks (`looks.looks`) the first networks
    of both sides are compared; the first look that decides counts, else the last. The result holds
    whenever one stops, so one may train more and ask again; earlier networks must stay.
    A look at which no side's networks differ decides nothing: how often others would is unknown.
    horizon: networks a side up to which most of the error is spent; fix it before the first look.
    decided: whether a look's comparison ends the watching.
    Raises UserError if a side has fewer finished networks than the first look takes.
    """
    check_confidence(confidence)
    a, b = (np.asarray(errors, dtype=np.float64) for errors in (errors_a, errors_b))
    places_a, places_b = (np.flatnonzero(np.isfinite(errors)) for errors in (a, b))
    stated = _stated(len(places_a), len(places_b))
    measure, within = estimand_of(estimand, looks.FIRST), margin_of(estimand, margin)
    quantiles = looks.quantiles(stated[-1], 1.0 - confidence, horizon)
    found = None
    for place, (n, quantile) in enumerate(zip(stated, quantiles, strict=True)):
        first_a, first_b = outcomes(a[: places_a[n - 1] + 1]), outcomes(b[: places_b[n - 1] + 1])
        taken = stated[: place + 1]
        found = _judged(
            measure, first_a, first_b, within, confidence, quantile=quantile, taken=taken
        )
        if decided(found):
            break
    assert found is not None
    return found


def _stated(finished_a: int, finished_b: int) -> tuple[int, ...]:
    """The looks that so many finished networks allow. Raises UserError if there is none."""
    stated = looks.looks(min(finished_a, finished_b))
    if not stated:
        raise UserError(
            f"the first look takes {looks.FIRST} finished networks a side, there are "
            f"{finished_a} and {finished_b}; train more networks first"
        )
    return stated


def _judged(
    estimand: Estimand,
    a: Outcomes,
    b: Outcomes,
    margin: float,
    confidence: float,
    *,
    quantile: float | None = None,
    taken: tuple[int, ...] = (),
) -> Comparison:
    """The comparison at one look; quantile: the look's, for a single one if left out."""
    from scipy.special import ndtri  # takes a while to import

    effect = effect_of(estimand, a.errors, b.errors)
    normal = float(ndtri(0.5 + confidence / 2.0)) if quantile is None else quantile
    difference, half = float(effect.difference), float(effect.half_width(normal))
    if taken and effect.variance == 0.0:
        half = 100.0
    return Comparison(
        estimand=estimand,
        margin=margin,
        difference=difference,
        low=difference - half,
        high=difference + half,
        confidence=confidence,
        chance_b_below_a=_chance_below(b.errors, a.errors),
        finished_a=a.finished,
        failed_a=a.failed,
        finished_b=b.finished,
        failed_b=b.failed,
        looks=taken,
    )


def _side(name: str, errors: ArrayLike, failed: int) -> Outcomes:
    """Sort the outcomes of one side, of which at least 2 networks finished."""
    side = outcomes(errors, failed=failed, where=f"side {name}: ")
    if side.finished < 2:
        raise UserError(
            f"side {name}: a comparison needs 2 finished networks, this has 1 ({side.failed} "
            "failed); train more networks there"
        )
    return side


def _chance_below(errors: Floats, others: Floats) -> float:
    """Probability that one of `errors` is below one of the ascending `others`, ties half."""
    not_above = others.size - np.searchsorted(others, errors, side="left")
    below = others.size - np.searchsorted(others, errors, side="right")
    return float((below + not_above).mean() / (2.0 * others.size))
