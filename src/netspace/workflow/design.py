"""The main job: images and a budget in, a chosen network out."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from netspace.config import Budget, SearchTerms, SpaceChoice, Study, study_from_plain
from netspace.design.serial import read, to_plain
from netspace.errors import RunError, UserError
from netspace.recipe import Recipe
from netspace.run.folder import RunFolder
from netspace.run.store import Store
from netspace.train.data import DataSet
from netspace.workflow.latency_kept import Timing
from netspace.workflow.plan import Circumstances, Plan, plan
from netspace.workflow.population import draw
from netspace.workflow.probing import probe
from netspace.workflow.searching import Searching
from netspace.workflow.session import (
    Session,
    begun_by_study_file,
    check_before,
    opened,
    require_kind,
    session,
)
from netspace.workflow.study import carry_out, write_results
from netspace.workflow.watch import Watcher

PROBES = 3
"""Networks of each space whose speed is measured before planning."""

SMALL_DATA = 4_000
"""Below so many training images batches are halved, for enough steps in an epoch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the user of `design` or `search` gives; time in seconds.

    space, search: what is searched, and how; a design samples the usual spaces. networks, epochs:
    the size of a search, where it is not to be fitted to the time.
    """

    data: str
    budget: Budget
    resolution: int | None = None
    time: float = 1_200.0
    seed: int = 0
    skip_broken: bool = False
    space: str | None = None
    search: SearchTerms | None = None
    networks: int | None = None
    epochs: int | None = None

    def __post_init__(self) -> None:
        if (self.networks is None) != (self.epochs is None):
            raise UserError("give --networks and --epochs together, or neither: time fits them")

    def study(self) -> Study:
        """The study before its size is known, unless that is given."""
        searched: dict[str, Any] = {}
        if self.space is not None:
            searched = {"spaces": (self._choice(self.space),), "search": self.search}
        return Study(
            data=self.data,
            budget=self.budget,
            resolution=self.resolution,
            seed=self.seed,
            skip_broken=self.skip_broken,
            **searched,
        )

    def _choice(self, space: str) -> SpaceChoice:
        choice = SpaceChoice(name=space)
        return choice if self.networks is None else replace(choice, networks=self.networks)

    def sized(self, study: Study) -> Study | None:
        """The study with its recipe's epochs as given; None where the time is to fit them."""
        if self.epochs is None:
            return None
        warmup = min(study.recipe.warmup_epochs, self.epochs)
        recipe = replace(study.recipe, epochs=self.epochs, warmup_epochs=warmup)
        return replace(study, recipe=recipe)


def design(request: Request, path: Path, watcher: Watcher, *, command: str = "") -> RunFolder:
    """Start or resume a design in this folder; the plan is made once, from measured speed.

    Raises RunError if the folder holds another run.
    """
    check_before(request.study())
    folder = RunFolder(path)
    with opened(folder) as store:
        _same_request(request, store, folder)
        if store.fact("winner") is None:
            with session(request.study(), folder, store, watcher) as at_work:
                made = _planned(request, at_work)
                request_plain = to_plain(request, complete=True)
                facts = {"request": request_plain, "plan": list(made.sentences)}
                carry_out(made.study, at_work, command=command, **facts)
        write_results(folder, store)
    return folder


def _same_request(request: Request, store: Store, folder: RunFolder) -> None:
    require_kind(request.study().kind, store, folder)
    wanted, known = to_plain(request, complete=True), store.fact("request")
    if known == wanted or store.fact("study") is None:
        return
    if known is None:
        raise begun_by_study_file(folder)
    before = read(Request, known)  # it may have been written with fewer
    if before == request:
        return
    there, here = _options(before), _options(request)
    name = next(key for key in here if here[key] != there[key])
    raise RunError(
        f"{folder.path} holds another {request.study().kind} (--{name.replace('_', '-')} differs: "
        f"{there.get(name)} there, {here.get(name)} here); choose another --out, or repeat the "
        "command it was begun with"
    )


def _options(request: Request) -> dict[str, object]:
    """What the request says, as the command line names it."""
    plain, terms = to_plain(request, complete=True), request.search
    budget, search = plain.pop("budget"), plain.pop("search")
    said = {
        "strategy": None if terms is None else terms.strategy.kind,
        "objective": None if terms is None else terms.objective.sentence,
        "halving": None if terms is None else terms.halving is not None,
    }
    return {**plain, **budget, **said, "search": search}  # the last for settings of the same name


def _planned(request: Request, at_work: Session) -> Plan:
    """The plan, made now or in the session that began the run."""
    known = at_work.store.fact("study")
    if known is not None:
        sentences = tuple(at_work.store.fact("plan"))
        return Plan(study=study_from_plain(known), seconds=0.0, sentences=sentences)
    base = replace(request.study(), recipe=usual_recipe(at_work.data))
    given = request.sized(base)
    if base.search is not None:
        Searching(base, at_work)  # a strategy that does not fit is refused before all measuring
    if given is None:
        made = plan(base, _circumstances(base, at_work), time=request.time, spent=at_work.spent)
        made = _with_halving(made)
    else:
        made = Plan(study=given, seconds=0.0, sentences=())
    for sentence in made.sentences:
        at_work.watcher.say(sentence)
    return made


def _with_halving(made: Plan) -> Plan:
    """More networks where most of them are stopped early: the plan reckons with whole trainings."""
    study = made.study
    if study.search is None or study.search.halving is None:
        return made
    halving, epochs = study.search.halving, study.recipe.epochs
    (choice,) = study.spaces
    networks = int(choice.networks * epochs / halving.mean_epochs(epochs))
    rungs = halving.rungs(epochs)
    ends = networks // halving.factor ** (len(rungs) - 1)
    said = (
        f"With halving that is time for {networks} networks instead: after "
        f"{', '.join(map(str, rungs[:-1]))} of {epochs} epochs one in {halving.factor} goes on, so "
        f"about {ends} come to the end."
    )
    spaces = (replace(choice, networks=networks),)
    return replace(made, study=replace(study, spaces=spaces), sentences=(*made.sentences, said))


def usual_recipe(data: DataSet) -> Recipe:
    """The default recipe, fitted to the number of images."""
    if len(data.train.labels) < SMALL_DATA:
        return Recipe(batch_size=32, learning_rate=0.1)
    return Recipe()


def _circumstances(study: Study, at_work: Session) -> Circumstances:
    """Measure a few networks of each space on all workers at once."""
    data = at_work.data
    timing = Timing.of(study, data, at_work.store, at_work.watcher.say)
    networks = [
        network
        for choice in study.spaces
        for network in draw(study, choice, data, networks=PROBES, timing=timing).sample
    ]
    speeds = probe(networks, study.recipe, at_work)
    return Circumstances(
        resolution=data.resolution,
        train_images=len(data.train.labels),
        validation_images=len(data.validation.labels),
        workers=at_work.pool.size,
        speeds=[speed for speed in speeds if speed is not None],
    )
