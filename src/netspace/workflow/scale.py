"""Scaling one network to a cost, as the command line asks for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from netspace.design.factors import Base
from netspace.design.network import Network
from netspace.design.reaching import Scaling, by_preset, scaling
from netspace.design.units import parse_milliseconds, parse_resolution, parse_size
from netspace.design.zoo import network
from netspace.errors import UserError
from netspace.present.export import yaml_text
from netspace.present.scaled import scaled_json, scaled_text
from netspace.run.folder import write_whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be scaled, to which one goal, and how, in the words of the command line.

    costs: flops, params, activations, latency, or a preset; bases: alpha, beta, gamma. None is
    what was not asked for.
    """

    network: str
    resolution: str | None = None
    factor: float | None = None
    by: str | None = None
    costs: Mapping[str, str | None] = field(default_factory=dict)
    bases: Mapping[str, float | None] = field(default_factory=dict)

    @property
    def start(self) -> Network:
        """The network to be scaled."""
        size = None if self.resolution is None else parse_resolution(self.resolution)
        return network(self.network).for_input(resolution=size)

    @property
    def given_costs(self) -> dict[str, str]:
        """The costs that are asked for."""
        return {name: text for name, text in self.costs.items() if text is not None}

    @property
    def given_bases(self) -> dict[str, float]:
        """Those of alpha, beta and gamma that are given."""
        return {name: value for name, value in self.bases.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Searching:
    """What means something to a search only; None or False is what was not asked for."""

    data: str | None
    time: str | None
    seeds: int | None
    out: Path | None
    skip_broken: bool

    def refuse(self) -> None:
        """Raise UserError if any of it is given."""
        names = (field.name for field in fields(self))
        given = next((name for name in names if getattr(self, name) not in (None, False)), None)
        if given is not None:
            name = given.replace("_", "-")
            raise UserError(f"--{name} belongs to a search; add --search, or leave --{name} out")


def scale(wish: Wish, output: Path | None, *, as_json: bool) -> str:
    """Scale to the goal; what to print. The network goes to `output` as YAML."""
    found = _scaled(wish)
    told = scaled_json(found) if as_json else scaled_text(found)
    if output is not None:
        write_whole(output, yaml_text(found.after))
    return told


def _scaled(wish: Wish) -> Scaling:
    start, by = wish.start, wish.by or "compound"
    for name in wish.given_bases if by != "compound" else ():
        raise UserError(f"--{name} belongs to compound scaling; leave it out, or --by {by}")
    costs = wish.given_costs
    goals = [*(["factor"] if wish.factor is not None else []), *costs]
    if len(goals) != 1:
        named = " and ".join(f"--{name}" for name in goals) or "none"
        raise UserError(
            "give exactly one of --factor, --flops, --params, --activations, --latency, --preset; "
            f"given: {named}"
        )
    if "preset" in costs:
        return by_preset(start, costs["preset"])
    base = _base(wish.given_bases)
    if "latency" in costs:
        return _to_latency(start, parse_milliseconds(costs["latency"]), by, base)
    sizes = {name: parse_size(text) for name, text in costs.items()}
    return scaling(
        start,
        factor=wish.factor,
        flops=sizes.get("flops"),
        params=sizes.get("params"),
        activations=sizes.get("activations"),
        by=by,
        base=base,
    )


def _to_latency(start: Network, wanted_ms: float, by: str, base: Base) -> Scaling:
    from netspace.train.latency import measure_latency  # torch, which counting does without

    return scaling(
        start,
        measure=lambda network: measure_latency(network).median_ms,
        target=wanted_ms,
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
