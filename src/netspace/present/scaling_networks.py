"""The tables of a scaling study on its networks: what was built, what it costs, what it sees."""

from collections.abc import Iterable

from netspace.design.complexity import Complexity, count, parts
from netspace.design.network import Network
from netspace.design.scaling import exponents
from netspace.present.anatomy import PartView, anatomy
from netspace.present.scaling_findings import CALLED, place_of_best
from netspace.present.scaling_record import ScalingRecord
from netspace.present.tables import COSTS, NONE, Table
from netspace.present.wording import exact, map_size, times

FORMULA = {"depth": 1, "width": 2, "resolution": 2}
"""What flops grow with, as powers, by the formula."""


def networks_table(record: ScalingRecord) -> Table:
    """What each way of scaling built, and what that costs."""
    base = count(record.network).flops
    rows = [
        (
            CALLED[point.series],
            times(point.factor),
            _pixels(point.network),
            _joined(stage.depth for stage in point.network.stages),
            _joined(stage.width for stage in point.network.stages),
            f"{point.complexity.flops / base:.3f}",
            *(exact(getattr(point.complexity, cost)) for cost in COSTS),
        )
        for point in record.ways
    ]
    columns = ("series", "asked", "resolution", "depths", "widths", "flops / base", *COSTS)
    return Table(columns=columns, rows=tuple(rows), marked=place_of_best(record))


def _joined(numbers: Iterable[int]) -> str:
    return ", ".join(map(exact, numbers))


def _pixels(network: Network) -> str:
    height, width = network.resolution
    return f"{height}×{width}"


def change_table(before: Network, after: Network) -> Table:
    """Stem, stages and head of a network beside those of the scaled one, and the whole."""
    *body, head = zip(anatomy(before), anatomy(after), strict=True)
    rows = [
        (
            *_change_of_part(old, new),
            _change_of_words(map_size(old.output), map_size(new.output)),
            _change(old.reach.size, new.reach.size),
            *_change_of_costs(old.complexity, new.complexity),
        )
        for old, new in body
    ]
    old, new = head
    costs = _change_of_costs(old.complexity, new.complexity)
    rows.append((*_change_of_part(old, new), NONE, NONE, *costs))
    image = _change_of_words(_pixels(before), _pixels(after))
    whole = _change_of_costs(count(before), count(after))
    rows = [("image", "", "", image, "", "", "", ""), *rows, ("whole", "", "", "", "", *whole)]
    columns = ("part", "width", "depth", "output", "sees, pixels", *COSTS)
    return Table(columns=columns, rows=tuple(rows), total=True)


def _change_of_part(old: PartView, new: PartView) -> tuple[str, str, str]:
    """Name, width and depth."""
    return old.name, _change(old.width, new.width), _change(old.blocks, new.blocks)


def _change_of_costs(before: Complexity, after: Complexity) -> tuple[str, ...]:
    return tuple(_change(getattr(before, cost), getattr(after, cost)) for cost in COSTS)


def _change(before: int | None, after: int | None) -> str:
    if not before or not after:
        return NONE
    return _change_of_words(exact(before), exact(after))


def _change_of_words(before: str, after: str) -> str:
    return before if before == after else f"{before} → {after}"


def exponents_table(network: Network) -> Table:
    """What a network's counts are multiplied by when one dimension is doubled alone."""
    rows = tuple(
        (
            name,
            f"{2 ** FORMULA[name]} = 2^{FORMULA[name]}",
            *(_power(getattr(found, cost)) for cost in COSTS),
        )
        for name, found in exponents(network).items()
    )
    return Table(columns=("doubled", "flops by the formula", *COSTS), rows=rows)


def _power(exponent: float) -> str:
    return f"{2**exponent:.2f} = 2^{exponent:.2f}"


def reach_table(record: ScalingRecord) -> Table:
    """What one position of the last map sees, against the resolution."""
    rows = []
    for point in record.ways:
        last = parts(point.network)[-2]
        side = max(point.network.resolution)
        rows.append(
            (
                CALLED[point.series],
                times(point.factor),
                _pixels(point.network),
                map_size(last.output),
                exact(last.reach.size),
                f"{last.reach.size / side:.2f}",
                exact(last.reach.stride),
            )
        )
    columns = ("series", "asked", "resolution", "last map", "sees, pixels", "sees / resolution")
    return Table(columns=(*columns, "stride"), rows=tuple(rows), marked=place_of_best(record))
