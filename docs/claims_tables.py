"""The numbers of regnets-and-efficientnets.md as Markdown: tables, gaps, intervals."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from claims_data import (
    CORE_I9,
    EFFICIENTNET,
    REGNET_X,
    REGNET_Y,
    RTX_4090,
    V100,
    V100_TRAINING,
    Row,
    column,
    family,
)
from claims_findings import REGNETS, Findings, Gaps, Ratios
from claims_numbers import PREDICTORS, Interval, Prediction

from netspace.analyse.replicates import Estimate

SIZES = tuple(f"B{number}" for number in range(8))
SAMPLING = 196 * (2 * 0.2 * 0.8 / 50_000) ** 0.5
"""Points that two errors of about 20 % on 50,000 images differ by in 1 of 20 cases by luck."""
MINUS = "\N{MINUS SIGN}"


def size(row: Row) -> str:
    """B0 to B7, however its table calls the network."""
    return row.name.replace("-", "_").rpartition("_")[2].upper()


def by_size(gaps: Gaps) -> dict[str, Estimate]:
    """The gaps by the EfficientNet's size."""
    return {size(row): value for row, value in gaps}


def extremes(gaps: Mapping[str, Estimate]) -> str:
    """The lowest and the highest of the gaps."""
    values = [value.value for value in gaps.values()]
    return f"{signed(min(values))} to {signed(max(values))}"


def decided(gaps: Mapping[str, Estimate]) -> int:
    """How many of the gaps lie beyond their interval."""
    return sum(value.verdict != "undecided" for value in gaps.values())


def lowest(rows: Sequence[Row], name: str) -> float:
    """The lowest error of a family, in percent."""
    return float(column(family(rows, name), "error_percent").min())


def spread(*ratios: Ratios) -> tuple[float, float]:
    """The lowest and the highest of all the ratios."""
    values = [value.value for some in ratios for _, value in some]
    return min(values), max(values)


def error_table(found: Findings) -> str:
    """EfficientNets' error less the RegNets' at equal flops, for both kinds of recipe."""
    heads = ["EfficientNet", ">flops", *(f">article: less {name}" for name in REGNETS)]
    heads += [f">later: less {name}" for name in REGNETS]
    cells = [by_size(found.gaps(found.article, name)) for name in REGNETS]
    cells += [by_size(found.gaps(found.later, name)) for name in REGNETS]
    flops = {size(row): row.flops for row in family(found.later, EFFICIENTNET)}
    return table(heads, ([s, f"{flops[s] / 1e9:.2f} GF", *each(cells, s)] for s in SIZES[:7]))


def time_table(found: Findings) -> str:
    """EfficientNets' error less that of the best RegNet which is no slower, on three devices."""
    kinds = ((V100, found.article), (RTX_4090, found.later), (CORE_I9, found.later))
    heads = ["EfficientNet", *(f">{device}" for device, _ in kinds)]
    columns = [{size(row): (row, best) for row, best in found.rivals(r, d)} for d, r in kinds]
    cells = ([rival(*c[s]) if s in c else "–" for c in columns] for s in SIZES)
    return table(heads, [[s, *row] for s, row in zip(SIZES, cells, strict=True)])


def rival(row: Row, best: Row) -> str:
    """Points of error that a network has more than a RegNet, and that RegNet's name."""
    points = row.error_percent - best.error_percent
    text = f"{signed(points)} ({flops_name(best.name)})"
    return f"**{text}**" if abs(points) > SAMPLING else text


def flops_name(name: str) -> str:
    """A RegNet's name by its flops: X-200MF or Y-8.0GF, however its table calls it."""
    if name.startswith("RegNet"):
        return name.removeprefix("RegNet")
    kind, tenths = name[6].upper(), int(name.split("_")[1])
    if tenths < 10:
        return f"{kind}-{100 * tenths}MF"
    return f"{kind}-{tenths / 10:.{1 if tenths < 100 else 0}f}GF"


def each(cells: Sequence[dict[str, Estimate]], size: str) -> Iterator[str]:
    """One row's gaps; a dash where the RegNets do not reach."""
    return (gap(column[size]) if size in column else "–" for column in cells)


def ratio_table(found: Findings) -> str:
    """EfficientNets' activations and times over the RegNets' at equal flops."""
    kinds = ("activations", V100, V100_TRAINING, RTX_4090, CORE_I9)
    pairs = [(kind, name) for kind in kinds for name in REGNETS]
    short = {REGNET_X: "X", REGNET_Y: "Y"}
    columns = [found.ratios(name, kind) for kind, name in pairs]
    rows = [["EfficientNet", *(f">{kind} / {short[name]}" for kind, name in pairs)]]
    for s in SIZES[:7]:
        values = [{size(row): f"{one.value:.2f}" for row, one in column} for column in columns]
        rows.append([s, *(value.get(s, "–") for value in values)])
    factors = (column[0][1].high / column[0][1].value for column in columns)
    rows.append(["95 %: times or divided by", *(f"{factor:.2f}" for factor in factors)])
    return table(rows[0], rows[1:])


def prediction_table(found: Sequence[tuple[str, Prediction]]) -> str:
    """Correlations of counts with time, and what they explain."""
    heads = ["networks", "time on", *(f">rank: {name}" for name in PREDICTORS), ">activations "]
    heads[-1] += "less flops"
    heads += [">R²: flops", ">R²: activations", ">R²: both", ">activations less flops, R²"]
    rows = (
        [
            f"{said.networks} {name}",
            said.device,
            *(interval(said.rank[predictor]) for predictor in PREDICTORS),
            gain(said.rank_gain),
            *(f"{said.explained[predictor].value:.3f}" for predictor in PREDICTORS[:2]),
            f"{said.both.value:.3f}",
            gain(said.explained_gain),
        ]
        for name, said in found
    )
    return table(heads, rows)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; columns headed `>` are flush right."""
    lines = [
        [head.removeprefix(">") for head in heads],
        ["---:" if head.startswith(">") else "---" for head in heads],
        *rows,
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def signed(value: float, decimals: int = 2) -> str:
    """A number with its sign, which 0 has none of."""
    text = f"{value:+.{decimals}f}"
    return f"{0:.{decimals}f}" if float(text) == 0 else text.replace("-", MINUS)


def gap(value: Estimate) -> str:
    """Points of error with their interval; bold where it has one sign."""
    text = f"{signed(value.value)} ± {value.half_width:.2f}"
    return text if value.verdict == "undecided" else f"**{text}**"


def interval(number: Interval) -> str:
    """A number and its interval, two decimals each."""
    return f"{number.value:.2f} ({number.low:.2f} to {number.high:.2f})".replace("-", MINUS)


def gain(number: Interval) -> str:
    """A difference and its interval; bold where it has one sign."""
    ends = f"{signed(number.low)} to {signed(number.high)}"
    text = f"{signed(number.value)} ({ends})"
    return f"**{text}**" if number.low > 0 or number.high < 0 else text
