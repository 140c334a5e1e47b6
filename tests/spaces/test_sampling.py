import numpy as np
import pytest

from netspace.design.complexity import count
from netspace.design.units import parse_size
from netspace.errors import InfeasibleError, SpecError
from netspace.spaces import sampling
from netspace.spaces.anynet import AnyNetTemplate
from netspace.spaces.constraints import Bound
from netspace.spaces.families import NAMES, article, space
from netspace.spaces.frame import Frame
from netspace.spaces.judging import measured
from netspace.spaces.ranges import Choice
from netspace.spaces.rules import Shared
from netspace.spaces.space import Parameter, Space

named = pytest.mark.parametrize("name", NAMES)
BAND = (4e6, 6e6)


def small(name: str) -> Space:
    return space(name, resolution=32, classes=10)


@pytest.fixture
def few_draws(monkeypatch):
    """A search that gives up after some hundred draws."""
    monkeypatch.setattr(sampling, "BLOCK", 128)
    monkeypatch.setattr(sampling, "PATIENCE", 512)


@named
def test_networks_are_distinct_and_in_the_band(name):
    sample = small(name).sample(60, flops=BAND)
    assert len(sample) == len(set(sample)) == 60
    assert all(BAND[0] <= count(network).flops <= BAND[1] for network in sample)
    assert sample.shortfall == ""


@named
def test_costs_of_the_members_are_their_networks(name):
    for member in small(name).sample(40, flops=BAND).members:
        assert count(member.network) == member.complexity


@named
def test_members_belong_to_the_space(name):
    family = small(name)
    for member in family.sample(40, flops=BAND).members:
        assert family.contains(member.parameters)
        assert set(member.parameters) == {parameter.name for parameter in family.parameters}


@named
def test_members_decode_from_their_parameters(name):
    family = small(name)
    for member in family.sample(10).members:
        columns = {key: np.atleast_2d(value) for key, value in member.parameters.items()}
        (batch,) = family.template.decode(columns)
        assert sampling.one(batch.network, 0) == member.network


@named
def test_a_seed_is_a_sample(name):
    family = small(name)
    first = family.sample(20, seed=3, flops=BAND)
    assert family.sample(20, seed=3, flops=BAND) == first
    assert set(family.sample(20, seed=4, flops=BAND)) != set(first)


@named
def test_a_sample_begins_every_larger_one(name):
    family = small(name)
    smaller, larger = (family.sample(n, seed=1, flops=BAND) for n in (5, 40))
    assert smaller.members == larger.members[:5]
    assert smaller.drawn <= larger.drawn


def test_a_sample_that_needs_many_blocks_begins_alike(monkeypatch):
    monkeypatch.setattr(sampling, "BLOCK", 64)
    family = small("anynetx_a")
    smaller, larger = (family.sample(n, seed=1, flops=BAND) for n in (7, 50))
    assert larger.drawn > 3 * 64
    assert smaller.members == larger.members[:7]


def test_a_sample_is_a_sequence_of_networks():
    sample = small("anynetx_a").sample(6)
    assert sample[0] == sample.members[0].network
    assert sample[2:4] == tuple(member.network for member in sample.members[2:4])
    assert list(sample) == list(sample[:])
    with pytest.raises(IndexError):
        sample[6]


@pytest.mark.parametrize(
    "bounds",
    [
        {"flops": (None, 6e6)},
        {"flops": (4e6, None)},
        {"params": (1e5, 2e5)},
        {"activations": (1e5, 2e5)},
        {"flops": (4e6, 6e6), "params": (None, 3e5), "activations": (None, 2e5)},
    ],
    ids=lambda bounds: " ".join(bounds),
)
@pytest.mark.parametrize("name", ["anynetx_a", "regnety"])
def test_bounds_are_obeyed(name, bounds):
    for network in small(name).sample(20, **bounds):
        cost = count(network)
        for quantity, (low, high) in bounds.items():
            assert (low or 0) <= getattr(cost, quantity) <= (high or float("inf"))


@pytest.mark.parametrize("stages", [(2, 2), (3, 5), (None, 2), (6, None)])
def test_bounds_on_stages(stages):
    low, high = stages
    for network in small("regnetx").sample(20, stages=stages):
        assert (low or 0) <= len(network.stages) <= (high or 99)


def test_a_bound_replaces_the_spaces_own_on_the_same_quantity():
    family = small("anynetx_a").with_limits(Bound(quantity="params", high=5e4))
    assert all(count(network).params <= 5e4 for network in family.sample(10))
    assert all(count(network).params >= 1e6 for network in family.sample(10, params=(1e6, None)))
    assert all(count(network).params <= 5e4 for network in family.sample(10, flops=(2e6, None)))


def test_acceptance_rate_is_the_share_that_fits():
    family = small("anynetx_a")
    sample = family.sample(200, flops=BAND)
    assert 200 <= sample.accepted <= sample.drawn
    columns = family.draw(np.random.default_rng(0).random((20_000, family.dimensions)))
    (batch,) = family.template.decode(columns)
    cost = measured(batch)
    expected = ((cost.flops >= BAND[0]) & (cost.flops <= BAND[1])).mean()
    assert sample.acceptance_rate == pytest.approx(expected, rel=0.3)


def test_without_bounds_all_candidates_are_accepted():
    sample = small("anynetx_a").sample(50)
    assert sample.acceptance_rate == 1
    assert sample.drawn == sample.accepted


def tiny(width: tuple[float, ...], depth: tuple[float, ...]) -> Space:
    """Four equal stages of X blocks of group width 48."""
    return Space(
        name="tiny",
        parameters=(
            Parameter(name="depth", values=Choice(values=depth), size=4),
            Parameter(name="width", values=Choice(values=width), size=4),
            Parameter(name="bottleneck_ratio", values=Choice(values=(1,)), size=4),
            Parameter(name="group_width", values=Choice(values=(48,)), size=4),
        ),
        template=AnyNetTemplate(frame=Frame(resolution=32)),
        rules=(Shared(parameter="width"), Shared(parameter="depth")),
    )


@pytest.mark.usefixtures("few_draws")
def test_c15_five_widths_become_one_network():
    sample = tiny((88, 96, 104, 112, 120), (1,)).sample(5)
    assert [[stage.width for stage in network.stages] for network in sample] == [[96] * 4]
    assert sample.accepted == sample.drawn >= 512
    assert sample.shortfall == (
        "only 1 distinct networks found, 4 short of 5: the last 512 draws brought no new one"
    )


@pytest.mark.usefixtures("few_draws")
def test_c15_a_space_of_two_networks():
    sample = tiny((96,), (1, 2)).sample(5, seed=3)
    assert sorted(network.depth for network in sample) == [4, 8]
    assert "only 2 distinct networks found, 3 short of 5" in sample.shortfall


@pytest.mark.usefixtures("few_draws")
def test_c15_a_space_that_holds_just_enough():
    sample = tiny((96,), (1, 2)).sample(2)
    assert len(sample) == 2
    assert sample.shortfall == ""
    assert sample.drawn < 128


@pytest.mark.usefixtures("few_draws")
def test_c15_repeats_are_told_by_their_numbers(monkeypatch):
    """A Network per repeat makes a small space take minutes before it is called exhausted."""
    made = []
    single = sampling.one
    monkeypatch.setattr(sampling, "one", lambda *it: made.append(it) or single(*it))
    tiny((96,), (1, 2)).sample(5)
    assert len(made) < 64


def test_c77_less_than_the_stem_alone():
    """The stem of 224-pixel images costs 10,838,016 flops."""
    with pytest.raises(InfeasibleError) as fault:
        space("anynetx_a").sample(5, flops=(None, 1e6))
    message = str(fault.value)
    assert message.startswith(
        f"space anynetx_a: none of {sampling.PATIENCE:,} draws has flops in ..1M; the nearest has 1"
    )
    assert message.endswith("widen the range towards it")
    assert len(message.splitlines()) == 1


@named
@pytest.mark.usefixtures("few_draws")
def test_c77_an_impossible_budget_names_the_nearest(name):
    with pytest.raises(InfeasibleError) as fault:
        space(name).sample(5, flops=(None, 1e6))
    assert "flops in ..1M; the nearest has" in str(fault.value)
    assert "none of 512 draws" in str(fault.value)


def test_c77_the_nearest_is_the_nearest_of_all_draws(monkeypatch):
    monkeypatch.setattr(sampling, "BLOCK", 16)
    monkeypatch.setattr(sampling, "_search_corners", lambda *_: None)
    nearest = []
    for patience in range(16, 320, 16):
        monkeypatch.setattr(sampling, "PATIENCE", patience)
        with pytest.raises(InfeasibleError) as fault:
            space("anynetx_a").sample(1, flops=(None, 1e6))
        words = str(fault.value).split("the nearest has ")[1]
        nearest.append(parse_size(words.split()[0]))
    assert nearest == sorted(nearest, reverse=True)
    assert nearest[-1] < nearest[0]


@pytest.mark.usefixtures("few_draws")
def test_c77_the_corners_of_the_space_count_for_the_nearest():
    """The smallest AnyNet at 16 pixels: 173,891 flops, which 512 draws do not come near."""
    family = space("anynetx_a", resolution=16, classes=10)
    with pytest.raises(InfeasibleError, match=r"the nearest has 174K flops"):
        family.sample(1, flops=(None, 1e5))


@pytest.mark.usefixtures("few_draws")
def test_c77_a_band_between_the_networks():
    """Two networks, and a band that lies between them, nearer to the smaller."""
    family = tiny((96,), (1, 2))
    low, high = sorted(count(network).flops for network in family.sample(2))
    with pytest.raises(InfeasibleError) as fault:
        family.sample(1, flops=(low + 1, low + 2))
    assert f"the nearest has {sampling.format_size(low)} flops" in str(fault.value)
    with pytest.raises(InfeasibleError) as fault:
        family.sample(1, flops=(high + 1, None))
    assert f"the nearest has {sampling.format_size(high)} flops" in str(fault.value)


@pytest.mark.usefixtures("few_draws")
def test_c77_bounds_that_exclude_each_other():
    with pytest.raises(InfeasibleError, match=r"flops in \.\.5M, params in 50M\.\."):
        small("anynetx_a").sample(1, flops=(None, 5e6), params=(50e6, None))


@pytest.mark.usefixtures("few_draws")
def test_c77_limits_of_the_space_are_named_as_well():
    family = article(small("regnetx"))
    with pytest.raises(InfeasibleError, match=r"exactly 4 stages, .*sqrt.*, flops in \.\.1K"):
        family.sample(1, flops=(None, 1e3))


@pytest.mark.parametrize("number", [0, -1])
def test_none_asked_for(number):
    with pytest.raises(SpecError) as fault:
        small("anynetx_a").sample(number)
    assert str(fault.value) == f"count {number} must be at least 1"


@pytest.mark.parametrize(
    ("interval", "message"),
    [
        ((6e6, 4e6), "bound on flops is empty: low end 6e\\+06 is above 4e\\+06"),
        ((None, None), "bound on flops needs a low or a high end"),
    ],
)
def test_no_interval(interval, message):
    with pytest.raises(SpecError, match=f"^{message}$"):
        small("anynetx_a").sample(1, flops=interval)


def test_a_seed_below_zero():
    with pytest.raises(SpecError, match="seed -1"):
        small("anynetx_a").sample(1, seed=-1)
