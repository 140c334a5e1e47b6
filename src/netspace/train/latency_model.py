"""The latency of a network without building it: the sum of its operations, looked up or estimated.

Layer by layer as in hardware-aware search (Cai et al. 2019, ProxylessNAS, appendix); what a layer
takes inside a network differs from what it takes alone, so the sums of four groups of operations
are weighted as whole networks of the fitting spaces say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from scipy.optimize import nnls

from netspace.design.network import Network
from netspace.errors import UserError
from netspace.spaces.ranges import Floats
from netspace.train.layer_estimates import Estimate, class_of, fit, nearest_class
from netspace.train.operations import NUMBERS, Called, Operation, operations

GROUPS = ("dense", "depthwise", "grouped")
"""Groups of operations that are weighted apart; the rest is one more."""

HOLD = 0.003
"""How strongly the weights of the groups are held to a common one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """Milliseconds of one image, and where they come from.

    looked_up, estimated: calls whose operation was measured, and calls whose operation was not;
    missing: those operations.
    """

    latency_ms: float
    looked_up: int
    estimated: int
    missing: tuple[Operation, ...]

    @property
    def sentence(self) -> str:
        """What was looked up and what was not."""
        calls = self.looked_up + self.estimated
        return (
            f"{self.latency_ms:.3g} ms predicted: {self.looked_up} of {calls} calls looked up, "
            f"{self.estimated} estimated from measured ones like them"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """A whole network of a fitting space, and its measured latency."""

    space: str
    network: Network
    latency_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Relative errors in percent for networks of spaces that were not used for fitting."""

    median_percent: float
    p90_percent: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LatencyModel:
    """Measured operations, estimates of all others, and the weights of the groups.

    times_ms: of measured operations. weights: of GROUPS and the rest, (4,).
    """

    times_ms: Mapping[Operation, float]
    estimates: Mapping[str, Estimate]
    weights: Floats
    check: Check | None = None
    _known: dict[Operation, tuple[float, int]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, times_ms: Mapping[Operation, float], networks: Sequence[Timed]) -> Self:
        """Fitted to measured operations and whole networks, each space once held out to check.

        Raises UserError for fewer than two spaces.
        """
        spaces = _spaces(networks)
        if len(spaces) < 2:
            raise UserError(f"networks of {len(spaces)} spaces cannot check each other; give two")
        errors = np.concatenate([_errors_without(one, times_ms, networks) for one in spaces])
        middle, high = (100 * np.quantile(errors, (0.5, 0.9))).tolist()
        check = Check(median_percent=middle, p90_percent=high)
        return replace(cls.fitted(times_ms, networks), check=check)

    @classmethod
    def fitted(cls, times_ms: Mapping[Operation, float], networks: Sequence[Timed]) -> Self:
        """Fitted, and not checked. Raises UserError where nothing was measured."""
        if not times_ms or not networks:
            raise UserError("a latency model needs measured operations and networks; give some")
        measured = list(times_ms)
        estimates = fit(
            [class_of(one) for one in measured],
            _numbers(measured),
            np.array([times_ms[one] for one in measured]),
        )
        plain = cls(times_ms=times_ms, estimates=estimates, weights=np.ones(len(GROUPS) + 1))
        sums = np.concatenate([plain.sums(one.network, 1) for one in networks])
        latencies = np.array([one.latency_ms for one in networks])
        return replace(plain, weights=_weights(sums, latencies))

    def predict(self, network: Network) -> Prediction:
        """The latency of one network, and how much of it was looked up."""
        looked_up, estimated, missing = 0, 0, dict[Operation, None]()
        for called in operations(network):
            if called.operation in self.times_ms:
                looked_up += called.times
            else:
                estimated += called.times
                missing[called.operation] = None
        return Prediction(
            latency_ms=float(self.latencies_ms(network, 1)[0]),
            looked_up=looked_up,
            estimated=estimated,
            missing=tuple(missing),
        )

    def latencies_ms(self, network: Network, count: int) -> Floats:
        """Of a batch of `count` networks, whose numbers may be arrays, (count,)."""
        return np.asarray(self.sums(network, count) @ self.weights)

    def sums(self, network: Network, count: int) -> Floats:
        """Milliseconds of each group of operations, unweighted, (count, 4)."""
        found = np.zeros((count, len(GROUPS) + 1))
        calls = operations(network)
        if count == 1:
            self._learn([called.operation for called in calls])
            for called in calls:
                each_ms, group = self._known[called.operation]
                found[0, group] += called.times * each_ms
            return found
        for called in calls:
            self._add(called, found)
        return found

    def _add(self, called: Called, found: Floats) -> None:
        """Add the times of one call, whose numbers may be arrays, to the sums, (count, 4)."""
        count = len(found)
        times = np.broadcast_to(called.times, count)
        rows = np.flatnonzero(times)
        columns = [np.broadcast_to(one, count)[rows] for one in called.operation.numbers]
        own, places = np.unique(np.stack(columns, axis=1), axis=0, return_inverse=True)
        each = [_operation(called.operation.kind, row) for row in own.astype(np.int64).tolist()]
        self._learn(each)
        known = [self._known[one] for one in each]
        each_ms, groups = (np.array(column) for column in zip(*known, strict=True))
        places = places.reshape(-1)
        np.add.at(found, (rows, groups[places]), times[rows] * each_ms[places])

    def _learn(self, asked: Sequence[Operation]) -> None:
        """Look up or estimate what was not asked for before."""
        unknown: dict[str, list[Operation]] = {}
        for one in asked:
            if one in self._known:
                continue
            name = class_of(one)
            if one in self.times_ms:
                self._known[one] = self.times_ms[one], _group(name)
            else:
                unknown.setdefault(name, []).append(one)
        for name, ones in unknown.items():
            times = self.estimates[nearest_class(name, self.estimates)].times_ms(_numbers(ones))
            for one, each_ms in zip(ones, times.tolist(), strict=True):
                self._known[one] = each_ms, _group(name)


def _operation(kind: str, numbers: Sequence[int]) -> Operation:
    return Operation(kind=kind, **dict(zip(NUMBERS, numbers, strict=True)))


def _numbers(ones: Sequence[Operation]) -> Floats:
    return np.array([one.numbers for one in ones], dtype=np.float64)


def _group(name: str) -> int:
    """The number of the group that a class is weighted with."""
    return GROUPS.index(name) if name in GROUPS else len(GROUPS)


def _weights(sums: Floats, measured_ms: Floats) -> Floats:
    """What the groups of operations count for inside networks, (4,), from relative errors.

    sums: (N, 4). Held a little to the weight that one for all would have.
    """
    common = float(np.median(measured_ms / sums.sum(axis=1)))
    rows = sums / measured_ms[:, np.newaxis]
    hold = HOLD * np.sqrt(len(rows)) * np.eye(rows.shape[1]) / common
    targets = np.concatenate([np.ones(len(rows)), hold.sum(axis=1) * common])
    return np.asarray(nnls(np.concatenate([rows, hold]), targets)[0])


def _spaces(networks: Sequence[Timed]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.space for one in networks))


def _errors_without(
    space: str, times_ms: Mapping[Operation, float], networks: Sequence[Timed]
) -> Floats:
    """Relative errors, (N,), for a space's networks of a model that knows the others alone."""
    others = [one for one in networks if one.space != space]
    held_out = [one for one in networks if one.space == space]
    seen = {called.operation for one in others for called in operations(one.network)}
    known = {one: each_ms for one, each_ms in times_ms.items() if one in seen}
    model = LatencyModel.fitted(known, others)
    return relative_errors(model, held_out)


def relative_errors(model: LatencyModel, networks: Sequence[Timed]) -> Floats:
    """|predicted / measured - 1| of each network, (N,)."""
    predicted = [model.latencies_ms(one.network, 1)[0] for one in networks]
    measured = [one.latency_ms for one in networks]
    return np.asarray(np.abs(np.array(predicted) / np.array(measured) - 1))
