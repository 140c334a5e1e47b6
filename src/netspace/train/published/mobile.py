"""Names of the families of inverted bottlenecks: MobileNets, MnasNets, EfficientNets."""

from dataclasses import replace

from netspace.train.published.naming import Naming

EFFICIENTNET_TIMM = Naming(
    dialect="timm",
    family="EfficientNet/MnasNet/MobileNet",
    marks=("conv_stem.weight", "blocks.0.0.conv_dw.weight"),
    layers={
        "stem.conv": "conv_stem",
        "stem.conv_norm": "bn1",
        "f.expand": "{block}.conv_pw",
        "f.expand_norm": "{block}.bn1",
        "f.depthwise": "{block}.conv_dw",
        "f.depthwise_norm": "{block}.bn2",
        "f.se.down": "{block}.se.conv_reduce",
        "f.se.up": "{block}.se.conv_expand",
        "f.project": "{block}.conv_pwl",
        "f.project_norm": "{block}.bn3",
        "depthwise": "{block}.conv_dw",
        "depthwise_norm": "{block}.bn1",
        "point": "{block}.conv_pw",
        "point_norm": "{block}.bn2",
        "head.conv": "conv_head",
        "head.conv_norm": "bn2",
        "head.fc": "classifier",
    },
    # There, a block that does not expand is a separable convolution: depthwise, then pointwise.
    unexpanded={
        "f.depthwise_norm": "{block}.bn1",
        "f.project": "{block}.conv_pw",
        "f.project_norm": "{block}.bn2",
    },
    block=r"(blocks\.\d+\.\d+)\.conv_dw\.",
    norm_eps=1e-5,
)
MOBILENET_V3_TIMM = replace(
    EFFICIENTNET_TIMM,
    family="MobileNet-v3",
    marks=("conv_stem.weight", "blocks.0.0.conv_dw.weight", "conv_head.bias"),
    layers=EFFICIENTNET_TIMM.layers
    | {
        "head.conv": "blocks.{last}.0.conv",
        "head.conv_norm": "blocks.{last}.0.bn1",
        "head.hidden1": "conv_head",
    },
)

_FEATURES = {
    "stem.conv": "features.0.0",
    "stem.conv_norm": "features.0.1",
    "head.conv": "features.{last}.0",
    "head.conv_norm": "features.{last}.1",
}
MOBILENET_V2_TORCHVISION = Naming(
    dialect="torchvision",
    family="MobileNet-v2",
    marks=("features.0.0.weight", "features.1.conv.0.0.weight"),
    layers=_FEATURES
    | {
        "f.expand": "{block}.conv.{step}.0",
        "f.expand_norm": "{block}.conv.{step}.1",
        "f.depthwise": "{block}.conv.{step}.0",
        "f.depthwise_norm": "{block}.conv.{step}.1",
        "f.project": "{block}.conv.{step}",
        "f.project_norm": "{block}.conv.{after}",
        "head.fc": "classifier.1",
    },
    block=r"(features\.\d+)\.conv\.",
    norm_eps=1e-5,
)
MOBILENET_V3_TORCHVISION = Naming(
    dialect="torchvision",
    family="MobileNet-v3",
    marks=("features.0.0.weight", "features.1.block.0.0.weight"),
    layers=_FEATURES
    | {
        "f.expand": "{block}.block.{step}.0",
        "f.expand_norm": "{block}.block.{step}.1",
        "f.depthwise": "{block}.block.{step}.0",
        "f.depthwise_norm": "{block}.block.{step}.1",
        "f.se.down": "{block}.block.{step}.fc1",
        "f.se.up": "{block}.block.{step}.fc2",
        "f.project": "{block}.block.{step}.0",
        "f.project_norm": "{block}.block.{step}.1",
        "head.hidden1": "classifier.0",
        "head.fc": "classifier.3",
    },
    block=r"(features\.\d+)\.block\.",
    norm_eps=1e-3,
)
EFFICIENTNET_TORCHVISION = replace(
    MOBILENET_V3_TORCHVISION,
    family="EfficientNet",
    marks=("features.0.0.weight", "features.1.0.block.0.0.weight"),
    layers=MOBILENET_V3_TORCHVISION.layers | {"head.fc": "classifier.1"},
    block=r"(features\.\d+\.\d+)\.block\.",
    norm_eps=1e-5,
)
# B5, B6 and B7: the ones with three blocks or more in the first stage.
LARGE_EFFICIENTNET_TORCHVISION = replace(
    EFFICIENTNET_TORCHVISION,
    marks=(*EFFICIENTNET_TORCHVISION.marks, "features.1.2.block.0.0.weight"),
    norm_eps=1e-3,
)
MNASNET_TORCHVISION = Naming(
    dialect="torchvision",
    family="MnasNet",
    marks=("layers.0.weight", "layers.8.0.layers.0.weight"),
    layers={
        "stem.conv": "layers.0",
        "stem.conv_norm": "layers.1",
        "f.expand": "{block}.layers.0",
        "f.expand_norm": "{block}.layers.1",
        "f.depthwise": "{block}.layers.3",
        "f.depthwise_norm": "{block}.layers.4",
        "f.project": "{block}.layers.6",
        "f.project_norm": "{block}.layers.7",
        "head.conv": "layers.14",
        "head.conv_norm": "layers.15",
        "head.fc": "classifier.1",
    },
    # There, the first block stands among the layers of the stem.
    unexpanded={
        "f.depthwise": "layers.3",
        "f.depthwise_norm": "layers.4",
        "f.project": "layers.6",
        "f.project_norm": "layers.7",
    },
    block=r"(layers(?:\.\d+\.\d+)?)\.(?:3|layers\.3)\.weight$",
    norm_eps=1e-5,
)
