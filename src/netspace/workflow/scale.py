"""Scaling one network to a cost, as the command line asks for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from netspace.design.factors import Base
from netspace.design.network import Network
from netspace.design.reaching import Scaling, scaling
from netspace.errors import UserError
from netspace.present.export import yaml_text
from netspace.present.scaled import scaled_json, scaled_text
from netspace.run.folder import write_whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be scaled, to which one goal, and how; None is what was not asked for.

    bases: alpha, beta and gamma of compound.
    """

    network: Network
    factor: float | None = None
    flops: float | None = None
    params: float | None = None
    activations: float | None = None
    latency_ms: float | None = None
    by: str | None = None
    bases: Mapping[str, float | None] = field(default_factory=dict)

    @property
    def costs(self) -> dict[str, float]:
        """The goals other than a factor that are given."""
        names = ("flops", "params", "activations", "latency_ms")
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}

    @property
    def given_bases(self) -> dict[str, float]:
        """Those of alpha, beta and gamma that are given."""
        return {name: value for name, value in self.bases.items() if value is not None}


def scale(wish: Wish, output: Path | None, *, as_json: bool) -> str:
    """Scale to the goal; what to print. The network goes to `output` as YAML."""
    found = _scaled(wish)
    if output is not None:
        write_whole(output, yaml_text(found.after))
    return scaled_json(found) if as_json else scaled_text(found)


def _scaled(wish: Wish) -> Scaling:
    by, base = wish.by or "compound", _base(wish.given_bases)
    if wish.given_bases and by != "compound":
        name = next(iter(wish.given_bases))
        raise UserError(f"--{name} belongs to compound scaling; leave it out, or --by {by}")
    if wish.latency_ms is None:
        return scaling(
            wish.network,
            factor=wish.factor,
            flops=wish.flops,
            params=wish.params,
            activations=wish.activations,
            by=by,
            base=base,
        )
    if wish.factor is not None or len(wish.costs) > 1:
        raise UserError("give exactly one of --factor, --flops, --params, --activations, --latency")
    from netspace.train.latency import measure_latency  # torch, which counting does without

    return scaling(
        wish.network,
        measure=lambda network: measure_latency(network).median_ms,
        target=wish.latency_ms,
        quantity="latency in ms",
        by=by,
        base=base,
    )


def _base(given: Mapping[str, float]) -> Base:
    usual = Base()
    return Base(
        alpha=given.get("alpha", usual.alpha),
        beta=given.get("beta", usual.beta),
        gamma=given.get("gamma", usual.gamma),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Searching:
    """What means something to a search only; None is what was not asked for."""

    data: str | None
    time: str | None
    seeds: int | None
    out: Path | None

    def refuse(self) -> None:
        """Raise UserError if any of it is given."""
        names = (field.name for field in fields(self))
        name = next((name for name in names if getattr(self, name) is not None), None)
        if name is not None:
            raise UserError(f"--{name} belongs to a search; add --search, or leave --{name} out")
