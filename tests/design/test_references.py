"""The zoo against the modules of torchvision and timm, weight by weight."""

from pathlib import Path
from typing import Any

import pytest
import timm
import torch
import torchvision
import yaml
from torch import nn
from torch.overrides import TorchFunctionMode

from netspace.design import zoo
from netspace.design.complexity import count
from netspace.train.build import build

TABLE = Path(__file__).parents[1] / "golden" / "references.yaml"
REFERENCES: dict[str, list[str] | str] = yaml.safe_load(TABLE.read_text("utf-8"))
PAIRS = [
    (name, reference)
    for name, references in REFERENCES.items()
    if isinstance(references, list)
    for reference in references
]


class WeightsOnMeta(TorchFunctionMode):
    """New weights get no memory; unlike under `torch.device`, arithmetic on tensors still works."""

    def __torch_function__(
        self, function: Any, types: Any, arguments: Any = (), named: Any = None
    ) -> Any:
        named = dict(named or {})
        if function in (torch.empty, torch.zeros, torch.ones):
            named["device"] = "meta"
        return function(*arguments, **named)


def reference_module(reference: str) -> nn.Module:
    """'torchvision:resnet18' to that module."""
    library, name = reference.split(":")
    with WeightsOnMeta():
        if library == "timm":
            return timm.create_model(name)
        # Only GoogLeNet has these options; its auxiliary classifiers do not run at test time.
        plain = {"aux_logits": False, "init_weights": False} if name == "googlenet" else {}
        return torchvision.models.get_model(name, weights=None, **plain)


def sizes(module: nn.Module) -> list[int]:
    """Numbers in each weight; a convolution over the whole map is as large as a linear layer."""
    return sorted(parameter.numel() for parameter in module.parameters())


def norm_eps(module: nn.Module) -> set[float]:
    return {part.eps for part in module.modules() if isinstance(part, nn.BatchNorm2d)}


def test_the_table_has_the_whole_zoo():
    assert tuple(sorted(REFERENCES)) == zoo.names()
    for name, references in REFERENCES.items():
        assert references, f"{name} has neither a reference nor a reason"
        assert isinstance(references, list) or "compared with" in references


def test_timms_names_are_aliases():
    for name, reference in PAIRS:
        theirs = reference.removeprefix("timm:")
        if theirs != reference:
            assert zoo.aliases().get(theirs, theirs) == name


@pytest.mark.parametrize(("name", "reference"), PAIRS, ids=lambda words: words.replace(":", "-"))
def test_params_are_those_of_the_reference(name, reference):
    network, theirs = zoo.network(name), reference_module(reference)
    with torch.device("meta"):
        ours = build(network)
    assert count(network).params == sum(p.numel() for p in theirs.parameters())
    assert sizes(ours) == sizes(theirs)
    assert norm_eps(ours) == norm_eps(theirs)


def published(letter: str) -> list[str]:
    names = torchvision.models.list_models(torchvision.models)
    return [name for name in names if name.startswith(f"regnet_{letter}_")]


@pytest.mark.parametrize(("letter", "number"), [("x", 7), ("y", 8)])
def test_each_regnet_of_torchvision_is_in_the_zoo(letter, number):
    references = {reference for _, reference in PAIRS}
    assert len(published(letter)) == number
    assert {f"torchvision:{name}" for name in published(letter)} <= references
