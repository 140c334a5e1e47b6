import numpy as np
import pytest

from netspace.analyse.outcomes import outcomes
from netspace.errors import UserError

NAN, INF = float("nan"), float("inf")


def test_not_finite_errors_are_failed_networks():
    population = outcomes([40.0, NAN, 30.0, INF, -INF], failed=2)
    assert population.errors.tolist() == [30.0, 40.0]
    assert (population.finished, population.failed) == (2, 5)


def test_the_given_array_is_neither_sorted_nor_closed():
    given = np.array([2.0, 1.0])
    outcomes(given)
    given[0] = 3.0
    assert given.tolist() == [3.0, 1.0]


@pytest.mark.parametrize("errors", [[], [NAN, NAN], [INF]])
def test_nothing_finished_is_said_in_one_line(errors):
    with pytest.raises(UserError, match=r"^side A: no finished network, \d failed; train more"):
        outcomes(errors, where="side A: ")


@pytest.mark.parametrize(("errors", "failed"), [([[1.0]], 0), (1.0, 0), ([1.0], -1)])
def test_impossible_input_is_refused(errors, failed):
    with pytest.raises(UserError, match=r"must be"):
        outcomes(errors, failed=failed)
