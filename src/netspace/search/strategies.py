"""The strategies by name, and the proposers that they are."""

from typing import Annotated, assert_never

from pydantic import Discriminator

from netspace.errors import UnknownNameError
from netspace.search.controller import Controller, Controlling
from netspace.search.domain import Domain
from netspace.search.evolution import Drawing, Evolution, Evolving, Random
from netspace.search.objective import Objective
from netspace.search.optuna_strategy import CmaEs, Gp, Nsga2, Suggesting, Tpe
from netspace.search.strategy import Proposer, Search
from netspace.search.surrogate import Modelling, Surrogate

Strategy = Annotated[
    Random | Evolution | Surrogate | Controller | Tpe | Gp | Nsga2 | CmaEs, Discriminator("kind")
]

STRATEGIES: dict[str, Strategy] = {
    "random": Random(),
    "evolution": Evolution(),
    "surrogate": Surrogate(),
    "controller": Controller(),
    "tpe": Tpe(),
    "gp": Gp(),
    "nsga2": Nsga2(),
    "cmaes": CmaEs(),
}
"""Every strategy with its usual settings."""


def strategy(name: str) -> Strategy:
    """The strategy of this name. Raises UnknownNameError with the nearest name."""
    if name not in STRATEGIES:
        raise UnknownNameError.of("strategy", name, STRATEGIES)
    return STRATEGIES[name]


def search(chosen: Strategy, domain: Domain, objective: Objective, *, seed: int = 0) -> Search:
    """A search on a domain. Raises SpecError where strategy, domain and objective do not fit."""
    return Search(_proposer(chosen, domain, objective, seed), domain, objective, seed=seed)


def _proposer(chosen: Strategy, domain: Domain, objective: Objective, seed: int) -> Proposer:
    match chosen:
        case Random():
            return Drawing()
        case Evolution():
            return Evolving(chosen, domain)
        case Surrogate():
            return Modelling(chosen, domain)
        case Controller():
            return Controlling(chosen, domain, seed=seed)
        case Tpe() | Gp() | Nsga2() | CmaEs():
            return Suggesting(chosen, domain, objective)
        case _:
            assert_never(chosen)
