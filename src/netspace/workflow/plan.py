"""How many networks of how many epochs fit into a time, from measured speed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from statistics import fmean

from netspace.config import FinalRound, SpaceChoice, Study
from netspace.errors import InfeasibleError
from netspace.present.wording import duration
from netspace.train.probe import Speed

MOST = 80
FEWEST = 20
"""Networks that a design trains at least, unless the time forbids it."""

LADDER = (
    (20, 3),
    (20, 4),
    (20, 5),
    (24, 6),
    (24, 8),
    (24, 10),
    (30, 12),
    (36, 15),
    (48, 20),
    (64, 25),
    (80, 30),
)
"""(networks, epochs), from the least to the most that time is spent on once all images are used."""

FEWEST_IMAGES = 500
SAFETY = 0.85
"""Share of the given time that is planned; the rest is for start-up, report and error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What a plan depends on: images of each split, cores, and measured seconds per image."""

    resolution: int
    train_images: int
    validation_images: int
    workers: int
    speeds: Sequence[Speed]

    def seconds(self, networks: int, epochs: int, images: int, final: FinalRound) -> float:
        """How long a population and its final round take, all workers busy."""
        finalists = final.candidates * final.seeds
        longer = final.epochs_factor * epochs
        return ceil(networks / self.workers) * self._training(epochs, images) + ceil(
            finalists / self.workers
        ) * self._training(longer, images)

    def _training(self, epochs: int, images: int) -> float:
        """Seconds of one training, the mean over the measured networks."""
        each = (speed.seconds(epochs, images, self.validation_images) for speed in self.speeds)
        return fmean(each)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A study whose size is fixed, how long it will take, and sentences on why."""

    study: Study
    seconds: float
    sentences: tuple[str, ...]


def plan(study: Study, here: Circumstances, *, time: float, spent: float = 0.0) -> Plan:
    """Fit images, population size and epochs to a time in seconds, some of which is spent.

    More images come first: an image not seen before teaches more than one seen again. Where all of
    them fit, networks and epochs grow. Raises InfeasibleError if the time is too short for the
    smallest useful study.
    """
    networks, epochs, images = _size(study.final, here, time, spent)
    spaces = _shared_out(study.spaces, networks)
    part = None if images == here.train_images else images
    recipe = replace(study.recipe, epochs=epochs, train_images=part)
    sized = replace(study, spaces=spaces, recipe=recipe)
    seconds = here.seconds(networks, epochs, images, study.final)
    return Plan(study=sized, seconds=seconds, sentences=_sentences(sized, here, seconds, time))


def _size(
    final: FinalRound, here: Circumstances, time: float, spent: float
) -> tuple[int, int, int]:
    """Networks, epochs and images per epoch."""

    def fits(networks: int, epochs: int, images: int) -> bool:
        return here.seconds(networks, epochs, images, final) <= SAFETY * time - spent

    rungs = [rung for rung in LADDER if fits(*rung, here.train_images)]
    if rungs:
        networks, epochs = rungs[-1]
        while networks < MOST and fits(networks + 2, epochs, here.train_images):
            networks += 2
        return networks, epochs, here.train_images
    networks, epochs = LADDER[0]
    fewest = min(here.train_images, FEWEST_IMAGES)
    images = here.train_images
    while images > fewest and not fits(networks, epochs, images):
        images = max(fewest, int(0.98 * images))
    while networks > 4 and not fits(networks, epochs, images):
        networks -= 2
    if fits(networks, epochs, images):
        return networks, epochs, images
    needed = (spent + here.seconds(networks, epochs, images, final)) / SAFETY
    raise InfeasibleError(
        f"--time {duration(time)} is too short: even {networks} networks of {epochs} epochs on "
        f"{images} images and the final round take {duration(needed)} here; give more time"
    )


def _shared_out(spaces: tuple[SpaceChoice, ...], networks: int) -> tuple[SpaceChoice, ...]:
    each, rest = divmod(networks, len(spaces))
    return tuple(
        replace(choice, networks=each + (place < rest)) for place, choice in enumerate(spaces)
    )


def _sentences(study: Study, here: Circumstances, seconds: float, time: float) -> tuple[str, ...]:
    recipe, final = study.recipe, study.final
    networks = sum(choice.networks for choice in study.spaces)
    shares = ", ".join(f"{choice.networks} of {choice.called}" for choice in study.spaces)
    images = recipe.train_images or here.train_images
    part = "" if recipe.train_images is None else f" of {here.train_images:,}"
    limits = [bound.sentence for bound in study.budget.bounds]
    if study.budget.latency_ms is not None:
        limits.append(f"at most {study.budget.latency_ms:g} ms on one thread here")
    ranges = ", ".join(limits) or "any cost"
    how = "drawn" if study.search is None else "asked for"
    said = [
        f"Networks are {how} with {ranges} per image of {here.resolution}x{here.resolution}.",
        f"Population: {networks} networks ({shares}), {recipe.epochs} epochs on {images:,}{part} "
        f"training images each, in batches of {recipe.batch_size}; an epoch leaves out a last, "
        "smaller one.",
        f"Final round: the best {final.candidates}, {final.seeds} seeds each, "
        f"{final.epochs_factor * recipe.epochs} epochs; then one reading on test.",
        f"That takes about {duration(seconds)} on {here.workers} workers, measured on "
        f"{len(here.speeds)} networks of these spaces.",
    ]
    if networks < FEWEST and study.search is None:
        said.append(
            f"{duration(time)} allow only {networks} networks; with {FEWEST} or more the spaces "
            "are easier to tell apart."
        )
    return tuple(said)
