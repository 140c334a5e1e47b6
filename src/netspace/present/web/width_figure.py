"""Widths block by block over RegNet's line and its quantised steps, as a figure."""

from functools import lru_cache
from math import ceil, floor, log2, log10

import numpy as np
import plotly.graph_objects as go

from netspace.design.blocks import Vanilla
from netspace.design.fit import RegNetFit, fit_regnet
from netspace.design.network import Network, Stage
from netspace.design.regnet import RegNet, widths
from netspace.present.palette import COLOURS, GREY, style

HEIGHT = 280
_LOG10_OF_2 = log10(2)
SPARE = 0.25  # of a doubling, above and below the widths


def own_line(regnet: RegNet, network: Network) -> RegNetFit:
    """A RegNet's own line beside the widths that its network has, fitted to the groups."""
    steps = widths(regnet.slope, regnet.initial_width, regnet.multiplier, regnet.depth)
    observed = np.repeat(
        [stage.width for stage in network.stages], [stage.depth for stage in network.stages]
    )
    return RegNetFit(
        initial_width=regnet.initial_width,
        slope=regnet.slope,
        multiplier=regnet.multiplier,
        depth=regnet.depth,
        error=float(np.abs(np.log2(np.array(steps) / observed)).mean()),
        predicted=steps,
        observed=tuple(observed.tolist()),
        line=tuple(regnet.initial_width + regnet.slope * block for block in range(regnet.depth)),
    )


def nearest_line(network: Network) -> RegNetFit:
    """The RegNet line fitted to a network; kept, since a fit takes some 50 ms."""
    return _fit(tuple((stage.width, stage.depth) for stage in network.stages))


@lru_cache(maxsize=256)
def _fit(stages: tuple[tuple[int, int], ...]) -> RegNetFit:
    return fit_regnet(
        Network(stages=tuple(Stage(block=Vanilla(), width=w, depth=d) for w, d in stages))
    )


def draw_lines(line: RegNetFit) -> go.Figure:
    """The line u_j, the steps it is quantised to, and the widths that the blocks have."""
    blocks = list(range(line.depth))
    figure = go.Figure(
        [
            _trace(
                "line w<sub>0</sub> + w<sub>a</sub> j",
                line.line,
                blocks,
                {"color": GREY, "dash": "dash"},
            ),
            _trace(
                "quantised",
                line.predicted,
                blocks,
                {"color": COLOURS[0], "shape": "hvh"},
                width=2.5,
            ),
            go.Scatter(
                name="blocks",
                x=blocks,
                y=list(line.observed),
                mode="markers",
                marker={"color": COLOURS[1], "size": 8 if line.depth <= 60 else 5},
                hovertemplate="block %{x}: %{y:,} channels<extra></extra>",
            ),
        ]
    )
    lowest, highest = _ends((*line.predicted, *line.observed, *line.line))
    powers = [2**power for power in range(ceil(lowest), floor(highest) + 1)]
    style(figure, height=HEIGHT, margin={"l": 56, "r": 8, "t": 34, "b": 44})
    figure.update_xaxes(title_text="block j", range=(-0.6, line.depth - 0.4), tickformat="d")
    figure.update_yaxes(
        title_text="width (channels)",
        type="log",
        range=[lowest * _LOG10_OF_2, highest * _LOG10_OF_2],
        tickvals=powers,
        ticktext=[f"{power:,}" for power in powers],
    )
    return figure


def _trace(
    name: str,
    values: tuple[float, ...],
    blocks: list[int],
    look: dict[str, str],
    width: float = 1.5,
) -> go.Scatter:
    return go.Scatter(
        name=name,
        x=blocks,
        y=list(values),
        mode="lines",
        line=look | {"width": width},
        hovertemplate=f"{name}: %{{y:,.4~g}}<extra></extra>",
    )


def _ends(values: tuple[float, ...]) -> tuple[float, float]:
    """The ends of the axis as powers of 2: four to one at least."""
    lowest, highest = log2(min(values)) - SPARE, log2(max(values)) + SPARE
    more = max(0.0, 2 - (highest - lowest)) / 2
    return lowest - more, highest + more
