"""Names of AlexNet, the VGGs and GoogLeNet."""

from dataclasses import replace

from netspace.train.published.naming import Naming

_NUMBERED = {
    "stem.conv": "features.{layer}",
    "stem.conv_norm": "features.{layer}",
    "a": "features.{layer}",
    "a_norm": "features.{layer}",
}
VGG_TORCHVISION = Naming(
    dialect="torchvision",
    family="VGG",
    marks=("features.0.weight", "classifier.0.weight"),
    layers=_NUMBERED
    | {"head.hidden1": "classifier.0", "head.hidden2": "classifier.3", "head.fc": "classifier.6"},
    norm_eps=1e-5,
)
VGG_TIMM = replace(
    VGG_TORCHVISION,
    dialect="timm",
    marks=("features.0.weight", "pre_logits.fc1.weight"),
    layers=_NUMBERED
    | {"head.hidden1": "pre_logits.fc1", "head.hidden2": "pre_logits.fc2", "head.fc": "head.fc"},
)
ALEXNET_TORCHVISION = replace(
    VGG_TORCHVISION,
    family="AlexNet",
    marks=("features.0.weight", "classifier.1.weight"),
    layers=_NUMBERED
    | {"head.hidden1": "classifier.1", "head.hidden2": "classifier.4", "head.fc": "classifier.6"},
)
GOOGLENET_TORCHVISION = Naming(
    dialect="torchvision",
    family="GoogLeNet",
    marks=("conv1.conv.weight", "inception3a.branch1.conv.weight"),
    layers={
        "stem.conv": "conv1.conv",
        "stem.conv_norm": "conv1.bn",
        "a": "{block}.conv",
        "a_norm": "{block}.bn",
        "one.a": "{block}.branch1.conv",
        "one.a_norm": "{block}.branch1.bn",
        "three.a": "{block}.branch2.0.conv",
        "three.a_norm": "{block}.branch2.0.bn",
        "three.b": "{block}.branch2.1.conv",
        "three.b_norm": "{block}.branch2.1.bn",
        "five.a": "{block}.branch3.0.conv",
        "five.a_norm": "{block}.branch3.0.bn",
        "five.b": "{block}.branch3.1.conv",
        "five.b_norm": "{block}.branch3.1.bn",
        "pool.a": "{block}.branch4.1.conv",
        "pool.a_norm": "{block}.branch4.1.bn",
        "head.fc": "fc",
    },
    block=r"(conv[23]|inception\d[a-z])\.",
    ignored=r"aux[12]\.",
    norm_eps=1e-3,
)
