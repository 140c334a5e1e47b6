"""A machine whose times are made up, so that latencies can be tested without a clock."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from netspace.design.network import Network
from netspace.spaces.ranges import Floats
from netspace.train.latency import Latency
from netspace.train.latency_model import LatencyModel
from netspace.train.operations import Operation, operations
from netspace.workflow import latency_file, latency_limit
from netspace.workflow.latency_file import Measures, Say, latency_model

INSIDE = 1.5
"""What an operation takes inside a network, as a multiple of what it takes alone."""


def alone_ms(operation: Operation) -> float:
    """A call's own time, and some for each multiply-add and each number read."""
    read = operation.channels * operation.height * operation.width
    weights = operation.channels / operation.groups * operation.out * operation.kernel**2
    positions = operation.height * operation.width / operation.stride**2
    work = 2e-8 * weights * positions if operation.kind in ("conv", "linear") else 0.0
    return 0.005 + work + 1e-7 * read


def network_ms(network: Network) -> float:
    """Milliseconds of a whole network."""
    return INSIDE * sum(c.times * alone_ms(c.operation) for c in operations(network))


class Machine:
    """Measures as the made-up machine is; slower by a factor when whole networks are confirmed."""

    def __init__(self, slower: float = 1.0):
        self.slower = slower
        self.operations: list[Operation] = []
        self.networks: list[Network] = []
        self.confirmed: list[Network] = []

    @property
    def measures(self) -> Measures:
        """What the model is fitted to."""
        return Measures(operations=self._operations, networks=self._networks)

    def _operations(self, asked: Sequence[Operation]) -> Floats:
        self.operations += asked
        return np.array([alone_ms(one) for one in asked])

    def _networks(self, asked: Sequence[Network]) -> Floats:
        self.networks += asked
        return np.array([network_ms(one) for one in asked])

    def confirm(self, network: Network) -> float:
        """The measured latency of a network that may keep to a limit."""
        self.confirmed.append(network)
        return self.slower * network_ms(network)

    def use(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let everything in netspace that limits latency run on this machine."""

        def model(resolution: int, say: Say) -> LatencyModel:
            return latency_model(resolution, say, measures=self.measures, folder=folder)

        def measured(network: Network) -> Latency:
            ms = self.confirm(network)
            return Latency.of(
                [ms / 1_000], warmup=0, batch_size=1, threads=1, device="cpu", precision="fp32"
            )

        monkeypatch.setattr(latency_file, "BANDS", ((2e6, 4e6), (12e6, 20e6)))
        monkeypatch.setattr(latency_limit, "latency_model", model)
        monkeypatch.setattr(latency_limit, "measure_latency", measured)
