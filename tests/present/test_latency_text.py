"""What is said of latencies: circumstances, ratios, orders and correlations, from given figures."""

import json

import pytest

from netspace.analyse.agreement import Estimate
from netspace.analyse.correlation import Correlation
from netspace.analyse.latency_difference import Difference
from netspace.present.latency_json import MOST_PAIRED, latency_json
from netspace.present.latency_record import (
    BackendFindings,
    Figures,
    LatencyReport,
    Pair,
    TimedNetwork,
)
from netspace.present.latency_text import MOST_SHOWN, latency_text

FASTER = Difference(speed=1.25, low=1.2, high=1.3)
SLOWER = Difference(speed=0.66, low=0.63, high=0.69)
NOISE = Difference(speed=1.01, low=0.98, high=1.04)


def timed(name, flops, *, resolution=(32, 32), milliseconds=2.0):
    own = Figures(
        median_ms=milliseconds,
        low_ms=0.9 * milliseconds,
        high_ms=1.2345678 * milliseconds,
        runs=90,
        builds=2,
    )
    return TimedNetwork(
        name=name,
        resolution=resolution,
        flops=flops,
        params=10 * flops,
        activations=1_000,
        figures={"eager": own, "onnx": own},
        speeds={"onnx": SLOWER},
    )


def findings(backend, *, order, steps, pairs=(), correlations=None):
    return BackendFindings(
        backend=backend,
        meaning=f"meaning of {backend}",
        floor_percent=1.849,
        order=order,
        steps=steps,
        pairs=pairs,
        correlations=correlations or {},
    )


def report(networks, *found):
    return LatencyReport(
        networks=tuple(networks),
        findings=found,
        device="cpu, some model",
        versions={"torch": "2.6.0", "onnxruntime": "1.20"},
        batch_size=4,
        threads=2,
        rounds=9,
        runs=5,
        warmup=3,
        confidence=0.95,
    )


THREE = (timed("a", 3_000_000), timed("b", 1_000_000), timed("c", 2_000_000, resolution=(32, 64)))
PAIRS = (
    Pair(one=1, other=2, difference=SLOWER, reversed=True),
    Pair(one=1, other=0, difference=NOISE, reversed=False),
    Pair(one=2, other=0, difference=FASTER, reversed=False),
)
SMALL = report(
    THREE,
    findings("eager", order=(2, 0, 1), steps=(FASTER, NOISE), pairs=PAIRS),
    findings("onnx", order=(0, 1, 2), steps=(NOISE, NOISE)),
)


def gain(low, high):
    return Estimate(value=(low + high) / 2, low=low, high=high)


def correlations(low, high):
    tau = Estimate(value=0.5, low=0.25, high=0.75)
    own = {"flops": gain(low, high), "params": gain(0, 1)}
    return {
        "flops": Correlation(networks=12, tau=tau, gains={}),
        "params": None,
        "activations": Correlation(networks=12, tau=tau, gains=own),
    }


def many(count, low=0.1, high=0.3):
    networks = [timed(f"n-{place}", 1_000 * (place + 1)) for place in range(count)]
    own = correlations(low, high)
    order = tuple(range(count))
    pair = Pair(one=0, other=1, difference=FASTER, reversed=False)
    found = findings(
        "eager", order=order, steps=(FASTER,) * (count - 1), pairs=(pair,), correlations=own
    )
    return report(networks, found, findings("onnx", order=order, steps=(), correlations=own))


def lines(text, start):
    return [line for line in text.splitlines() if line.strip().startswith(start)]


def test_all_circumstances_are_said():
    text = latency_text(SMALL)
    assert text.startswith(
        "A batch of 4 on cpu, some model, threads 2; torch 2.6.0, onnxruntime 1.20.\n"
        "9 rounds of 5 runs each, the networks in an order drawn anew; not counted: 3 runs to warm "
        "up, and the first of each round. Builds of each network: 2.\n"
        "eager: meaning of eager.\nonnx: meaning of onnx.\n"
    )


def test_figures_and_ratios():
    text = latency_text(SMALL)
    first, second = (lines(text, "a ")[0].split(), lines(text, "onnx ")[0].split())
    assert first == ["a", "eager", "2", "2.469", "1.8", "to", "2.469", "1"]
    assert second[:1] == ["onnx"]
    assert " ".join(second[-5:]) == "0.66x (0.63 to 0.69), slower"
    assert "speed, eager = 1" in text


def test_one_backend_has_no_ratio():
    one = report([THREE[0]], findings("eager", order=(0,), steps=()))
    text = latency_text(one)
    assert "speed" not in text
    assert "place by flops" not in text


def test_places_by_flops_and_by_latency_stand_side_by_side():
    text = latency_text(SMALL)
    rows = {row[0]: row for row in (line.split() for line in text.splitlines()) if len(row) == 8}
    assert rows["a"] == ["a", "32x32", "3,000,000", "30,000,000", "1,000", "3", "2", "1"]
    assert rows["c"] == ["c", "32x64", "2,000,000", "20,000,000", "1,000", "2", "1", "3"]


def test_orders_say_which_neighbours_differ():
    text = latency_text(SMALL)
    assert (
        "eager: c < a ~ b; 2 of 3 pairs differ beyond the noise; "
        "equal networks differ by up to 1.8 %.\n"
        "  b has 2x fewer flops than c and takes 1.52x as long (1.45 to 1.59).\n"
    ) in text
    assert "onnx: a ~ b ~ c; 0 of 0 pairs" in text


@pytest.mark.parametrize(("found", "said"), [(FASTER, "they differ"), (NOISE, "they cannot be")])
def test_two_networks(found, said):
    pair = Pair(one=0, other=1, difference=found, reversed=False)
    two = findings("eager", order=(0, 1), steps=(found,), pairs=(pair,))
    assert f"; {said}" in latency_text(report(THREE[:2], two))


def test_only_the_worst_reversals_are_listed():
    pairs = tuple(
        Pair(one=1, other=0, difference=Difference(speed=s, low=s, high=s), reversed=True)
        for s in (0.5, 0.9, 0.8, 0.4, 0.7)
    )
    found = findings("eager", order=(0, 1), steps=(NOISE,), pairs=pairs)
    told = lines(latency_text(report(THREE[:2], found)), "b has")
    assert [line.split()[9] for line in told] == ["2.5x", "2x", "1.43x"]
    assert "In 5 of the pairs" in latency_text(report(THREE[:2], found))


def test_hardly_fewer_flops_are_counted_and_not_listed():
    near = (timed("a", 1_040_000), timed("b", 1_000_000))
    pair = Pair(one=1, other=0, difference=SLOWER, reversed=True)
    text = latency_text(report(near, findings("eager", order=(0, 1), steps=(), pairs=(pair,))))
    assert "b has" not in text
    assert "In 1 of the pairs" in text


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.1, 0.3, "rank latency better than flops do. Their tau minus that of flops is +0.20"),
        (-0.3, -0.1, "rank latency worse than flops do. Their tau minus that of flops is -0.20"),
        (-0.1, 0.3, "cannot be told apart from flops as a rank of latency. "),
    ],
)
def test_activations_against_flops(low, high, said):
    text = latency_text(many(12, low, high))
    assert f"eager: activations {said}" in text
    assert lines(text, "activations  ")[0].split()[1:5] == ["+0.50", "(+0.25", "to", "+0.75)"]
    assert lines(text, "params  ")[0].split()[1:] == ["-", "-"]
    assert "flops 1K to 12K (12x)" in text
    assert "activations 1K to 1K (1x)" in text


def test_counts_that_are_all_the_same_rank_nothing():
    own = {"flops": None, "params": None, "activations": None}
    found = findings("eager", order=(0, 1, 2), steps=(NOISE, NOISE), correlations=own)
    assert "which ranks nothing" in latency_text(report(THREE, found))


def test_of_many_the_fastest_and_the_slowest_are_shown():
    text = latency_text(many(MOST_SHOWN + 5))
    assert "(10 fastest and 10 slowest with eager, of 25 networks; --json has all.)" in text
    assert lines(text, "n-9 ")
    assert not lines(text, "n-12 ")
    assert lines(text, "n-24 ")
    assert "n-0 <" not in text
    assert not lines(latency_text(many(MOST_SHOWN)), "(10 fastest")


def test_json_has_all_of_it():
    document = json.loads(latency_json(SMALL))
    assert (document["threads"], document["batch_size"], document["rounds"]) == (2, 4, 9)
    assert document["versions"]["torch"] == "2.6.0"
    first, *_ = document["networks"]
    assert first["flops"] == 3_000_000
    assert first["resolution"] == 32
    assert document["networks"][2]["resolution"] == [32, 64]
    assert first["latency"]["onnx"]["p90_ms"] == pytest.approx(2.4691, abs=1e-3)
    assert first["speed"] == [
        {
            "backend": "onnx",
            "against": "eager",
            "speed": 0.66,
            "low": 0.63,
            "high": 0.69,
            "verdict": "slower",
        }
    ]
    eager = document["backends"][0]
    assert eager["order"] == ["c", "a", "b"]
    assert (eager["pairs"], eager["pairs_apart"]) == (3, 2)
    assert eager["differences"][0]["network"] == "b"
    assert eager["differences"][0]["fewer_flops_yet_slower"] is True
    assert eager["correlations"] is None


def test_json_of_a_population():
    document = json.loads(latency_json(many(MOST_PAIRED + 1)))
    eager = document["backends"][0]
    assert eager["differences"] is None
    assert eager["activations_against_flops"] == "better"
    assert eager["correlations"]["activations"]["gains"]["flops"]["low"] == 0.1
    assert eager["correlations"]["params"] is None
