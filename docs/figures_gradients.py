"""The gradient's norm block by block, with and without shortcuts: measured, kept, drawn.

What is measured is kept in pictures/gradients.csv, since trained weights differ from machine to
machine; the figure is drawn from there.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import torch
from figures_style import BLUE, INK, QUIET, VERMILLION, look, panels, svg
from matplotlib.axes import Axes
from torch import Tensor, nn
from torch.nn import functional

from netspace.design import zoo
from netspace.design.blocks import Vanilla
from netspace.design.network import Network
from netspace.recipe import Recipe
from netspace.train.batches import Batches
from netspace.train.build import build
from netspace.train.data import DataSet, load
from netspace.train.device import Compute, use_threads

KEPT = Path(__file__).resolve().parent / "pictures" / "gradients.csv"
DATA = "digits"
SEEDS = 5
STEPS = 100
RECIPE = Recipe(batch_size=128, learning_rate=0.1, flip=False, crop_share=0.0)
CALLED = {"plain": "without shortcuts", "residual": "with shortcuts"}
COLOUR = {"plain": VERMILLION, "residual": BLUE}
PLACES = {
    ("plain", False): (5.5, 3.0),
    ("residual", False): (1.0, 0.009),
    ("plain", True): (6.0, 0.18),
    ("residual", True): (9.0, 0.0026),
}
"""Where the words stand, before and after training."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Norm:
    """The norm of the loss's gradient in one block's output, and the loss itself.

    steps: of training before. loss: cross-entropy of the batch that is measured on.
    """

    network: str
    steps: int
    seed: int
    block: int
    norm: float
    loss: float


def networks() -> dict[str, Network]:
    """ResNet-56 for small images, and the same blocks without their shortcuts."""
    residual = zoo.network("resnet56_cifar")
    plain = tuple(replace(stage, block=Vanilla()) for stage in residual.stages)
    return {"plain": replace(residual, stages=plain), "residual": residual}


def measured(seeds: int = SEEDS, steps: int = STEPS) -> Iterator[Norm]:
    """Both networks with so many seeds, before the first step and after the last, on one thread."""
    use_threads(1)
    data = load(DATA)
    for name, network in networks().items():
        fitted = network.for_input(
            resolution=data.resolution, classes=len(data.classes), channels=data.channels
        )
        for seed in range(seeds):
            yield from _one(name, fitted, data, seed, steps)


def _one(name: str, network: Network, data: DataSet, seed: int, steps: int) -> Iterator[Norm]:
    module = build(network, seed=seed).train()
    chance = torch.Generator().manual_seed(seed)
    compute = Compute(device=torch.device("cpu"), dtype=torch.float32)
    batches = Batches(data.train, data, compute)
    images, labels = next(batches.shuffled(RECIPE, chance))
    for done in dict.fromkeys((0, steps)):
        if done:
            _train(module, _stream(batches, chance), done)
        norms, loss = _norms(module, images, labels)
        for block, norm in enumerate(norms, start=1):
            yield Norm(network=name, steps=done, seed=seed, block=block, norm=norm, loss=loss)


def _stream(batches: Batches, chance: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
    for _ in cycle([None]):
        yield from batches.shuffled(RECIPE, chance)


def _train(module: nn.Module, batches: Iterator[tuple[Tensor, Tensor]], steps: int) -> None:
    descent = torch.optim.SGD(
        module.parameters(),
        lr=RECIPE.learning_rate,
        momentum=RECIPE.momentum,
        weight_decay=RECIPE.weight_decay,
    )
    for images, labels in islice(batches, steps):
        descent.zero_grad()
        functional.cross_entropy(module(images), labels).backward()  # type: ignore[no-untyped-call]
        descent.step()


def _norms(module: nn.Module, images: Tensor, labels: Tensor) -> tuple[list[float], float]:
    """Of each block's output map (N, C, H, W), in the order of the data; and the loss."""
    kept: list[Tensor] = []

    def keep(_: nn.Module, __: object, output: Tensor) -> None:
        output.retain_grad()
        kept.append(output)

    stages = [part for name, part in module.named_children() if name not in ("stem", "head")]
    hooks = [block.register_forward_hook(keep) for stage in stages for block in stage.children()]
    loss = functional.cross_entropy(module(images), labels)
    loss.backward()  # type: ignore[no-untyped-call]
    for hook in hooks:
        hook.remove()
    module.zero_grad()
    gradients = (map_.grad for map_ in kept)
    return [float(g.norm()) for g in gradients if g is not None], loss.item()


def write(found: Sequence[Norm]) -> None:
    """Keep what was measured, to four digits."""
    with KEPT.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(field.name for field in fields(Norm))
        for one in found:
            row = asdict(one) | {"norm": f"{one.norm:.4g}", "loss": f"{one.loss:.4g}"}
            writer.writerow(row.values())


def kept() -> list[Norm]:
    """What was measured."""
    with KEPT.open(newline="", encoding="utf-8") as file:
        return [
            Norm(
                network=row["network"],
                steps=int(row["steps"]),
                seed=int(row["seed"]),
                block=int(row["block"]),
                norm=float(row["norm"]),
                loss=float(row["loss"]),
            )
            for row in csv.DictReader(file)
        ]


def gradients() -> str:
    """Two panels: before the first step, and after the last."""
    found = kept()
    moments = sorted({one.steps for one in found})
    with look():
        figure, axes = panels(len(moments), height=3.9, sharey=True)
        for panel, steps in zip(axes, moments, strict=True):
            _moment(panel, [one for one in found if one.steps == steps])
            panel.set_title(f"after {steps} steps" if steps else "before the first step")
        axes[0].set_ylabel("norm of the loss's gradient\nin a block's output (log scale)")
        return svg(figure)


def _moment(axes: Axes, found: Sequence[Norm]) -> None:
    steps = found[0].steps
    for name, colour in COLOUR.items():
        own = [one for one in found if one.network == name]
        norms = table(own)
        blocks = range(1, norms.shape[1] + 1)
        axes.fill_between(blocks, norms.min(axis=0), norms.max(axis=0), color=colour, alpha=0.2)
        axes.plot(blocks, np.median(norms, axis=0), color=colour)
        loss = np.median([one.loss for one in own])
        axes.text(*PLACES[name, steps > 0], f"{CALLED[name]}: loss {loss:.2f}", color=colour)
    axes.set_yscale("log")
    axes.set_ylim(2e-3, 20)
    for border in (9.5, 18.5):
        axes.axvline(border, color=QUIET, lw=0.8, ls=":")
    for middle, width in ((5, 16), (14, 32), (23, 64)):
        axes.text(middle, 11.5, f"width {width}", color=INK, ha="center", size=8)
    axes.set_xlabel("block, from the image (1) to the classes (27)")


def table(found: Sequence[Norm]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Norms of one network at one moment, (seeds, blocks)."""
    seeds = 1 + max(one.seed for one in found)
    ordered = sorted(found, key=lambda one: (one.seed, one.block))
    return np.array([one.norm for one in ordered], dtype=np.float64).reshape(seeds, -1)
