"""Candidates drawn, decoded, checked and counted per second, on the example of the RegNet code.

500 distinct RegNets of 0.12-0.13 GF at 32x32: small-image stem of width 16, no squeeze, b = 1,
depth 6-16, at most 2 M params, two stages. The yardstick is 350 draws a second: that code's
measured speed on the same kind of task with two processes.
"""

import time

from _shared import print_result
from netspace.spaces.families import space
from netspace.spaces.rules import Fixed, Within

YARDSTICK = 350.0
NETWORKS = 500


def main() -> None:
    """Measure after start-up, best of three, each with its own seed."""
    regnets = space("regnetx", resolution=32, classes=10).with_rule(
        Fixed(parameter="bottleneck_ratio", value=1),
        Within(parameter="depth", low=6, high=16),
        Within(parameter="multiplier", low=2, high=3),
    )
    runs = []
    for seed in range(3):
        start = time.perf_counter()
        drawn = regnets.sample(
            NETWORKS, seed=seed, flops=(0.12e9, 0.13e9), params=(None, 2e6), stages=(2, 2)
        )
        seconds = time.perf_counter() - start
        assert len(drawn) == NETWORKS
        runs.append((seconds, drawn))
    seconds, drawn = min(runs, key=lambda run: run[0])
    speed = drawn.drawn / seconds
    print(f"{NETWORKS} networks from {drawn.drawn:,} draws in {seconds:.3f} s")
    print_result(
        "sampling_speed",
        candidates_per_second=round(speed),
        seconds_for_500=round(seconds, 3),
        acceptance_rate=round(drawn.acceptance_rate, 5),
        yardstick=YARDSTICK,
        ratio=round(speed / YARDSTICK, 1),
    )


if __name__ == "__main__":
    main()
