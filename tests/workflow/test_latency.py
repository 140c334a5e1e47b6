"""Latency from networks to report, on a machine whose clock only runs move."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch

from netspace.design.blocks import Basic
from netspace.design.complexity import count
from netspace.design.network import Network, Stage, Stem
from netspace.design.zoo import network
from netspace.errors import UserError
from netspace.present.latency_json import latency_json
from netspace.present.latency_text import latency_text
from netspace.train import backends
from netspace.train.backends import Backend, Conditions, Run
from netspace.workflow import latency
from netspace.workflow.latency import Wish, measure

TINY = Network(stages=(Stage(block=Basic(), width=8, depth=1),), classes=3, resolution=(8, 8))

Seconds = Callable[[Network, Backend], float]


class Quiet:
    """A watcher that keeps what it hears."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.steps = 0

    def say(self, sentence: str) -> None:
        self.said.append(sentence)

    def begin(self, title: str, *, total: int, done: int = 0, best: object = None) -> None:
        self.steps -= total

    def advance(self, steps: int) -> None:
        self.steps += steps

    def trial(self, *_: object) -> None:
        raise AssertionError("nothing trains")

    def end(self) -> None:
        pass


class Machine:
    """Runs that take so many seconds, times a little noise; builds of one network differ too."""

    def __init__(self, seconds: Seconds, build: float = 0.01, run: float = 0.01):
        self.now, self.seconds, self.build, self.run = 0.0, seconds, build, run
        self.chance = np.random.default_rng(0)
        self.made: list[tuple[str, Backend]] = []
        self.threads: set[int] = set()

    def builder(self, one: Network, backend: Backend, where: Conditions) -> Callable[[], Run]:
        return lambda: self._make(one, backend)

    def _make(self, one: Network, backend: Backend) -> Run:
        self.made.append((one.name, backend))
        lasting = self.seconds(one, backend) * np.exp(self.build * self.chance.normal())

        def run() -> torch.Tensor:
            self.threads.add(torch.get_num_threads())
            self.now += lasting * np.exp(self.run * self.chance.normal())
            return torch.zeros(1)

        return run


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch):
    """Measure these networks on such a machine."""

    def measured(networks: Sequence[Network], seconds: Seconds, **wish: object):
        machine, watcher = Machine(seconds), Quiet()
        monkeypatch.setattr(backends, "builder", machine.builder)
        asked = Wish(**{"backends": ("eager",), **wish})
        report = measure(networks, asked, watcher, clock=lambda: machine.now)
        return report, machine, watcher

    return measured


def wide(width: int) -> Network:
    return replace(
        TINY, stages=(Stage(block=Basic(), width=width, depth=1),), name=f"width-{width}"
    )


def test_c87_fewer_flops_and_yet_slower(on) -> None:
    """EfficientNet-B0 19.6 ms, ResNet-50 11.5 ms: 10.6 times fewer flops, 1.7 times slower."""
    taken = {"efficientnet_b0": 0.0196, "resnet50": 0.0115}
    networks = [network("resnet50"), network("efficientnet_b0")]
    report, _, _ = on(networks, lambda one, _: taken[one.name])
    (found,) = report.findings
    assert [report.networks[place].name for place in found.order] == ["resnet50", "efficientnet_b0"]
    assert [report.place("flops", place) for place in (0, 1)] == [2, 1]
    (pair,) = found.pairs
    assert (pair.one, pair.other, pair.reversed) == (1, 0, True)
    text = latency_text(report)
    assert "efficientnet_b0 has 10.6x fewer flops than resnet50 and takes 1.7" in text
    assert "eager: resnet50 < efficientnet_b0; they differ beyond the noise" in text


def test_c28_a_backend_that_is_slower_is_said_to_be(on) -> None:
    seconds = {"eager": 0.01028, "onnx_int8_dynamic": 0.01552}
    report, _, _ = on(
        [TINY],
        lambda _, backend: seconds[backend],
        backends=("eager", "onnx_int8_dynamic"),
        threads=2,
    )
    speed = report.networks[0].speeds["onnx_int8_dynamic"]
    assert speed.speed == pytest.approx(0.662, abs=0.02)
    assert speed.verdict == "slower"
    assert "slower" in latency_text(report)
    assert "threads 2" in latency_text(report)


def test_equal_networks_are_not_told_apart(on) -> None:
    networks = [replace(TINY, name=name) for name in "abcd"]
    report, machine, _ = on(networks, lambda *_: 0.005)
    (found,) = report.findings
    assert not any(pair.difference.real for pair in found.pairs)
    assert not any(pair.reversed for pair in found.pairs)
    assert len(found.pairs) == 6
    assert found.floor_percent > 1
    assert " ~ " in latency_text(report)
    assert " < " not in latency_text(report)
    assert machine.made == [(name, "eager") for name in "abcd" for _ in range(2)]


def test_of_equal_flops_none_is_fewer(on) -> None:
    """The slower one of two with the same flops is slower, which is no matter of flops."""
    taken = {"a": 0.002, "b": 0.001}
    report, _, _ = on([replace(TINY, name=name) for name in taken], lambda one, _: taken[one.name])
    (pair,) = report.findings[0].pairs
    assert pair.difference.verdict == "slower"
    assert not pair.reversed


def test_the_figures_are_those_of_all_builds(on) -> None:
    report, machine, watcher = on([TINY], lambda *_: 0.004, rounds=6, runs=4)
    own = report.networks[0].figures["eager"]
    assert own.median_ms == pytest.approx(4.0, rel=0.03)
    assert own.low_ms <= own.median_ms <= own.high_ms
    assert (own.runs, own.builds) == (5 * 6 * 4, 5)
    assert (report.rounds, report.runs, report.warmup) == (6, 4, 5)
    assert len(machine.made) == 5
    assert watcher.steps == 0
    assert any("5 builds in 6 rounds of 4 runs each: about" in said for said in watcher.said)


def test_a_population_is_ranked_by_what_makes_it_slow(on) -> None:
    """Activations decide on one backend, flops on the other."""
    chance = np.random.default_rng(1)
    networks = [
        replace(
            TINY,
            stem=Stem(width=int(stem), stride=1),
            stages=(Stage(block=Basic(), width=int(width), depth=1),),
            name=f"n-{place}",
        )
        for place, (stem, width) in enumerate(
            zip(chance.integers(8, 120, 60), chance.integers(8, 120, 60), strict=True)
        )
    ]
    ruler = {"eager": "activations", "onnx": "flops"}

    def seconds(one: Network, backend: Backend) -> float:
        return float(getattr(count(one), ruler[backend])) * 1e-8

    report, machine, _ = on(networks, seconds, backends=("eager", "onnx"), rounds=6, runs=1)
    by_backend = {found.backend: found for found in report.findings}
    eager, onnx = by_backend["eager"], by_backend["onnx"]
    assert eager.correlations["activations"].tau.value > 0.95
    assert onnx.correlations["flops"].tau.value > 0.95
    assert eager.activations_against_flops == "better"
    assert onnx.activations_against_flops == "worse"
    text = latency_text(report)
    assert "eager: activations rank latency better than flops do." in text
    assert "onnx: activations rank latency worse than flops do." in text
    document = json.loads(latency_json(report))
    assert len(document["networks"]) == 60
    assert document["backends"][0]["differences"] is None
    assert document["backends"][0]["pairs"] == 60 * 59 / 2
    assert document["backends"][1]["activations_against_flops"] == "worse"
    assert len(machine.made) == 2 * 72


def test_a_few_networks_have_no_correlation(on) -> None:
    report, _, _ = on([wide(8), wide(16)], lambda one, _: count(one).flops * 1e-9)
    (found,) = report.findings
    assert found.correlations == {}
    assert found.activations_against_flops is None
    assert "tau" not in latency_text(report)


def test_threads_hold_for_the_measurement_only(on) -> None:
    before = torch.get_num_threads()
    _, machine, _ = on([TINY], lambda *_: 0.001, threads=2)
    assert machine.threads == {2}
    assert torch.get_num_threads() == before


def test_compiling_many_is_announced(on, monkeypatch) -> None:
    many = [replace(TINY, name=f"n-{place}") for place in range(13)]
    _, _, watcher = on(many, lambda *_: 0.001, backends=("compile",), rounds=6, runs=1)
    assert sum("for the first of 13 networks" in said for said in watcher.said) == 1
    _, _, watcher = on(many[:12], lambda *_: 0.001, backends=("compile",), rounds=6, runs=1)
    assert not any("compile took" in said for said in watcher.said)


@pytest.mark.parametrize(("load", "warned"), [(0.1, False), (4.0, True)])
def test_a_busy_machine_is_said_to_be(on, monkeypatch, load, warned) -> None:
    monkeypatch.setattr(latency.os, "getloadavg", lambda: (load, 0.0, 0.0))
    _, _, watcher = on([TINY], lambda *_: 0.001)
    assert any("other programs are at work" in said for said in watcher.said) is warned


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        (Wish(backends=("onx",)), "unknown backend 'onx'; did you mean 'onnx'"),
        (Wish(threads=0), "threads 0 must be at least 1"),
        (Wish(batch_size=0), "batch_size 0 must be at least 1"),
        (Wish(threads=5), "threads 5 is more than the 4 processors that this process may use"),
        (Wish(device="gpu"), "unknown device 'gpu'"),
    ],
)
def test_what_cannot_be_measured_is_refused_before_anything_is_built(
    wish: Wish, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(latency, "_processors", lambda: 4)
    monkeypatch.setattr(backends, "builder", None)
    with pytest.raises(UserError, match=message):
        measure([TINY], wish, Quiet())


def test_each_backend_is_measured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = Wish(backends=("onnx", "eager", "onnx")).chosen(Conditions())
    assert chosen == ("onnx", "eager")
    monkeypatch.setattr(backends, "find_spec", lambda name: None)
    assert Wish().chosen(Conditions()) == ("eager", "channels_last")
