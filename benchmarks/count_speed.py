"""Networks counted per second: as arrays, over one by one as objects.

The networks are draws of AnyNetX_A at 224x224.
"""

import time

import numpy as np

from _shared import print_result
from netspace.design.complexity import count, measure
from netspace.design.network import layers
from netspace.spaces.batch import one
from netspace.spaces.families import space

ARRAYS, OBJECTS = 200_000, 500


def main() -> None:
    """Count the same draws both ways and compare the integers."""
    anynet = space("anynetx_a")
    uniforms = np.random.default_rng(0).random((ARRAYS, anynet.dimensions))
    (batch,) = anynet.template.decode(anynet.draw(uniforms))
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
        yardstick=round(objects),
        ratio=round(arrays / objects, 1),
    )


if __name__ == "__main__":
    main()
