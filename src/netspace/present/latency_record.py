"""What was measured of networks' latencies, and what it says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from netspace.analyse.agreement import Estimate
from netspace.analyse.correlation import Correlation
from netspace.analyse.latency_difference import Difference

COSTS = ("flops", "params", "activations")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Milliseconds of one batch: the median and the ends of the middle 80 % of all counted runs.

    high_ms is the 90th percentile. builds: of the network, over which the runs are spread evenly.
    """

    median_ms: float
    low_ms: float
    high_ms: float
    runs: int
    builds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedNetwork:
    """One network: its counts for one image, and by backend its figures.

    speeds: how many times as fast it is with each backend but the first as with the first.
    """

    name: str
    resolution: tuple[int, int]
    flops: int
    params: int
    activations: int
    figures: Mapping[str, Figures]
    speeds: Mapping[str, Difference]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two networks by their places, the one of fewer flops first, and its speed against the other.

    reversed: it has fewer flops, and is slower beyond the noise.
    """

    one: int
    other: int
    difference: Difference
    reversed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendFindings:
    """What one backend's latencies say.

    floor_percent: that equal networks differ by at most, 95 % of the time. order: places of the
    networks, the fastest first. steps: each of them against the next slower one. correlations: how
    each count ranks latency, + where more is slower; empty below 10 networks.
    """

    backend: str
    meaning: str
    floor_percent: float
    order: tuple[int, ...]
    steps: tuple[Difference, ...]
    pairs: tuple[Pair, ...]
    correlations: Mapping[str, Correlation | None]

    @property
    def gain(self) -> Estimate | None:
        """The tau of activations with latency minus that of flops; None where neither is known."""
        own = self.correlations.get("activations")
        if own is None or self.correlations["flops"] is None:
            return None
        return own.gains["flops"]

    @property
    def activations_against_flops(self) -> Literal["better", "worse", "undecided"] | None:
        """Which ranks latency better, beyond the interval; None where nothing is known."""
        gain = self.gain
        if gain is None:
            return None
        if gain.low > 0.0:
            return "better"
        return "worse" if gain.high < 0.0 else "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyReport:
    """Networks timed with backends, and the circumstances.

    versions: of what computed. warmup: runs of each build before the rounds; rounds: in each of
    them every build ran `runs` times, and once before that does not count.
    """

    networks: tuple[TimedNetwork, ...]
    findings: tuple[BackendFindings, ...]
    device: str
    versions: Mapping[str, str]
    batch_size: int
    threads: int
    rounds: int
    runs: int
    warmup: int
    confidence: float

    @property
    def backends(self) -> tuple[str, ...]:
        """Their names, in the order asked for."""
        return tuple(one.backend for one in self.findings)

    def place(self, cost: str, network: int) -> int:
        """The network's place by a count, 1 for the lowest; equal ones share a place."""
        values: list[int] = [getattr(one, cost) for one in self.networks]
        return 1 + sum(value < values[network] for value in values)
