"""Images per second of population training, over the plain loop's, in the same run.

The network of the plain loop (`builtin()`, 5.1 MFLOP at 32x32) is trained on CIFAR-10 by both: one
model after another by the plain loop on all cores; by netspace, with its default recipe, as a
population, one process a core. Speed and accuracy come from the same trainings, over several
seeds. Start of processes and decoding of images are reported apart; neither side counts the time
of its evaluations. Both accuracies are on the first 2,000 test images, which serve as netspace's
validation split here; nothing is selected by them.
"""

import argparse
import importlib.util
import os
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from _shared import SHARED, print_result
from netspace.design.blocks import Bottleneck
from netspace.design.network import Network, Stage, Stem
from netspace.recipe import Recipe
from netspace.run.executors import ProcessPool
from netspace.run.jobs import EpochDone, Finished, TrainJob
from netspace.train.data import Split, load, save

PLAIN_BATCH = 128


def plain_network() -> Network:
    """`builtin()` of the plain loop as a netspace network."""
    stages = tuple(
        Stage(block=Bottleneck(group_width=8), width=width, depth=depth)
        for width, depth in zip((24, 48, 96, 192), (1, 2, 3, 2), strict=True)
    )
    return Network(stem=Stem(width=16, stride=1), stages=stages, classes=10, resolution=(32, 32))


def run_plain(images: int, epochs: int, seeds: int) -> tuple[float, list[float]]:
    """Images per second and accuracies of the plain loop."""
    spec = importlib.util.spec_from_file_location("plain_loop", SHARED / "bench" / "plain_loop.py")
    assert spec is not None
    assert spec.loader is not None
    plain: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(plain)
    speeds, accuracies = [], []
    for seed in range(seeds):
        torch.manual_seed(seed)
        speed, accuracy = plain.train(
            plain.builtin(), str(SHARED / "data" / "cifar10"), images, epochs, PLAIN_BATCH
        )
        speeds.append(speed)
        accuracies.append(accuracy)
    return statistics.fmean(speeds), accuracies


def run_netspace(
    images: int, epochs: int, seeds: int, precision: Any
) -> tuple[float, list[float], dict[str, Any]]:
    """Images per second of training with all workers busy, accuracies, and what else it took."""
    start = time.perf_counter()
    data = load(str(SHARED / "data" / "cifar10"))
    first = slice(0, 2_000)
    judged = Split(images=data.test.images[first], labels=data.test.labels[first])
    data = replace(data, validation=judged)
    decoding = time.perf_counter() - start
    recipe = Recipe(epochs=epochs, train_images=images, precision=precision)
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder) / "images"
        save(data, saved)
        start = time.perf_counter()
        with ProcessPool(saved) as pool:
            warm_up = replace(recipe, epochs=1, train_images=4 * recipe.batch_size)
            train_all(pool, [warm_up] * pool.size)
            starting = time.perf_counter() - start
            workers = pool.size
            done = train_all(pool, [recipe] * (seeds * workers))
    trained = images // recipe.batch_size * recipe.batch_size * epochs
    speeds = [trained / sum(epoch.seconds for epoch in result.curve) for result in done]
    facts = {
        "decoding_s": round(decoding, 1),
        "process_start_s": round(starting, 1),
        "bf16": done[0].setting["precision"] == "bf16",
    }
    return workers * statistics.fmean(speeds), [100 - result.error for result in done], facts


def train_all(pool: ProcessPool, recipes: list[Recipe]) -> list[Finished]:
    """The plain network trained by each recipe, on all workers at once."""
    waiting = [
        TrainJob(id=seed, network=plain_network(), recipe=recipe, seed=seed)
        for seed, recipe in enumerate(recipes)
    ]
    done: list[Finished] = []
    total = len(waiting)
    while len(done) < total:
        while waiting and pool.room:
            pool.submit(waiting.pop())
        for event in pool.events():
            if not isinstance(event, EpochDone):
                assert isinstance(event, Finished), event
                done.append(event)
    return done


def main() -> None:
    """Run both and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--precision", choices=("auto", "fp32", "bf16"), default="auto")
    given = parser.parse_args()
    size = (given.images, given.epochs, given.seeds)
    speed, accuracies, facts = run_netspace(*size, given.precision)
    print(f"netspace: {speed:.0f} images/s, accuracies {accuracies}, {facts}", flush=True)
    plain_speed, plain_accuracies = run_plain(*size)
    print(f"plain loop: {plain_speed:.0f} images/s, accuracies {plain_accuracies}")
    print_result(
        "training_speed",
        images_per_second=round(speed),
        yardstick=round(plain_speed),
        ratio=round(speed / plain_speed, 2),
        accuracy=round(statistics.fmean(accuracies), 2),
        accuracy_spread=round(statistics.stdev(accuracies), 2),
        yardstick_accuracy=round(statistics.fmean(plain_accuracies), 2),
        yardstick_accuracy_spread=round(statistics.stdev(plain_accuracies), 2),
        epochs=given.epochs,
        images=given.images,
        trainings=len(accuracies),
        yardstick_trainings=given.seeds,
        workers=os.cpu_count(),
        **facts,
    )


if __name__ == "__main__":
    main()
