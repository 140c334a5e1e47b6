"""Write regnets-and-efficientnets.md and its figures from tables of trained networks.

`python docs/claims.py FACTS`: the folder with published_networks.csv and timm's tables. The tables
are not part of this repository; the page and the figures are.
"""

import argparse
from pathlib import Path

import claims_figures as figures
import claims_tables as tables
from claims_data import CORE_I9, EFFICIENTNET, RTX_4090, V100
from claims_findings import REGNETS, Findings
from jinja2 import Environment, FileSystemLoader, StrictUndefined

DOCS = Path(__file__).resolve().parent
PAGE = "regnets-and-efficientnets.md"
FOLDER = "regnets-and-efficientnets"


def main() -> None:
    """Write the page and its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("facts", type=Path, metavar="FACTS", help="folder of the tables")
    findings = Findings(parser.parse_args().facts)
    if not (findings.facts / "published_networks.csv").exists():
        print(f"{PAGE} stays as it is: no published_networks.csv in {findings.facts}")
        return
    (DOCS / FOLDER).mkdir(exist_ok=True)
    for name, text in {PAGE: page(findings), **drawings(findings)}.items():
        (DOCS / name).write_text(text, "utf-8")
        print(DOCS / name)


def drawings(found: Findings) -> dict[str, str]:
    """The SVG of each figure, by its path below docs."""
    devices = (V100, RTX_4090, CORE_I9)
    ratios = {name: {device: found.ratios(name, device) for device in devices} for name in REGNETS}
    predictions = [
        (f"{said.networks} {name}\n{said.device}", said) for name, said in found.predictions
    ]
    return {
        f"{FOLDER}/error-at-flops.svg": figures.error_at_flops(found.article, found.later),
        f"{FOLDER}/activations.svg": figures.activations_at_flops(found.article, found.exponents),
        f"{FOLDER}/time-at-flops.svg": figures.time_ratios(ratios),
        f"{FOLDER}/error-at-time.svg": figures.error_at_time(found.article, found.later),
        f"{FOLDER}/what-tells-time.svg": figures.predictors(predictions),
    }


def page(found: Findings) -> str:
    """The text of the page."""
    # What is written is Markdown, and nothing of it comes from outside.
    texts = Environment(
        loader=FileSystemLoader(DOCS), undefined=StrictUndefined, keep_trailing_newline=True
    )
    return texts.get_template(f"{PAGE}.jinja").render(words(found))


def words(found: Findings) -> dict[str, object]:
    """What the text asks for."""
    devices = (V100, RTX_4090, CORE_I9)
    times = {device: [found.ratios(name, device) for name in REGNETS] for device in devices}
    recipes = {
        "article": found.article,
        "later": found.later,
        "plain": found.without_augmentation,
    }
    gaps = {
        recipe: {name: tables.by_size(found.gaps(rows, name)) for name in REGNETS}
        for recipe, rows in recipes.items()
    }
    return {
        **gaps,
        "pair": found.pair,
        "pair_speed": found.pair_speed,
        "exponents": found.exponents,
        "said": {(name, one.device): one for name, one in found.predictions},
        "padding": found.padding(RTX_4090),
        "lowest": {name: tables.lowest(found.later, name) for name in (*REGNETS, EFFICIENTNET)},
        "activations": tables.spread(*(found.ratios(name, "activations") for name in REGNETS)),
        "times": {device: tables.spread(*ratios) for device, ratios in times.items()},
        "error_table": tables.error_table(found),
        "ratio_table": tables.ratio_table(found),
        "time_table": tables.time_table(found),
        "prediction_table": tables.prediction_table(found.predictions),
        "sampling": tables.SAMPLING,
        "gap": tables.gap,
        "interval": tables.interval,
        "gain": tables.gain,
        "range": tables.extremes,
        "decided": tables.decided,
    }


if __name__ == "__main__":
    main()
