"""What the command line says of a search by a score of untrained networks."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from netspace.design.serial import to_plain
from netspace.present.aligned import columns
from netspace.present.table_search_text import STATED
from netspace.present.wording import counted, duration, spaced
from netspace.spaces.ranges import Floats
from netspace.spaces.sampling import Member
from netspace.train.proxies_recorded import CIRCUMSTANCES, NETWORKS, RECORDED, SOURCE, Tau

SHOWN = 5
"""How many of the best networks are shown."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scored:
    """A network and its score, NaN where that failed, which the reason explains.

    number: its place in the search, from 0. seconds: of the score.
    """

    number: int
    member: Member
    score: float
    seconds: float
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProxySearched:
    """A search that trained nothing: its networks in the order asked for, at least one scored.

    asked: how many networks there were to be. seconds: of all, the strategy's included. threads:
    that a score ran on.
    """

    estimate: str
    strategy: str
    space: str
    asked: int
    networks: tuple[Scored, ...]
    seconds: float
    threads: int

    @property
    def best(self) -> tuple[Scored, ...]:
        """The networks with a score, best first."""
        known = [one for one in self.networks if isfinite(one.score)]
        return tuple(sorted(known, key=lambda one: (-one.score, one.number)))

    @property
    def failed(self) -> tuple[Scored, ...]:
        """The networks without a score."""
        return tuple(one for one in self.networks if not isfinite(one.score))

    @property
    def so_far(self) -> Floats:
        """The best score so far, (networks,); NaN as long as all failed."""
        return np.asarray(np.fmax.accumulate([one.score for one in self.networks]))

    @property
    def stated(self) -> list[int]:
        """After how many networks the best so far is told."""
        networks = len(self.networks)
        return [*(count for count in STATED if count < networks), networks]

    @property
    def seconds_each(self) -> float:
        """Mean seconds of a score."""
        return float(np.mean([one.seconds for one in self.networks]))

    def name(self, one: Scored) -> str:
        """What a network is called: 'regnetx-7'."""
        return f"{self.space}-{one.number}"


def known_of(estimate: str, space: str) -> Iterator[str]:
    """What a user must know before relying on this estimate, in sentences."""
    tau = RECORDED[estimate]["all"]
    yield (
        f"Nothing is trained: networks are told apart by {spaced(estimate)} alone, whose rank "
        f"correlation with trained errors (Kendall's tau, + is good) was {_tau(tau)} over "
        f"{NETWORKS['all']} networks ({CIRCUMSTANCES}; {SOURCE}): {_verdict(tau)}."
    )
    if space in RECORDED[estimate]:
        alone = RECORDED[estimate][space]
        yield f"In {space} alone, {NETWORKS[space]} networks: {_tau(alone)}, {_verdict(alone)}."
    yield (
        "Elsewhere it may be otherwise: 'netspace proxies DIR' checks it on a run of your own, "
        "whose networks were trained."
    )


def _tau(tau: Tau) -> str:
    value, low, high = tau
    return f"{value:.2f} ({low:.2f} to {high:.2f})"


def _verdict(tau: Tau) -> str:
    _, low, high = tau
    if high < 0:
        return "the wrong way round, higher where errors are"
    return "better than chance" if low > 0 else "not told from chance"


def proxy_search_text(found: ProxySearched) -> str:
    """The best so far at some numbers of networks, the best networks, what failed, the time."""
    rows = [(str(count), _score(found.so_far[count - 1])) for count in found.stated]
    return "\n".join(
        [
            f"{found.strategy} on {found.space}: highest {spaced(found.estimate)} within the "
            "budget; nothing was trained",
            columns(("networks", "best so far"), rows),
            columns(
                ("network", "score", "flops", "params", "activations", "blocks"),
                [_row(found, one) for one in found.best[:SHOWN]],
            ),
            *_remarks(found),
        ]
    )


def _row(found: ProxySearched, one: Scored) -> tuple[str, ...]:
    cost = one.member.complexity
    costs = (f"{count:,}" for count in (cost.flops, cost.params, cost.activations))
    return (found.name(one), _score(one.score), *costs, str(one.member.network.depth))


def _score(score: float) -> str:
    """'812.345', '4,998,432' or, where there is none, '-'."""
    if not isfinite(score):
        return "-"
    return f"{score:,.0f}" if score == int(score) else f"{score:.6g}"


def _remarks(found: ProxySearched) -> Iterator[str]:
    networks = len(found.networks)
    if networks < found.asked:
        yield (
            f"{counted(networks, 'network')} instead of {found.asked:,}: no more new ones were "
            "found within the budget."
        )
    if found.failed:
        yield (
            f"The score failed for {len(found.failed):,} of {counted(networks, 'network')}, "
            f"which counts as a failed training; the first: {found.failed[0].reason}."
        )
    else:
        yield "No score failed."
    yield (
        f"{found.seconds_each:.3g} s a network for the score, on "
        f"{counted(found.threads, 'thread')}; {duration(found.seconds)} in all."
    )


def proxy_search_json(found: ProxySearched) -> str:
    """The same as one JSON document."""
    failed = found.failed
    document = {
        "estimate": found.estimate,
        "known": " ".join(known_of(found.estimate, found.space)),
        "recorded_tau": _recorded(found.estimate, found.space),
        "strategy": found.strategy,
        "space": found.space,
        "networks": len(found.networks),
        "networks_asked": found.asked,
        "networks_trained": 0,
        "scores_failed": len(failed),
        "reason": failed[0].reason if failed else "",
        "seconds_per_network": found.seconds_each,
        "seconds": found.seconds,
        "threads": found.threads,
        "best_so_far": [
            {"networks": count, "score": _or_none(found.so_far[count - 1])}
            for count in found.stated
        ],
        "best": [_network_json(found, one) for one in found.best[:SHOWN]],
    }
    return json.dumps(document, indent=2)


def _recorded(estimate: str, space: str) -> list[dict[str, Any]]:
    known = RECORDED[estimate]
    return [
        {"space": name, "networks": NETWORKS[name], "value": value, "low": low, "high": high}
        for name, (value, low, high) in known.items()
        if name in ("all", space)
    ]


def _or_none(score: float) -> float | None:
    return float(score) if isfinite(score) else None


def _network_json(found: ProxySearched, one: Scored) -> dict[str, Any]:
    return {
        "name": found.name(one),
        "number": one.number,
        "score": one.score,
        **to_plain(one.member.complexity),
        "blocks": one.member.network.depth,
        "parameters": to_plain(one.member.parameters),
        "network": to_plain(one.member.network),
    }
