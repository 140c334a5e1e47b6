"""RegNet read backwards. Published lines: Radosavovic et al. 2020, as packaged in the zoo."""

import subprocess
import sys

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from netspace.design import zoo
from netspace.design.blocks import Basic
from netspace.design.fit import DEEPEST, RegNetFit, fit_regnet
from netspace.design.network import Network, Stage
from netspace.design.regnet import RegNet, widths
from netspace.errors import SpecError
from tests.strategies import networks, regnets

REGNETS = [name for name in zoo.names() if name.startswith("regnet_")]


def body(*stages: tuple[int, int]) -> Network:
    """A network of (width, depth) stages."""
    return Network(stages=tuple(Stage(block=Basic(), width=w, depth=d) for w, d in stages))


def lines() -> list[tuple[str, RegNet]]:
    """The zoo's networks that are written as a line."""
    folder = zoo._FOLDER
    files = {name: yaml.safe_load((folder / f"{name}.yaml").read_text("utf-8")) for name in REGNETS}
    return [(name, RegNet(**file["regnet"])) for name, file in files.items() if "regnet" in file]


def log_ratio(predicted: tuple[int, ...], observed: tuple[int, ...]) -> float:
    return float(np.mean([abs(np.log2(p / o)) for p, o in zip(predicted, observed, strict=True)]))


def test_the_zoo_has_the_articles_networks_as_lines() -> None:
    assert len(lines()) >= 24


@pytest.mark.parametrize(("name", "regnet"), lines(), ids=[name for name, _ in lines()])
def test_published_lines_are_recovered_before_their_widths_are_fitted(name, regnet):
    """To the figures that the widths determine: w_m within 1 %, w_a within 12 %."""
    fit = fit_regnet(body(*regnet.raw_stages()))
    assert fit.error == 0
    assert fit.predicted == fit.observed
    assert (fit.depth, fit.initial_width) == (regnet.depth, regnet.initial_width)
    assert fit.multiplier == pytest.approx(regnet.multiplier, rel=0.01)
    assert fit.slope == pytest.approx(regnet.slope, rel=0.12)


@pytest.mark.parametrize("name", REGNETS)
def test_groups_move_the_widths_of_published_networks_a_little(name):
    fit = fit_regnet(zoo.network(name))
    assert fit.error < 0.11
    published = dict(lines()).get(name)
    if published is not None:
        line = widths(
            published.slope, published.initial_width, published.multiplier, published.depth
        )
        assert fit.error <= log_ratio(line, fit.observed)


def test_vgg_16_is_a_regnet_that_doubles():
    """Simonyan & Zisserman 2015, table 1: 64 to 512 channels; its first convolution is the stem."""
    fit = fit_regnet(zoo.network("vgg16"))
    assert (fit.error, fit.initial_width, fit.multiplier) == (0, 64, 2)


def test_resnet_50_by_hand():
    """A line of w_m = 2 that climbs where ResNet-50 does would have to bend: e_fit is not 0.

    Levels 0 to 3 begin at blocks 0, 3, 7, 13, but 2^(s - 1/2) - 1 is 0.41, 1.83, 4.66: the slopes
    w_a / w_0 of the three climbs lie in [0.14, 0.21), [0.26, 0.30) and [0.36, 0.39).
    """
    fit = fit_regnet(zoo.network("resnet50"))
    doubling = widths(256 * 0.28, 256, 2, 16)
    assert 0.05 < fit.error < log_ratio(doubling, fit.observed)


@pytest.mark.parametrize(
    ("stages", "predicted", "error"),
    [
        ([(16, 1)], (16,), 0),
        ([(64, 3)], (64, 64, 64), 0),
        ([(1, 1)], (8,), 3),
        ([(5, 2)], (8, 8), np.log2(8 / 5)),
        ([(512, 4), (64, 1)], (512,) * 5, 3 / 5),
    ],
    ids=["one block", "one width", "below 8", "not of 8", "falling"],
)
def test_one_width_leaves_the_multiplier_open(stages, predicted, error):
    fit = fit_regnet(body(*stages))
    assert fit.predicted == predicted
    assert fit.error == pytest.approx(error)
    assert (fit.slope, fit.multiplier) == (0, None)
    assert fit.line == predicted


def test_two_blocks_are_two_levels():
    fit = fit_regnet(body((16, 1), (512, 1)))
    assert (fit.error, fit.multiplier, fit.predicted) == (0, 32, (16, 512))


@given(regnets())
@settings(max_examples=40, deadline=None)
def test_any_regnet_is_nearly_recovered(regnet):
    fit = fit_regnet(body(*regnet.raw_stages()))
    assert fit.error < 0.05


@given(networks)
@settings(max_examples=40, deadline=None)
def test_a_fit_is_a_regnet_and_says_its_own_error(network):
    fit = fit_regnet(network)
    assert fit.depth == network.depth == len(fit.observed)
    assert fit.observed == tuple(s.width for s in network.stages for _ in range(s.depth))
    assert fit.error == pytest.approx(log_ratio(fit.predicted, fit.observed))
    assert fit.predicted == rebuilt(fit)
    assert fit.line == tuple(fit.initial_width + fit.slope * j for j in range(fit.depth))
    assert fit == fit_regnet(network)


def rebuilt(fit: RegNetFit) -> tuple[int, ...]:
    """The widths of the fitted parameters, by the equations."""
    return widths(fit.slope, fit.initial_width, fit.multiplier or 2, fit.depth)


@given(
    st.lists(st.tuples(st.integers(1, 400), st.integers(1, 6)), min_size=1, max_size=5),
    st.lists(
        st.tuples(st.floats(0, 100), st.integers(1, 50).map(lambda n: 8 * n), st.floats(1.05, 4)),
        min_size=1,
        max_size=50,
    ),
)
@settings(max_examples=40, deadline=None)
def test_no_line_is_much_nearer(stages, others):
    fit = fit_regnet(body(*stages))
    errors = [log_ratio(widths(*line, fit.depth), fit.observed) for line in others]
    assert fit.error < min(errors) + 0.02


def test_too_deep_a_network_is_refused():
    with pytest.raises(SpecError) as fault:
        fit_regnet(body((8, 1), (16, DEEPEST)))
    assert str(fault.value) == (
        "network of 2,001 blocks: a RegNet line is fitted to at most 2,000; "
        "give a shallower network"
    )


def test_fitting_needs_no_scipy():
    script = (
        "import sys, netspace\n"
        "from netspace.design.fit import fit_regnet\n"
        "fit_regnet(netspace.network('vgg16'))\n"
        "assert 'scipy' not in sys.modules and 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
