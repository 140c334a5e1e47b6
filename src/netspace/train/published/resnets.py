"""Names of ResNets, Wide ResNets, ResNeXts and SE-ResNets; and of RegNets."""

from dataclasses import replace

from netspace.train.published.naming import Naming

_RESNET = {
    "stem.conv": "conv1",
    "stem.conv_norm": "bn1",
    "f.a": "{block}.conv1",
    "f.a_norm": "{block}.bn1",
    "f.b": "{block}.conv2",
    "f.b_norm": "{block}.bn2",
    "f.c": "{block}.conv3",
    "f.c_norm": "{block}.bn3",
    "f.se.down": "{block}.se.fc1",
    "f.se.up": "{block}.se.fc2",
    "proj.conv": "{block}.downsample.0",
    "proj.conv_norm": "{block}.downsample.1",
    "head.fc": "fc",
}
RESNET_TORCHVISION = Naming(
    dialect="torchvision",
    family="ResNet",
    marks=("conv1.weight", "layer1.0.conv1.weight"),
    layers=_RESNET,
    block=r"(layer\d+\.\d+)\.",
    norm_eps=1e-5,
)
RESNET_TIMM = replace(RESNET_TORCHVISION, dialect="timm")
SERESNET_TIMM = replace(
    RESNET_TIMM,
    family="SE-ResNet",
    marks=(*RESNET_TIMM.marks, "layer1.0.se.fc1.weight"),
)
REGNET_TORCHVISION = Naming(
    dialect="torchvision",
    family="RegNet",
    marks=("stem.0.weight", "trunk_output.block1.block1-0.f.a.0.weight"),
    layers={
        "stem.conv": "stem.0",
        "stem.conv_norm": "stem.1",
        "f.a": "{block}.f.a.0",
        "f.a_norm": "{block}.f.a.1",
        "f.b": "{block}.f.b.0",
        "f.b_norm": "{block}.f.b.1",
        "f.c": "{block}.f.c.0",
        "f.c_norm": "{block}.f.c.1",
        "f.se.down": "{block}.f.se.fc1",
        "f.se.up": "{block}.f.se.fc2",
        "proj.conv": "{block}.proj.0",
        "proj.conv_norm": "{block}.proj.1",
        "head.fc": "fc",
    },
    block=r"(trunk_output\.block\d+\.block\d+-\d+)\.",
    norm_eps=1e-5,
)
REGNET_TIMM = Naming(
    dialect="timm",
    family="RegNet",
    marks=("stem.conv.weight", "s1.b1.conv1.conv.weight"),
    layers={
        "stem.conv": "stem.conv",
        "stem.conv_norm": "stem.bn",
        "f.a": "{block}.conv1.conv",
        "f.a_norm": "{block}.conv1.bn",
        "f.b": "{block}.conv2.conv",
        "f.b_norm": "{block}.conv2.bn",
        "f.c": "{block}.conv3.conv",
        "f.c_norm": "{block}.conv3.bn",
        "f.se.down": "{block}.se.fc1",
        "f.se.up": "{block}.se.fc2",
        "proj.conv": "{block}.downsample.conv",
        "proj.conv_norm": "{block}.downsample.bn",
        "head.fc": "head.fc",
    },
    block=r"(s\d+\.b\d+)\.",
    norm_eps=1e-5,
)
