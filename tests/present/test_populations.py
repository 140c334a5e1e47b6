from dataclasses import replace

import numpy as np
import pytest

from netspace.present.populations import Population
from tests.present.records import fail, planned, study, trained

STUDY = study("anynetx_a", networks=10)
TRIALS = trained(STUDY)


def table(trials):
    return Population(space="anynetx_a", number=0, trials=tuple(trials)).table


def test_a_row_for_each_finished_and_failed_trial_by_index():
    broken, waiting = fail(TRIALS[3], "diverged"), planned(STUDY)[5]
    found = table([*TRIALS[6:], waiting, TRIALS[4], broken, *TRIALS[:3]])
    assert found.index.tolist() == [0, 1, 2, 3, 4, 6, 7, 8, 9]
    assert found.failed == 1
    assert np.isnan(found.errors[3])
    assert found.errors[0] == TRIALS[0].error
    assert found.flops[4] == TRIALS[4].complexity.flops
    assert found.parameters["depth"].shape == (9, 4)
    assert found.parameters["depth"][8].tolist() == list(TRIALS[9].parameters["depth"])


@pytest.mark.parametrize("error", [float("nan"), float("inf"), None])
def test_a_finished_trial_without_a_number_has_failed(error):
    found = table([replace(TRIALS[0], error=error), TRIALS[1]])
    assert found.failed == 1
    assert np.isnan(found.errors[0])


def test_parameters_that_only_some_have_are_nan_elsewhere():
    odd = replace(TRIALS[0], parameters={"depth": [3], "slope": 2.5})
    found = table([odd, *TRIALS[1:3]])
    assert found.parameters["depth"][0].tolist()[0] == 3.0
    assert np.isnan(found.parameters["depth"][0][1:]).all()
    assert found.parameters["slope"].shape == (3, 1)
    assert np.isnan(found.parameters["slope"][1:]).all()


def test_no_trials_are_an_empty_table():
    assert len(table([])) == len(table(planned(STUDY))) == 0
