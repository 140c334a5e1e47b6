"""The main job: images and a budget in, a chosen network out."""

from dataclasses import dataclass, replace
from pathlib import Path

from netspace.config import Budget, SearchTerms, SpaceChoice, Study, study_from_plain
from netspace.design.serial import read, to_plain
from netspace.errors import RunError, UserError
from netspace.recipe import Recipe
from netspace.run.folder import RunFolder
from netspace.run.store import Store
from netspace.train.data import DataSet
from netspace.workflow.plan import Circumstances, Plan, plan
from netspace.workflow.population import draw
from netspace.workflow.probing import probe
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
        study = Study(
            data=self.data,
            budget=self.budget,
            resolution=self.resolution,
            seed=self.seed,
            skip_broken=self.skip_broken,
        )
        return study if self.space is None else self._searching(study, self.space)

    def _searching(self, study: Study, space: str) -> Study:
        choice = SpaceChoice(name=space)
        if self.networks is not None:
            choice = replace(choice, networks=self.networks)
        return replace(study, spaces=(choice,), search=self.search)

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
    known = to_plain(read(Request, known), complete=True)  # it may have been written with fewer
    if known == wanted:
        return
    there, here = ({**plain, **plain["budget"]} for plain in (known, wanted))
    name = next(
        key for key in (*here, *there) if key != "budget" and here.get(key) != there.get(key)
    )
    raise RunError(
        f"{folder.path} holds another {request.study().kind} (--{name.replace('_', '-')} differs: "
        f"{there.get(name)} there, {here.get(name)} here); choose another --out, or repeat the "
        "command it was begun with"
    )


def _planned(request: Request, at_work: Session) -> Plan:
    """The plan, made now or in the session that began the run."""
    known = at_work.store.fact("study")
    if known is not None:
        sentences = tuple(at_work.store.fact("plan"))
        return Plan(study=study_from_plain(known), seconds=0.0, sentences=sentences)
    base = replace(request.study(), recipe=usual_recipe(at_work.data))
    given = request.sized(base)
    if given is None:
        made = plan(base, _circumstances(base, at_work), time=request.time, spent=at_work.spent)
    else:
        made = Plan(study=given, seconds=0.0, sentences=())
    for sentence in made.sentences:
        at_work.watcher.say(sentence)
    return made


def usual_recipe(data: DataSet) -> Recipe:
    """The default recipe, fitted to the number of images."""
    if len(data.train.labels) < SMALL_DATA:
        return Recipe(batch_size=32, learning_rate=0.1)
    return Recipe()


def _circumstances(study: Study, at_work: Session) -> Circumstances:
    """Measure a few networks of each space on all workers at once."""
    networks = [
        network
        for choice in study.spaces
        for network in draw(study, choice, at_work.data, networks=PROBES).sample
    ]
    speeds = probe(networks, study.recipe, at_work)
    return Circumstances(
        resolution=at_work.data.resolution,
        train_images=len(at_work.data.train.labels),
        validation_images=len(at_work.data.validation.labels),
        workers=at_work.pool.size,
        speeds=[speed for speed in speeds if speed is not None],
    )
