"""A scaling as text and JSON: before and after, side by side."""

import json

from netspace.design.complexity import parts
from netspace.design.network import Network
from netspace.design.reaching import Scaling
from netspace.design.scaling import Exponents, exponents
from netspace.design.serial import to_plain
from netspace.present.aligned import columns
from netspace.present.text import side_or_sides

COUNTS = ("flops", "params", "activations")
DIMENSIONS = ("depth", "width", "group_width", "resolution")


def scaled_json(found: Scaling) -> str:
    """The scaling as one JSON document; the counts on top are the result's."""
    document = {
        "network": to_plain(found.after),
        **to_plain(found.complexity_after),
        "resolution": side_or_sides(found.after),
        "receptive_field": _seen(found.after),
        "method": found.method,
        "goal": {"quantity": found.quantity, "wanted": found.wanted, "reached": found.reached},
        "hit": found.hit,
        "sentence": found.sentence,
        "nudges": list(found.nudges),
        "factors_asked": to_plain(found.asked, complete=True),
        "factors_reached": to_plain(found.factors, complete=True),
        "before": {
            "network": found.before.name,
            **to_plain(found.complexity_before),
            "resolution": side_or_sides(found.before),
            "receptive_field": _seen(found.before),
        },
        "exponents": to_plain(exponents(found.before)),
    }
    return json.dumps(document, indent=2)


def scaled_text(found: Scaling) -> str:
    """The scaling as tables: sizes, stages, and how costs grow."""
    before, after = found.before, found.after
    title = f"{before.name or 'network'} scaled by {found.method}: {found.sentence}"
    notes = [f"nudged: {', '.join(found.nudges)}"] if found.nudges else []
    tables = (_sizes(found), _stages(before, after), _growth(exponents(before)))
    return "\n\n".join(("\n".join([title, *notes]), *tables))


def _sizes(found: Scaling) -> str:
    """Counts and dimensions, before and after; factors as asked for and as rounded."""
    before, after = found.complexity_before, found.complexity_after
    rows = [
        (name, f"{own:,}", f"{new:,}", f"{new / own:.3f}", "")
        for name, own, new in ((n, getattr(before, n), getattr(after, n)) for n in COUNTS)
    ]
    shown = {
        "depth": (str(found.before.depth), str(found.after.depth)),
        "resolution": (_size(found.before), _size(found.after)),
    }
    grouped = any(getattr(stage.block, "group_width", None) for stage in found.before.stages)
    for name in DIMENSIONS:
        if name == "group_width" and not grouped:
            continue
        own, new = shown.get(name, ("", ""))
        asked, reached = getattr(found.asked, name), getattr(found.factors, name)
        rows.append((name.replace("_", " "), own, new, f"{reached:.3f}", f"{asked:.3f}"))
    seen = (_seen(found.before), _seen(found.after))
    rows.append(("sees, pixels", str(seen[0]), str(seen[1]), f"{seen[1] / seen[0]:.3f}", ""))
    return columns(("", "before", "after", "factor", "asked for"), rows)


def _stages(before: Network, after: Network) -> str:
    rows = [("stem", f"{before.stem.width}", f"{after.stem.width}", "", "")]
    for number, (own, new) in enumerate(zip(before.stages, after.stages, strict=True), start=1):
        rows.append((f"s{number}", f"{own.width}", f"{new.width}", f"{own.depth}", f"{new.depth}"))
    if before.head.width is not None:
        rows.append(("head", f"{before.head.width}", f"{after.head.width}", "", ""))
    return columns(("part", "width", "after", "depth", "after"), rows)


def _growth(found: dict[str, Exponents]) -> str:
    rows = [
        (f"{name} x2", *(f"x{2 ** getattr(grown, count):.2f}" for count in COUNTS))
        for name, grown in found.items()
    ]
    return columns(("alone, before", *COUNTS), rows)


def _size(network: Network) -> str:
    height, width = network.resolution
    return f"{height}x{width}"


def _seen(network: Network) -> int:
    """Pixels that one position of the last map sees."""
    return parts(network)[-2].reach.size
