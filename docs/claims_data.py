"""The tables of trained networks behind regnets-and-efficientnets.md, as rows of one kind.

published_networks.csv: pycls's model zoo, one recipe, times on a V100. timm_imagenet.csv: timm's
ImageNet results, many recipes. timm_infer_*.csv: timm's inference speed on a GPU and a CPU.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from math import nan
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray

from netspace.design import zoo
from netspace.design.complexity import Complexity, count

Floats = NDArray[np.float64]
Key = tuple[str, int]
"""An architecture of timm and an image size in pixels."""

REFERENCES = Path(__file__).resolve().parents[1] / "tests" / "golden" / "references.yaml"

V100, V100_TRAINING, RTX_4090, CORE_I9 = "V100", "V100, training", "RTX 4090", "Core i9"
SPEEDS = {RTX_4090: "timm_infer_rtx4090.csv", CORE_I9: "timm_infer_cpu_i9.csv"}

EFFICIENTNET, REGNET_X, REGNET_Y = "EfficientNet", "RegNetX", "RegNetY"
FAMILIES = {
    EFFICIENTNET: r"(tf_)?efficientnet_b\d",
    REGNET_X: r"regnetx_\d{3}(_tv)?",
    REGNET_Y: r"regnety_\d{3}(_tv)?",
}
"""How timm names the networks of each family."""

PLAIN, LATER = "pycls_in1k", "tv2_in1k"
AUTHORS, AUTHORS_AUGMENTED = "in1k", "aa_in1k"
"""Tags of timm's weights, all trained on ImageNet-1k alone."""

NATIVE = {"b0": 224, "b1": 240, "b2": 256, "b3": 288, "b4": 384, "b5": 448, "b6": 528}
"""The timed image size of each EfficientNet that is nearest to its own, in pixels."""

ATTENTION = (
    r"^beit|bot(net|next)|caformer|cait|coat_|coatnet|convit|crossvit|davit|deit|edgenext|"
    r"efficientformer|efficientvit|^eva|fastvit|flexivit|focalnet|gcvit|gmixer|gmlp|halo|hiera|"
    r"lambda|levit|maxvit|maxxvit|^mixer|_hybrid|mobilevit|mvit|^nest_|nextvit|^pit_|poolformer|"
    r"pvt|resmlp|^sam|sequencer|^swin|tiny_vit|^tnt|^twins|visformer|^vit|^volo|xcit|_clip|^test_"
)
"""Names of what is no convolutional network: attention, token mixing, recurrence; and toys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A network at one image size: counts and times of one image.

    error_percent: top-1 on ImageNet's validation images; NaN where only the speed is asked.
    """

    name: str
    family: str
    resolution: int
    flops: float
    params: float
    activations: float
    error_percent: float
    milliseconds: Mapping[str, float]


def column(rows: Sequence[Row], name: str) -> Floats:
    """A count, the error, or the time on a device, `(n,)`."""
    if rows and name in rows[0].milliseconds:
        return np.array([row.milliseconds[name] for row in rows], dtype=np.float64)
    return np.array([getattr(row, name) for row in rows], dtype=np.float64)


def family(rows: Iterable[Row], name: str) -> list[Row]:
    """The networks of one family, by rising flops."""
    return sorted((row for row in rows if row.family == name), key=lambda row: row.flops)


def published(facts: Path) -> list[Row]:
    """RegNets, EfficientNets, ResNets and ResNeXts of pycls, under the article's recipe."""
    return [
        Row(
            name=row["network"],
            family=row["family"],
            resolution=int(row["resolution"]),
            flops=float(row["flops"]),
            params=float(row["params"]),
            activations=float(row["activations"]),
            error_percent=float(row["imagenet_top1_error"]),
            milliseconds={
                V100: per_image(row["v100_test_fw_s"], row["test_batch_per_gpu"]),
                V100_TRAINING: per_image(row["v100_train_fw_bw_s"], row["train_batch_per_gpu"]),
            },
        )
        for row in _lines(facts / "published_networks.csv")
    ]


def per_image(batch_seconds: str, batch_size: str) -> float:
    """Milliseconds of one image, from the seconds of a batch on one GPU."""
    return 1000 * float(batch_seconds) / float(batch_size)


def timed(facts: Path) -> dict[Key, Row]:
    """Networks that timm timed on both devices, with the counts of timm's table."""
    tables = {
        device: {
            (line["model"], int(line["infer_img_size"])): line for line in _lines(facts / name)
        }
        for device, name in SPEEDS.items()
    }
    first = tables[RTX_4090]
    both = [key for key in first if key in tables[CORE_I9] and first[key]["infer_macts"]]
    return {
        key: Row(
            name=key[0],
            family=family_of(key[0]),
            resolution=key[1],
            flops=1e9 * float(first[key]["infer_gmacs"]),
            params=1e6 * float(first[key]["param_count"].replace(",", "")),
            activations=1e6 * float(first[key]["infer_macts"]),
            error_percent=nan,
            milliseconds={
                device: 1000 / float(table[key]["infer_samples_per_sec"])
                for device, table in tables.items()
            },
        )
        for key in both
    }


def family_of(architecture: str) -> str:
    """The family of one of timm's architectures; empty for all others."""
    found = [name for name, names in FAMILIES.items() if re.fullmatch(names, architecture)]
    return found[0] if found else ""


def trained(facts: Path, families: Sequence[str], tag: str) -> list[Row]:
    """Networks of these families with weights of one tag: error and times, with exact counts."""
    speeds = timed(facts)
    rows = []
    for line in _lines(facts / "timm_imagenet.csv"):
        architecture, _, weights = line["model"].partition(".")
        key = (architecture, int(line["img_size"]))
        if weights == tag and family_of(architecture) in families and key in speeds:
            row = replace(speeds[key], error_percent=float(line["top1_err"]))
            rows.append(counted(row))
    return rows


def article_networks(facts: Path) -> list[Row]:
    """The article's 24 RegNets and EfficientNet-B0 to B6, timed by timm with plain padding."""
    speeds = timed(facts)
    regnets = trained(facts, (REGNET_X, REGNET_Y), PLAIN)
    others = [counted(speeds[f"efficientnet_{size}", side]) for size, side in NATIVE.items()]
    return [*regnets, *others]


def counted(row: Row) -> Row:
    """The row with the exact counts of the same network in netspace's zoo, at the row's size.

    timm's table has two decimals of billions, and counts some of norm and pooling as flops.
    """
    cost = _cost(_same_as_timm()[row.name.removeprefix("tf_")], row.resolution)
    return replace(row, flops=cost.flops, params=cost.params, activations=cost.activations)


def convolutional(rows: Iterable[Row]) -> list[Row]:
    """Rows of convolutional networks only."""
    return [row for row in rows if not re.search(ATTENTION, row.name)]


@cache
def _cost(network: str, resolution: int) -> Complexity:
    return count(replace(zoo.network(network), resolution=(resolution, resolution)))


@cache
def _same_as_timm() -> Mapping[str, str]:
    """Names of the zoo by timm's, where tests show both to be the same network."""
    found = yaml.safe_load(REFERENCES.read_text("utf-8"))
    return {
        reference.removeprefix("timm:"): name
        for name, references in found.items()
        if isinstance(references, list)
        for reference in references
        if reference.startswith("timm:")
    }


def _lines(path: Path) -> Iterator[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)
