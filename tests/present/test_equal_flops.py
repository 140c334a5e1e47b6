import numpy as np

from netspace.analyse.normalised import normalised_edfs
from netspace.present.equal_flops import at_equal_flops
from netspace.present.populations import TablePopulation
from netspace.present.sentences import effective_sizes
from tests.analyse.tables import table


def population(name, number, flops, errors=None):
    costs = np.asarray(flops, dtype=float)
    drawn = np.random.default_rng(number).normal(40.0, 3.0, costs.size)
    rows = table(drawn if errors is None else errors, {}, flops=costs)
    return TablePopulation(space=name, number=number, table=rows)


def names(found):
    return [one.space for one in found.populations]


SMALL, LARGE, BOTH = (np.linspace(*ends, 30) for ends in ((1, 2), (3, 4), (1, 4)))


def test_all_together_where_all_overlap():
    people = [population(n, place, BOTH) for place, n in enumerate("abc")]
    (found,) = at_equal_flops(people)
    assert names(found) == ["a", "b", "c"]
    expected = normalised_edfs([p.table.errors for p in people], [BOTH] * 3)
    assert [c.effective for c in found.curves] == [c.effective for c in expected]


def test_else_each_pair_that_overlaps():
    people = [population("a", 0, SMALL), population("b", 1, LARGE), population("c", 2, BOTH)]
    found = at_equal_flops(people)
    assert [names(one) for one in found] == [["a", "c"], ["b", "c"]]
    assert [curve.population.number for curve in found[1].drawable] == [1, 2]


def test_none_where_no_two_can_be_put_side_by_side():
    alone = population("a", 0, SMALL)
    assert at_equal_flops([alone]) == ()
    assert at_equal_flops([alone, population("b", 1, LARGE)]) == ()
    assert at_equal_flops([alone, population("b", 1, np.full(30, np.nan))]) == ()
    assert at_equal_flops([alone, population("b", 1, SMALL, np.full(30, np.nan))]) == ()


def test_words_say_what_is_left_out():
    partly = np.where(np.arange(30) < 3, np.nan, BOTH)
    (found,) = at_equal_flops([population("a", 0, SMALL), population("b", 1, partly)])
    said = effective_sizes(found)
    assert said.startswith("At the flops that both spaces have, ")
    one, other = found.curves
    assert f"{one.curve.finished} of 30 finished networks of a count as" in said
    assert f"{other.curve.finished} of 30 finished networks of b count as" in said
    assert other.curve.finished < 12
    assert said.endswith("The flops of 3 networks are not known.")
