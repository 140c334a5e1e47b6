"""Networks counted per second: as arrays, over one by one as objects.

The networks are draws of AnyNetX_A at 224x224. Beside it: a million of them drawn, decoded and
counted in blocks, with the memory that this takes.
"""

import resource
import time

import numpy as np

from _shared import print_result
from netspace.design.complexity import count, measure
from netspace.design.network import layers
from netspace.spaces.batch import one
from netspace.spaces.families import space
from netspace.spaces.sampling import BLOCK
from netspace.spaces.space import Batch, Space

ARRAYS, OBJECTS, MILLION = 200_000, 500, 1_000_000


def decoded(anynet: Space, chance: np.random.Generator, rows: int) -> Batch:
    """So many draws of the space as one network of arrays."""
    (batch,) = anynet.template.decode(anynet.draw(chance.random((rows, anynet.dimensions))))
    return batch


def million(anynet: Space) -> float:
    """Seconds to draw, decode and count a million candidates."""
    chance, start, counted = np.random.default_rng(1), time.perf_counter(), 0
    while counted < MILLION:
        batch = decoded(anynet, chance, min(BLOCK, MILLION - counted))
        measure(layers(batch.network), batch.network.input)
        counted += len(batch.rows)
    return time.perf_counter() - start


def main() -> None:
    """Count the same draws both ways and compare the integers."""
    anynet = space("anynetx_a")
    seconds = million(anynet)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    batch = decoded(anynet, np.random.default_rng(0), ARRAYS)
    start = time.perf_counter()
    together, _ = measure(layers(batch.network), batch.network.input)
    arrays = ARRAYS / (time.perf_counter() - start)
    networks = [one(batch.network, row) for row in range(OBJECTS)]
    start = time.perf_counter()
    counted = [count(network).flops for network in networks]
    objects = OBJECTS / (time.perf_counter() - start)
    assert counted == np.asarray(together.flops)[:OBJECTS].tolist()
    print_result(
        "count_speed",
        networks_per_second=round(arrays),
        seconds_for_a_million_draws=round(seconds, 2),
        peak_gib_for_a_million=round(peak / 2**30, 3),
        yardstick=round(objects),
        ratio=round(arrays / objects, 1),
    )


if __name__ == "__main__":
    main()
