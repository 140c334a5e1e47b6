import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspace.errors import InfeasibleError, SpecError
from netspace.search.table_domain import TableDomain
from netspace.spaces.constraints import Bound
from tests.analyse.tables import table
from tests.search.domains import seeds, tables, tiny_table


@given(tables())
def test_every_row_is_found_by_its_parameters(rows):
    domain = TableDomain(rows)
    genes = domain.genes(rows.parameters)
    np.testing.assert_array_equal(domain.rows(genes), np.arange(len(rows)))
    for name, values in domain.parameters(genes).items():
        np.testing.assert_array_equal(values, rows.parameters[name])
    np.testing.assert_array_equal(domain.errors(genes), rows.errors)
    judged = domain.judge(genes)
    assert judged.allowed.all()
    assert len(set(judged.keys)) == len(rows)
    np.testing.assert_array_equal(judged.costs["flops"], rows.flops)
    assert "params" not in judged.costs


@given(tables(), st.data())
def test_all_other_combinations_are_none(rows, data):
    domain = TableDomain(rows)
    sizes = [len(slot.values) for slot in domain.slots]
    gene = np.array([[data.draw(st.integers(0, size - 1)) for size in sizes]])
    known = (domain.genes(rows.parameters) == gene).all(axis=1)
    (found,) = domain.rows(gene).tolist()
    assert found == (int(np.argmax(known)) if known.any() else -1)
    assert domain.judge(gene).allowed.tolist() == [bool(known.any())]


@given(tables(), seeds, st.floats(1, 31))
def test_draws_are_rows_within_the_bounds(rows, seed, high):
    domain = TableDomain(rows, [Bound(quantity="flops", high=high)])
    drawn = domain.draw(40, np.random.default_rng(seed))
    found = domain.rows(drawn)
    assert (rows.flops[found] <= high).all()
    assert domain.judge(drawn).allowed.all()
    assert domain.allowed_rows.tolist() == np.flatnonzero(rows.flops <= high).tolist()


def test_all_rows_are_as_likely():
    domain = TableDomain(tiny_table())
    drawn = domain.rows(domain.draw(51_000, np.random.default_rng(0)))
    counts = np.bincount(drawn, minlength=55)
    assert set(np.flatnonzero(counts)) == set(domain.allowed_rows)
    assert abs(counts[domain.allowed_rows] - 1_000).max() < 130  # four standard errors


def test_rows_whose_training_failed_are_not_chosen():
    domain, rows = TableDomain(tiny_table()), tiny_table()
    genes = domain.genes(rows.parameters)
    np.testing.assert_array_equal(domain.judge(genes).allowed, rows.finished)


def test_slots_are_columns_and_names_have_no_order():
    rows = table([1.0, 2, 3], {"k": [[3, 5], [5, 5], [3, 3]], "kind": [0, 2, 1]})
    slots = TableDomain(rows, unordered=("kind",)).slots
    assert [(slot.name, slot.place, slot.values, slot.ordered) for slot in slots] == [
        ("k", 0, (3, 5), True),
        ("k", 1, (3, 5), True),
        ("kind", 0, (0, 1, 2), False),
    ]
    assert TableDomain(rows).log10_size == pytest.approx(np.log10(3))


def test_missing_entries_are_listed_and_never_0():
    domain = TableDomain(table([1.0, 2, 3], {"k": [3, 5, 7], "d": [1, 2, 3]}))
    asked = np.array([[0, 0], [0, 1], [1, 2], [2, 0], [2, 1], [1, 0], [0, 2]])
    with pytest.raises(SpecError) as refusal:
        domain.errors(asked)
    said = str(refusal.value)
    assert "no entry for k=3 d=2; k=5 d=3; k=7 d=1; k=7 d=2; k=5 d=1 and 1 more" in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("bound", "said"),
    [
        (Bound(quantity="params", high=5), "the table tells no params of 2 rows"),
        (Bound(quantity="activations", high=5), "the table tells no activations of 3 rows"),
        (Bound(quantity="stages", high=5), "a table tells no stages"),
    ],
)
def test_bounds_on_what_the_table_does_not_tell_are_refused(bound, said):
    rows = table([1.0, 2, 3], {"k": [3, 5, 7]}, flops=[1, 2, 3], params=[1, np.nan, np.nan])
    with pytest.raises(SpecError, match=said):
        TableDomain(rows, [bound])


def test_bounds_that_no_row_keeps_to_are_infeasible():
    with pytest.raises(InfeasibleError, match=r"no row of the table has flops in .*; widen"):
        TableDomain(tiny_table(), [Bound(quantity="flops", high=10)])


def test_rows_that_cannot_be_told_apart_are_refused():
    with pytest.raises(SpecError, match="two rows of the table have the same parameters"):
        TableDomain(table([1.0, 2, 3], {"k": [3, 5, 3]}))


def test_parameters_that_some_row_lacks_are_left_out():
    rows = table([1.0, 2], {"k": [3, 5], "d": [1, np.nan]})
    assert [slot.name for slot in TableDomain(rows).slots] == ["k"]
    with pytest.raises(SpecError, match="no parameter that every row tells"):
        TableDomain(table([1.0, 2], {"d": [1, np.nan]}))


def test_more_combinations_than_can_be_numbered_are_refused():
    wide = np.random.default_rng(0).integers(0, 10, (40, 17)).astype(float)
    with pytest.raises(SpecError, match="too many combinations"):
        TableDomain(table(np.ones(40), {"k": wide}))
