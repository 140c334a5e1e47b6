"""What a figure leaves out where a population is too large to be drawn whole.

The same rows are drawn every time, and the page says how many they are.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from netspace.analyse.edf import Edf
from netspace.present.wording import share
from netspace.table import Floats

MOST_POINTS = 5_000
"""Points that one panel shows, of all populations together."""

BEST_SHARE = 0.1
"""Of the points shown: the networks of lowest error, which are what one looks for."""

CROWDED, FEW_VALUES = 300, 12
"""More points than these, on at most so many values, would be drawn on top of each other."""

FINEST = 500
"""A distribution is drawn to one part in so many of its height and width: less than a pixel."""

DIGITS = 4
"""Of shares that are drawn so, as more would only make the page larger."""


def shown_rows(errors: Floats, most: int) -> NDArray[np.int64]:
    """Which of the finished networks `(n,)` are drawn, ascending: all, or the best and a sample."""
    if errors.size <= most:
        return np.arange(errors.size)
    best = round(BEST_SHARE * most)
    order = np.argsort(errors, kind="stable")
    draw = np.random.default_rng(np.random.SeedSequence(0))
    others = draw.choice(order[best:], most - best, replace=False)
    return np.sort(np.concatenate([order[:best], others]))


def spread(values: Floats, *, logarithmic: bool) -> Floats:
    """The values `(n,)` moved sideways a little where many points share few of them.

    By less than what lies between two values, or between the last one and the axis's end.
    """
    known = np.unique(values)
    if values.size <= CROWDED or not 1 < known.size <= FEW_VALUES:
        return values
    scaled, steps = (np.log10(values), np.log10(known)) if logarithmic else (values, known)
    reach = min(0.2 * float(np.diff(steps).min()), 0.06 * float(np.ptp(steps)))
    draw = np.random.default_rng(np.random.SeedSequence(0))
    moved = scaled + reach * draw.uniform(-1.0, 1.0, values.size)
    return np.asarray(10.0**moved if logarithmic else moved)


def allotted(sizes: Sequence[int], most: int) -> list[int]:
    """How many of `most` points each population gets: what a small one needs less, others have."""
    given = [0] * len(sizes)
    left = most
    for done, place in enumerate(sorted(range(len(sizes)), key=sizes.__getitem__)):
        given[place] = min(sizes[place], left // (len(sizes) - done))
        left -= given[place]
    return given


def thinned_words(shown: int, networks: int) -> str:
    """That a figure shows some of the networks only; empty if it shows all."""
    if shown >= networks:
        return ""
    return (
        f"Of {networks:,} networks {shown:,} are drawn as points: {share(BEST_SHARE)} of these "
        "are the ones of lowest error, the others are taken at random. Words, tables and bands "
        "rest on all of them."
    )


def drawn_steps(curve: Edf) -> Edf:
    """The distribution as it is drawn: without steps that would lie within a pixel of another."""
    if curve.errors.size <= 2 * FINEST:
        return curve
    width = curve.errors[-1] - curve.errors[0]
    across = np.floor(FINEST * (curve.errors - curve.errors[0]) / width)
    up = np.floor(FINEST * curve.share)
    last = np.flatnonzero((np.diff(across) > 0) | (np.diff(up) > 0))
    kept = np.unique(np.concatenate([[0], last, [curve.errors.size - 1]]))
    return replace(
        curve,
        errors=curve.errors[kept],
        share=curve.share[kept].round(DIGITS),
        low=curve.low[kept].round(DIGITS),
        high=curve.high[kept].round(DIGITS),
    )
