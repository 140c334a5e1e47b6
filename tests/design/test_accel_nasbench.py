"""Accel-NASBench: params and multiply-adds of 5,138 networks in EfficientNet-B0's frame, exactly.

Source: table of github.com/afzalxo/Accel-NAS-Bench (Apache-2.0). It gives expansion e, kernel k,
layers l and squeeze-and-excitation se (ratio 0.25 of the block's input, or none) of each stage;
stem, widths, strides and head are those of EfficientNet-B0 at 224x224.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from netspace.design import zoo
from netspace.design.complexity import count, measure
from netspace.design.layers import (
    Chain,
    Conv,
    Gate,
    GlobalPool,
    Layer,
    Linear,
    Norm,
    Repeat,
    Residual,
    Shape,
    When,
)
from netspace.design.network import Network, layers

PAGE = Path(__file__).parents[2] / "docs" / "conventions.md"
STAGES = range(7)
Column = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The facts: e, k, l and se per stage, and the published counts, one entry per network."""

    choices: Mapping[str, Column]
    params: Column
    macs: Column


def read(path: Path) -> Table:
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    names = [f"block{i}_{letter}" for i in STAGES for letter in ("e", "k", "l", "se")]
    return Table(
        choices={name: np.array([int(row[name]) for row in rows]) for name in names},
        params=np.array([units(row["params_m"]) for row in rows]),
        macs=np.array([units(row["macs_m"]) for row in rows]),
    )


def units(millions: str) -> int:
    """'2.50116' to 2501160. The table's figures are whole numbers divided by a million."""
    whole = Decimal(millions) * 10**6
    assert whole == int(whole)
    return int(whole)


@pytest.fixture(scope="module")
def table(shared: Path) -> Table:
    return read(shared / "facts" / "accel_nasbench.csv")


def network(
    choices: Mapping[str, int] | Mapping[str, Column], squeezed: tuple[int, ...]
) -> Network:
    """EfficientNet-B0 with these choices: one network, or many that squeeze in the same stages."""
    frame = zoo.network("efficientnet_b0")
    stages = tuple(
        replace(
            stage,
            depth=choices[f"block{i}_l"],
            block=replace(
                stage.block,
                expansion=choices[f"block{i}_e"],
                kernel=choices[f"block{i}_k"],
                se=stage.block.se if squeezed[i] else None,
            ),
        )
        for i, stage in enumerate(frame.stages)
    )
    return replace(frame, stages=stages)


def batches(table: Table) -> list[tuple[Column, Network]]:
    """Row numbers and one Network of arrays for each pattern of squeezes over the stages."""
    patterns = np.stack([table.choices[f"block{i}_se"] for i in STAGES], axis=1)
    found = []
    for pattern in np.unique(patterns, axis=0):
        rows = np.flatnonzero((patterns == pattern).all(axis=1))
        picked = {name: column[rows] for name, column in table.choices.items()}
        found.append((rows, network(picked, tuple(pattern))))
    return found


def surcharge(layer: Layer, shape: Shape) -> int:
    """What the table's `macs_m` holds beyond flops.

    4 for every normalised element; 1 for every element that goes into a mean over positions and 1
    for every one that comes out; nothing for activations; and no biases, which flops have.
    """
    match layer:
        case Norm():
            return 4 * elements(shape)
        case GlobalPool():
            return elements(shape) + elements(measure(layer, shape)[1])
        case Conv(bias=True) | Linear(bias=True):
            return -elements(measure(layer, shape)[1])
        case Chain(steps=steps):
            total = 0
            for _, step in steps:
                total = total + surcharge(step, shape)
                shape = measure(step, shape)[1]
            return total
        case Repeat():
            return surcharge(layer.layer, shape) * layer.times
        case When():
            return surcharge(layer.layer, shape) * layer.present
        case Residual():
            return surcharge(layer.body, shape) + surcharge(layer.shortcut, shape)
        case Gate():
            return surcharge(layer.body, shape)
        case _:
            return 0


def elements(shape: Shape) -> int:
    return shape.channels * shape.height * shape.width


def test_every_params_and_multiply_adds_of_the_table(table):
    seen = 0
    for rows, batch in batches(table):
        tree = layers(batch)
        cost, _ = measure(tree, batch.input)
        macs = cost.flops + surcharge(tree, batch.input)
        np.testing.assert_array_equal(cost.params, table.params[rows])
        np.testing.assert_array_equal(macs, table.macs[rows])
        seen += len(rows)
    assert seen == len(table.params) == 5138


def test_single_networks_count_as_the_table_says(table):
    for row in range(0, 5138, 257):
        choices = {name: int(column[row]) for name, column in table.choices.items()}
        single = network(choices, tuple(choices[f"block{i}_se"] for i in STAGES))
        cost = count(single)
        assert cost.params == table.params[row]
        assert cost.flops + surcharge(layers(single), single.input) == table.macs[row]


def test_the_page_says_how_far_the_two_counts_lie_apart(table):
    excess = np.empty(len(table.macs))
    for rows, batch in batches(table):
        flops = count(batch).flops
        excess[rows] = 100 * (table.macs[rows] - flops) / flops
    low, lower, median, upper, high = np.percentile(excess, (0, 25, 50, 75, 100))
    said = (
        f"{low:.1f} to {high:.1f} % above `flops`, half of the networks "
        f"{lower:.1f} to {upper:.1f} %, the median {median:.1f} %"
    )
    assert said in " ".join(PAGE.read_text("utf-8").split())
