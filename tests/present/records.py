"""Made-up runs: real sampled networks, invented errors."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from netspace.config import Budget, SearchTerms, SpaceChoice, Study
from netspace.present.record import DataFacts, RunRecord, SpaceFacts, Winner
from netspace.recipe import Recipe
from netspace.search.evolution import Evolution
from netspace.search.halving import Halving
from netspace.search.objective import Accuracy, Objective
from netspace.spaces.sampling import Sample
from netspace.trial import Epoch, Trial

NASTY = "<script>alert(1)</script>"
RECIPE = Recipe(epochs=4, train_images=5000)
SETTING = {"device": "cpu", "precision": "bf16", "threads": "1", "torch": "2.13.0+cpu"}


def study(*names: str, networks: int = 12) -> Study:
    """A study of these spaces."""
    choices = tuple(SpaceChoice(name=name, networks=networks) for name in names)
    return Study(data="cifar10", budget=Budget(flops="5M..6M"), spaces=choices, recipe=RECIPE)


def sample(choice: SpaceChoice) -> Sample:
    """The networks of one space within 5M to 6M flops."""
    space = choice.space(resolution=32, channels=3, classes=10)
    return space.sample(choice.networks, flops=(5e6, 6e6))


def curve(error: float, epochs: int) -> tuple[Epoch, ...]:
    """A learning curve that falls to this error."""
    return tuple(
        Epoch(
            number=number,
            learning_rate=0.1,
            train_loss=2.0 / number,
            validation_error_percent=round(error + 40.0 * (1 / number - 1 / epochs), 3),
            seconds=2.5,
        )
        for number in range(1, epochs + 1)
    )


def finish(trial: Trial, error: float) -> Trial:
    """The trial, finished at this error."""
    return replace(
        trial,
        state="finished",
        attempts=1,
        error=error,
        seconds=2.5 * trial.recipe.epochs,
        curve=curve(error, trial.recipe.epochs),
        setting=SETTING,
    )


def fail(trial: Trial, reason: str) -> Trial:
    """The trial, failed for this reason."""
    return replace(trial, state="failed", attempts=2, reason=reason)


def planned(study: Study) -> list[Trial]:
    """The population's trials before any is trained."""
    found = [
        Trial(
            space=choice.called,
            index=index,
            network=member.network,
            parameters=member.parameters,
            complexity=member.complexity,
            recipe=study.recipe,
            seed=study.seed,
        )
        for choice in study.spaces
        for index, member in enumerate(sample(choice).members)
    ]
    return [replace(trial, id=number) for number, trial in enumerate(found, start=1)]


def trained(study: Study, seed: int = 0) -> list[Trial]:
    """The population, all finished; errors fall with params and rise with the spaces' number."""
    rng = np.random.default_rng(seed)
    places = {choice.called: place for place, choice in enumerate(study.spaces)}
    return [
        finish(
            trial,
            round(
                55
                - 2.5 * float(np.log2(trial.complexity.params / 1e4))
                - 3 * places[trial.space]
                + float(rng.gamma(2.0, 1.5)),
                2,
            ),
        )
        for trial in planned(study)
    ]


def final_round(population: Sequence[Trial], *, candidates: int = 3, seeds: int = 2) -> list[Trial]:
    """The best networks again, each with several seeds, three times as long."""
    done = sorted((t for t in population if t.error is not None), key=lambda t: t.error or 0.0)
    recipe = replace(RECIPE, epochs=3 * RECIPE.epochs)
    again = [(trial, seed) for trial in done[:candidates] for seed in range(seeds)]
    return [
        finish(
            replace(trial, id=900 + place, round="final", recipe=recipe, seed=seed),
            round((trial.error or 0.0) - 9 + 0.4 * seed, 2),
        )
        for place, (trial, seed) in enumerate(again)
    ]


def winner(final: Sequence[Trial]) -> Winner:
    """The network of the first final trial."""
    own = tuple(trial for trial in final if trial.index == final[0].index)
    own = tuple(trial for trial in own if trial.space == final[0].space)
    mean = sum(trial.error or 0.0 for trial in own) / len(own)
    return Winner(trials=own, best=own[0], validation_error=mean, test_error=29.125)


def record(
    study: Study, trials: Sequence[Trial], *, chosen: Winner | None = None, **changes: object
) -> RunRecord:
    """A record of these trials; other fields may be changed."""
    facts = []
    for choice in study.spaces:
        space = choice.space(resolution=32, channels=3, classes=10)
        facts.append(
            SpaceFacts(
                name=choice.called,
                degrees_of_freedom=space.degrees_of_freedom,
                log10_size=space.log10_size,
                rules=tuple(rule.sentence for rule in space.rules),
                adapted=space.adapted,
                acceptance_rate=0.00123,
                shortfall="",
            )
        )
    whole = RunRecord(
        folder="runs/cifar10",
        study=study,
        command="netspace run study.yaml --out runs/cifar10",
        plan=("2 spaces with 12 networks each, trained for 4 epochs on 5,000 images.",),
        data=DataFacts(
            name="cifar10",
            origin="CIFAR-10, Alex Krizhevsky 2009; no licence stated.",
            fingerprint="0123456789abcdef",
            classes=(NASTY, *(f"class {number}" for number in range(1, 10))),
            resolution=32,
            channels=3,
            images={"train": 40_000, "validation": 10_000, "test": 10_000},
            notes=("validation was taken from train, in proportion by class",),
        ),
        spaces=tuple(facts),
        trials=tuple(trials),
        winner=chosen,
        seconds=1105.0,
        versions={"netspace": "0.1.0", "python": "3.11.2", "torch": "2.13.0+cpu"},
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


def search_study(
    name: str = "regnetx",
    *,
    networks: int = 24,
    objective: Objective | None = None,
    halving: Halving | None = None,
    budget: Budget | None = None,
) -> Study:
    """A search of one space by evolution."""
    terms = SearchTerms(strategy=Evolution(), objective=objective or Accuracy(), halving=halving)
    plain = study(name, networks=networks)
    return replace(plain, search=terms, budget=plain.budget if budget is None else budget)


def search_record(
    study: Study, trials: Sequence[Trial], *, drawn: int = 10, **changes: object
) -> RunRecord:
    """A record of a search whose first networks were drawn at random, the others proposed."""
    origins = tuple("drawn" if number < drawn else "proposed" for number in range(len(trials)))
    return record(study, trials, origins=origins, **changes)  # type: ignore[arg-type]


def stopped(trial: Trial, epochs: int) -> Trial:
    """The finished trial as it stood after so many epochs."""
    curve = trial.curve[:epochs]
    return replace(trial, curve=curve, error=curve[-1].validation_error_percent)
