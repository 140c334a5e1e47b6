"""Whether one measured latency differs from another by more than the machine's own noise.

Two kinds of noise are in a latency. Runs differ from round to round; and two builds of the very
same network differ too, all the time, since their memory lies elsewhere. Rounds cannot tell the
second from a real difference, so networks are built twice or more, and what the builds of one
differ by is the noise floor. A difference has one interval that covers both.

Times are compared by their logarithms, round by round, so that whatever slows a whole round down
leaves them alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from math import ceil, exp, expm1, sqrt
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from netspace.analyse.outcomes import Floats, check_confidence
from netspace.errors import UserError

Verdict: TypeAlias = Literal["faster", "slower", "noise"]

CONFIDENCE = 0.95
FEW, ENOUGH = 4, 12
"""Degrees of freedom that the noise of builds has at least, and no more than are needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """What builds of one network differ by.

    deviation: standard, of the logarithm of one build's latency. degrees: of freedom.
    """

    deviation: float
    degrees: int

    def floor_percent(self, builds: int = 2, *, among: int = 2) -> float:
        """Percent that equal networks, built so often each, differ by at most, 95 % of the time.

        among: how many are compared with one another, all at once.
        """
        half = self.deviation * sqrt(2 / builds) * _quantile(CONFIDENCE, among, self.degrees)
        return 100 * expm1(half)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How many times as fast one is as another: 0.66 is slower; the interval is `low` to `high`."""

    speed: float
    low: float
    high: float

    @property
    def verdict(self) -> Verdict:
        """'noise' unless the interval leaves out a speed of 1."""
        if self.low > 1.0:
            return "faster"
        return "slower" if self.high < 1.0 else "noise"

    @property
    def real(self) -> bool:
        """Whether it is more than noise."""
        return self.verdict != "noise"


def builds(networks: int) -> tuple[int, ...]:
    """How often to build each of so many networks, so that the noise of builds is known.

    Twice, and more often where they are few; of many, a dozen spread over them twice.
    """
    if networks < FEW:
        return (1 + ceil(FEW / networks),) * networks
    twice = set(np.linspace(0, networks - 1, min(networks, ENOUGH)).round().astype(int).tolist())
    return tuple(2 if place in twice else 1 for place in range(networks))


def noise(networks: Sequence[ArrayLike]) -> Noise:
    """The noise of builds, pooled over networks of `(builds, rounds)` seconds each.

    A network that was built once adds nothing. Raises UserError where all were.
    """
    squares, degrees = 0.0, 0
    for one in networks:
        logs = _logs(one)
        apart = [float(np.median(a - b)) for a, b in combinations(logs, 2)]
        if apart:
            degrees += len(logs) - 1
            squares += (len(logs) - 1) * float(np.mean(np.square(apart))) / 2
    if not degrees:
        raise UserError("one build each tells nothing of the noise of builds; make two of some")
    return Noise(deviation=sqrt(squares / degrees), degrees=degrees)


def difference(
    one: ArrayLike,
    other: ArrayLike,
    noises: tuple[Noise, Noise],
    *,
    among: int = 2,
    confidence: float = CONFIDENCE,
) -> Difference:
    """How many times as fast one is as the other: their `(builds, rounds)` seconds, by round.

    noises: of the one's builds and the other's. among: how many are compared with one another: the
    intervals of all pairs of so many hold together (Tukey's range), as far as builds go. Rounds
    are judged by the sign test's interval of their median, which no single bad round moves.
    In simulations of 2 to 8 equal networks built as `builds` says, with drift, rounds of normal,
    skewed and heavy-tailed noise and builds that differ by 0 to 2 %, some pair of them came out as
    different in 0 to 7 % of the measurements, one pair in 0 to 6 %.
    Raises UserError where the rounds are not the same number, or too few for an interval.
    """
    check_confidence(confidence)
    first, second = _logs(one), _logs(other)
    if first.shape[1] != second.shape[1]:
        raise UserError(
            f"{first.shape[1]} and {second.shape[1]} rounds cannot be paired; measure both at once"
        )
    by_round = np.sort(second.mean(axis=0) - first.mean(axis=0))
    place = _place(len(by_round), confidence)
    middle = float(np.median(by_round))
    deviation = sqrt(noises[0].deviation ** 2 / len(first) + noises[1].deviation ** 2 / len(second))
    floor = deviation * _quantile(confidence, among, min(each.degrees for each in noises))
    return Difference(
        speed=exp(middle),
        low=exp(min(float(by_round[place]), middle - floor)),
        high=exp(max(float(by_round[-1 - place]), middle + floor)),
    )


def _logs(seconds: ArrayLike) -> Floats:
    found = np.asarray(seconds, np.float64)
    if found.ndim != 2 or not (found > 0.0).all():
        raise UserError("seconds must be (builds, rounds), all above 0")
    return np.log(found)


def _place(rounds: int, confidence: float) -> int:
    """How many rounds the interval of their median leaves out at each end. Raises UserError."""
    from scipy.stats import binom  # takes half a second to import

    tail = (1.0 - confidence) / 2.0
    place = int(np.searchsorted(binom.cdf(np.arange(rounds), rounds, 0.5), tail, "right")) - 1
    if place < 0:
        fewest = next(n for n in range(1, 64) if 0.5**n <= tail)
        raise UserError(
            f"{rounds} rounds are too few for a {100 * confidence:g} % interval; use at least "
            f"{fewest}"
        )
    return place


@cache
def _quantile(confidence: float, among: int, degrees: int) -> float:
    """Student's quantile for two; for more, the one that holds for all pairs of them together."""
    from scipy.stats import studentized_range

    return float(studentized_range.ppf(confidence, max(among, 2), degrees)) / sqrt(2)
