import numpy as np
import pytest

from netspace.analyse.table import table
from netspace.errors import UnknownNameError, UserError

NAN, INF = float("nan"), float("inf")


def columns(**changed):
    """Five trials of two spaces: finished, failed, running, diverged, finished."""
    given = {
        "space": ["regnetx", "regnetx", "anynetx_a", "anynetx_a", "regnetx"],
        "error": [40.0, NAN, NAN, INF, 30.0],
        "flops": [400_000_000, 380_000_000, 390_000_000, 370_000_000, 360_000_000],
        "params": [5e6, 4e6, 3e6, 2e6, 1e6],
        "activations": [5, 4, 3, 2, 1],
        "failed": [False, True, False, False, False],
        "parameters": {"depth": [13, 14, 15, 16, 17], "slope": [8.0, 9.0, NAN, NAN, 7.0]},
    }
    return given | changed


def test_a_trial_is_finished_failed_or_neither():
    trials = table(**columns())
    assert trials.finished.tolist() == [True, False, False, False, True]
    assert trials.failed.tolist() == [False, True, False, True, False]
    assert trials.errors().tolist() == [40.0, 30.0]
    assert trials.failed_count == 2


def test_a_failed_trial_has_no_error():
    trials = table(**columns(error=[40.0, 50.0, NAN, NAN, 30.0]))
    assert np.isnan(trials.error[1])
    assert trials.errors().tolist() == [40.0, 30.0]


def test_columns_have_their_types():
    trials = table(**columns())
    assert (trials.flops.dtype, trials.params.dtype) == (np.int64, np.int64)
    assert trials.activations.dtype == np.int64
    assert trials.parameters["depth"].dtype == np.float64
    assert len(trials) == 5


def test_spaces_keep_their_order():
    assert table(**columns()).spaces == ("regnetx", "anynetx_a")


def test_rows_of_a_space():
    rows = table(**columns()).of_space("regnetx")
    assert rows.spaces == ("regnetx",)
    assert rows.errors().tolist() == [40.0, 30.0]
    assert rows.failed_count == 1
    assert rows.flops.tolist() == [400_000_000, 380_000_000, 360_000_000]
    assert rows.params.tolist() == [5_000_000, 4_000_000, 1_000_000]
    assert rows.activations.tolist() == [5, 4, 1]
    assert rows.finished.tolist() == [True, False, True]
    assert rows.parameters["slope"].tolist() == [8.0, 9.0, 7.0]


def test_an_unknown_space_is_named():
    with pytest.raises(UnknownNameError, match="unknown space 'regnet'; did you mean 'regnetx'"):
        table(**columns()).of_space("regnet")


def test_given_arrays_are_copied_and_the_tables_closed():
    flops = np.arange(5)
    trials = table(**columns(flops=flops))
    flops[0] = 9
    assert trials.flops[0] == 0
    for column in (trials.flops, trials.error, trials.parameters["depth"]):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 1


@pytest.mark.parametrize(
    "name", ["space", "error", "flops", "params", "activations", "failed", "parameters"]
)
def test_columns_have_one_length(name):
    short = {"depth": [1.0]} if name == "parameters" else columns()[name][:1]
    with pytest.raises(UserError, match=r"^column .* must be \(\d,\), as for (space|error); give"):
        table(**columns(**{name: short}))


@pytest.mark.parametrize("wrong", [NAN, 1.5, INF])
def test_counts_are_whole_numbers(wrong):
    with pytest.raises(UserError, match=r"column params, row 1: \S+ must be a whole number"):
        table(**columns(params=[1, wrong, 3, 4, 5]))


def test_a_table_may_be_empty():
    trials = table(**{name: [] for name in columns() if name != "parameters"}, parameters={})
    assert (len(trials), trials.spaces, trials.failed_count) == (0, (), 0)
