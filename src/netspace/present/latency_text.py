"""What is said of measured latencies: the figures, which differences are real, what ranks them."""

from collections.abc import Iterator

from netspace.analyse.correlation import Correlation
from netspace.analyse.latency_difference import Difference
from netspace.design.units import format_size
from netspace.present.aligned import columns
from netspace.present.latency_record import COSTS, BackendFindings, LatencyReport
from netspace.present.wording import counted, listed

MOST_SHOWN = 20
"""Of more networks the fastest and the slowest half of these are shown; JSON has all."""

MOST_REVERSED, CLEARLY_FEWER = 3, 1.05
"""Pairs listed in which fewer flops take longer, and how many times fewer they are at least."""


def latency_text(report: LatencyReport) -> str:
    """The circumstances, the figures, the orders, and what ranks a population."""
    parts = [circumstances(report), figures(report)]
    if len(report.networks) > 1:
        parts += [costs(report), "\n".join(orders(report))]
    if any(one.correlations for one in report.findings):
        parts.append("\n".join(ranks(report)))
    return "\n\n".join(parts)


def circumstances(report: LatencyReport) -> str:
    """All that the figures depend on."""
    versions = ", ".join(f"{name} {version}" for name, version in report.versions.items())
    often = sorted({own.builds for one in report.networks for own in one.figures.values()})
    times = " or ".join(str(number) for number in often)
    lines = [
        f"A batch of {report.batch_size} on {report.device}, threads {report.threads}; {versions}.",
        f"{counted(report.rounds, 'round')} of {counted(report.runs, 'run')} each, the networks in "
        f"an order drawn anew; not counted: {report.warmup} runs to warm up, and the first of each "
        f"round. Builds of each network: {times}.",
        *(f"{one.backend}: {one.meaning}." for one in report.findings),
    ]
    return "\n".join(lines)


def figures(report: LatencyReport) -> str:
    """Median, 90th percentile and spread of each network with each backend."""
    against = [f"speed, {report.backends[0]} = 1"] * (len(report.backends) > 1)
    head = ("network", "backend", "median ms", "p90 ms", "middle 80 %, ms", *against)
    rows = []
    for place in _shown(report):
        one = report.networks[place]
        for number, (backend, own) in enumerate(one.figures.items()):
            spread = f"{own.low_ms:.4g} to {own.high_ms:.4g}"
            row = [one.name if number == 0 else "", backend]
            row += [f"{own.median_ms:.4g}", f"{own.high_ms:.4g}", spread]
            if against:
                row.append(_speed(one.speeds[backend]) if backend in one.speeds else "1")
            rows.append(row)
    return _cut(columns(head, rows), report)


def costs(report: LatencyReport) -> str:
    """Counts and places: by flops, and by latency with each backend."""
    head = (
        "network",
        "resolution",
        *COSTS,
        "place by flops",
        *(f"by {b}" for b in report.backends),
    )
    places = {one.backend: one.order for one in report.findings}
    rows = []
    for place in _shown(report):
        one = report.networks[place]
        height, width = one.resolution
        sizes = (f"{getattr(one, cost):,}" for cost in COSTS)
        own = (str(order.index(place) + 1) for order in places.values())
        by_flops = str(report.place("flops", place))
        rows.append((one.name, f"{height}x{width}", *sizes, by_flops, *own))
    return _cut(columns(head, rows), report)


def orders(report: LatencyReport) -> Iterator[str]:
    """For each backend the order of the networks, how much is noise, and where flops mislead."""
    for found in report.findings:
        floor = f"equal networks differ by up to {found.floor_percent:.2g} %"
        yield f"{found.backend}: {_order(report, found)}{_apart(found)}; {floor}."
        yield from _reversals(report, found)
    if len(report.networks) <= MOST_SHOWN:
        yield "(The fastest first; ~ stands between neighbours that cannot be told apart.)"


def _order(report: LatencyReport, found: BackendFindings) -> str:
    """'a < b ~ c; '; nothing for a population."""
    if len(report.networks) > MOST_SHOWN:
        return ""
    names = [report.networks[place].name for place in found.order]
    signs = ["<" if step.real else "~" for step in found.steps]
    told = "".join(f"{name} {sign} " for name, sign in zip(names, signs, strict=False))
    return f"{told}{names[-1]}; "


def _apart(found: BackendFindings) -> str:
    """'7 of 10 pairs differ beyond the noise'."""
    real = sum(pair.difference.real for pair in found.pairs)
    if len(found.pairs) == 1:
        return "they differ beyond the noise" if real else "they cannot be told apart"
    return f"{real} of {counted(len(found.pairs), 'pair')} differ beyond the noise"


def _reversals(report: LatencyReport, found: BackendFindings) -> Iterator[str]:
    """The pairs in which fewer flops take longer, the largest first."""
    wrong = sorted(
        (pair for pair in found.pairs if pair.reversed), key=lambda pair: pair.difference.speed
    )
    flops = [one.flops for one in report.networks]
    clear = [p for p in wrong if flops[p.other] >= CLEARLY_FEWER * flops[p.one]]
    for pair in clear[:MOST_REVERSED]:
        one, other = report.networks[pair.one], report.networks[pair.other]
        fewer, slower = other.flops / one.flops, pair.difference
        yield (
            f"  {one.name} has {fewer:.3g}x fewer flops than {other.name} and takes "
            f"{1 / slower.speed:.3g}x as long ({1 / slower.high:.3g} to {1 / slower.low:.3g})."
        )
    if len(wrong) > len(clear[:MOST_REVERSED]):
        yield f"  In {len(wrong)} of the pairs the network of fewer flops is the slower one."


def ranks(report: LatencyReport) -> Iterator[str]:
    """How flops, params and activations rank a population by latency, and which does it best."""
    sure = f"{100 * report.confidence:g} %"
    for found in report.findings:
        yield conclusion(found, sure)
    head = ("tau with latency", *report.backends)
    rows = [
        (cost, *(_tau(found.correlations[cost]) for found in report.findings)) for cost in COSTS
    ]
    yield (
        "Kendall's tau of each count with latency (1: more is always slower, 0: it says nothing); "
        f"{sure} intervals over networks."
    )
    yield columns(head, rows)
    yield f"Ranges: {_ranges(report)}. A count that hardly varies has little to rank by."


def conclusion(found: BackendFindings, sure: str) -> str:
    """Whether activations rank latency better than flops do, beyond the interval."""
    gain, own = found.gain, found.correlations["activations"]
    if gain is None or own is None:
        return f"{found.backend}: activations or flops are the same for all, which ranks nothing."
    said = {
        "better": "rank latency better than flops do",
        "worse": "rank latency worse than flops do",
        "undecided": "cannot be told apart from flops as a rank of latency",
        None: "",
    }[found.activations_against_flops]
    return (
        f"{found.backend}: activations {said}. Their tau minus that of flops is {gain.value:+.2f} "
        f"({sure} interval {gain.low:+.2f} to {gain.high:+.2f}), over "
        f"{counted(own.networks, 'network')}."
    )


def _ranges(report: LatencyReport) -> str:
    said = []
    for cost in COSTS:
        values = [getattr(one, cost) for one in report.networks]
        low, high = min(values), max(values)
        said.append(f"{cost} {format_size(low)} to {format_size(high)} ({high / low:.3g}x)")
    return listed(said)


def _tau(found: Correlation | None) -> str:
    if found is None:
        return "-"
    return f"{found.tau.value:+.2f} ({found.tau.low:+.2f} to {found.tau.high:+.2f})"


def _speed(found: Difference) -> str:
    """'0.66x (0.63 to 0.69), slower': as many times as fast, and whether that is real."""
    return f"{found.speed:.3g}x ({found.low:.3g} to {found.high:.3g}), {found.verdict}"


def _shown(report: LatencyReport) -> tuple[int, ...]:
    """Places of the networks to show: all as given, or of many the fastest and the slowest."""
    order = report.findings[0].order
    if len(order) <= MOST_SHOWN:
        return tuple(range(len(order)))
    half = MOST_SHOWN // 2
    return order[:half] + order[-half:]


def _cut(table: str, report: LatencyReport) -> str:
    networks = len(report.networks)
    if networks <= MOST_SHOWN:
        return table
    half = MOST_SHOWN // 2
    return (
        f"{table}\n({half} fastest and {half} slowest with {report.backends[0]}, of {networks} "
        "networks; --json has all.)"
    )
