"""What the command line prints: tables and JSON documents, as text."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from netspace.design.complexity import Complexity, Part, count, parts
from netspace.design.network import Network
from netspace.design.serial import to_plain
from netspace.design.units import format_size
from netspace.present.aligned import columns
from netspace.present.search_text import search_text
from netspace.present.wording import counted
from netspace.run.columns import Standing
from netspace.spaces.sampling import Sample
from netspace.spaces.space import Space
from netspace.trial import State

NONE: Mapping[str, Sequence[float]] = MappingProxyType({})
FILES = ("winner.yaml", "winner.safetensors", "summary.json", "report.html")


def count_json(network: Network) -> str:
    """The counts as one JSON document."""
    document = {
        "network": network.name,
        **to_plain(count(network)),
        "resolution": side_or_sides(network),
        "channels": network.channels,
        "classes": network.classes,
        "note": network.note,
        "parts": [_part_json(part) for part in parts(network)],
    }
    return json.dumps(document, indent=2)


def side_or_sides(network: Network) -> int | list[int]:
    """The resolution in pixels: one number where it is square."""
    height, width = network.resolution
    return height if height == width else [height, width]


def _part_json(part: Part) -> dict[str, Any]:
    shape = part.output
    return {
        "name": part.name,
        **to_plain(part.complexity),
        "output": [shape.channels, shape.height, shape.width],
        "receptive_field": part.reach.size,
        "effective_stride": part.reach.stride,
    }


def count_text(network: Network) -> str:
    """The counts, in all and by part."""
    rows = [
        (
            part.name,
            f"{part.output.channels}x{part.output.height}x{part.output.width}",
            *_exact(part.complexity),
            *((str(part.reach.stride), str(part.reach.size)) if part.name != "head" else ("", "")),
        )
        for part in parts(network)
    ]
    height, width = network.resolution
    title = (
        f"{network.name or 'network'} at {height}x{width}, {counted(network.channels, 'channel')}, "
        f"{counted(network.classes, 'class')}; flops are multiply-adds per image"
    )
    note = f"\nnote: {network.note}" if network.note else ""
    head = ("part", "output", "flops", "params", "activations", "stride", "sees")
    total = ("total", "", *_exact(count(network)), "", "")
    seen = "stride, sees: between neighbours, and of the image by one of them, in pixels"
    return f"{title}\n{columns(head, [*rows, total])}\n{seen}{note}"


def _exact(cost: Complexity) -> tuple[str, str, str]:
    return f"{cost.flops:,}", f"{cost.params:,}", f"{cost.activations:,}"


def cautions(network: Network) -> tuple[str, ...]:
    """What may surprise about a network on its input."""
    stages = parts(network)[:-1]
    pixels = [part.name for part in stages if part.output.height == part.output.width == 1]
    if not pixels:
        return ()
    return (
        f"{', '.join(pixels)} work on a 1x1 map: their convolutions see one pixel; "
        "use larger images or smaller strides",
    )


def sample_remarks(
    space: Space, drawn: Sample, more: Sequence[str] | None = None
) -> tuple[str, ...]:
    """How the sample was drawn, for stderr; more: of its latencies, which says why so few."""
    said = [
        f"{space.name}: {len(drawn)} distinct networks; {drawn.accepted:,} of {drawn.drawn:,} "
        f"draws accepted ({drawn.acceptance_rate:.2%}); the space has 10^{space.log10_size:.1f} "
        "parameter lists"
    ]
    if space.adapted:
        said.append(f"fitted to the images: {'; '.join(space.adapted)}")
    if more is not None:
        return (*said, *more)
    if drawn.shortfall:
        said.append(drawn.shortfall)
    return tuple(said)


Latencies = Mapping[str, Sequence[float]]
"""What a sample's networks take in milliseconds, by predicted_ms and latency_ms, (N,) each."""


def _members_json(drawn: Sample, latencies: Latencies) -> list[dict[str, Any]]:
    return [
        {
            "network": to_plain(member.network),
            **to_plain(member.complexity),
            **{name: values[place] for name, values in latencies.items()},
            "parameters": to_plain(member.parameters),
        }
        for place, member in enumerate(drawn.members)
    ]


def sample_lines(drawn: Sample, latencies: Latencies = NONE) -> str:
    """One JSON document a line and network."""
    return "".join(json.dumps(one) + "\n" for one in _members_json(drawn, latencies))


def sample_json(
    space: Space, drawn: Sample, latencies: Latencies = NONE, estimated: Sequence[str] = ()
) -> str:
    """The sample as one JSON document; estimated: the layers that were not in the latency table."""
    document = {
        "space": space.name,
        "asked": drawn.asked,
        "found": len(drawn),
        "drawn": drawn.drawn,
        "accepted": drawn.accepted,
        "acceptance_rate": drawn.acceptance_rate,
        "adapted": list(space.adapted),
        **({"estimated_layers": list(estimated)} if latencies else {}),
        "networks": _members_json(drawn, latencies),
    }
    return json.dumps(document)


def sample_text(drawn: Sample, latencies: Latencies = NONE) -> str:
    """A line for each network."""
    titles = {"predicted_ms": "predicted ms", "latency_ms": "measured ms"}
    rows = [
        (
            str(number),
            format_size(member.complexity.flops),
            format_size(member.complexity.params),
            format_size(member.complexity.activations),
            *(f"{values[number]:.3g}" for values in latencies.values()),
            " ".join(str(stage.depth) for stage in member.network.stages),
            " ".join(str(stage.width) for stage in member.network.stages),
        )
        for number, member in enumerate(drawn.members)
    ]
    timed = (titles[name] for name in latencies)
    head = ("network", "flops", "params", "activations", *timed, "depths", "widths")
    return columns(head, rows)


def status_json(counts: Mapping[State, int], trials: Sequence[Standing]) -> str:
    """The state of a run as one JSON document."""
    listed = [
        {
            "id": trial.id,
            "state": trial.state,
            "attempts": trial.attempts,
            "round": trial.round,
            "space": trial.space,
            "index": trial.index,
            **({"name": trial.name} if trial.name else {}),
            "error_percent": trial.error,
            "reason": trial.reason,
        }
        for trial in trials
    ]
    return json.dumps({**counts, "trials": listed}, indent=2)


def status_text(counts: Mapping[State, int], trials: Sequence[Standing]) -> str:
    """How many trials of each round and space are in which state."""
    groups: dict[tuple[str, str], dict[str, int]] = {}
    for trial in trials:
        own = groups.setdefault((trial.round, trial.space), dict.fromkeys(counts, 0))
        own[trial.state] += 1
    rows = [
        (f"{name}, {space}", *(str(number) for number in own.values()))
        for (name, space), own in groups.items()
    ]
    total = ("total", *(str(number) for number in counts.values()))
    return columns(("trainings", *counts), [*rows, total])


def result_text(summary: Mapping[str, Any], folder: Path) -> str:
    """What came out of a run, in a few lines."""
    if "search" in summary:
        lines = [search_text(summary["search"])]
    else:
        lines = [_spaces(summary), *(_verdict_line(pair) for pair in summary["comparisons"])]
    if summary["winner"] is None:
        lines.append("no winner yet: the run is not finished")
    else:
        lines.append(_winner_line(summary))
    files = [name for name in FILES if (folder / name).is_file()]
    return "\n".join([*lines, f"in {folder}: {', '.join(files)}"])


def _spaces(summary: Mapping[str, Any]) -> str:
    rows = [
        (
            space["name"],
            str(space["finished"]),
            str(space["failed"]),
            *(f"{space[key]:.2f}" if key in space else "-" for key in ("best", "median", "mean")),
        )
        for space in summary["spaces"]
    ]
    return columns(("space", "trained", "failed", "best %", "median %", "mean %"), rows)


def _verdict_line(pair: Mapping[str, Any]) -> str:
    rough = "; rough, with fewer than 30 networks on a side" if pair["rough"] else ""
    return f"{pair['sentence']}{rough}"


def _winner_line(summary: Mapping[str, Any]) -> str:
    known = summary.get("latency_ms")
    latency = "" if known is None else f", {known:.3g} ms an image on one thread"
    return (
        f"winner: {summary['winner']}, test error {summary['test_error_percent']:.2f} % "
        f"(validation {summary['validation_error_percent']:.2f} %), "
        f"{summary['flops']:,} flops, {summary['params']:,} params, "
        f"{summary['activations']:,} activations{latency}"
    )
