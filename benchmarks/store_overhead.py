"""Milliseconds that the store costs a trial: planned, begun, finished with a curve, read back."""

import tempfile
import time
from dataclasses import replace
from pathlib import Path

from _shared import print_result
from netspace.recipe import Recipe
from netspace.run.store import Store
from netspace.spaces.families import space
from netspace.trial import Epoch, Trial

YARDSTICK_MS = 5.0
TRIALS = 500


def main() -> None:
    """Take 500 trials through the store, one transaction a change as in a real run."""
    drawn = space("anynetx_a", resolution=32, classes=10).sample(TRIALS, flops=(5e6, 6e6))
    curve = tuple(
        Epoch(
            number=i, learning_rate=0.1, train_loss=2.0, validation_error_percent=50.0, seconds=1.0
        )
        for i in range(1, 11)
    )
    trials = [
        Trial(
            space="anynetx_a",
            index=index,
            network=member.network,
            parameters=member.parameters,
            complexity=member.complexity,
            recipe=Recipe(),
            seed=index,
        )
        for index, member in enumerate(drawn.members)
    ]
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "run.db") as store:
        start = time.perf_counter()
        store.plan(trials)
        for number in range(1, TRIALS + 1):
            store.begin(number)
            store.finish(number, error=50.0, seconds=10.0, curve=curve, setting={"torch": "2"})
        read = store.trials()
        milliseconds = 1e3 * (time.perf_counter() - start) / TRIALS
        assert replace(read[0], id=0).network == trials[0].network
    print_result(
        "store_overhead",
        ms_per_trial=round(milliseconds, 3),
        yardstick=YARDSTICK_MS,
        ratio=round(YARDSTICK_MS / milliseconds, 1),
    )


if __name__ == "__main__":
    main()
