"""Populations as columns: what the store tells without decoding a network."""

import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from netspace.run import columns
from netspace.run.store import Store
from netspace.table import TrialTable
from netspace.trial import Trial
from tests.run.test_store import trials

UNKNOWN = np.nan


def table(errors: list[float], **parameters: object) -> TrialTable:
    n = len(errors)
    return TrialTable(
        index=np.arange(n),
        errors=np.array(errors),
        flops=np.arange(n) * 1e6,
        params=np.arange(n) * 1e3,
        activations=np.full(n, UNKNOWN),
        parameters={name: np.array(values, dtype=float) for name, values in parameters.items()},
    )


def same(a: TrialTable, b: TrialTable) -> None:
    for name in ("index", "errors", "flops", "params", "activations"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)
    assert list(a.parameters) == list(b.parameters)
    for name, values in a.parameters.items():
        np.testing.assert_array_equal(values, b.parameters[name], err_msg=name)


@pytest.fixture
def trained(tmp_path: Path):
    """Four trials: the first failed, two finished in reverse, the last planned."""
    with Store(tmp_path / "run.db") as store:
        store.plan(trials(4))
        for number in (3, 2, 1):
            store.begin(number)
        store.finish(3, error=30.0, seconds=1.0, curve=(), setting={})
        store.finish(2, error=20.0, seconds=1.0, curve=(), setting={"torch": "2"})
        store.fail(1, "diverged")
        yield store


def test_finished_and_failed_trials_by_index(trained: Store) -> None:
    found, planned = trained.table(space="anynetx_a"), trials(3)
    np.testing.assert_array_equal(found.errors, [UNKNOWN, 20.0, 30.0])
    assert found.index.tolist() == [0, 1, 2]
    assert found.failed == 1
    for quantity in ("flops", "params", "activations"):
        expected = [getattr(trial.complexity, quantity) for trial in planned]
        assert getattr(found, quantity).tolist() == expected
    for name, values in planned[0].parameters.items():
        assert found.parameters[name].shape == (3, len(values))
        for row, trial in enumerate(planned):
            assert found.parameters[name][row].tolist() == list(trial.parameters[name])


def test_a_round_or_space_without_trials_is_empty(trained: Store) -> None:
    for found in (trained.table(space="regnetx"), trained.table(round="final", space="anynetx_a")):
        assert len(found) == len(found.index) == len(found.flops) == 0
        assert found.parameters == {}


def test_a_network_is_not_decoded(trained: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("netspace.run.store.network_from_plain", refuse)
    assert len(trained.table(space="anynetx_a")) == 3
    assert len(trained.standings()) == 4
    with pytest.raises(AssertionError):
        trained.trials()


def test_spaces_stand_in_the_order_of_their_first_trial(tmp_path: Path) -> None:
    with Store(tmp_path / "run.db") as store:
        assert store.spaces() == ()
        store.add_tables({"z": table([1.0]), "a": table([2.0]), "m": table([3.0])})
        assert store.spaces() == store.spaces("population") == ("z", "a", "m")
        assert store.spaces("final") == ()


def test_where_every_trial_stands(trained: Store) -> None:
    found, decoded = trained.standings(), trained.trials()
    for name in ("id", "round", "space", "index", "state", "attempts", "error", "reason"):
        assert [getattr(one, name) for one in found] == [getattr(one, name) for one in decoded]
    assert {one.name for one in found} == {""}


def test_an_added_table_reads_back(tmp_path: Path) -> None:
    lists = [[1, 2, 3], [4, 5, UNKNOWN], [UNKNOWN] * 3]
    added = table([10.5, UNKNOWN, 30.0], width=lists, slope=[[0.5], [UNKNOWN], [2.0]])
    with Store(tmp_path / "run.db") as store:
        store.add_tables({"a": added}, {"a": ["x", "", "z"]}, kind="table")
        same(store.table(space="a"), added)
        standings = store.standings()
        assert [(one.name, one.state) for one in standings] == [
            ("x", "finished"),
            ("", "failed"),
            ("z", "finished"),
        ]
        assert standings[1].reason == "no error in the imported table"
        assert store.counts() == {"planned": 0, "running": 0, "finished": 2, "failed": 1}
        assert store.fact("kind") == "table"


def test_rows_that_cannot_be_added_leave_nothing_behind(tmp_path: Path) -> None:
    twice = table([1.0, 2.0]).rows(np.array([0, 0]))
    with Store(tmp_path / "run.db") as store:
        with pytest.raises(Exception, match="UNIQUE"):
            store.add_tables({"a": table([1.0]), "b": twice}, kind="table")
        assert store.spaces() == ()
        assert store.fact("kind") is None


def parameter(rows: int, size: int) -> st.SearchStrategy[np.ndarray]:
    numbers = st.floats(allow_infinity=False, width=32)
    return arrays(np.float64, (rows, size), elements=numbers)


@st.composite
def tables(draw: st.DrawFn) -> TrialTable:
    n = draw(st.integers(1, 12))
    errors = draw(st.lists(st.floats(0.0, 100.0) | st.just(UNKNOWN), min_size=n, max_size=n))
    names = draw(st.lists(st.text(min_size=1, max_size=5), unique=True, max_size=3))
    return table(errors, **{name: draw(parameter(n, draw(st.integers(1, 4)))) for name in names})


@given(given_table=tables(), at_once=st.integers(1, 5))
def test_any_table_reads_back_however_it_is_cut(given_table: TrialTable, at_once: int) -> None:
    """Parameters that no row has are not known to the store."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "ROWS_AT_ONCE", at_once)
        patch.setattr("netspace.run.store.ROWS_AT_ONCE", at_once)
        with Store(Path(":memory:")) as store:
            store.add_tables({"a": given_table})
            found = store.table(space="a")
    known = {
        name: values
        for name, values in given_table.parameters.items()
        if not np.isnan(values).all()
    }
    assert set(found.parameters) == set(known)
    np.testing.assert_array_equal(found.errors, given_table.errors)
    for name, values in known.items():
        np.testing.assert_array_equal(found.parameters[name], values)


@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_rows_may_have_other_parameters_or_fewer_stages(
    at_once: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columns, "ROWS_AT_ONCE", at_once)
    first, *_ = trials(1)
    shapes: list[dict[str, object]] = [{"depth": (3, 4, 5)}, {"depth": (1, 2)}, {"slope": 2.5}]
    with Store(tmp_path / "run.db") as store:
        store.plan(
            Trial(
                space="a",
                index=index,
                network=first.network,
                parameters=parameters,
                complexity=first.complexity,
                recipe=first.recipe,
                seed=0,
            )
            for index, parameters in enumerate(shapes)
        )
        for number in (1, 2, 3):
            store.begin(number)
            store.fail(number, "diverged")
        found = store.table(space="a")
    nothing = [UNKNOWN] * 3
    np.testing.assert_array_equal(found.parameters["depth"], [[3, 4, 5], [1, 2, UNKNOWN], nothing])
    np.testing.assert_array_equal(found.parameters["slope"], [[UNKNOWN], [UNKNOWN], [2.5]])


@pytest.mark.slow
def test_many_trials_load_in_seconds(tmp_path: Path) -> None:
    """100,000 trials in 10 s is what people were promised; the clock is that of this process."""
    n = 100_000
    whole = table([50.0] * n, width=np.ones((n, 4)), depth=np.ones((n, 4)))
    with Store(tmp_path / "run.db") as store:
        store.add_tables({"a": whole})
        began = time.process_time()
        assert len(store.table(space="a")) == n
        assert time.process_time() - began < 10.0
