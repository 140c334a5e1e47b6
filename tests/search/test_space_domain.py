import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netspace.design.complexity import count
from netspace.errors import InfeasibleError
from netspace.search.space_domain import SpaceDomain
from netspace.spaces import families
from netspace.spaces.constraints import Bound
from netspace.spaces.rules import NonDecreasing, Within
from tests.search.domains import HIGH, LOW, SPACES, domain, seeds

each_space = pytest.mark.parametrize("name", SPACES)


@each_space
@settings(max_examples=20)
@given(seed=seeds)
def test_genes_and_parameters_stand_for_each_other(name, seed):
    chosen = domain(name)
    genes = chosen.draw(20, np.random.default_rng(seed))
    columns = chosen.parameters(genes)
    np.testing.assert_array_equal(chosen.genes(columns), genes)
    assert {n: values.shape for n, values in columns.items()} == {
        parameter.name: (20, parameter.size) for parameter in chosen.space.parameters
    }
    sizes = np.array([len(slot.values) for slot in chosen.slots])
    assert ((genes >= 0) & (genes < sizes)).all()


@each_space
@settings(max_examples=5)
@given(seed=seeds)
def test_what_is_allowed_is_a_network_within_the_budget(name, seed):
    chosen = domain(name)
    chance = np.random.default_rng(seed)
    sizes = np.array([len(slot.values) for slot in chosen.slots])
    anything = chance.integers(0, sizes, size=(200, len(sizes)))
    genes = np.concatenate([chosen.draw(400, chance), anything])
    judged = chosen.judge(genes)
    rows = np.flatnonzero(judged.allowed)
    for row in rows[:4].tolist():
        member = chosen.member(genes[row])
        assert chosen.space.contains(member.parameters)
        assert count(member.network) == member.complexity
        assert {n: costs[row] for n, costs in judged.costs.items()} == {
            "flops": member.complexity.flops,
            "params": member.complexity.params,
            "activations": member.complexity.activations,
        }
    assert (judged.costs["flops"][rows] >= LOW).all()
    assert (judged.costs["flops"][rows] <= HIGH).all()


def test_rules_are_kept_though_any_genes_can_be_asked_for():
    chosen = SpaceDomain(families.space("anynetx_e", resolution=32, classes=10))
    widths = [i for i, slot in enumerate(chosen.slots) if slot.name == "width"]
    good = chosen.draw(1, np.random.default_rng(0))
    bad = good.copy()
    bad[0, widths] = [9, 8, 7, 6]
    assert chosen.judge(np.concatenate([good, bad])).allowed.tolist() == [True, False]


def test_places_that_share_a_value_are_one_slot():
    chosen = domain("anynetx_e")
    names = [slot.name for slot in chosen.slots]
    assert names.count("bottleneck_ratio") == names.count("group_width") == 1
    assert names.count("width") == names.count("depth") == 4
    genes = chosen.draw(10, np.random.default_rng(0))
    shared = chosen.parameters(genes)["group_width"]
    assert shared.shape == (10, 4)
    assert (shared == shared[:, :1]).all()


def test_rules_narrow_the_values_of_slots():
    small = families.space("anynetx_a", resolution=32).with_rule(
        Within(parameter="depth", low=2, high=4), NonDecreasing(parameter="depth")
    )
    slots = [slot for slot in SpaceDomain(small).slots if slot.name == "depth"]
    assert [slot.values for slot in slots] == [(2, 3, 4)] * 4


@settings(max_examples=5)
@given(seed=seeds, rows=st.integers(2, 60))
def test_keys_are_equal_for_equal_networks_only(seed, rows):
    chosen = domain("anynetx_e")
    genes = chosen.draw(20 * rows, np.random.default_rng(seed))
    judged = chosen.judge(genes)
    known: dict[bytes, object] = {}
    for row in np.flatnonzero(judged.allowed)[:rows].tolist():
        network = chosen.member(genes[row]).network
        assert known.setdefault(judged.keys[row], network) == network
    assert len(set(known.values())) == len(known)


def test_a_budget_that_no_network_keeps_to_is_infeasible():
    small = families.space("anynetx_e", resolution=32, classes=10)
    with pytest.raises(InfeasibleError, match=r"the nearest has .*; widen the range towards it"):
        SpaceDomain(small, [Bound(quantity="flops", high=10)])


def test_the_size_is_the_spaces():
    assert domain("anynetx_e").log10_size == domain("anynetx_e").space.log10_size
