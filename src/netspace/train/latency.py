"""How long a network takes to answer, measured on this machine."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor, nn

from netspace.design.network import Network
from netspace.errors import UserError
from netspace.train.backends import noise
from netspace.train.build import build
from netspace.train.device import Compute, use_threads

CPU = torch.device("cpu")
LOW, HIGH = 0.1, 0.9
"""Shares of the runs that are faster than `low_ms` and than `high_ms`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Milliseconds of one batch: the median over `runs`, and the ends of their middle 80 %.

    warmup_runs: made before, and not counted. device, precision: as in a trial's setting.
    """

    median_ms: float
    low_ms: float
    high_ms: float
    runs: int
    warmup_runs: int
    batch_size: int
    threads: int
    device: str
    precision: str

    @classmethod
    def of(
        cls,
        seconds: Sequence[float],
        *,
        warmup: int,
        batch_size: int,
        threads: int,
        device: str,
        precision: str,
    ) -> Self:
        """What the times of consecutive runs say, the first `warmup` of them left out.

        Raises UserError where none is left.
        """
        counted = seconds[warmup:]
        if not counted:
            raise UserError(
                f"warmup {warmup} leaves none of {len(seconds)} runs to count; add runs or lower it"
            )
        low, median, high = 1_000 * np.quantile(counted, (LOW, 0.5, HIGH))
        return cls(
            median_ms=float(median),
            low_ms=float(low),
            high_ms=float(high),
            runs=len(counted),
            warmup_runs=warmup,
            batch_size=batch_size,
            threads=threads,
            device=device,
            precision=precision,
        )

    @property
    def sentence(self) -> str:
        """The median with all that it depends on."""
        return (
            f"{self.median_ms:.4g} ms a batch of {self.batch_size} (median of {self.runs} runs "
            f"after {self.warmup_runs} to warm up; 80 % took {self.low_ms:.4g} to "
            f"{self.high_ms:.4g} ms) on {self.device}, threads {self.threads}, {self.precision}."
        )


def measure_latency(
    network: Network,
    *,
    batch_size: int = 1,
    threads: int = 1,
    device: torch.device = CPU,
    warmup: int = 10,
    runs: int = 50,
) -> Latency:
    """Time the network on noise at its own resolution, untrained, in eval mode and fp32.

    The thread count holds for the measurement only. Raises UserError for a count out of range.
    """
    _check(batch_size=batch_size, threads=threads, runs=runs)
    if warmup < 0:
        raise UserError(f"warmup {warmup} must be at least 0; 10 is usual")
    compute = Compute.of(device, "fp32")
    with _threads(threads):
        module, batch = _ready(network, batch_size, compute)
        seconds = _timed(module, batch, count=warmup + runs)
        setting = compute.setting()
    return Latency.of(
        seconds,
        warmup=warmup,
        batch_size=batch_size,
        threads=int(setting["threads"]),
        device=setting["device"],
        precision=setting["precision"],
    )


def _check(**counts: int) -> None:
    for name, count in counts.items():
        if count < 1:
            raise UserError(f"{name} {count} must be at least 1")


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """Compute on so many threads inside, and on as many as before afterwards."""
    before = torch.get_num_threads()
    use_threads(count)
    try:
        yield
    finally:
        use_threads(before)


def _ready(network: Network, batch_size: int, compute: Compute) -> tuple[nn.Module, Tensor]:
    """The module and a batch (N, C, H, W), both channels-last as in training."""
    module = build(network).to(compute.device).eval()
    module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    batch = noise(network, batch_size).contiguous(memory_format=torch.channels_last)
    return module, batch.to(compute.device)


def _timed(module: nn.Module, batch: Tensor, *, count: int) -> list[float]:
    """Seconds of each of `count` consecutive runs."""
    seconds = []
    with torch.inference_mode():
        for _ in range(count):
            wait_for(batch.device)
            begin = time.perf_counter()
            module(batch)
            wait_for(batch.device)
            seconds.append(time.perf_counter() - begin)
    return seconds


def wait_for(device: torch.device) -> None:
    """Wait for all work handed to an accelerator; a processor has done it on return."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
