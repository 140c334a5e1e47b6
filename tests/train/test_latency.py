"""Latency: warm-up left out, the median said with its circumstances. No test depends on time."""

from dataclasses import replace
from itertools import pairwise
from random import Random

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from netspace.design.blocks import Basic
from netspace.design.network import Network, Stage
from netspace.errors import UserError
from netspace.train import latency
from netspace.train.latency import Latency, measure_latency

STAGE = Stage(block=Basic(), width=8, depth=1)
NETWORK = Network(stages=(STAGE,), classes=3, resolution=(12, 10))
C27 = (3.5377, 0.11126, 0.08307, 0.08356, 0.08333, 0.08269)

durations = st.floats(1e-6, 1e3)


def latency_of(seconds: list[float] | tuple[float, ...], warmup: int) -> Latency:
    return Latency.of(
        seconds, warmup=warmup, batch_size=1, threads=1, device="cpu", precision="fp32"
    )


class Spy(nn.Module):
    """Notes how it is called; each run takes so many seconds of a clock that only runs move."""

    def __init__(self, seconds: tuple[float, ...] = (1.0,)):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(2, 3, 3, 3))
        self.seconds, self.clock = seconds, 0.0
        self.batches: list[torch.Tensor] = []
        self.states: list[tuple[bool, bool, int]] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.clock += self.seconds[len(self.batches) % len(self.seconds)]
        self.batches.append(x)
        self.states.append(
            (self.training, torch.is_inference_mode_enabled(), torch.get_num_threads())
        )
        return x


@pytest.fixture
def spy(monkeypatch: pytest.MonkeyPatch) -> Spy:
    module = Spy(C27)
    monkeypatch.setattr(latency, "build", lambda network: module)
    monkeypatch.setattr(latency.time, "perf_counter", lambda: module.clock)
    return module


def test_the_slow_first_run_is_left_out() -> None:
    """C27: 0.0833 s from 5 runs, where the plain mean of all six is 0.6636 s."""
    found = latency_of(C27, warmup=1)
    assert found.median_ms == pytest.approx(83.33)
    assert (found.runs, found.warmup_runs) == (5, 1)
    assert found.low_ms < 83.07
    assert 83.56 < found.high_ms < 111.26


def test_what_is_said_names_runs_threads_and_precision() -> None:
    """C27 and C28: a time without its thread count and its runs cannot be compared."""
    said = latency_of([0.01028] * 1_003, warmup=3)
    said = replace(said, threads=4, device="cpu, some model", batch_size=2)
    assert said.sentence == (
        "10.28 ms a batch of 2 (median of 1000 runs after 3 to warm up; 80 % took 10.28 to "
        "10.28 ms) on cpu, some model, threads 4, fp32."
    )


@given(
    counted=st.lists(durations, min_size=1, max_size=30),
    first=st.lists(durations, max_size=5),
    chance=st.randoms(),
)
def test_only_the_counted_times_matter_and_not_their_order(
    counted: list[float], first: list[float], chance: Random
) -> None:
    found = latency_of(first + counted, warmup=len(first))
    assert found.runs == len(counted)
    ends = (1_000 * min(counted), 1_000 * max(counted))
    ordered = (ends[0], found.low_ms, found.median_ms, found.high_ms, ends[1])
    for less, more in pairwise(ordered):
        assert less <= more * (1 + 1e-12)
    shuffled = counted.copy()
    chance.shuffle(shuffled)
    assert latency_of(shuffled, warmup=0) == replace(found, warmup_runs=0)


@pytest.mark.parametrize(("times", "warmup"), [([], 0), ([1.0], 1), ([1.0, 2.0], 3)])
def test_a_warm_up_that_leaves_nothing_is_refused(times: list[float], warmup: int) -> None:
    with pytest.raises(UserError, match=rf"warmup {warmup} leaves none of {len(times)} runs"):
        latency_of(times, warmup)


def test_a_network_is_measured_in_its_own_numbers() -> None:
    found = measure_latency(NETWORK, batch_size=2, warmup=1, runs=3)
    assert 0 < found.low_ms <= found.median_ms <= found.high_ms
    assert (found.runs, found.warmup_runs, found.batch_size, found.threads) == (3, 1, 2, 1)
    assert found.device.startswith("cpu")
    assert found.precision == "fp32"


def test_the_times_are_those_of_the_runs(spy: Spy) -> None:
    found = measure_latency(NETWORK, warmup=1, runs=5)
    assert found.median_ms == pytest.approx(83.33)
    assert len(spy.batches) == 6


def test_the_module_runs_as_in_use(spy: Spy) -> None:
    """Eval mode, no record for gradients, channels-last as in training, so many threads."""
    measure_latency(NETWORK, batch_size=2, threads=3, warmup=2, runs=3)
    assert spy.states == [(False, True, 3)] * 5
    assert spy.weight.is_contiguous(memory_format=torch.channels_last)
    for batch in spy.batches:
        assert (batch.shape, batch.dtype) == ((2, 3, 12, 10), torch.float32)
        assert batch.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("before", [1, 2])
def test_thread_count_and_random_state_are_as_before(
    before: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_first = torch.get_num_threads()
    try:
        torch.set_num_threads(before)
        state = torch.get_rng_state()
        assert measure_latency(NETWORK, threads=3, warmup=0, runs=1).threads == 3
        assert torch.get_num_threads() == before
        assert torch.equal(torch.get_rng_state(), state)
        monkeypatch.setattr(latency, "build", _broken)
        with pytest.raises(RuntimeError, match="no memory"):
            measure_latency(NETWORK, threads=3)
        assert torch.get_num_threads() == before
    finally:
        torch.set_num_threads(at_first)


def _broken(network: Network) -> nn.Module:
    raise RuntimeError("no memory")


@pytest.mark.parametrize("kind", ["cuda", "mps"])
def test_an_accelerator_is_waited_for(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    waited = []
    place = getattr(torch, kind)
    monkeypatch.setattr(place, "synchronize", lambda *device: waited.append(device))
    latency.wait_for(torch.device("cpu"))
    assert waited == []
    latency.wait_for(torch.device(kind))
    assert len(waited) == 1


def test_the_clock_is_read_only_when_all_work_is_done(
    spy: Spy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Work still under way at either reading would be counted in the wrong run."""
    told: list[str] = []
    spy.register_forward_hook(lambda *_: told.append("run"))
    monkeypatch.setattr(latency, "wait_for", lambda device: told.append("wait"))
    monkeypatch.setattr(latency.time, "perf_counter", lambda: told.append("read") or len(told))
    measure_latency(NETWORK, warmup=0, runs=2)
    assert told == ["wait", "read", "run", "wait", "read"] * 2


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"batch_size": 0}, "batch_size 0 must be at least 1"),
        ({"threads": 0}, "threads 0 must be at least 1"),
        ({"runs": 0}, "runs 0 must be at least 1"),
        ({"warmup": -1}, "warmup -1 must be at least 0"),
    ],
)
def test_counts_out_of_range_are_refused(given: dict[str, int], message: str) -> None:
    with pytest.raises(UserError, match=message):
        measure_latency(NETWORK, **given)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")
def test_a_gpu_is_measured() -> None:
    found = measure_latency(NETWORK, device=torch.device("cuda"), warmup=2, runs=3)
    assert found.median_ms > 0
    assert found.device == torch.cuda.get_device_name()


def test_random_batches_are_the_same_each_time(spy: Spy) -> None:
    for _ in range(2):
        measure_latency(NETWORK, warmup=0, runs=1)
    first, second = (batch.numpy() for batch in spy.batches)
    np.testing.assert_array_equal(first, second)
    assert first.std() == pytest.approx(1, abs=0.2)
