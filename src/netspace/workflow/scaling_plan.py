"""What a scaling study trains, and how long: networks, seeds, epochs for a given time."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from statistics import fmean

from netspace.config import ScalingStudy
from netspace.design.complexity import Complexity, count
from netspace.design.factors import Base
from netspace.design.grid import grid
from netspace.design.network import Network
from netspace.design.reaching import TOLERANCE, scaling
from netspace.errors import InfeasibleError
from netspace.present.wording import duration
from netspace.train.probe import Speed
from netspace.trial import Round, Trial
from netspace.workflow.plan import SAFETY
from netspace.workflow.population import trial_seed

GRID_POINTS = 14
METHODS = ("depth", "width", "resolution", "fast")
MOST_EPOCHS = 60
FEWEST_EPOCHS = 3
FEWEST_IMAGES = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A network to train: its series, its place there, and where it stands.

    parameters: the factor of flops asked for; of a grid point alpha, beta and gamma too.
    """

    series: str
    index: int
    network: Network
    parameters: Mapping[str, float]

    @property
    def complexity(self) -> Complexity:
        """What the network costs per image."""
        return count(self.network)


def candidates(study: ScalingStudy, base: Network) -> tuple[Candidate, ...]:
    """The base, the grid at the factor, and each known method at the factor and its square.

    A method that cannot reach a factor is left out there. Raises InfeasibleError without a grid.
    """
    first = Candidate(series="base", index=0, network=base, parameters={"factor": 1.0})
    points = tuple(_grid(study, base))
    if not points:
        raise InfeasibleError(
            f"no way to share {study.factor:g}x the flops out lands within 2 %: the steps of this "
            "network are too coarse; take a larger factor or a larger network"
        )
    return (first, *points, *_methods(study, base))


def _grid(study: ScalingStudy, base: Network) -> Iterator[Candidate]:
    for index, point in enumerate(grid(base, study.factor, points=GRID_POINTS)):
        yield Candidate(
            series="grid",
            index=index,
            network=point.network,
            parameters={
                "factor": study.factor,
                "alpha": point.alpha,
                "beta": point.beta,
                "gamma": point.gamma,
            },
        )


def _methods(study: ScalingStudy, base: Network) -> Iterator[Candidate]:
    for method in METHODS:
        for index, factor in enumerate(study.factors):
            with suppress(InfeasibleError):
                found = scaling(base, factor=factor, by=method).after
                yield Candidate(
                    series=method, index=index, network=found, parameters={"factor": factor}
                )


def confirmation(
    study: ScalingStudy, base: Network, best: Network, bases: tuple[float, float, float]
) -> tuple[Candidate, ...]:
    """The best of the grid anew, and the same alpha, beta and gamma at the square of the factor.

    Only the first where the square is out of reach.
    """
    alpha, beta, gamma = bases
    known = {"alpha": alpha, "beta": beta, "gamma": gamma}
    networks = [best]
    with suppress(InfeasibleError):
        way = Base(alpha=alpha, beta=beta, gamma=gamma, depths="nearest")
        networks.append(scaling(base, factor=study.factors[1], by="compound", base=way).after)
    return tuple(
        Candidate(
            series="compound", index=index, network=network, parameters={"factor": factor, **known}
        )
        for index, (network, factor) in enumerate(zip(networks, study.factors, strict=False))
    )


def misses(study: ScalingStudy, found: Sequence[Candidate]) -> Iterator[str]:
    """Sentences on the methods that cannot reach a factor, or not within 2 %."""
    flops = next(one.complexity.flops for one in found if one.series == "base")
    there = {(one.series, one.index): one for one in found}
    for method in METHODS:
        for index, factor in enumerate(study.factors):
            one = there.get((method, index))
            if one is None:
                yield f"{method} cannot reach {factor:g}x and is left out there."
                continue
            reached = one.complexity.flops / flops
            if abs(reached / factor - 1) > TOLERANCE:
                yield f"{method} comes to {reached:.2f}x instead of {factor:g}x."


def trials(study: ScalingStudy, round: Round, found: Sequence[Candidate]) -> Iterator[Trial]:
    """One trial for each candidate and seed.

    Grid, known methods and confirmation have seeds of their own: two of them may come to one
    network, and the same training twice would count as two.
    """
    for repeat in range(study.seeds):
        for one in found:
            group = 0 if one.series in ("base", "grid") else 1 if round == "scaling" else 2
            place = group * study.seeds + repeat
            yield Trial(
                round=round,
                space=one.series,
                index=one.index,
                network=one.network,
                parameters=one.parameters,
                complexity=one.complexity,
                recipe=study.recipe,
                seed=trial_seed(study.seed, place),
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """What the plan depends on: images, workers, and the speed of every candidate."""

    train_images: int
    validation_images: int
    workers: int
    speeds: Sequence[tuple[Candidate, Speed]]

    def seconds(self, epochs: int, images: int, seeds: int) -> float:
        """How long all trainings take, the confirmation included, with all workers busy."""
        each = [
            (one, speed.seconds(epochs, images, self.validation_images))
            for one, speed in self.speeds
        ]
        at_factor = _mean([seconds for one, seconds in each if one.series == "grid"])
        at_square = _mean([s for one, s in each if one.series in METHODS and one.index == 1])
        one_seed = sum(seconds for _, seconds in each) + at_factor + at_square
        return seeds * one_seed / self.workers + max(seconds for _, seconds in each)


def _mean(seconds: Sequence[float]) -> float:
    return fmean(seconds) if seconds else 0.0


def sized(
    study: ScalingStudy, here: Capacity, *, time: float, spent: float
) -> tuple[ScalingStudy, tuple[str, ...]]:
    """The study with as many epochs as fit into a time in seconds, and sentences on that.

    Where even a few epochs are too many, a part of the images is used. Raises InfeasibleError
    where the time is too short for that as well.
    """

    def fits(epochs: int, images: int) -> bool:
        return here.seconds(epochs, images, study.seeds) <= SAFETY * time - spent

    epochs, images = FEWEST_EPOCHS, here.train_images
    while epochs < MOST_EPOCHS and fits(epochs + 1, images):
        epochs += 1
    while images > FEWEST_IMAGES and not fits(epochs, images):
        images = max(FEWEST_IMAGES, int(0.97 * images))
    seconds = here.seconds(epochs, images, study.seeds)
    if not fits(epochs, images):
        raise InfeasibleError(
            f"--time {duration(time)} is too short: {FEWEST_EPOCHS} epochs on {images:,} images "
            f"take {duration((spent + seconds) / SAFETY)} for all networks and seeds; give more "
            "time, or a smaller network"
        )
    part = None if images == here.train_images else images
    recipe = replace(study.recipe, epochs=epochs, train_images=part)
    return replace(study, recipe=recipe), _sentences(study, here, epochs, images, seconds)


def _sentences(
    study: ScalingStudy, here: Capacity, epochs: int, images: int, seconds: float
) -> tuple[str, ...]:
    networks = [one for one, _ in here.speeds]
    grid_points = sum(one.series == "grid" for one in networks)
    part = "" if images == here.train_images else f" of {here.train_images:,}"
    once, twice = study.factors
    return (
        f"{grid_points} points (alpha, beta, gamma) at {once:g}x the flops, each method "
        f"({', '.join(METHODS)}) at {once:g}x and {twice:g}x, and the base: "
        f"{len(networks)} networks, {study.seeds} seeds each.",
        f"Then the best point again with {study.seeds} fresh seeds, and its alpha, beta and gamma "
        f"at {twice:g}x.",
        f"{epochs} epochs on {images:,}{part} training images each; images are resized to each "
        "network's resolution.",
        f"That takes about {duration(seconds)} on {here.workers} workers, measured on every "
        "network.",
    )
