"""Networks that answer within a limit here: predicted first, and those that may be are measured."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from netspace.design.network import Network
from netspace.design.units import parse_milliseconds
from netspace.errors import InfeasibleError, UserError
from netspace.spaces.ranges import Floats
from netspace.spaces.sampling import Member, Sample
from netspace.train.latency import measure_latency
from netspace.train.latency_model import LatencyModel
from netspace.workflow.latency_file import Say, latency_model

FEWEST_LOOKED_AT, LOOKED_AT_EACH = 1_000, 40
"""Networks of a space whose latency is predicted, at most: so many, or so many for each wanted."""

MEASURED_EACH = 10
"""Networks that are measured for each wanted, at most, and as many once more."""


SLOWED = 1.5
"""Measured over predicted, in the median, above which something else is at work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Milliseconds of one image, both ends included; None is an open end."""

    low_ms: float | None = None
    high_ms: float | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """'5ms' is at most 5 ms, '4ms..5ms' a range. Raises UserError for anything else."""
        if ".." not in text:
            return cls(high_ms=parse_milliseconds(text))
        low, high = (end.strip() for end in text.split("..", 1))
        found = cls(
            low_ms=parse_milliseconds(low) if low else None,
            high_ms=parse_milliseconds(high) if high else None,
        )
        if found.low_ms is None and found.high_ms is None:
            raise UserError(f"latency '{text}' has no end; write 5ms, or LOW..HIGH like 4ms..5ms")
        if found._low > found._high:
            raise UserError(f"latency '{text}' is empty; its low end is above its high end")
        return found

    @property
    def _low(self) -> float:
        return 0.0 if self.low_ms is None else self.low_ms

    @property
    def _high(self) -> float:
        return np.inf if self.high_ms is None else self.high_ms

    def holds(self, latency_ms: float) -> bool:
        """Whether a latency lies within."""
        return self._low <= latency_ms <= self._high

    def may_hold(self, predicted_ms: Floats, off: float) -> NDArray[np.bool_]:
        """Whether latencies may lie within, (N,), if predictions are off by so much, relatively."""
        least, most = predicted_ms / (1 + off), predicted_ms / (1 - min(off, 0.9))
        return np.asarray((least <= self._high) & (most >= self._low))

    def distance(self, latency_ms: float) -> float:
        """How far a latency lies outside, as a log-ratio; 0 within."""
        below = np.log(self._low / latency_ms) if self._low else -np.inf
        return float(max(0.0, below, np.log(latency_ms / self._high)))

    @property
    def sentence(self) -> str:
        """The limit in words."""
        if self.low_ms is None:
            return f"at most {self.high_ms:g} ms"
        if self.high_ms is None:
            return f"at least {self.low_ms:g} ms"
        return f"{self.low_ms:g} to {self.high_ms:g} ms"


def confirmed_ms(network: Network) -> float:
    """The measured latency that decides: one image, one thread of this machine."""
    return measure_latency(network).median_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyCheck:
    """A limit with what predicts latencies and what measures them, in milliseconds."""

    limit: Limit
    model: LatencyModel
    measure: Callable[[Network], float] = confirmed_ms

    @classmethod
    def of(cls, limit: Limit, resolution: int, say: Say) -> Self:
        """On this machine, whose model is measured where it is not known yet."""
        return cls(limit=limit, model=latency_model(resolution, say))

    @property
    def off(self) -> float:
        """What nine in ten predictions are off by at most, relatively."""
        return 0.25 if self.model.check is None else self.model.check.p90_percent / 100

    def may_fit(self, network: Network, count: int = 1) -> NDArray[np.bool_]:
        """Whether networks of a batch may keep to the limit by their predictions, (count,)."""
        return self.limit.may_hold(self.model.latencies_ms(network, count), self.off)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Which networks of a sample keep to a limit of latency, as far as it was looked at.

    places: in the sample, from 0, in its order; predicted_ms, latencies_ms: of those, the latter
    measured. looked_at: how many of the sample; measured: how many of those.
    """

    looked_at: int = 0
    measured: int = 0
    places: tuple[int, ...] = ()
    predicted_ms: tuple[float, ...] = ()
    latencies_ms: tuple[float, ...] = ()

    @property
    def slowed(self) -> str:
        """That measured latencies are far above predicted ones; empty where they are not."""
        ratios = np.divide(self.latencies_ms, self.predicted_ms)
        factor = float(np.median(ratios)) if len(ratios) else 1.0
        if factor < SLOWED:
            return ""
        return (
            f"Measured latencies are {factor:.1f} times the predicted ones in the median: other "
            "work may slow this machine down now."
        )

    def sentence(self, limit: Limit) -> str:
        """How many were looked at, measured and kept."""
        said = (
            f"Latency {limit.sentence} for one image on one thread here: of {self.looked_at:,} "
            f"networks within the other limits {self.looked_at - self.measured:,} were left out "
            f"by prediction, {self.measured:,} measured and {len(self.places):,} of those kept."
        )
        return f"{said} {self.slowed}".strip()

    def members(self, drawn: Sample) -> tuple[Member, ...]:
        """The networks kept of a sample."""
        return tuple(drawn.members[place] for place in self.places)


@dataclass(slots=True, kw_only=True)
class _Looking:
    """Goes through a sample's networks in their order."""

    check: LatencyCheck
    kept: Kept
    nearest: tuple[bool, float, str] = (True, np.inf, "")
    places: list[int] = field(default_factory=list)
    predicted: list[float] = field(default_factory=list)
    measured: list[float] = field(default_factory=list)
    measurements: int = 0

    def look(self, place: int, network: Network) -> None:
        """Predict one network, and measure it where it may keep to the limit."""
        limit = self.check.limit
        predicted = self.check.model.latencies_ms(network, 1)
        (expected,) = predicted.tolist()
        if not limit.may_hold(predicted, self.check.off)[0]:
            self._note(expected, f"{expected:.3g} ms (predicted)", measured=False)
            return
        latency = self.check.measure(network)
        self.measurements += 1
        if not limit.holds(latency):
            words = f"{latency:.3g} ms (measured, {expected:.3g} ms predicted)"
            self._note(latency, words, measured=True)
            return
        self.places.append(place)
        self.predicted.append(expected)
        self.measured.append(latency)

    def _note(self, latency_ms: float, words: str, *, measured: bool) -> None:
        """Remember the nearest miss; any that was measured stands before those predicted."""
        miss = (not measured, self.check.limit.distance(latency_ms), words)
        self.nearest = min(self.nearest, miss)

    def so_far(self, looked_at: int) -> Kept:
        before = self.kept
        return Kept(
            looked_at=looked_at,
            measured=before.measured + self.measurements,
            places=(*before.places, *self.places),
            predicted_ms=(*before.predicted_ms, *self.predicted),
            latencies_ms=(*before.latencies_ms, *self.measured),
        )


def keep(
    draw: Callable[[int], Sample], count: int, check: LatencyCheck, known: Kept | None = None
) -> tuple[Sample, Kept]:
    """`count` networks of ever larger samples of one seed that keep to the limit, if there are.

    known: what was found before; it is gone on from there. The sample is the last one drawn, and
    `Kept.members` picks from it. Raises InfeasibleError, saying the nearest, where none is found.
    """
    before = known or Kept()
    looking = _Looking(check=check, kept=before)
    looked_at = before.looked_at
    most = looked_at + max(FEWEST_LOOKED_AT, LOOKED_AT_EACH * count)
    drawn = draw(max(count, looked_at, 1))
    while True:
        for place in range(looked_at, len(drawn)):
            if _enough(looking, count):
                break
            looking.look(place, drawn[place])
            looked_at = place + 1
        if _enough(looking, count) or len(drawn) < drawn.asked or looked_at >= most:
            break
        drawn = draw(min(most, 2 * max(len(drawn), 8)))
    found = looking.so_far(looked_at)
    if not found.places:
        raise InfeasibleError(
            f"latency {check.limit.sentence}: none of {found.looked_at:,} networks within the "
            f"other limits keeps to it here; the nearest has {looking.nearest[2]}; "
            "change the latency or the flops towards each other"
        )
    return drawn, found


def _enough(looking: _Looking, count: int) -> bool:
    """Whether all are found, or so many were measured that it is time to stop."""
    if len(looking.kept.places) + len(looking.places) >= count:
        return True
    return looking.measurements >= MEASURED_EACH * (count + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """A sample whose networks keep to a limit of latency, with what was predicted and measured.

    sample: drawn and accepted are those before latency was looked at.
    """

    limit: Limit
    sample: Sample
    kept: Kept
    model: LatencyModel

    @property
    def milliseconds(self) -> dict[str, tuple[float, ...]]:
        """Predicted and measured, by the networks' order."""
        return {"predicted_ms": self.kept.predicted_ms, "latency_ms": self.kept.latencies_ms}

    @property
    def sentences(self) -> tuple[str, ...]:
        """How the networks were found, how their latencies were predicted, and why so few."""
        said = [self.kept.sentence(self.limit), self._looked_up]
        if len(self.sample) < self.sample.asked:
            said.append(
                f"only {len(self.sample)} of {self.sample.asked} were found before "
                f"{self.kept.looked_at:,} networks were looked at and {self.kept.measured:,} "
                "measured; change the latency or the flops towards each other"
            )
        return tuple(said)

    @property
    def _looked_up(self) -> str:
        told = [self.model.predict(network) for network in self.sample]
        looked_up, estimated = (
            sum(one.looked_up for one in told),
            sum(one.estimated for one in told),
        )
        missing = {operation for one in told for operation in one.missing}
        return (
            f"Of the {looked_up + estimated:,} layer calls of those kept {looked_up:,} were looked "
            f"up and {estimated:,} estimated from measured layers like them: {len(missing):,} "
            "different layers are not in the table."
        )

    @property
    def missing(self) -> tuple[str, ...]:
        """The layers that were estimated, in words."""
        told = [self.model.predict(network) for network in self.sample]
        return tuple(dict.fromkeys(one.words for each in told for one in each.missing))


def sample_within(
    draw: Callable[[int], Sample], count: int, latency: str, *, resolution: int, say: Say
) -> Within:
    """`count` networks that keep to a latency as written; fewer where no more are found.

    draw: so many networks within the other limits. say: hears of what is measured beforehand.
    """
    limit = Limit.parse(latency)
    draw(1)  # says what is infeasible without latency before this machine is measured
    check = LatencyCheck.of(limit, resolution, say)
    drawn, kept = keep(draw, count, check)
    sample = replace(drawn, members=kept.members(drawn), asked=count)
    return Within(limit=limit, sample=sample, kept=kept, model=check.model)
