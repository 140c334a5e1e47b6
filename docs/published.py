"""The published ImageNet networks behind the picture of a contest: writes the packaged table.

Run as `python docs/published.py FACTS`, with the folder that holds published_networks.csv (pycls's
model zoo) and timm's tables timm_imagenet.csv, timm_infer_cpu_i9.csv and timm_infer_rtx4090.csv.
"""

import csv
import re
import sys
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "src" / "netspace"
TABLE = PACKAGE / "present" / "published_networks.csv"
HEADER = """\
# Networks published with an ImageNet top-1 error (%), trained on ImageNet-1k alone and without a
# teacher. Written by docs/published.py.
# pycls: github.com/facebookresearch/pycls, model zoo (MIT); all by one recipe, counts exact.
# timm: github.com/huggingface/pytorch-image-models, results (Apache-2.0); the recipe is the tag of
# the weights; counts as printed there, flops to 10M, activations without those of max-pools.
# cpu_ms: one image, Intel i9; gpu_images_per_second: RTX 4090, large batches; timm measured both.
"""
COLUMNS = (
    "name",
    "family",
    "source",
    "recipe",
    "resolution",
    "flops",
    "params",
    "activations",
    "error",
    "cpu_ms",
    "gpu_images_per_second",
)
FAMILIES = {
    "VGG": r"vgg\d+(_bn)?",
    "ResNet": r"resnet\d+",
    "ResNeXt": r"resnext\d+_\d+x\d+d",
    "Wide ResNet": r"wide_resnet\d+_2",
    "SE-ResNet": r"(legacy_)?seresne(t\d+|xt\d+_\d+x\d+d)",
    "DenseNet": r"densenet\d+",
    "MobileNet-v1": r"mobilenetv1_\d+",
    "MobileNet-v2": r"mobilenetv2_\d+d?",
    "MnasNet": r"(se)?mnasnet_\w+",
    "MobileNet-v3": r"(tf_)?mobilenetv3_(large|small)_\d+",
    "MobileNet-v4": r"mobilenetv4_conv_(small|medium|large)",
    "EfficientNet": r"(tf_)?efficientnet_b\d",
    "EfficientNet-v2": r"(tf_)?efficientnetv2_\w+",
    "RegNetX": r"regnetx_\d+",
    "RegNetY": r"regnety_\d+",
    "ConvNeXt": r"convnext_(atto|femto|pico|nano|tiny|small|base|large)",
}
"""timm's names of the families that are shown."""

SAME_WEIGHTS = "pycls_in1k"
"""timm's tag of the weights that are in pycls's own table."""

OTHER_TRAINING = re.compile(r"(^|_)(ft|in12k|in2[12]k|jft|dist\w*|ssld|swag|seer)(_|$)")
"""In a tag: further images, or other networks as teachers."""

Row = dict[str, str]
Speeds = Mapping[tuple[str, str], Row]


def table(facts: Path) -> str:
    """The packaged table as text, pycls's networks first."""
    cpu, gpu = (_speeds(facts / f"timm_infer_{name}.csv") for name in ("cpu_i9", "rtx4090"))
    rows = [*_pycls(facts, cpu, gpu), *_timm(facts, cpu, gpu)]
    rows.sort(key=lambda row: (row["source"], row["family"], Decimal(row["flops"]), row["name"]))
    lines = [",".join(COLUMNS), *(",".join(row[name] for name in COLUMNS) for row in rows)]
    return HEADER + "\n".join(lines) + "\n"


def _speeds(path: Path) -> Speeds:
    return {(row["model"], row["infer_img_size"]): row for row in _read(path)}


def _read(path: Path) -> list[Row]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _pycls(facts: Path, cpu: Speeds, gpu: Speeds) -> Iterator[Row]:
    for row in _read(facts / "published_networks.csv"):
        size = row["resolution"]
        yield {
            "name": row["network"],
            "family": row["family"],
            "source": "pycls",
            "recipe": "pycls",
            "resolution": size,
            **{cost: row[cost] for cost in ("flops", "params", "activations")},
            "error": row["imagenet_top1_error"],
            **_measured((timm_name(row["network"]), size), cpu, gpu),
        }


def timm_name(network: str) -> str:
    """What timm calls a network of pycls's model zoo; empty if it has none of that name."""
    family, _, size = network.partition("-")
    if family in ("RegNetX", "RegNetY"):
        unit = Decimal("0.001") if size.endswith("MF") else Decimal(1)
        return f"{family.lower()}_{int(10 * unit * Decimal(size[:-2])):03}"
    if family == "ResNeXt":
        return {"50": "resnext50_32x4d", "101": "resnext101_32x4d"}.get(size, "")
    return {"ResNet": f"resnet{size}", "EfficientNet": f"efficientnet_{size.lower()}"}[family]


def _timm(facts: Path, cpu: Speeds, gpu: Speeds) -> Iterator[Row]:
    for row in _read(facts / "timm_imagenet.csv"):
        (model, _, recipe), size = row["model"].partition("."), row["img_size"]
        family = next((own for own, name in FAMILIES.items() if re.fullmatch(name, model)), None)
        known = cpu.get((model, size)) or gpu.get((model, size))
        if family is None or known is None:
            continue
        if recipe == SAME_WEIGHTS or OTHER_TRAINING.search(recipe):
            continue
        yield {
            "name": model,
            "family": family,
            "source": "timm",
            "recipe": recipe,
            "resolution": size,
            "flops": _whole(known["infer_gmacs"], 10**9),
            "params": _whole(row["param_count"], 10**6),
            "activations": _whole(known["infer_macts"], 10**6),
            "error": row["top1_err"],
            **_measured((model, size), cpu, gpu),
        }


def _whole(printed: str, unit: int) -> str:
    return str(int(Decimal(printed.replace(",", "")) * unit))


def _measured(key: tuple[str, str], cpu: Speeds, gpu: Speeds) -> Row:
    """Both speeds, empty where timm did not measure the network at this size."""
    return {
        "cpu_ms": cpu[key]["infer_step_time"] if key in cpu else "",
        "gpu_images_per_second": gpu[key]["infer_samples_per_sec"] if key in gpu else "",
    }


if __name__ == "__main__":
    TABLE.write_text(table(Path(sys.argv[1])), encoding="utf-8")
