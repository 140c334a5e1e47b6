"""What is said of zero-cost proxies: which of them ranks networks as training did, and its cost."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from netspace.analyse.agreement import Estimate
from netspace.analyse.correlation import FEWEST, Correlation
from netspace.present.aligned import columns
from netspace.present.wording import counted, listed, spaced

MEANING = (
    "Kendall's tau of each estimate with the validation error, turned so that + is good (1: a "
    "higher estimate always means a lower error, 0: it says nothing); {} % intervals over networks."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyCost:
    """What one estimate cost: mean seconds a network; and for how many it failed, the first why."""

    seconds: float
    failed: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyGroup:
    """How estimates rank the networks of one space, or of all; correlations: None where unknown."""

    name: str
    networks: int
    correlations: Mapping[str, Correlation | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyCheck:
    """How estimates rank the finished networks of a run, and what they cost.

    groups: one for each space; the last is all spaces together, where there are several.
    training_seconds: mean of one training. images: that an estimate sees. threads: it ran on.
    """

    folder: str
    groups: tuple[ProxyGroup, ...]
    costs: Mapping[str, ProxyCost]
    baselines: tuple[str, ...]
    training_seconds: float
    images: int
    threads: int
    confidence: float

    @property
    def mixes(self) -> bool:
        """Whether the last group mixes spaces."""
        return len(self.groups) > 1

    @property
    def whole(self) -> ProxyGroup:
        """The networks of the run, all together."""
        return self.groups[-1]

    @property
    def candidates(self) -> tuple[str, ...]:
        """The estimates that are no baseline."""
        return tuple(name for name in self.costs if name not in self.baselines)


def conclusion(check: ProxyCheck) -> str:
    """Which estimate does better than the baselines beyond the interval, or that none does."""
    whole, plain = check.whole, listed(map(spaced, check.baselines))
    judged = [name for name in check.candidates if whole.correlations[name] is not None]
    over = f"Over {_networks(whole, check)}"
    if not judged:
        return f"{over} no estimate ranks any, so nothing is known of them."
    better = [name for name in judged if _better(whole, name)]
    sure = f"beyond the {100 * check.confidence:g} % intervals"
    if not better:
        none = f"none of {listed(map(spaced, judged))} ranks" if len(judged) > 1 else "not ranked"
        return f"{over} {none} better than {plain} {sure}: rely on none of them here."
    these = f"{listed(map(spaced, better))} {'rank' if len(better) > 1 else 'ranks'}"
    return f"{over} {these} better than {plain} {sure}.{_within(check, better)}"


def _within(check: ProxyCheck, better: list[str]) -> str:
    """In which single spaces that holds too, since spaces that differ make ranks look good."""
    if not check.mixes:
        return ""
    told = []
    for name in better:
        spaces = [group.name for group in check.groups[:-1] if _better(group, name)]
        where = f"also within {listed(spaces)} alone" if spaces else "within no single space"
        told.append(f"{spaced(name)} does so {where}")
    return f" Of these {'; '.join(told)}." if len(told) > 1 else f" It does so {where}."


def _better(group: ProxyGroup, name: str) -> bool:
    found = group.correlations[name]
    return found is not None and found.better


def reversed_ranks(check: ProxyCheck) -> str:
    """Which estimates rank the wrong way round, beyond the interval; empty if none does."""
    wrong = [
        spaced(name)
        for name, found in check.whole.correlations.items()
        if found is not None and round(found.tau.high, 2) < 0.0
    ]
    if not wrong:
        return ""
    return f"The wrong way round, beyond the interval: {listed(wrong)}, higher where errors are."


def _networks(group: ProxyGroup, check: ProxyCheck) -> str:
    mixed = " of all spaces" if check.mixes else ""
    return f"{counted(group.networks, 'network')}{mixed}"


def proxies_text(check: ProxyCheck) -> str:
    """The conclusion, the table of taus, what the estimates cost, and what failed."""
    head = ("tau", *(f"{group.name}, {group.networks}" for group in check.groups))
    rows = [
        (spaced(name), *(_cell(group.correlations[name]) for group in check.groups))
        for name in check.costs
    ]
    return "\n".join(
        [
            conclusion(check),
            *filter(None, (reversed_ranks(check),)),
            MEANING.format(f"{100 * check.confidence:g}"),
            columns(head, rows),
            *_remarks(check),
        ]
    )


def _remarks(check: ProxyCheck) -> list[str]:
    few = [group for group in check.groups if group.networks < FEWEST]
    said = [
        f"{group.name} has {counted(group.networks, 'finished network')}; a figure takes {FEWEST}."
        for group in few
    ]
    if check.mixes:
        said.append(
            "All together mixes spaces: their differences count as well as their networks'."
        )
    costs = [f"{spaced(name)} {cost.seconds:.3g} s" for name, cost in check.costs.items()]
    threads = counted(check.threads, "thread")
    said.append(
        f"Seconds a network, on {threads} and {check.images} training images: {', '.join(costs)}; "
        f"a training took {check.training_seconds:.3g} s."
    )
    return [*said, *_failures(check)]


def _failures(check: ProxyCheck) -> list[str]:
    found = [
        f"{spaced(name)} failed for {counted(cost.failed, 'network')}, which it leaves out; "
        f"the first: {cost.reason}."
        for name, cost in check.costs.items()
        if cost.failed
    ]
    return found or ["No estimate failed."]


def _cell(found: Correlation | None) -> str:
    if found is None:
        return "-"
    tau = found.tau
    return f"{_two(tau.value)} ({_two(tau.low)} to {_two(tau.high)})"


def _two(value: float) -> str:
    return f"{round(value, 2) + 0.0:+.2f}"


def proxies_json(check: ProxyCheck) -> str:
    """The same as one JSON document."""
    document = {
        "sentence": conclusion(check),
        "confidence": check.confidence,
        "baselines": list(check.baselines),
        "better": [name for name in check.candidates if _better(check.whole, name)],
        "images": check.images,
        "threads": check.threads,
        "training_seconds": check.training_seconds,
        "proxies": [
            {"name": name, "seconds": cost.seconds, "failed": cost.failed, "reason": cost.reason}
            for name, cost in check.costs.items()
        ],
        "groups": [
            {
                "name": group.name,
                "networks": group.networks,
                "mixes_spaces": check.mixes and group is check.whole,
                "correlations": {n: _correlation(c) for n, c in group.correlations.items()},
            }
            for group in check.groups
        ],
    }
    return json.dumps(document, indent=2)


def _correlation(found: Correlation | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "networks": found.networks,
        "tau": _plain(found.tau),
        "gains": {name: _plain(gain) for name, gain in found.gains.items()},
        "better": found.better,
    }


def _plain(estimate: Estimate) -> dict[str, float]:
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high}
