"""The parameters of a line from its stages, to be taken forwards by `design.regnet`."""

import numpy as np

from netspace.spaces.multipliers import depth_multipliers, width_multipliers


def line_of(width: list[float], depth: list[float]) -> tuple[float, int, float, int]:
    """(w_a, w_0, w_m, d) of a line with these stages: all of them amid what is allowed."""
    of_width, of_depth = (
        ranges(np.array([values], float))
        for ranges, values in ((width_multipliers, width), (depth_multipliers, depth))
    )
    low = max(of_width.low[0], of_depth.low[0])
    high = min(of_width.high[0], of_depth.high[0], low + 1)
    multiplier = float(np.exp((low + high) / 2))
    ends = np.cumsum(depth)
    climbs = multiplier ** (np.arange(len(width)) + 0.5) - 1
    least = max((climbs[:-1] / ends[:-1]).tolist(), default=0)
    late = ends > 1
    most = min((climbs[late] / (ends[late] - 1)).tolist(), default=0)
    return width[0] * (least + most) / 2, int(width[0]), multiplier, int(ends[-1])
