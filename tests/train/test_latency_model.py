"""The latency model on made-up times: what is looked up, estimated and weighted. Nothing is timed.

C81 of the users' cases: a table without an entry must say so, and never answer 0 ms.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import netspace as ns
from netspace.design.network import Network
from netspace.errors import UserError
from netspace.spaces.batch import one
from netspace.spaces.families import space
from netspace.train.latency_model import LatencyModel, Timed, relative_errors
from netspace.train.layer_estimates import FEWEST, LEAST_MS, Estimate, fit, nearest_class
from netspace.train.operations import Operation, operations

FITTING = ("regnety", "efficientnet", "resnet")
INSIDE = {"dense": 1.5, "depthwise": 2.0, "grouped": 1.2}
"""What a made-up operation takes inside a network, as a multiple of what it takes alone."""


def class_of(operation: Operation) -> str:
    if operation.kind != "conv":
        return "rest"
    if operation.groups == 1:
        return "dense"
    return "depthwise" if operation.groups == operation.channels else "grouped"


def alone_ms(operation: Operation) -> float:
    """A made-up machine: a call's own time, and some for each multiply-add and each number read."""
    read = operation.channels * operation.height * operation.width
    weights = operation.channels / operation.groups * operation.out * operation.kernel**2
    positions = operation.height * operation.width / operation.stride**2
    own = {"conv": 0.01, "linear": 0.008}.get(operation.kind, 0.003)
    work = 2e-8 * weights * positions if operation.kind in ("conv", "linear") else 0
    return own + work + 1e-7 * read


def inside_ms(network: Network) -> float:
    return sum(
        call.times * INSIDE.get(class_of(call.operation), 0.5) * alone_ms(call.operation)
        for call in operations(network)
    )


def networks(name: str, count: int = 6, seed: int = 0) -> list[Network]:
    return list(space(name, resolution=32, classes=10).sample(count, seed=seed, flops=(2e6, 2e7)))


def timed(names: tuple[str, ...], seed: int = 0) -> list[Timed]:
    return [
        Timed(space=name, network=network, latency_ms=inside_ms(network))
        for name in names
        for network in networks(name, seed=seed)
    ]


def table(of: list[Timed]) -> dict[Operation, float]:
    return {c.operation: alone_ms(c.operation) for each in of for c in operations(each.network)}


@pytest.fixture(scope="module")
def model() -> LatencyModel:
    fitting = timed(FITTING)
    return LatencyModel.of(table(fitting), fitting)


def test_the_weights_of_the_groups_are_found(model: LatencyModel) -> None:
    np.testing.assert_allclose(model.weights, [1.5, 2.0, 1.2, 0.5], rtol=0.1)


def test_a_space_that_was_not_fitted_is_predicted(model: LatencyModel) -> None:
    for name in ("anynetx_a", "mnasnet", "resnext"):
        errors = relative_errors(model, timed((name,), seed=3))
        assert np.median(errors) < 0.05


def test_the_check_leaves_each_space_out_once(model: LatencyModel) -> None:
    assert model.check is not None
    fitting, errors = timed(FITTING), []
    for name in FITTING:
        others = [each for each in fitting if each.space != name]
        apart = LatencyModel.fitted(table(others), others)
        errors.append(relative_errors(apart, [each for each in fitting if each.space == name]))
    middle, high = 100 * np.quantile(np.concatenate(errors), (0.5, 0.9))
    assert (model.check.median_percent, model.check.p90_percent) == pytest.approx((middle, high))
    with pytest.raises(UserError, match="networks of 1 spaces cannot check each other"):
        LatencyModel.of(table(fitting[:6]), fitting[:6])


def test_what_is_looked_up_and_what_is_not_is_said(model: LatencyModel) -> None:
    known = model.predict(networks("regnety")[0])
    assert (known.estimated, known.missing) == (0, ())
    assert known.looked_up == sum(c.times for c in operations(networks("regnety")[0]))
    other = model.predict(networks("anynetx_a", seed=5)[0])
    assert other.estimated > 0
    assert other.looked_up + other.estimated == sum(
        call.times for call in operations(networks("anynetx_a", seed=5)[0])
    )
    assert all(operation not in model.times_ms for operation in other.missing)
    assert f"{other.estimated} estimated from measured ones like them" in other.sentence


def test_a_missing_entry_is_never_nothing(model: LatencyModel) -> None:
    """C81: without one operation the prediction stays near, and that it is missing is said."""
    network = networks("regnety")[0]
    whole = model.predict(network)
    for operation in [call.operation for call in operations(network)][2:60:25]:
        times = {known: ms for known, ms in model.times_ms.items() if known != operation}
        less = LatencyModel.fitted(times, timed(FITTING)).predict(network)
        assert less.missing == (operation,)
        assert less.latency_ms == pytest.approx(whole.latency_ms, rel=0.1)


def test_a_network_unlike_all_that_was_measured_takes_time(model: LatencyModel) -> None:
    network = ns.network("googlenet").for_input(resolution=64)
    found = model.predict(network)
    assert found.latency_ms > 0
    assert {"join", "max pool"} <= {operation.kind for operation in found.missing}


@pytest.mark.parametrize("name", ["anynetx_a", "mnasnet", "efficientnet", "resnet"])
def test_a_batch_gets_the_same_predictions(model: LatencyModel, name: str) -> None:
    whole = space(name, resolution=32, classes=10)
    uniforms = np.random.default_rng(0).random((10, whole.dimensions))
    for batch in whole.template.decode(whole.draw(uniforms)):
        together = model.latencies_ms(batch.network, len(batch.rows))
        each = [model.latencies_ms(one(batch.network, row), 1)[0] for row in range(len(batch.rows))]
        np.testing.assert_allclose(together, each, rtol=1e-12)


numbers = st.tuples(*[st.integers(1, 512)] * 4, *[st.integers(1, 4)] * 2, st.just(1))


def rows(columns: list[tuple[int, ...]]) -> np.ndarray:
    return np.array([(*row, 0, 0) for row in columns], dtype=np.float64)


@given(
    measured=st.lists(numbers, min_size=1, max_size=2 * FEWEST),
    asked=st.lists(numbers, min_size=1, max_size=5),
    times=st.lists(st.floats(1e-3, 10), min_size=2 * FEWEST, max_size=2 * FEWEST),
)
def test_no_estimate_is_nothing_or_endless(
    measured: list[tuple[int, ...]], asked: list[tuple[int, ...]], times: list[float]
) -> None:
    estimate = Estimate.of(rows(measured), np.array(times[: len(measured)]))
    found = estimate.times_ms(rows(asked))
    assert (found > 0).all()
    assert np.isfinite(found).all()


def test_a_fit_that_says_nothing_still_takes_time() -> None:
    asked = rows([(1, 1, 1, 1, 1, 1, 1)])
    empty = Estimate(rates=np.zeros(6), points=np.zeros((0, 1)), pulls=np.zeros(0))
    assert empty.times_ms(asked) == LEAST_MS


def linear_ms(values: np.ndarray) -> np.ndarray:
    return 0.02 + 1e-6 * values[:, 0] * values[:, 1] * values[:, 2]


def bumpy_ms(values: np.ndarray) -> np.ndarray:
    """Twice as slow where the channels put out are no multiple of 8."""
    return linear_ms(values) * np.where(values[:, 3] % 8 == 0, 1, 2)


@pytest.mark.parametrize(("law", "close"), [(linear_ms, 0.02), (bumpy_ms, 0.25)])
def test_a_law_is_found_from_examples(
    law: Callable[[np.ndarray], np.ndarray], close: float
) -> None:
    chance = np.random.default_rng(0)
    drawn = chance.integers(1, 65, (240, 9)).astype(np.float64)
    drawn[:, 4:] = (1, 1, 1, 0, 0)
    estimate = Estimate.of(drawn[:200], law(drawn[:200]))
    off = np.abs(estimate.times_ms(drawn[200:]) / law(drawn[200:]) - 1)
    assert np.median(off) < close


def test_a_class_without_measurements_borrows_from_one_like_it() -> None:
    known = fit(["dense", "add"], np.ones((2, 9)), np.array([1.0, 2.0]))
    assert nearest_class("add", known) == "add"
    assert nearest_class("depthwise", known) == "dense"
    assert nearest_class("hardswish", known) == "add"
    assert nearest_class("linear", {"mean": known["add"]}) == "mean"


def test_a_pool_that_rounds_up_is_estimated_as_one_that_does_not() -> None:
    pool = Operation(kind="max pool", channels=8, height=8, width=8, out=8, kernel=2, stride=2)
    fitting = timed(("resnet", "regnety"))
    known = LatencyModel.fitted({**table(fitting), pool: 7.0}, fitting)
    assert known.estimates["max pool"].times_ms(np.array([pool.numbers], float)) == pytest.approx(7)
    known._learn([replace(pool, kind="max pool up")])
    assert known._known[replace(pool, kind="max pool up")][0] == pytest.approx(7)
