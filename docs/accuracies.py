"""The published accuracies of the zoo's networks: published_top1.csv, and where it comes from."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from pathlib import Path

TOP1 = Path(__file__).with_name("published_top1.csv")


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """A published top-1 accuracy in percent, as its source writes it; empty where there is none.

    resolution: of the images it was measured on, in pixels. source: who says so and, in backticks,
    of which weights; behind a semicolon, how the network that was trained differs.
    """

    network: str
    top1_percent: str
    resolution: str
    source: str

    @property
    def weights(self) -> str:
        """The source without the difference."""
        return self.source.partition("; ")[0]

    @property
    def difference(self) -> str:
        """How the network that was trained differs from the zoo's; empty if it does not."""
        return self.source.partition("; ")[2]


def accuracies() -> list[Accuracy]:
    """The published accuracies, a row for each network."""
    with TOP1.open(newline="", encoding="utf-8") as file:
        return [Accuracy(**row) for row in csv.DictReader(file)]


def write_accuracies(found: Sequence[Accuracy]) -> None:
    """Replace the table of published accuracies."""
    with TOP1.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [*asdict(found[0])], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(row) for row in found)


def from_facts(rows: Sequence[Accuracy], facts: Path) -> list[Accuracy]:
    """The rows, those of pycls and timm with the figures of the tables in a folder.

    published_networks.csv: pycls's model zoo, errors in percent. timm_imagenet.csv: timm's results,
    a row for each model and image size.
    """
    figures: dict[tuple[str, str], str] = {}
    with (facts / "published_networks.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            top1 = 100 - Decimal(row["imagenet_top1_error"])
            figures[f"pycls `{row['network']}`", row["resolution"]] = str(top1)
    with (facts / "timm_imagenet.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            figures[f"timm `{row['model']}`", row["img_size"]] = row["top1"]
    return [_updated(row, figures) for row in rows]


def _updated(row: Accuracy, figures: Mapping[tuple[str, str], str]) -> Accuracy:
    if row.weights.split(" ")[0] not in ("pycls", "timm"):
        return row
    return replace(row, top1_percent=figures[row.weights, row.resolution])
