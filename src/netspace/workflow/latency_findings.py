"""What seconds of runs say of networks: figures, differences, orders, and what ranks latency."""

from collections.abc import Mapping, Sequence
from itertools import combinations, pairwise

import numpy as np

from netspace.analyse.correlation import FEWEST, Correlation, correlation
from netspace.analyse.latency_difference import Difference, Noise
from netspace.analyse.latency_difference import difference as speed_of
from netspace.analyse.latency_difference import noise as noise_of
from netspace.design.complexity import count
from netspace.design.network import Network
from netspace.present.latency_record import COSTS, BackendFindings, Figures, Pair, TimedNetwork
from netspace.train.backends import MEANINGS, Backend
from netspace.train.latency import HIGH, LOW
from netspace.train.timing import Seconds

Cells = Mapping[tuple[int, Backend], Seconds]
"""Seconds `(builds, rounds, runs)` by the network's place and the backend."""


def findings(
    networks: Sequence[Network], chosen: Sequence[Backend], cells: Cells
) -> tuple[tuple[TimedNetwork, ...], tuple[BackendFindings, ...]]:
    """The networks with their figures, and what each backend's latencies say.

    Rounds are judged by the medians of their runs.
    """
    noises = {name: noise_of(_medians(cells, name, len(networks))) for name in chosen}
    timed = tuple(_network(one, place, chosen, cells, noises) for place, one in enumerate(networks))
    return timed, tuple(_findings(name, timed, cells, noises[name]) for name in chosen)


def _medians(cells: Cells, backend: Backend, networks: int) -> list[Seconds]:
    """Of each network's rounds `(builds, rounds)`."""
    return [_by_round(cells[place, backend]) for place in range(networks)]


def _by_round(seconds: Seconds) -> Seconds:
    found: Seconds = np.median(seconds, axis=-1)
    return found


def _network(
    network: Network,
    place: int,
    chosen: Sequence[Backend],
    cells: Cells,
    noises: Mapping[Backend, Noise],
) -> TimedNetwork:
    cost = count(network)
    first, *others = chosen
    reference = _by_round(cells[place, first])
    return TimedNetwork(
        name=network.name,
        resolution=network.resolution,
        flops=cost.flops,
        params=cost.params,
        activations=cost.activations,
        figures={name: _figures(cells[place, name]) for name in chosen},
        speeds={
            name: speed_of(
                _by_round(cells[place, name]),
                reference,
                (noises[name], noises[first]),
                among=len(chosen),
            )
            for name in others
        },
    )


def _figures(seconds: Seconds) -> Figures:
    low, median, high = 1_000 * np.quantile(seconds, (LOW, 0.5, HIGH))
    return Figures(
        median_ms=float(median),
        low_ms=float(low),
        high_ms=float(high),
        runs=seconds.size,
        builds=len(seconds),
    )


def _findings(
    backend: Backend, networks: Sequence[TimedNetwork], cells: Cells, noise: Noise
) -> BackendFindings:
    by_round = _medians(cells, backend, len(networks))
    among = len(networks)

    def speed(one: int, other: int) -> Difference:
        return speed_of(by_round[one], by_round[other], (noise, noise), among=among)

    order = sorted(range(among), key=lambda place: networks[place].figures[backend].median_ms)
    fewer = sorted(range(among), key=lambda place: networks[place].flops)
    return BackendFindings(
        backend=backend,
        meaning=MEANINGS[backend],
        floor_percent=noise.floor_percent(min(len(one) for one in by_round), among=among),
        order=tuple(order),
        steps=tuple(speed(*neighbours) for neighbours in pairwise(order)),
        pairs=tuple(
            _pair(one, other, speed(one, other), networks) for one, other in combinations(fewer, 2)
        ),
        correlations=_correlations(backend, networks) if among >= FEWEST else {},
    )


def _pair(one: int, other: int, difference: Difference, networks: Sequence[TimedNetwork]) -> Pair:
    fewer = networks[one].flops < networks[other].flops
    slower = difference.verdict == "slower"
    return Pair(one=one, other=other, difference=difference, reversed=fewer and slower)


def _correlations(
    backend: str, networks: Sequence[TimedNetwork]
) -> Mapping[str, Correlation | None]:
    """How each count ranks latencies, + where more is slower, and what it gains over the others."""
    quick = [-one.figures[backend].median_ms for one in networks]
    rows = {cost: [getattr(one, cost) for one in networks] for cost in COSTS}
    return {
        cost: correlation(quick, row, {name: other for name, other in rows.items() if name != cost})
        for cost, row in rows.items()
    }
