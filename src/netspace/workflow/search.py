"""A search as the command line asks for it: a space, a strategy, images and a limit."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Literal

from netspace.config import Budget, SearchTerms, SpaceChoice, Study, load_study
from netspace.design.units import parse_duration
from netspace.errors import StudyError, UnknownNameError, UserError
from netspace.run.folder import RunFolder
from netspace.search.halving import Halving
from netspace.search.objective import Accuracy, Cost, Objective, Pareto, Reward
from netspace.search.strategies import strategy
from netspace.train.proxies import PROXIES
from netspace.workflow.design import Request
from netspace.workflow.study import run_study
from netspace.workflow.table_search import TableWish
from netspace.workflow.watch import Watcher

USUAL = "surrogate"
"""The strategy where none is named."""

OBJECTIVES = ("accuracy", "soft", "hard", "pareto")
COSTS: dict[str, Cost] = {
    "flops": "flops",
    "params": "params",
    "activations": "activations",
    "latency": "latency_ms",
}
Form = Literal["soft", "hard"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighing:
    """What is weighed against accuracy. cost: names of costs, joined by commas; None is flops.

    limits: sizes as written, by cost: a budget, or the target of the soft and the hard form.
    """

    objective: str | None = None
    cost: str | None = None
    w: float | None = None
    limits: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def chosen(self) -> Objective:
        """The objective. Raises UserError or UnknownNameError where the options do not fit."""
        match self.objective:
            case None | "accuracy":
                self._refuse("cost", "w")
                return Accuracy()
            case "soft":
                return self._reward("soft")
            case "hard":
                return self._reward("hard")
            case "pareto":
                self._refuse("w")
                return Pareto(costs=tuple(_cost(name) for name in self._names))
            case unknown:
                raise UnknownNameError.of("objective", unknown, OBJECTIVES)

    @property
    def budget(self) -> Budget:
        """The hard limits: what is given and is no target."""
        targets = self._names if self.objective in ("soft", "hard") else ()
        return Budget(
            **{name: size for name, size in self.limits.items() if size and name not in targets}
        )

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(name.strip() for name in (self.cost or "flops").split(","))

    def _reward(self, form: Form) -> Reward:
        if len(self._names) > 1:
            raise UserError(
                f"--objective {form} weighs one cost, not {self.cost}; pareto takes two"
            )
        (name,) = self._names
        cost, target = _cost(name), self.limits.get(name)
        if target is None:
            raise UserError(f"--objective {form} needs a target: give --{name}")
        if ".." in target:
            raise UserError(f"--{name} {target}: a target is a single size, such as 5M or 5ms")
        return Reward(cost=cost, target=target, form=form, w=self.w)

    def _refuse(self, *names: str) -> None:
        for name in names:
            if getattr(self, name) is not None:
                weighing = "soft or hard" if name == "w" else "soft, hard or pareto"
                raise UserError(f"--{name} does nothing without --objective {weighing}")


def _cost(name: str) -> Cost:
    if name not in COSTS:
        raise UnknownNameError.of("cost", name, COSTS)
    return COSTS[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large a search is: fitted to a time as written, or so many networks and epochs."""

    time: str | None = None
    networks: int | None = None
    epochs: int | None = None
    halving: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """The options of a search that no study file describes; None is what was not given."""

    data: str | None
    space: str | None
    strategy: str | None
    weighing: Weighing
    size: Size
    resolution: int | None = None
    seed: int = 0
    skip_broken: bool = False

    @property
    def request(self) -> Request:
        """What to do. Raises UserError for what is missing or does not fit together."""
        data, space = self.needed("data"), self.needed("space")
        size = self.size
        if size.time is not None and size.networks is not None:
            raise UserError("--time fits networks and epochs: leave out --networks and --epochs")
        return Request(
            data=data.rstrip("/") or data,
            budget=self.weighing.budget,
            resolution=self.resolution,
            time=parse_duration(size.time or "20m"),
            seed=self.seed,
            skip_broken=self.skip_broken,
            space=space,
            search=SearchTerms(
                strategy=strategy(self.strategy or USUAL),
                objective=self.weighing.chosen,
                halving=Halving() if size.halving else None,
            ),
            networks=size.networks,
            epochs=size.epochs,
        )

    @property
    def name(self) -> str:
        """What the run's folder is called where the user does not say."""
        given = [size for size in self.weighing.limits.values() if size]
        words = [Path(self.data or "").name, self.space, self.strategy or USUAL, *given[:1]]
        return "-".join(word for word in words if word)

    def refuse(self) -> None:
        """Raise UserError for an option beside a study file, which says it all."""
        for name, given in self._given().items():
            if given:
                raise UserError(f"the study file says it all: leave out --{name}")

    def needed(self, name: str) -> str:
        """A text option that a search cannot do without. Raises UserError."""
        given: str | None = getattr(self, name)
        if not given:
            raise UserError(f"give a study file, or --data and --space: --{name} is missing")
        return given

    def _given(self) -> dict[str, object]:
        """Options by name, those that were not given are empty."""
        own = {"data": self.data, "space": self.space, "strategy": self.strategy}
        weighing, size = self.weighing, self.size
        own |= {"objective": weighing.objective, "cost": weighing.cost, **weighing.limits}
        return {
            **own,
            "w": weighing.w is not None,
            "time": size.time,
            "networks": size.networks,
            "epochs": size.epochs,
            "halving": size.halving,
            "resolution": self.resolution,
            "seed": self.seed,
            "skip-broken": self.skip_broken,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class OnTable:
    """The options of a search on an imported table; None is what was not given."""

    table: str | None = None
    seeds: int | None = None
    categories: str | None = None
    fitted: bool = False

    def refuse(self) -> None:
        """Raise UserError for an option that says something only of a table."""
        for name in ("seeds", "categories", "fitted"):
            if getattr(self, name):
                raise UserError(
                    f"--{name} belongs to a search on a table: add --table, or leave it"
                )

    def wish(self, wish: Wish) -> TableWish:
        """What to do. Raises UserError for options that say something only of training."""
        trained = {"data": wish.data, "time": wish.size.time, "epochs": wish.size.epochs}
        trained |= {"halving": wish.size.halving, "skip-broken": wish.skip_broken}
        for name, given in trained.items():
            if given:
                raise UserError(f"a table takes the place of training: leave out --{name}")
        if wish.resolution and not self.fitted:
            raise UserError("--resolution is that of a space: add --fitted, or leave it out")
        if self.categories and self.fitted:
            raise UserError("a space knows its categories: leave out --categories, or --fitted")
        if wish.weighing.budget.latency is not None:
            raise UserError("a search on a table measures no latency: leave out --latency")
        return TableWish(
            table=self.table or "",
            strategy=strategy(wish.strategy or USUAL),
            objective=wish.weighing.chosen,
            budget=wish.weighing.budget,
            networks=wish.size.networks or 200,
            seeds=self.seeds or 20,
            seed=wish.seed,
            fitted=self.fitted,
            space=wish.space,
            resolution=wish.resolution or 224,
            unordered=tuple(filter(None, map(str.strip, (self.categories or "").split(",")))),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ByProxy:
    """The options of a search by a score of untrained networks; None is what was not given."""

    estimate: str | None = None
    output: Path | None = None

    @property
    def wanted(self) -> bool:
        """Whether a score takes the place of training."""
        return self.estimate not in (None, "training")

    def refuse(self) -> None:
        """Raise UserError for an option that says something only of scores."""
        if self.output is not None:
            raise UserError("-o belongs to a search by --estimate: add that, or leave -o out")

    def study(self, wish: Wish, on: OnTable, **others: object) -> Study:
        """What to search. Raises UserError for options that do not fit; others: by name."""
        name = self.estimate or ""
        if name not in PROXIES:
            raise UnknownNameError.of("estimate", name, ("training", *PROXIES))
        self._refuse(wish, on, others)
        if not wish.weighing.budget.bounds:
            raise UserError(f"--estimate {name} needs a limit: give --flops, such as 5M")
        data, space = wish.needed("data"), wish.needed("space")
        return Study(
            data=data.rstrip("/") or data,
            budget=wish.weighing.budget,
            spaces=(SpaceChoice(name=space, networks=wish.size.networks or 200),),
            search=SearchTerms(strategy=strategy(wish.strategy or USUAL)),
            resolution=wish.resolution,
            seed=wish.seed,
            skip_broken=wish.skip_broken,
        )

    def _refuse(self, wish: Wish, on: OnTable, others: Mapping[str, object]) -> None:
        size, weighing = wish.size, wish.weighing
        trained = {"--time": size.time, "--epochs": size.epochs, "--halving": size.halving}
        tables = {f"--{one.name}": getattr(on, one.name) for one in fields(on)}
        weighed = {"--cost": weighing.cost, "--w": weighing.w}
        weighed |= {"--latency": weighing.limits.get("latency")}
        if weighing.objective != "accuracy":
            weighed |= {"--objective": weighing.objective}
        for name, given in {**trained, **tables, **weighed, **others}.items():
            if given is not None and given is not False:
                raise UserError(
                    f"--estimate {self.estimate} only scores untrained networks within a budget "
                    f"and makes no run: leave out {name}"
                )


def search_study(file: Path, out: Path | None, watcher: Watcher, *, command: str = "") -> RunFolder:
    """Start or resume the search of a study file. Raises StudyError if it describes none."""
    study = load_study(file)
    if not isinstance(study, Study) or study.search is None:
        raise StudyError(f"{file} describes no search: add one, as 'search: {{}}', or use run")
    return run_study(study, out or Path("runs") / file.stem, watcher, command=command)
