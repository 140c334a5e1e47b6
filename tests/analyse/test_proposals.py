import numpy as np
import pytest

from netspace.analyse.proposals import propose
from netspace.spaces.families import space
from netspace.spaces.listed import listed_space
from netspace.spaces.rules import Fixed, NonDecreasing, QuantisedLinear, Shared, Within
from tests.analyse.tables import table as made_up

ROWS = 200


def table(parameters, errors):
    return made_up(errors, parameters)


@pytest.fixture
def drawn():
    """Width (3 stages) and a single number; the error rises with the number alone."""
    rng = np.random.default_rng(0)
    parameters = {
        "width": rng.choice([16.0, 32.0, 64.0], (ROWS, 3)),
        "depth": rng.choice(np.arange(1.0, 21.0), (ROWS, 1)),
    }
    errors = 40 + 0.5 * parameters["depth"][:, 0] + rng.normal(0, 0.5, ROWS)
    return parameters, errors


def test_rules_come_from_the_library_and_from_the_data(drawn):
    parameters, errors = drawn
    found = propose(listed_space("t", parameters), table(parameters, errors))
    rules = [one.rule for one in found]
    assert {Shared(parameter="width"), NonDecreasing(parameter="width")} <= set(rules)
    (within,) = [rule for rule in rules if isinstance(rule, Within) and rule.parameter == "depth"]
    assert within.low == 1
    assert within.high < 10
    assert rules[0] == within, "what lowers the error most comes first"
    assert len(set(rules)) == len(rules)


def test_the_order_is_help_then_simplicity_then_harm(drawn):
    parameters, errors = drawn
    promises = [one.promises for one in propose(listed_space("t", parameters), table(*drawn))]
    order = ["improvement", "simplification", "harm"]
    assert promises == sorted(promises, key=order.index)
    turned = propose(listed_space("t", parameters), table(parameters, 100 - errors))
    assert turned[0].rule != propose(listed_space("t", parameters), table(*drawn))[0].rule
    for found in (turned,):
        shrinks = [one.shrinks for one in found if one.promises == "simplification"]
        assert shrinks == sorted(shrinks, reverse=True)


def test_a_range_of_one_value_is_a_fixed_one():
    rng = np.random.default_rng(1)
    values = rng.choice([1.0, 2.0, 4.0], (ROWS, 1))
    errors = 40 + 20 * (values[:, 0] != 2) + rng.normal(0, 0.1, ROWS)
    parameters = {"bottleneck_ratio": values}
    (found,) = propose(listed_space("t", parameters), table(parameters, errors))
    assert found.rule == Fixed(parameter="bottleneck_ratio", value=2.0)
    assert (found.saved, found.shrinks) == (1, pytest.approx(np.log10(3)))
    assert found.promises == "improvement"


def test_what_a_space_has_already_is_not_proposed():
    whole = space("anynetx_e", resolution=32)
    sample = whole.sample(60, flops=(4e6, 6e6))
    names = [parameter.name for parameter in whole.parameters]
    columns = {
        name: np.array([np.atleast_1d(m.parameters[name]) for m in sample.members], dtype=float)
        for name in names
    }
    errors = np.random.default_rng(2).normal(50, 3, len(sample))
    rules = [one.rule for one in propose(whole, table(columns, errors))]
    assert QuantisedLinear() in rules
    assert Shared(parameter="bottleneck_ratio") not in rules
    assert NonDecreasing(parameter="width") not in rules
    for rule in rules:
        assert whole.with_rule(rule).log10_size < whole.log10_size
